"""Header fields: the table of labels and values at a letter's head.

In a PDF a value is what stands to the right of its label and left of the next one, by the
words' positions, since text extractors disagree on the order of the table's cells. In a
plain text the order is all there is: a value after its label, or a run of labels followed
by a run of as many values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

import regex

from extract.evidence import Found, Span
from extract.expressions import TIME_LIMIT
from extract.folding import folded
from extract.layout import FieldData, Kind, compile_words
from extract.patterns import Patterns
from extract.reading import Box
from extract.text import LetterText
from extract.values.dates import DateFinder

CELL_GAP: Final = 8.0
"""Points from which a gap parts two cells of a row rather than two words."""
WRAPPED_LABEL: Final = 8.0
"""Points that a label's second line may stand left or right of its first."""
MARKS: Final = ":;."
"""A label ends in a colon; a scan may show it as another mark."""
SENTENCE: Final = 40
"""Characters behind "Final Determination:" in which the outcome stands."""
ALONE: Final = r"(?<!\b(?:denial|decision|report|letter|form|note|review|application)s? )\b"
"""What may not stand before a label of one word: "Denial dated:" is not "Dated:"."""
_new: Final = tuple.__new__
"""At hand: to call the class of a named tuple takes twice as long."""
_ENDS: Final = tuple(MARKS)
_WORD: Final = regex.compile(r"\p{L}{2}")
TELLING_WORD: Final = 8
"""Letters of a label's first word from which it tells the label alone, in a scan that lost the rest."""
LONG_WORD: Final = 5
"""Letters from which a word of a label is told in a scan although one of them is wrong."""
LABEL_LINES: Final = 3
"""Lines that a label may wrap over."""
SURE, FROM_ORDER, LOOKS_ALIKE = 0.99, 0.9, 0.6


@dataclass(slots=True)
class HeaderValues:
    """What the header says, by field of DATASET.md; dates in ``dates``, the rest in ``words``.

    ``footer``: a case number that stands only in a running footer, its place counted in the saved text.
    """

    dates: dict[str, Found[date]]
    words: dict[str, Found[str]]
    footer: Found[str] | None = None


class _Piece(NamedTuple):
    """A word of the header with its place in the clean text and on the page."""

    text: str
    span: Span
    box: Box
    line: int
    said: str
    """In lower case."""
    bare: str
    """Without the mark at its end."""


@dataclass(frozen=True, slots=True)
class _Label:
    field: FieldData
    pieces: tuple[int, ...]
    box: Box
    guessed: bool
    """True where a scan shows only a part of the label, or no colon."""


