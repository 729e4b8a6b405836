"""The default engine: PDFium through pypdfium2.

PDFium is not thread-safe: use one process per document at a time, never two threads.
Boxes are asked for one by one, since each costs a call into the library and few are needed.
"""

from __future__ import annotations

import ctypes
import re
from functools import cached_property
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

from extract.failures import LetterError, Reason
from extract.reading.limits import Limits
from extract.reading.ocr import DPI, POINTS, Ocr, quality
from extract.reading.page import Box, Closing, Line, Page, rows

BROKEN_HYPHENS = "\ufffe\x02"
"""What PDFium puts in place of a hyphen at a line's end, with the line break gone."""
_LINE_END = re.compile(f"[\\r\\n{BROKEN_HYPHENS}]")
BOLD_WEIGHT = 600
NAME_BYTES = 256


class _Segment:
    """Characters ``[first, first + len(text))`` of a PDFium text page."""

    __slots__ = ("__dict__", "_first", "_page", "text")

    def __init__(self, page: _TextPage, first: int, text: str) -> None:
        self._page, self._first, self.text = page, first, text

    @cached_property
    def box(self) -> Box:
        return self.box_of(0, len(self.text))

    @cached_property
    def bold(self) -> bool:
        return self._page.is_bold(self._first)

    def box_of(self, start: int, end: int) -> Box:
        box = self._page.char_box(self._first + start)
        return box.union(self._page.char_box(self._first + end - 1)) if end - start > 1 else box


class _TextPage:
    """One page's characters with the few questions that are asked of them."""

    def __init__(self, page: Any) -> None:
        self._text_page = page.get_textpage()
        left, bottom, right, top = page.get_bbox()
        self._left, self._top = left, top
        self.count = 0
        self._raw = self._text_page.raw
        self._rect = pdfium_c.FS_RECTF()
        self._rect_at = ctypes.byref(self._rect)
        self._boxes: dict[int, Box] = {}
        self._name = ctypes.create_string_buffer(NAME_BYTES)
        self.width, self.height = right - left, top - bottom

    def characters(self) -> str:
        """All characters, one for each of PDFium's indices."""
        count = self._text_page.count_chars()
        if count > Limits.page_characters:
            raise LetterError(Reason.TOO_LARGE, f"a page of {count} characters, the limit is {Limits.page_characters}")
        self.count = count
        text = str(self._text_page.get_text_range()) if count else ""
        if len(text) != count:  # characters beyond the basic plane: ask one by one
            codes = (pdfium_c.FPDFText_GetUnicode(self._text_page, i) for i in range(count))
            text = "".join(chr(c) if 0 < c < 0x110000 and not 0xD800 <= c < 0xE000 else " " for c in codes)
        return text

    def char_box(self, index: int) -> Box:
        box = self._boxes.get(index)
        if box is None:
            rect = self._rect
            if not pdfium_c.FPDFText_GetLooseCharBox(self._raw, index, self._rect_at):
                raise pypdfium2.PdfiumError("Failed to get charbox.")
            left, top = self._left, self._top
            box = self._boxes[index] = Box(rect.left - left, top - rect.top, rect.right - left, top - rect.bottom)
        return box

    def is_bold(self, index: int) -> bool:
        name = self._name
        size = pdfium_c.FPDFText_GetFontInfo(self._raw, index, name, NAME_BYTES, ctypes.byref(ctypes.c_int()))
        if 0 < size <= NAME_BYTES and b"bold" in name.value.lower():
            return True
        return bool(pdfium_c.FPDFText_GetFontWeight(self._raw, index) >= BOLD_WEIGHT)

    def lines(self) -> tuple[Line, ...]:
        text = self.characters()
        segments, start = [], 0
        for mark in _LINE_END.finditer(text):
            index = mark.start()
            end = index + 1 if mark.group() in BROKEN_HYPHENS else index
            segments.append(self._segment(text, start, end))
            start = index + 1
        segments.append(self._segment(text, start, len(text)))
        return rows(s for s in segments if s is not None)

    def _segment(self, text: str, start: int, end: int) -> _Segment | None:
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start == end:
            return None
        piece = text[start:end]
        for mark in BROKEN_HYPHENS:
            piece = piece.replace(mark, "-")
        return _Segment(self, start, piece.replace("\0", " "))


def _has_image(page: Any) -> bool:
    return any(True for _ in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3))


class PdfiumDocument(Closing):
    """A PDF opened with PDFium.

    Raises LetterError (``encrypted``, ``damaged``, ``too_large``) where it cannot be read.
    """

    def __init__(self, data: bytes, *, max_pages: int) -> None:
        self.text_source = "pdf_text"
        self._ocr: Ocr | None = None
        self._characters = 0
        try:
            self._pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            secret = "password" in str(error).lower()
            raise LetterError(Reason.ENCRYPTED if secret else Reason.DAMAGED, str(error)) from error
        try:
            if len(self._pdf) > max_pages:
                raise LetterError(Reason.TOO_LARGE, f"{len(self._pdf)} pages, the limit is {max_pages}")
            self.pages = [self._page(i) for i in range(len(self._pdf))]
        except pypdfium2.PdfiumError as error:
            self.close()
            raise LetterError(Reason.DAMAGED, str(error)) from error
        except BaseException:
            self.close()
            raise

    def _page(self, index: int) -> Page:
        page = self._pdf[index]
        text_page = _TextPage(page)
        lines = text_page.lines()
        self._characters += text_page.count
        if self._characters > Limits.characters:
            raise LetterError(Reason.TOO_LARGE, f"more than {Limits.characters} characters")
        if lines or not _has_image(page):
            return Page(index + 1, text_page.width, text_page.height, lines)
        longest = max(text_page.width, text_page.height)
        if longest > Limits.page_points:  # its image would not fit into memory
            raise LetterError(
                Reason.TOO_LARGE, f"a page of {longest:.0f} points, the limit is {Limits.page_points:.0f}"
            )
        if self._ocr is None:
            self._ocr = Ocr()
        self.text_source = "ocr"
        read = self._ocr.read(page.render(scale=DPI / POINTS, grayscale=True).to_pil())
        return Page(index + 1, text_page.width, text_page.height, rows(read), ocr_quality=quality(read))

    def close(self) -> None:
        """Close the PDF; its pages' boxes cannot be asked for afterwards."""
        if self._ocr is not None:
            self._ocr.close()
            self._ocr = None
        self._pdf.close()
