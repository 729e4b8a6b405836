"""Pages → text: the letter's text as it is saved, and a clean reading of it with a way back.

``raw`` is what a run saves and what evidence offsets count: the printed lines, a line
feed after each, a form feed between pages. ``clean`` is what the rooms behind read: lines
of a paragraph joined, words broken at a line's end put together, running headers and
footers left out. Each character of ``clean`` knows its place in ``raw``.
"""

from __future__ import annotations

import bisect
import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import regex

from extract.effort import is_tame
from extract.evidence import Span
from extract.failures import LetterError, Reason
from extract.reading import Box, Limits, Line, Page

PARAGRAPH_GAP = 1.35
"""Pitch of two lines, in the page's usual pitch, from which a paragraph ends between them."""
LINES_FOR_PITCH = 12
BREAKS = "-‐/"
"""Marks at a line's end that may break a word."""
BULLET = "•"
FIRST_LINES = 20
"""Lines at the head of a text file that are never taken for a running header."""
FURNITURE_LINES = 3
"""Lines at the top and the bottom of a page that may be running headers or footers."""

_new: Final = tuple.__new__
"""At hand: to call the class of a named tuple takes twice as long."""
_FAR: Final = math.inf
_PRINTED: Final = bytes(range(ord(" "), 127))
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
        self._runs, self._shifts = builder.runs, builder.shifts
        self._starts = [line.raw[0] for line in self.lines]
        self.clean_lines: tuple[TextLine, ...] = tuple([li for li in self.lines if li.clean is not None])
        self._clean_starts = [li.clean[0] for li in self.clean_lines if li.clean is not None]
        self._clean_ends = [li.clean[1] for li in self.clean_lines if li.clean is not None]
        self.pages = len(pages)
        self._sizes = {page.number: (page.width, page.height) for page in pages}
        self.has_boxes = bool(pages) and pages[0].has_boxes
        self.scanned = any(page.ocr_quality is not None for page in pages)

    def to_raw(self, span: Span) -> Span:
        """The span of ``raw`` that a span of ``clean`` came from."""
        start, end = span
        if start == end and end >= len(self.clean):
            return Span(len(self.raw), len(self.raw))
        runs, shifts = self._runs, self._shifts
        run = bisect.bisect_right(runs, start)
        first = start + shifts[run - 1]
        if start == end:
            return Span(first, first)
        last = end - 1
        if run < len(runs) and runs[run] <= last:
            run = bisect.bisect_right(runs, last, run)
        return _new(Span, (first, end + shifts[run - 1]))

    def place(self, raw: Span) -> Place:
        """The first page that a raw span touches, and the box around its words there.

        Of a box only the part that lies on its page; no box for words that a PDF prints beside it.
        """
        start, end = raw
        starts, lines = self._starts, self.lines
        index = bisect.bisect_right(starts, start) - 1
        page = lines[index].page
        if not self.has_boxes:
            return _new(Place, (page, None))
        x0 = top = _FAR
        x1 = bottom = -_FAR
        for number in range(index, bisect.bisect_left(starts, end, index)):
            own, (at, stop), _, line, _ = lines[number]
            if own != page:
                if x0 < _FAR:
                    break
                page = own
            part = line.box if start <= at and stop <= end else line.box_of(start - at, end - at)
            if part is not None:
                a, b, c, d = part
                # comparisons, as in Box.union
                x0, top = a if a < x0 else x0, b if b < top else top
                x1, bottom = c if c > x1 else x1, d if d > bottom else bottom
        width, height = self._sizes[page]
        x0, top = x0 if x0 >= 0.0 else 0.0, top if top >= 0.0 else 0.0
        x1, bottom = x1 if x1 <= width else width, bottom if bottom <= height else height
        return _new(Place, (page, _new(Box, (x0, top, x1, bottom)) if x0 < x1 and top < bottom else None))

    @cached_property
    def tame(self) -> bool:
        """Whether the work of expressions is bounded in the clean text (``effort.py``)."""
        return is_tame(self.clean.replace("\n", " "))

    def line_index(self, at: int) -> int:
        """Index in ``clean_lines`` of the line that holds the clean offset ``at``."""
        return max(bisect.bisect_right(self._clean_starts, at) - 1, 0)

    def lines_in(self, region: Span) -> range:
        """Indices in ``clean_lines`` of the lines that lie wholly inside a region of the clean text."""
        first = bisect.bisect_left(self._clean_starts, region.start)
        return range(first, max(bisect.bisect_right(self._clean_ends, region.end), first))

    def starts_in(self, region: Span) -> list[int]:
        """Where the lines that lie wholly inside a region of the clean text begin."""
        lines = self.lines_in(region)
        return self._clean_starts[lines.start : lines.stop]

    def ends_line(self, at: int) -> bool:
        """True where a line of the clean text ends at ``at``."""
        number = bisect.bisect_left(self._clean_ends, at)
        return number < len(self._clean_ends) and self._clean_ends[number] == at


