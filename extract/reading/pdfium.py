"""The default engine: PDFium through pypdfium2.

PDFium is not thread-safe: use one process per document at a time, never two threads.
Boxes are asked for when they are needed, since each costs two calls into the library.
"""

from __future__ import annotations

import ctypes
import re
import struct
from typing import Any, Final, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium_c

from extract.failures import LetterError, Reason
from extract.reading.limits import Limits
from extract.reading.ocr import DPI, POINTS, Ocr, quality
from extract.reading.page import Box, Closing, Line, Page, rows

BROKEN_HYPHENS = "\ufffe\x02"
"""What PDFium puts in place of a hyphen at a line's end, with the line break gone."""
_BROKEN: Final = re.compile(f"[^{BROKEN_HYPHENS}]*[{BROKEN_HYPHENS}]|[^{BROKEN_HYPHENS}]+")
_PRINTED: Final = str.maketrans({**dict.fromkeys(BROKEN_HYPHENS, "-"), "\0": " "})
_BOUNDS: Final = struct.Struct("4f").unpack
_CORNERS: Final = struct.Struct("8f").unpack
"""The left, top, right and bottom of two rectangles in one call: to ask for each takes as long as the boxes."""
_SECOND: Final = ctypes.sizeof(pdfium_c.FS_RECTF)
_new: Final = tuple.__new__
"""At hand, since a letter asks for 160 boxes and to call their class takes twice as long."""


def _unchecked(function: Any) -> Any:
    """One of PDFium's functions, quick, asked hundreds of times: to check each argument takes as long as ten answers.

    Its arguments are whole numbers, pointers, references, and None for a null pointer.
    """
    return ctypes.PYFUNCTYPE(ctypes.c_int)(ctypes.cast(function, ctypes.c_void_p).value or 0)


_LOOSE_BOX: Final = _unchecked(pdfium_c.FPDFText_GetLooseCharBox)
_FONT: Final = _unchecked(pdfium_c.FPDFText_GetFontInfo)
_WEIGHT: Final = _unchecked(pdfium_c.FPDFText_GetFontWeight)
OBJECT: Final = 10
"""An object of a page in characters, with room: a line that is drawn takes 350 bytes, two and a half of them."""
BOLD_WEIGHT = 600
NAME_BYTES = 256
_NAME: Final = ctypes.c_char * NAME_BYTES
_NAME_BYTES: Final = ctypes.c_ulong(NAME_BYTES)


class _Segment(NamedTuple):
    """Characters ``[first, first + len(text))`` of a PDFium text page."""

    page: _TextPage
    first: int
    text: str
    box: Box

    @property
    def bold(self) -> bool:
        return self.page.is_bold(self.first)

    def box_of(self, start: int, end: int) -> Box:
        return self.page.box_of(self.first + start, self.first + end)