class HeaderReader:
    """Reads the fields that a layout names."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._dates = DateFinder(patterns=patterns)
        self._case = patterns.rule("header", "case_number")
        self._scanned_case = patterns.rule("header", "case_number_scanned")
        self._priority = patterns.rule("header", "priority")
        self._determination = patterns.rule("header", "determination")

    def read(self, text: LetterText, region: Span, fields: Sequence[FieldData]) -> HeaderValues:
        """The fields found in a region of the clean text."""
        values = HeaderValues({}, {})
        if text.has_boxes:
            self._by_position(text, region, fields, values)
        missing = [f for f in fields if f.field not in values.dates and f.field not in values.words]
        if missing:
            self._by_order(text.clean, region, fields, {f.field for f in missing}, values)
        return values

    def case_number(self, text: str, region: Span) -> Found[str] | None:
        """The first case number in a region, labelled or not."""
        match = self._case.search_alone(text, region.start, region.end)
        if match is not None:
            return Found(_case(match), Span(match.start(), match.end()), self._case.name, SURE)
        match = self._scanned_case.search_alone(text, region.start, region.end)
        if match is None:
            return None
        return Found(_case(match), Span(match.start(), match.end()), self._scanned_case.name, LOOKS_ALIKE)

    def _store(
        self, values: HeaderValues, field: FieldData, text: str, span: Span, method: str, confidence: float
    ) -> None:
        kind: Kind = field.kind
        if kind in ("date", "date_range"):
            days = self._dates.all(text, span.start, span.end)
            if days:
                first = days[0]
                values.dates[field.field] = Found(first.value, first.span, method, confidence)
                if kind == "date_range" and len(days) > 1 and days[-1].value > first.value:
                    last = days[-1]
                    values.dates[field.field + "_end"] = Found(last.value, last.span, method, confidence)
            return
        rule = {"case_number": self._case, "priority": self._priority}.get(kind, self._determination)
        match = rule.search_alone(text, span.start, span.end)
        if match:
            if kind == "case_number":
                value = _case(match)
            elif kind == "determination":
                value = _determination(match.group("value").lower())
            else:
                value = match.group("value").lower()
            values.words[field.field] = Found(value, Span(match.start(), match.end()), method, confidence)

    # -- by the positions of words

    def _by_position(self, text: LetterText, region: Span, fields: Sequence[FieldData], values: HeaderValues) -> None:
        for pieces in _pieces(text, region):
            labels = _labels(pieces, fields, scanned=text.scanned)
            taken = {i for label in labels for i in label.pieces}
            free = [piece for i, piece in enumerate(pieces) if i not in taken]
            used: list[Span] = []
            for label in sorted(labels, key=lambda la: la.guessed):
                if label.field.field in values.dates or label.field.field in values.words:
                    continue
                span = _value_span(label, labels, free)
                if span is None or (label.guessed and any(span.overlaps(other) for other in used)):
                    continue  # in a scan, a label that is not whole takes no value that another label has
                used.append(span)
                sure = LOOKS_ALIKE if label.guessed else SURE
                self._store(values, label.field, text.clean, span, "header_table", sure)

    # -- by the order of the text

    def _by_order(
        self, text: str, region: Span, fields: Sequence[FieldData], missing: set[str], values: HeaderValues
    ) -> None:
        self._determination_by_order(text, region, [f for f in fields if f.field in missing], values)
        fields = [f for f in fields if f.kind != "determination"]
        if not missing & {f.field for f in fields}:
            return
        labels = _labels_in_order(text, region, fields)
        runs: list[tuple[list[tuple[FieldData, Span]], Span]] = []
        run: list[tuple[FieldData, Span]] = []
        for index, (field, at) in enumerate(labels):
            end = labels[index + 1][1].start if index + 1 < len(labels) else region.end
            run.append((field, at))
            if self._has_value(text, Span(at.end, end)):
                runs.append((run, Span(at.end, end)))
                run = []
        for members, after in runs:
            if len(members) == 1:
                field = members[0][0]
                if field.field in missing:
                    self._store(values, field, text, after, "header_order", FROM_ORDER)
                continue
            tokens = self._tokens(text, after)
            if len(tokens) != len(members):  # a cell is empty: only the last label is beside its value
                field = members[-1][0]
                if field.field in missing and len(tokens) == 1:
                    self._store(values, field, text, after, "header_order", FROM_ORDER)
                continue
            for (field, _), span in zip(members, tokens, strict=True):
                if field.field in missing:
                    self._store(values, field, text, span, "header_order", FROM_ORDER)

    def _determination_by_order(
        self, text: str, region: Span, fields: Sequence[FieldData], values: HeaderValues
    ) -> None:
        """The outcome on a cover letter stands in a sentence, not in the table."""
        for field in fields:
            if field.kind == "determination":
                for _, at in _labels_in_order(text, region, [field]):
                    after = Span(at.end, min(at.end + SENTENCE, region.end))
                    self._store(values, field, text, after, "header_order", FROM_ORDER)

    def _tokens(self, text: str, span: Span) -> list[Span]:
        found = [d.span for d in self._dates.all(text, span.start, span.end)]
        for rule in (self._case, self._priority):
            found += [Span(m.start(), m.end()) for m in rule.finditer(text, span.start, span.end)]
        return sorted(found)

    def _has_value(self, text: str, span: Span) -> bool:
        return bool(self._tokens(text, span))


def _case(match: regex.Match[str]) -> str:
    return f"CM{match.group('year')}-{match.group('number')}".translate(DIGITS)


DIGITS: Final = str.maketrans("OoIlSB", "001158")
"""Letters that a scan shows in the place of digits."""


def _determination(words: str) -> str:
    """A cover letter's word for the outcome as letters.decision writes it."""
    if words.startswith("part"):
        return "partially_overturned"
    return "overturned" if words.startswith("overturn") else "upheld"


