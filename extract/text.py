"""Pages → text: the letter's text as it is saved, and a clean reading of it with a way back.

``raw`` is what a run saves and what evidence offsets count: the printed lines, a line
feed after each, a form feed between pages. ``clean`` is what the rooms behind read: lines
of a paragraph joined, words broken at a line's end put together, running headers and
footers left out. Each character of ``clean`` knows its place in ``raw``.
"""

from __future__ import annotations

import bisect
import unicodedata
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import regex

from extract.evidence import Span
from extract.failures import LetterError, Reason
from extract.reading import Box, Limits, Line, Page

PARAGRAPH_GAP = 1.35
"""Pitch of two lines, in the page's usual pitch, from which a paragraph ends between them."""
LINES_FOR_PITCH = 12
BULLET = "•"
FIRST_LINES = 20
"""Lines at the head of a text file that are never taken for a running header."""
FURNITURE_LINES = 3
"""Lines at the top and the bottom of a page that may be running headers or footers."""

_WORD_BEFORE = regex.compile(r"(\p{L}+)-$")
_WORD_AFTER = regex.compile(r"\p{Ll}+")
_CONJUNCTION = regex.compile(r"(?:and|or|to)\b", regex.IGNORECASE)
_SENTENCE_END = regex.compile(r"[.:;?!]['”\")]?$")
_WORD = regex.compile(r"\p{L}+")
_DIGITS = regex.compile(r"\d+")


class TextLine(NamedTuple):
    """A printed line within both texts. ``clean`` is None for a running header or footer."""

    page: int
    raw: Span
    clean: Span | None
    line: Line
    starts_paragraph: bool


class Place(NamedTuple):
    """Where on the pages a span of raw text stands: the first page it touches, and the box there."""

    page: int
    box: Box | None


class LetterText:
    """The two texts of a letter and the printed lines they came from."""

    def __init__(self, pages: Sequence[Page], *, is_furniture: Callable[[str], bool] = lambda _: False) -> None:
        builder = _Builder(pages, is_furniture)
        self.raw: str = builder.raw
        self.clean: str = builder.clean
        self.lines: tuple[TextLine, ...] = tuple(builder.lines)
        self._origin = builder.origin
        self._starts = [line.raw.start for line in self.lines]
        self.clean_lines: tuple[TextLine, ...] = tuple(li for li in self.lines if li.clean is not None)
        self._clean_starts = [li.clean.start for li in self.clean_lines if li.clean is not None]
        self.pages = len(pages)
        self._sizes = {page.number: (page.width, page.height) for page in pages}
        self.has_boxes = bool(pages) and pages[0].has_boxes
        self.scanned = any(page.ocr_quality is not None for page in pages)

    def to_raw(self, span: Span) -> Span:
        """The span of ``raw`` that a span of ``clean`` came from."""
        if span.start == span.end:
            at = self._origin[span.start] if span.start < len(self._origin) else len(self.raw)
            return Span(at, at)
        return Span(self._origin[span.start], self._origin[span.end - 1] + 1)

    def place(self, raw: Span) -> Place:
        """The first page that a raw span touches, and the box around its words there."""
        index = max(bisect.bisect_right(self._starts, raw.start) - 1, 0)
        page, box = self.lines[index].page, None
        for line in self.lines[index:]:
            if line.raw.start >= raw.end or (line.page != page and box is not None):
                break
            if line.page != page:
                page = line.page
            if not self.has_boxes:
                break
            a, b = max(raw.start, line.raw.start), min(raw.end, line.raw.end)
            part = line.line.box_of(a - line.raw.start, b - line.raw.start) if a < b else None
            if part is not None:
                box = part if box is None else box.union(part)
        return Place(page, None if box is None else self._on_page(page, box))

    def _on_page(self, page: int, box: Box) -> Box | None:
        """The part of a box that lies on its page; None for words that a PDF prints beside it."""
        width, height = self._sizes[page]
        clipped = Box(max(box.x0, 0.0), max(box.top, 0.0), min(box.x1, width), min(box.bottom, height))
        return clipped if clipped.x0 < clipped.x1 and clipped.top < clipped.bottom else None

    def line_index(self, at: int) -> int:
        """Index in ``clean_lines`` of the line that holds the clean offset ``at``."""
        return max(bisect.bisect_right(self._clean_starts, at) - 1, 0)


