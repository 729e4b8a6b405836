"""The reference engine: pdfplumber. Slower; what questions of layout are settled with."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cached_property
from io import BytesIO
from itertools import pairwise
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from extract.failures import LetterError, Reason
from extract.reading.page import Box, Closing, Page, rows
from extract.reading.pdfium import PdfiumDocument

WORD_GAP = 0.15
"""Gap between two characters, in font sizes, that is a space although none is printed."""
PIECE_GAP = 1.0
"""Gap, in font sizes, that parts two cells of a table."""
ROW_TOLERANCE = 3.0
"""Points that the tops of one row's characters may differ by."""


class _Segment:
    """A run of pdfplumber characters; a space that is not printed has None."""

    def __init__(self, chars: list[dict[str, Any] | None]) -> None:
        while chars and (chars[0] is None or chars[0]["text"].isspace()):
            chars.pop(0)
        while chars and (chars[-1] is None or chars[-1]["text"].isspace()):
            chars.pop()
        self._owners: list[dict[str, Any] | None] = []
        letters: list[str] = []
        for char in chars:  # a ligature is one printed character of several letters
            text = " " if char is None or char["text"].isspace() else char["text"]
            if text == " " and letters and letters[-1] == " ":
                continue  # as PDFium reads it, so that both engines give the same text
            letters.append(text)
            self._owners.extend([char] * len(text))
        self.text = "".join(letters)

    @cached_property
    def box(self) -> Box:
        return self.box_of(0, len(self.text))

    @cached_property
    def bold(self) -> bool:
        first = self._owners[0]
        return first is not None and "bold" in str(first["fontname"]).lower()

    def box_of(self, start: int, end: int) -> Box:
        drawn = [c for c in self._owners[start:end] if c is not None] or [c for c in self._owners if c is not None]
        return Box(
            min(c["x0"] for c in drawn),
            min(c["top"] for c in drawn),
            max(c["x1"] for c in drawn),
            max(c["bottom"] for c in drawn),
        )


def _pieces(chars: list[dict[str, Any]]) -> Iterator[_Segment]:
    """Part a page's characters into runs: by row, then where a gap parts two cells."""
    by_row: list[list[dict[str, Any]]] = []
    for char in sorted(chars, key=lambda c: (c["top"], c["x0"])):
        if by_row and abs(by_row[-1][0]["top"] - char["top"]) < ROW_TOLERANCE:
            by_row[-1].append(char)
        else:
            by_row.append([char])
    for row in by_row:
        row.sort(key=lambda c: c["x0"])
        run: list[dict[str, Any] | None] = [row[0]]
        for left, right in pairwise(row):
            gap = right["x0"] - left["x1"]
            if gap > PIECE_GAP * right["size"]:
                yield _Segment(run)
                run = []
            elif gap > WORD_GAP * right["size"] and not left["text"].isspace() and not right["text"].isspace():
                run.append(None)
            run.append(right)
        yield _Segment(run)


class PlumberDocument(Closing):
    """A PDF opened with pdfplumber.

    Raises LetterError (``encrypted``, ``damaged``, ``too_large``) where it cannot be read.
    """

    def __init__(self, data: bytes, *, max_pages: int) -> None:
        self.text_source = "pdf_text"
        # The DWC's letters forbid copying by a flag; pdfminer would warn once per file.
        logging.getLogger("pdfminer").setLevel(logging.ERROR)
        try:
            with pdfplumber.open(BytesIO(data)) as pdf:
                if len(pdf.pages) > max_pages:
                    raise LetterError(Reason.TOO_LARGE, f"{len(pdf.pages)} pages, the limit is {max_pages}")
                self.pages = [
                    Page(i, float(p.width), float(p.height), rows(_pieces(p.chars)))
                    for i, p in enumerate(pdf.pages, start=1)
                ]
                images = {i for i, p in enumerate(pdf.pages) if p.images and not self.pages[i].lines}
            if images:  # the same reading of images for both engines
                self.text_source = "ocr"
                with PdfiumDocument(data, max_pages=max_pages) as drawn:
                    for index in images:
                        self.pages[index] = drawn.pages[index]
        except LetterError:
            raise
        except Exception as error:  # pdfminer raises many kinds on broken files
            secret = isinstance(error, PDFPasswordIncorrect) or (
                isinstance(error, PdfminerException) and isinstance(error.args[0], PDFPasswordIncorrect)
            )
            raise LetterError(Reason.ENCRYPTED if secret else Reason.DAMAGED, type(error).__name__) from error