def _pieces(text: LetterText, region: Span) -> list[list[_Piece]]:
    """The words of each page that has lines wholly inside the region."""
    pages: list[list[_Piece]] = []
    page: int | None = None
    for index in text.lines_in(region):
        line = text.clean_lines[index]
        if line.clean is None:
            continue
        if line.page != page:
            page = line.page
            pages.append([])
        at, end = line.clean
        for word in line.line.words():
            start = text.clean.find(word.text, at, end)
            if start >= 0:
                at = start + len(word.text)
                said = word.text.lower()
                piece = (word.text, _new(Span, (start, at)), word.box, index, said, said.rstrip(MARKS))
                pages[-1].append(_new(_Piece, piece))
    return pages


def _same(piece: _Piece, wanted: str, last: bool, *, scanned: bool = False) -> bool:
    said = piece.bare if last else piece.said
    if said == wanted:
        return True
    # of a long word a scan may have got one character wrong
    return scanned and len(wanted) >= LONG_WORD and _near(said.strip("‘'“\"|"), wanted)


def _near(said: str, wanted: str) -> bool:
    """True where at most one character was added, lost or changed."""
    return regex.fullmatch(f"(?:{regex.escape(wanted)}){{e<=1}}", said) is not None


def _labels(pieces: Sequence[_Piece], fields: Sequence[FieldData], *, scanned: bool) -> list[_Label]:
    found: list[_Label] = []
    said: dict[str, list[int]] = {}
    bare: dict[str, list[int]] = {}
    for n, piece in enumerate(pieces):
        said.setdefault(piece.said, []).append(n)
        bare.setdefault(piece.bare, []).append(n)
    printed = said.keys() | bare.keys()
    ended = {piece.bare for piece in pieces if piece.bare != piece.said}
    for field in fields:
        for words, every in field.words:
            if not scanned and not (words[-1] in ended and every <= printed):
                continue  # most labels: a letter has one for each field
            alone = len(words) == 1
            for start in range(len(pieces)) if scanned else (bare if alone else said).get(words[0], ()):
                same = not scanned or _same(pieces[start], words[0], alone, scanned=scanned)
                if same and not (alone and _goes_on(pieces, start)):
                    whole = _follow(pieces, start, words, scanned=scanned)
                    indices = whole
                    if scanned and whole is None and len(words[0]) >= TELLING_WORD:
                        indices = (start,)
                    # a scan may have lost the colon, and the second line of a label that wraps
                    guessed = whole is None or not pieces[whole[-1]].text.endswith(_ENDS)
                    if indices and (scanned or not guessed):
                        box = pieces[indices[0]].box
                        for i in indices[1:]:
                            box = box.union(pieces[i].box)
                        found.append(_Label(field, indices, box, guessed))
    # 'Date of Injury' within 'Prior Date of Injury' and the like: the longer label has the words
    parts = [frozenset(label.pieces) for label in found]
    return [label for label, own in zip(found, parts, strict=True) if not any(map(own.__lt__, parts))]


def _goes_on(pieces: Sequence[_Piece], at: int) -> bool:
    """True where a word before belongs to the same phrase: "dated" in "Denial dated"."""
    if at == 0 or pieces[at - 1].line != pieces[at].line:
        return False
    return pieces[at - 1].text.isalpha() and pieces[at].box.x0 - pieces[at - 1].box.x1 < CELL_GAP


