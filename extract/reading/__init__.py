"""Letter → pages: opens a file with the engine that suits it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from extract.failures import LetterError, Reason
from extract.reading.page import Box, Document, Line, Page, Word

__all__ = ["Box", "Document", "Engine", "Limits", "Line", "Page", "Word", "open_letter"]

Engine = Literal["pdfium", "pdfplumber"]

PDF_MARK = b"%PDF-"
MARK_WITHIN = 1024
"""Readers accept the mark anywhere in a PDF's first 1024 bytes (ISO 32000-1, annex H)."""
TEXT_SUFFIXES = frozenset({".txt", ".text"})


class Limits:
    """What a file may hold before it is refused."""

    file_bytes = 50_000_000
    pages = 200
    characters = 1_000_000
    summary_characters = 30_000
    """The longest case summary seen has 6,000."""


def open_letter(path: Path, *, engine: Engine = "pdfium") -> Document:
    """Open a PDF or a text file; the kind is told by the content, not only by the name.

    Raises LetterError with the reason where the file cannot be read.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            raise LetterError(Reason.EMPTY)
        if size > Limits.file_bytes:
            raise LetterError(Reason.TOO_LARGE, f"{size} bytes, the limit is {Limits.file_bytes}")
        with path.open("rb") as stream:
            head = stream.read(MARK_WITHIN)
    except OSError as error:
        raise LetterError(Reason.UNREADABLE, error.strerror or type(error).__name__) from error
    if PDF_MARK in head:
        return _open_pdf(path, engine)
    if path.suffix.lower() in TEXT_SUFFIXES and b"\0" not in head:
        from extract.reading.plain import PlainDocument

        return PlainDocument(path)
    raise LetterError(Reason.NOT_A_PDF, f"no PDF mark, and not a text file ({path.suffix or 'no suffix'})")


def _open_pdf(path: Path, engine: Engine) -> Document:
    if engine == "pdfplumber":
        from extract.reading.plumber import PlumberDocument

        return PlumberDocument(path, max_pages=Limits.pages)
    from extract.reading.pdfium import PdfiumDocument

    return PdfiumDocument(path, max_pages=Limits.pages)