class _TextPage:
    """One page's characters with the few questions that are asked of them.

    PDFium is called without pypdfium2's helper objects, whose finalizers cost more than closing itself.
    """

    def __init__(self, pdf: Any, index: int) -> None:
        self._raw: Any = None
        self._page = pdfium_c.FPDF_LoadPage(pdf, index)
        if not self._page:
            raise pypdfium2.PdfiumError("Failed to load page.")
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._raw = pdfium_c.FPDFText_LoadPage(self._page)
        if not self._raw:
            raise pypdfium2.PdfiumError("Failed to load text page.")
        bounds = pdfium_c.FS_RECTF()
        if not pdfium_c.FPDF_GetPageBoundingBox(self._page, bounds):
            raise pypdfium2.PdfiumError("Failed to get page bounding box.")
        self._left, self._top, right, bottom = _BOUNDS(bounds)
        self.width, self.height = right - self._left, self._top - bottom
        self.count = pdfium_c.FPDFText_CountChars(self._raw)
        if self.count == -1:
            raise pypdfium2.PdfiumError("Failed to get character count.")
        self._rects = (pdfium_c.FS_RECTF * 2)()
        self._at_first, self._at_last = ctypes.byref(self._rects), ctypes.byref(self._rects, _SECOND)

    @property
    def weight(self) -> int:
        """How much memory it takes, in characters."""
        return int(self.count + OBJECT * pdfium_c.FPDFPage_CountObjects(self._page))

    def close(self) -> None:
        """Give the page back, before its document. A box that is asked for afterwards raises PdfiumError."""
        if self._raw:
            pdfium_c.FPDFText_ClosePage(self._raw)
            self._raw = None
        pdfium_c.FPDF_ClosePage(self._page)

    def characters(self) -> str:
        """All characters, one for each of PDFium's indices."""
        raw, count = self._raw, self.count
        if count > Limits.page_characters:
            raise LetterError(Reason.TOO_LARGE, f"a page of {count} characters, the limit is {Limits.page_characters}")
        if not count:
            return ""
        last = count - 1
        text = ""
        if pdfium_c.FPDFText_GetTextIndexFromCharIndex(raw, last) == last:  # else the text leaves characters out
            units = bytearray(2 * (count + 1))
            written = pdfium_c.FPDFText_GetText(raw, 0, count, ctypes.c_ushort.from_buffer(units))
            text = units[: 2 * (written - 1)].decode("utf-16-le", "ignore")
        if len(text) != count:  # characters beyond the basic plane: ask one by one
            codes = (pdfium_c.FPDFText_GetUnicode(raw, i) for i in range(count))
            text = "".join(chr(c) if 0 < c < 0x110000 and not 0xD800 <= c < 0xE000 else " " for c in codes)
        return text

    def box_of(self, start: int, end: int) -> Box:
        """Around the first and the last of the characters ``[start, end)``, which stand on one line."""
        raw = self._raw
        if not (_LOOSE_BOX(raw, start, self._at_first) and _LOOSE_BOX(raw, end - 1, self._at_last)):
            raise pypdfium2.PdfiumError("Failed to get charbox.")
        x0, top, x1, bottom, a, b, c, d = _CORNERS(self._rects)
        left, upper = self._left, self._top
        # comparisons, as in Box.union; PDFium counts upwards
        return _new(
            Box,
            (
                (a if a < x0 else x0) - left,
                upper - (b if b > top else top),
                (c if c > x1 else x1) - left,
                upper - (d if d < bottom else bottom),
            ),
        )

    def is_bold(self, index: int) -> bool:
        """True where a character's face is called bold, or is as heavy as one."""
        name = _NAME()
        size = _FONT(self._raw, index, name, _NAME_BYTES, None)
        if 0 < size <= NAME_BYTES and b"bold" in name.value.lower():
            return True
        return bool(_WEIGHT(self._raw, index) >= BOLD_WEIGHT)

    def lines(self) -> tuple[Line, ...]:
        """The page's printed lines."""
        text = self.characters()
        broken = any(mark in text for mark in BROKEN_HYPHENS)
        odd = broken or "\0" in text
        box_of = self.box_of
        segments = []
        at = 0
        # of the two characters that end a line the first is left to it as a space: places stay, lines are half as many
        for line in text.replace("\r\n", " \n").replace("\r", "\n").split("\n"):
            for whole in _BROKEN.findall(line) if broken else (line,):
                piece = whole.strip()
                if piece:
                    first = at + whole.index(piece)
                    box = box_of(first, first + len(piece))
                    words = piece.translate(_PRINTED) if odd else piece
                    segments.append(_new(_Segment, (self, first, words, box)))
                at += len(whole)
            at += 1
        return rows(segments)


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
        self._open: list[_TextPage] = []
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
        text_page = _TextPage(self._pdf, index)
        self._open.append(text_page)
        lines = text_page.lines()
        self._characters += text_page.count
        if self._characters > Limits.characters:
            raise LetterError(Reason.TOO_LARGE, f"more than {Limits.characters} characters")
        if lines or not _has_image(page := self._pdf[index]):
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

    @property
    def weight(self) -> int:
        """How much memory it takes while it is open, in characters."""
        return sum(page.weight for page in self._open)

    def close(self) -> None:
        """Close the PDF; its pages' boxes cannot be asked for afterwards."""
        if self._ocr is not None:
            self._ocr.close()
            self._ocr = None
        while self._open:
            self._open.pop().close()
        self._pdf.close()