def _follow(pieces: Sequence[_Piece], start: int, words: Sequence[str], *, scanned: bool) -> tuple[int, ...] | None:
    """Indices of a label's words, the next to the right or at the start of the cell's next line."""
    indices, here = [start], pieces[start]
    for number in range(1, len(words)):
        wanted, last = words[number], number == len(words) - 1
        right = indices[-1] + 1
        beside = pieces[right] if right < len(pieces) else None
        if beside is not None and beside.line == here.line:
            if _same(beside, wanted, last, scanned=scanned):
                indices.append(right)
                here = beside
                continue
            if beside.box.x0 - here.box.x1 < CELL_GAP and _WORD.search(beside.text):
                return None  # the cell's line goes on with another word
        for below in range(right, len(pieces)):
            piece = pieces[below]
            if piece.line - here.line >= LABEL_LINES:
                return None  # as are all behind it
            if (
                piece.line > here.line
                and abs(piece.box.x0 - pieces[start].box.x0) < WRAPPED_LABEL
                and _same(piece, wanted, last, scanned=scanned)
            ):
                indices.append(below)
                here = piece
                break
        else:
            return None
    return tuple(indices)


def _value_span(label: _Label, labels: Iterable[_Label], free: Sequence[_Piece]) -> Span | None:
    """The words right of a label, in its rows, left of the next label. ``free``: the words that are in no label."""
    box = label.box
    right = box.x1
    limit = min([o.box.x0 for o in labels if o.box.x0 > right and _beside(o.box, box)], default=math.inf)
    chosen = [p for p in free if right - 1 <= p.box.x0 < limit and _beside(p.box, box)]
    if not chosen:
        return None
    first = min(chosen, key=lambda p: p.span.start)
    last = max((p for p in chosen if p.line == first.line), key=lambda p: p.span.end)
    return Span(first.span.start, last.span.end)


def _beside(a: Box, b: Box) -> bool:
    _, a_top, _, a_bottom = a
    _, b_top, _, b_bottom = b
    # comparisons, as in Box.union
    overlap = (a_bottom if a_bottom < b_bottom else b_bottom) - (a_top if a_top > b_top else b_top)
    a_height, b_height = a_bottom - a_top, b_bottom - b_top
    return overlap > 0.3 * (a_height if a_height < b_height else b_height)


@lru_cache(maxsize=1024)
def _words(label: str) -> list[str]:
    """What must stand in a text that holds a label."""
    return folded(label).split()


@lru_cache(maxsize=1024)
def _printed(label: str) -> regex.Pattern[str]:
    """A layout's label in running text, with its colon."""
    before = r"\b" if " " in label else ALONE
    return compile_words(before + regex.escape(label, special_only=True).replace(r"\ ", " ") + r" ?:")


@lru_cache(maxsize=1024)
def _parted(label: str) -> regex.Pattern[str]:
    """A label in running text with its value before its last word."""
    head, tail = label.rsplit(" ", 1)
    return compile_words(rf"\b{regex.escape(head)} (?<value>\S+) {regex.escape(tail)} ?:")


def _labels_in_order(text: str, region: Span, fields: Sequence[FieldData]) -> list[tuple[FieldData, Span]]:
    found: list[tuple[FieldData, Span]] = []
    small = folded(region.of(text))
    for field in fields:
        for label in field.labels:
            if not all(word in small for word in _words(label)):
                continue  # as of most labels
            match = _printed(label).search(text, region.start, region.end, timeout=TIME_LIMIT)
            if match is None and " " in label:  # a wrapped label with its value between its words
                match = _parted(label).search(text, region.start, region.end, timeout=TIME_LIMIT)
                if match:
                    found.append((field, Span(match.start(), match.start("value"))))
                    continue
            if match:
                found.append((field, Span(match.start(), match.end())))
    found.sort(key=lambda f: (f[1].start, -f[1].end))
    apart: list[tuple[FieldData, Span]] = []
    for field, at in found:  # of labels that share words the one that begins first, and the longest of those
        if not apart or at.start >= apart[-1][1].end:
            apart.append((field, at))
    first: dict[str, tuple[FieldData, Span]] = {}
    for field, at in apart:
        first.setdefault(field.field, (field, at))
    return list(first.values())