class _Builder:
    """Lays out both texts side by side."""

    def __init__(self, pages: Sequence[Page], is_furniture: Callable[[str], bool]) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self.origin = array("l")
        self.lines: list[TextLine] = []
        self._last = ""
        furniture = _repeated(pages)
        self._pages = pages
        raw: list[str] = []
        at = 0
        gaps = [gap for page in pages if page.has_boxes for gap in _gaps(page)]
        usual = _usual(gaps) if gaps else 0.0
        for page in pages:
            if raw:
                raw.append("\f")
                at += 1
            pitch = _pitch(page, usual)
            previous: Line | None = None
            for index, line in enumerate(page.lines):
                text = line.text
                start, at = at, at + len(text) + 1
                raw.append(text + "\n")
                if at > Limits.characters:
                    raise LetterError(Reason.TOO_LARGE, f"more than {Limits.characters} characters")
                if (page.number, index) in furniture or (_at_edge(page, index) and is_furniture(text)):
                    self.lines.append(TextLine(page.number, Span(start, at - 1), None, line, False))
                    continue
                new = self._new_paragraph(page, index, line, previous, pitch)
                span = self._append(text, start, new)
                self.lines.append(TextLine(page.number, Span(start, at - 1), span, line, new))
                previous = line
        self.raw = "".join(raw)
        self.clean = "".join(self._pieces)

    @cached_property
    def _words(self) -> Counter[str]:
        """How often each word is printed: asked for only where a line ends in a hyphen."""
        return Counter(w.lower() for p in self._pages for li in p.lines for w in _WORD.findall(li.text))

    def _new_paragraph(self, page: Page, index: int, line: Line, previous: Line | None, pitch: float) -> bool:
        if page.blank_before is not None:
            return page.blank_before[index] and (index > 0 or self._ended)
        if previous is None:
            return self._ended
        return line.box.top - previous.box.top > PARAGRAPH_GAP * pitch

    @property
    def _ended(self) -> bool:
        """True where the text so far ends a sentence, so that a new page may begin a paragraph."""
        return not self._last or bool(_SENTENCE_END.search(self._last))

    def _append(self, text: str, raw_start: int, new: bool) -> Span:
        offset = 0
        if self._length:
            joint, offset = ("\n", 0) if new else self._joint(text)
            if joint == "-":
                self._drop_last()
            elif joint:
                self._put(joint, max(raw_start - 1, 0))
        start = self._length
        if offset == 0 and text.isascii() and text.isprintable() and "  " not in text and text == text.strip():
            self._put(text, raw_start)  # nearly every line
        else:
            self._append_slowly(text, raw_start, offset)
        self._last = text
        return Span(start, self._length)

    def _put(self, piece: str, raw_start: int) -> None:
        """Add characters that stand in the raw text as they are."""
        self._pieces.append(piece)
        self._length += len(piece)
        self.origin.extend(range(raw_start, raw_start + len(piece)))

    def _drop_last(self) -> None:
        self._pieces[-1] = self._pieces[-1][:-1]
        self._length -= 1
        self.origin.pop()

    def _append_slowly(self, text: str, raw_start: int, offset: int) -> None:
        """Add a line with white space to fold or with odd characters."""
        start = self._length
        space = True
        for index in range(offset, len(text)):
            char = text[index]
            if index == offset and unicodedata.category(char) == "Co":
                char = BULLET  # a symbol font's bullet has a private code
            blank = char.isspace() or char == "\u00ad" or not char.isprintable()
            if blank and space:
                continue
            self._put(" " if blank else char, raw_start + index)
            space = blank
        if self._length > start and self._pieces[-1] == " ":
            self._drop_last()

    def _joint(self, text: str) -> tuple[str, int]:
        """What goes between the text so far and a line that goes on: a space, nothing, or ``-`` to drop a hyphen."""
        if len(self._last) < 2 or self._last[-1] not in "-‐/" or self._last[-2].isspace() or not text[0].isalnum():
            return " ", 0
        if self._last[-1] != "/" and _CONJUNCTION.match(text):
            return " ", 0
        before, after = _WORD_BEFORE.search(self._last), _WORD_AFTER.match(text)
        if before and after:
            whole = (before.group(1) + after.group()).lower()
            if whole in self._words and self._words[before.group(1).lower()] <= 1:
                return "-", 0
        return "", 0


def _at_edge(page: Page, index: int) -> bool:
    """True where a line stands at a page's foot, or at its head but for the first page, which names the case."""
    if not page.has_boxes:  # a text file may have lost its page ends
        return page.number > 1 or index >= FIRST_LINES
    return index >= len(page.lines) - FURNITURE_LINES or (page.number > 1 and index < FURNITURE_LINES)


def _gaps(page: Page) -> list[float]:
    """Distances in points between the tops of lines that follow each other."""
    tops = [line.box.top for line in page.lines]
    return [b - a for a, b in pairwise(tops) if b > a]


def _pitch(page: Page, document: float) -> float:
    """The usual distance of two lines' tops, in points: the page's own where it has lines enough.

    The height of a line's box tells less: fonts differ in what they report.
    """
    gaps = _gaps(page)
    return _usual(gaps) if len(gaps) >= LINES_FOR_PITCH else document


def _usual(gaps: Sequence[float]) -> float:
    """The gap inside paragraphs: low among all, since a page may have many paragraphs of one line."""
    return sorted(gaps)[len(gaps) // 4]


def _repeated(pages: Sequence[Page]) -> set[tuple[int, int]]:
    """(page number, line index) of lines that stand, but for their numbers, at the edge of most pages."""
    if len(pages) < 2:
        return set()
    seen: Counter[str] = Counter()
    edges: list[tuple[int, int, str]] = []
    for page in pages:
        count = len(page.lines)
        own = set()
        for index in {*range(min(FURNITURE_LINES, count)), *range(max(count - FURNITURE_LINES, 0), count)}:
            key = _DIGITS.sub("#", page.lines[index].text.strip().lower())
            edges.append((page.number, index, key))
            own.add(key)
        seen.update(own)
    most = max(2, (len(pages) + 1) // 2 + (1 if len(pages) > 2 else 0))
    return {(number, index) for number, index, key in edges if seen[key] >= most and key}
