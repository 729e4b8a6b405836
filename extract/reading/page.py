"""Pages as the engines give them: lines of text with boxes, in reading order.

An engine yields ``Segment`` objects (pieces of one printed line); ``rows`` puts pieces
that stand side by side into one line, so that a table row reads the same whatever order
the PDF stores its cells in. Coordinates are points from the page's top left corner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

_new: Final = tuple.__new__
"""At hand: to call the class of a named tuple takes twice as long."""
SAME_ROW = 0.5
"""Share of the lower height that two pieces must overlap by to stand in one row."""


class Box(NamedTuple):
    """A rectangle in points from the page's top left corner."""

    x0: float
    top: float
    x1: float
    bottom: float

    def union(self, other: Box) -> Box:
        """The smallest box around both."""
        a0, a1, a2, a3 = self
        b0, b1, b2, b3 = other
        # comparisons, since four calls of min and max take four times as long
        return _new(Box, (b0 if b0 < a0 else a0, b1 if b1 < a1 else a1, b2 if b2 > a2 else a2, b3 if b3 > a3 else a3))


class Segment(Protocol):
    """A piece of one printed line."""

    @property
    def text(self) -> str:
        """Its characters, without line breaks or outer white space."""

    @property
    def box(self) -> Box:
        """Around all its characters."""

    @property
    def bold(self) -> bool:
        """True where its first character is set in a bold face."""

    def box_of(self, start: int, end: int) -> Box:
        """Around the characters ``[start, end)`` of ``text``."""


class Word(NamedTuple):
    """A run of characters without white space, with its box."""

    text: str
    box: Box
    start: int
    """Offset of its first character in the line's text."""


class Line:
    """One printed line: its segments from left to right, joined with a space."""

    __slots__ = ("box", "segments", "text")

    def __init__(self, segments: tuple[Segment, ...]) -> None:
        self.segments = segments
        first = segments[0]
        self.text: str = first.text
        """The line's characters."""
        self.box: Box = first.box
        """Around the whole line."""
        if len(segments) > 1:
            self.text = " ".join([s.text for s in segments])
            for segment in segments[1:]:
                self.box = self.box.union(segment.box)

    @property
    def bold(self) -> bool:
        """True where the line begins in a bold face."""
        return self.segments[0].bold

    def box_of(self, start: int, end: int) -> Box | None:
        """Around the characters ``[start, end)`` of ``text``; None where they are only spaces between pieces."""
        segments, length = self.segments, len(self.text)
        start, end = start if start > 0 else 0, end if end < length else length
        if start >= end:
            return None
        if end - start == length:
            return self.box
        if len(segments) == 1:  # nearly every line
            return segments[0].box_of(start, end)
        found: Box | None = None
        offset = 0
        for segment in segments:
            a, b = max(start - offset, 0), min(end - offset, len(segment.text))
            if a < b:
                part = segment.box_of(a, b)
                found = part if found is None else found.union(part)
            offset += len(segment.text) + 1
        return found

    def words(self) -> list[Word]:
        """The line's words with their boxes."""
        out, start = [], 0
        for piece in self.text.split(" "):
            end = start + len(piece)
            if piece and (box := self.box_of(start, end)) is not None:
                out.append(_new(Word, (piece, box, start)))
            start = end + 1
        return out


@dataclass(frozen=True)
class Page:
    """One page: its number from 1, size in points, and its lines from top to bottom.

    Pages of a plain-text file have no size and lines without boxes.
    """

    number: int
    width: float
    height: float
    lines: tuple[Line, ...]
    blank_before: tuple[bool, ...] | None = None
    """For plain text: whether a paragraph ends before the line. None where boxes tell it."""
    ocr_quality: float | None = None
    """Share of words read with confidence, 0 to 1, where the page was an image."""

    @property
    def has_boxes(self) -> bool:
        """True where lines carry boxes, that is for a PDF."""
        return self.blank_before is None


class Document(Protocol):
    """An open letter file. Close it after its boxes have been asked for."""

    @property
    def pages(self) -> Sequence[Page]:
        """All pages that were read."""

    @property
    def text_source(self) -> str:
        """``pdf_text``, ``ocr`` or ``plain_text`` (letters.text_source)."""

    @property
    def weight(self) -> int:
        """How much memory it takes while it is open, in characters of a page, of 140 bytes each in PDFium."""

    def close(self) -> None:
        """Give the file back."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Closing:
    """The ``with`` statement for a document: closes it at the end."""

    pages: Sequence[Page]

    @property
    def weight(self) -> int:
        """Its characters, where nothing else is held."""
        return sum(len(line.text) for page in self.pages for line in page.lines)

    def close(self) -> None:
        """Give the file back; nothing to do where all is in memory."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def rows(segments: Iterable[Segment]) -> tuple[Line, ...]:
    """Put pieces that overlap vertically into one line, lines by height, pieces from left to right."""
    # sorted as tuples, which are compared without a call of Python code; the number keeps equal ones apart
    keyed = [(s.box[1], s.box[0], number, s) for number, s in enumerate(segments) if s.text]
    keyed.sort()
    groups: list[tuple[Segment, ...]] = []
    top = bottom = 0.0
    for own_top, _, _, segment in keyed:
        own_bottom = segment.box[3]
        if groups:
            overlap = (bottom if bottom < own_bottom else own_bottom) - (own_top if own_top > top else top)
            height, own = bottom - top, own_bottom - own_top
            if overlap > SAME_ROW * (height if height < own else own):
                groups[-1] += (segment,)
                continue
        groups.append((segment,))
        top, bottom = own_top, own_bottom
    return tuple([Line(g if len(g) == 1 else tuple(sorted(g, key=lambda s: s.box.x0))) for g in groups])
