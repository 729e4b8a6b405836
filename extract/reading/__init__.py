"""Letter → pages: opens a file with the engine that suits it."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Literal

from extract.failures import LetterError, Reason
from extract.reading.limits import Limits
from extract.reading.page import Box, Document, Line, Page, Word

__all__ = [
    "Box", "Document", "Engine", "Limits", "Line", "Page", "Word", "check_size", "open_letter", "read_bytes",
]  # fmt: skip

Engine = Literal["pdfium", "pdfplumber"]

PDF_MARK = b"%PDF-"
MARK_WITHIN = 1024
"""Readers accept the mark anywhere in a PDF's first 1024 bytes (ISO 32000-1, annex H)."""
TEXT_SUFFIXES = frozenset({".txt", ".text"})


def read_bytes(path: Path) -> bytes:
    """A file's bytes. Raises LetterError (``unreadable``, ``too_large``) before more than the limit is read."""
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = b""
            if size <= Limits.file_bytes:
                data = stream.read(size + 1)  # space for as much is taken before it is read
                if len(data) > size:  # it grew, or the file system tells no sizes
                    data += stream.read(Limits.file_bytes + 1 - len(data))
    except OSError as error:
        raise LetterError(Reason.UNREADABLE, error.strerror or type(error).__name__) from error
    check_size(max(size, len(data)))
    return data


def check_size(size: int) -> None:
    """Raises LetterError (``too_large``) for more bytes than a letter may have."""
    if size > Limits.file_bytes:
        raise LetterError(Reason.TOO_LARGE, f"{size} bytes, the limit is {Limits.file_bytes}")


def open_letter(path: PurePath, *, engine: Engine = "pdfium", data: bytes | None = None) -> Document:
    """Open a PDF or a text file; the kind is told by the content, not only by the name.

    ``data`` where the bytes are at hand already, as those of an archive's member. Raises LetterError
    with the reason where the file cannot be read.
    """
    if data is None:
        data = read_bytes(Path(path))
    if not data:
        raise LetterError(Reason.EMPTY)
    head = data[:MARK_WITHIN]
    if PDF_MARK in head:
        return _open_pdf(data, engine)
    if path.suffix.lower() in TEXT_SUFFIXES and b"\0" not in head:
        from extract.reading.plain import PlainDocument

        return PlainDocument(data)
    raise LetterError(Reason.NOT_A_PDF, f"no PDF mark, and not a text file ({path.suffix or 'no suffix'})")


def _open_pdf(data: bytes, engine: Engine) -> Document:
    if engine == "pdfplumber":
        from extract.reading.plumber import PlumberDocument

        return PlumberDocument(data, max_pages=Limits.pages)
    from extract.reading.pdfium import PdfiumDocument

    return PdfiumDocument(data, max_pages=Limits.pages)