class _Builder:
    """Lays out both texts side by side.

    ``runs``: offsets of the clean text from which its characters stand ``shifts`` further on in the raw text.
    """

    def __init__(self, pages: Sequence[Page], is_furniture: Callable[[str], bool]) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self.runs = [0]
        self.shifts = [0]
        self.lines: list[TextLine] = []
        self._last = ""
        self._pages = pages
        furniture = _repeated(pages)
        pitches = _pitches(pages)
        raw: list[str] = []
        at, most = 0, Limits.characters
        for page, pitch in zip(pages, pitches, strict=True):
            if raw:
                raw.append("\f")
                at += 1
            own, blank_before = page.number, page.blank_before
            head, foot = _edges(page)
            edge = {index for number, index in furniture if number == own}
            even = _is_even(page)
            farthest = PARAGRAPH_GAP * pitch
            before: float | None = None
            for index, line in enumerate(page.lines):
                text = line.text
                start, at = at, at + len(text) + 1
                raw += text, "\n"
                if at > most:
                    raise LetterError(Reason.TOO_LARGE, f"more than {most} characters")
                words = _new(Span, (start, at - 1))
                if index in edge or ((index < head or index >= foot) and is_furniture(text)):
                    self.lines.append(_new(TextLine, (own, words, None, line, False)))
                    continue
                top = line.box[1]
                if blank_before is not None:
                    new = blank_before[index] and (index > 0 or self._ended)
                else:
                    new = self._ended if before is None else top - before > farthest
                self.lines.append(_new(TextLine, (own, words, self._append(text, start, new, even), line, new)))
                before = top
        self.raw = "".join(raw)
        self.clean = "".join(self._pieces)

    @cached_property
    def _printed(self) -> str:
        """All lines in lower case: asked for only where a line ends in a hyphen."""
        return "\n".join([line.text for page in self._pages for line in page.lines]).lower()

    @cached_property
    def _words(self) -> Counter[str]:
        """How often each word is printed: asked for only where a broken word stands whole elsewhere."""
        return Counter(_WORD.findall(self._printed))

    @property
    def _ended(self) -> bool:
        """True where the text so far ends a sentence, so that a new page may begin a paragraph."""
        return not self._last or bool(_SENTENCE_END.search(self._last))

    def _append(self, text: str, raw_start: int, new: bool, even: bool) -> Span:
        """Add a line; ``even`` where it is known to hold nothing that is folded or left out, as of nearly all pages."""
        last, self._last = self._last, text
        joint = ""
        if self._length:
            joint = "\n" if new else " "
            if not new and last and last[-1] in BREAKS:
                joint = self._joint(last, text)
                if joint == "-":
                    self._drop_last()
                    joint = ""
        at = self._length
        start = at + len(joint)
        if even or (text.isascii() and text.isprintable() and "  " not in text and text == text.strip()):
            shift = raw_start - start
            if shift != self.shifts[-1]:
                self.runs.append(at)
                self.shifts.append(shift)
            self._pieces.append(joint + text)
            self._length = end = start + len(text)
            return _new(Span, (start, end))
        if joint:
            self._put(joint, raw_start - 1)
        self._append_slowly(text, raw_start)
        return _new(Span, (start, self._length))

    def _put(self, piece: str, raw_start: int) -> None:
        """Add characters that stand in the raw text as they are."""
        shift = raw_start - self._length
        if shift != self.shifts[-1]:
            self.runs.append(self._length)
            self.shifts.append(shift)
        self._pieces.append(piece)
        self._length += len(piece)

    def _drop_last(self) -> None:
        self._pieces[-1] = self._pieces[-1][:-1]
        self._length -= 1
        if self.runs[-1] == self._length > 0:  # a run without characters
            self.runs.pop()
            self.shifts.pop()

    def _append_slowly(self, text: str, raw_start: int) -> None:
        """Add a line with white space to fold or with odd characters."""
        start = self._length
        space = True
        if unicodedata.category(text[0]) == "Co":
            text = BULLET + text[1:]  # a symbol font's bullet has a private code
        for index, char in enumerate(text):
            blank = char.isspace() or char == "\u00ad" or not char.isprintable()
            if blank and space:
                continue
            self._put(" " if blank else char, raw_start + index)
            space = blank
        if self._length > start and self._pieces[-1] == " ":
            self._drop_last()

    def _joint(self, last: str, text: str) -> str:
        """What stands for a break at the end of the last line: a space, nothing, or ``-`` to drop a hyphen."""
        if len(last) < 2 or last[-2].isspace() or not text[0].isalnum():
            return " "
        if last[-1] != "/" and _CONJUNCTION.match(text):
            return " "
        before, after = _WORD_BEFORE.search(last), _WORD_AFTER.match(text)
        if before and after:
            whole = (before.group(1) + after.group()).lower()
            if whole in self._printed and whole in self._words and self._words[before.group(1).lower()] <= 1:
                return "-"
        return ""


