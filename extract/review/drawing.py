"""Pages of a letter as images, and the places of values on them line by line; run in a process of its own.

The tables hold one box for each value, around all its lines. Where the file's text is still the one that the
evidence counts, the lines are boxed one by one here.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from extract.evidence import Span

DPI: Final = 110
POINTS: Final = 72
MOST_PIXELS: Final = 4_000_000
"""Pixels of an image; a letter's page has 1.1 million."""
MOST_SIDE: Final = 4_000
MOST_PAGES: Final = 60
"""Pages of a letter that are drawn; the longest letter seen has 14."""
GREYS: Final = 16

Boxes = tuple[tuple[int, float, float, float, float], ...]
"""Boxes of one value, a line each: page, x0, top, x1, bottom, in points from the page's top left."""


class DrawingError(Exception):
    """A letter's pages cannot be drawn; the message says why in a few words."""


@dataclass(frozen=True, slots=True)
class Task:
    """A file, which of its pages to draw (``first`` counts from 1), and the spans of its text that hold values."""

    data: bytes = field(repr=False)
    first: int
    pages: int
    text: str = field(repr=False)
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """A page as PNG. ``width`` and ``height`` are the page's, in points."""

    page: int
    width: float
    height: float
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Images of a letter, the rotation of each page, and the boxes by span; no boxes where the text is another one."""

    images: tuple[Image, ...]
    boxes: dict[tuple[int, int], Boxes]
    turned: dict[int, tuple[int, float, float]]
    """Pages that are shown turned: degrees clockwise, width and height before that."""


def draw(task: Task) -> Drawn:
    """Draw a letter's pages. Raises DrawingError where the file cannot be drawn."""
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(task.data)
    except pypdfium2.PdfiumError as error:
        raise DrawingError("the PDF cannot be opened") from error
    images, turned = [], {}
    try:
        last = min(len(pdf), task.first - 1 + min(task.pages, MOST_PAGES))
        for index in range(task.first - 1, last):
            page = pdf[index]
            images.append(_image(index + 1, page))
            rotation = int(page.get_rotation())
            if rotation:
                left, bottom, right, top = page.get_bbox()
                turned[index + 1] = (rotation, right - left, top - bottom)
    except pypdfium2.PdfiumError as error:
        raise DrawingError("a page of the PDF cannot be drawn") from error
    finally:
        pdf.close()
    return Drawn(tuple(images), _boxes(task), turned)


def _image(number: int, page: Any) -> Image:
    width, height = page.get_size()
    if not (width > 0 and height > 0 and math.isfinite(width * height)):
        raise DrawingError(f"page {number} has no size")
    scale = min(DPI / POINTS, MOST_SIDE / max(width, height), math.sqrt(MOST_PIXELS / (width * height)))
    if min(width, height) * scale < 1:
        raise DrawingError(f"page {number} is a line")
    step = 255 // (GREYS - 1)
    levels = [(value + step // 2) // step for value in range(256)]
    palette = page.render(scale=scale, grayscale=True).to_pil().point(levels).convert("P")
    palette.putpalette([level * step for level in range(GREYS) for _ in "rgb"])
    stream = io.BytesIO()
    palette.save(stream, "PNG", bits=4)
    return Image(number, round(width, 2), round(height, 2), stream.getvalue())


def _boxes(task: Task) -> dict[tuple[int, int], Boxes]:
    """Boxes of each span, line by line; none where the file's own text layer is not the text that was read."""
    from extract.failures import LetterError
    from extract.reading.pdfium import PdfiumDocument
    from extract.text import LetterText

    if not task.spans:
        return {}
    try:
        with PdfiumDocument(task.data, max_pages=task.first - 1 + task.pages) as document:
            text = LetterText(document.pages[task.first - 1 : task.first - 1 + task.pages])
            if text.raw != task.text:
                return {}
            return {span: _lines(text, Span(*span)) for span in task.spans}
    except LetterError:
        return {}


def _lines(text: Any, span: Span) -> Boxes:
    out = []
    for line in text.lines:
        a, b = max(span.start, line.raw.start), min(span.end, line.raw.end)
        if a < b:
            box = line.line.box_of(a - line.raw.start, b - line.raw.start)
            if box is not None:
                out.append((line.page, *(round(v, 1) for v in (box.x0, box.top, box.x1, box.bottom))))
    return tuple(out)


def turn(box: Sequence[float], turned: tuple[int, float, float]) -> tuple[float, float, float, float]:
    """A box of a page that is shown turned: sides as they are seen."""
    x0, top, x1, bottom = box
    degrees, width, height = turned
    if degrees == 90:
        return (height - bottom, x0, height - top, x1)
    if degrees == 180:
        return (width - x1, height - bottom, width - x0, height - top)
    return (top, width - x1, bottom, width - x0)