def _is_even(page: Page) -> bool:
    """True where all lines of a page stand in the clean text as they are: no white space to fold, no odd characters."""
    words = " ".join(["", *(line.text for line in page.lines), ""])
    # what is printed is taken out of the bytes: to ask the characters takes ten times as long
    return words.isascii() and "  " not in words and not words.encode().translate(None, _PRINTED)


def _edges(page: Page) -> tuple[int, int]:
    """Where a page's head ends and its foot begins, as indices of lines; the first page's head names the case."""
    if not page.has_boxes:  # a text file may have lost its page ends
        return 0, 0 if page.number > 1 else FIRST_LINES
    return FURNITURE_LINES if page.number > 1 else 0, len(page.lines) - FURNITURE_LINES


def _pitches(pages: Sequence[Page]) -> list[float]:
    """The usual distance of two lines' tops on each page, in points: the page's own where it has lines enough.

    The height of a line's box tells less: fonts differ in what they report.
    """
    gaps = [_gaps(page) for page in pages]
    every = [gap for own in gaps for gap in own]
    usual = _usual(every) if every else 0.0
    return [_usual(own) if len(own) >= LINES_FOR_PITCH else usual for own in gaps]


def _gaps(page: Page) -> list[float]:
    """Distances in points between the tops of lines that follow each other; none where lines have no boxes."""
    tops = [line.box.top for line in page.lines] if page.has_boxes else []
    return [b - a for a, b in pairwise(tops) if b > a]


def _usual(gaps: Sequence[float]) -> float:
    """The gap inside paragraphs: low among all, since a page may have many paragraphs of one line."""
    return sorted(gaps)[len(gaps) // 4]


def _repeated(pages: Sequence[Page]) -> set[tuple[int, int]]:
    """(page number, line index) of lines that stand, but for their numbers, at the edge of most pages."""
    if len(pages) < 2:
        return set()
    edges: list[tuple[int, int]] = []
    printed: list[str] = []
    for page in pages:
        count = len(page.lines)
        for index in {*range(min(FURNITURE_LINES, count)), *range(max(count - FURNITURE_LINES, 0), count)}:
            edges.append((page.number, index))
            printed.append(page.lines[index].text.strip())
    # all at once: fifteen calls for a few words each take ten times as long
    keys = _DIGITS.sub("#", "\n".join(printed).lower()).split("\n")
    seen = Counter(key for key, _ in {(key, number) for key, (number, _) in zip(keys, edges, strict=True)})
    most = max(2, (len(pages) + 1) // 2 + (1 if len(pages) > 2 else 0))
    return {edge for key, edge in zip(keys, edges, strict=True) if seen[key] >= most and key}
