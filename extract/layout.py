"""Text → sections: which letter layout this is, and where its parts stand.

A layout is a file of ``patterns/layouts``; nothing here knows one by name. Where no
layout is recognised, the headings of all of them are tried (``unknown``).

Expressions in a layout file: a space stands for any white space, also a line's end,
and `` ?`` for any or none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal

import regex
from pydantic import Field

from extract.effort import is_little, is_tame
from extract.evidence import Span
from extract.expressions import TIME_LIMIT, Alternatives, Expression, Family, alternatives
from extract.folding import folded
from extract.needs import may_match
from extract.patterns import PatternError, Patterns, Strict
from extract.text import LetterText, TextLine
from extract.words import trim

_LOOKS_BACK = ("(?<=", r"\B", r"\K", r"\G")
_BEGINS = regex.compile(r"\p{L}{4}")
_AROUND = regex.compile(r"[$^]|\\[bBAZzKG]|\(\?<?[=!]")
_MORE = regex.compile(r"(?<![:.])\s+\p{Lu}{3,}\b")
UNKNOWN = "unknown"
SHARED = "shared.yaml"

Section = Literal[
    "cover", "header", "how_made", "reviewer", "case_summary", "documents", "decisions", "items", "guidelines",
    "rationale", "boilerplate", "closing",
]  # fmt: skip
Part = Literal[
    "item",
    "decision",
    "claims_administrator_guideline",
    "reviewer_guideline",
    "guidelines",
    "rationale",
    "end",
]
Kind = Literal["case_number", "date", "date_range", "priority", "determination"]


class HeadingData(Strict):
    """A heading: the section it opens and the ways it is printed."""

    section: Section
    variants: list[str] = Field(min_length=1)
    lead_in: str | None = None
    """A fixed sentence after the heading that is not part of the content."""
    anywhere: bool = False
    """True for a fixed sentence of prose that opens a section without standing out."""


class FieldData(Strict):
    """A field of the header: where DATASET.md puts it, its kind, and its labels in plain words."""

    field: str
    kind: Kind
    labels: list[str] = Field(min_length=1)

    @cached_property
    def words(self) -> tuple[tuple[tuple[str, ...], frozenset[str]], ...]:
        """The words of each label as they are compared, in order and each once."""
        split = [tuple(label.lower().split()) for label in self.labels]
        return tuple((words, frozenset(words)) for words in split)


class PartData(Strict):
    """A label or sentence inside the items that opens a part of an item."""

    part: Part
    variants: list[str] = Field(min_length=1)
    inline: bool = False
    """True where it may stand in the middle of a line."""
    keep: bool = False
    """True where the words are part of the content, as the first words of a sentence are."""


class ItemsData(Strict):
    """How the disputed items are printed.

    ``heading_above``: the request stands, with its decision, above the first label.
    ``sentences``: an expression of part ``item`` or ``decision`` holds the request, in groups ``request``,
    ``number``, and for the decision ``not`` or ``partly``.
    ``list``: a section lists the requests; guidelines and rationale have sections of their own.
    ``labelled``: lines with labels, of which ``item`` opens a request and ``decision`` holds a word that decides.
    """

    style: Literal["heading_above", "sentences", "list", "labelled"]
    sections: list[Section] = Field(default=["items"])
    parts: list[PartData] = Field(default_factory=list)
    decision: str | None = None
    """heading_above: the decision at the end of a heading, with groups ``decision``, in it ``upheld``,
    ``overturned`` or ``modified``, and perhaps ``is``."""
    number: str | None = None
    """heading_above: an item's number before its heading."""
    prose: str | None = None
    """list: a sentence that tells several requests, with them as group ``list``."""
    request: list[str] = Field(default_factory=list)
    """list: words around a request that are not part of it, with the request as group ``request``."""
    continues: str | None = None
    """heading_above: words that show that a heading began above the sentence they stand in."""


class RecogniseData(Strict):
    """How a layout is told: all of ``all`` and none of ``none`` occur; of several, the highest ``rank``."""

    all: list[str] = Field(min_length=1)
    none: list[str] = Field(default_factory=list)
    rank: int = 0


class LayoutData(Strict):
    """A file of ``patterns/layouts``."""

    name: str
    about: str
    years: str
    recognise: RecogniseData
    headings: list[HeadingData]
    header: list[FieldData] = Field(default_factory=list)
    furniture: list[str] = Field(default_factory=list)
    items: ItemsData


class SharedData(Strict):
    """``patterns/layouts/shared.yaml``: pieces of expressions that several layouts use as ``{{name}}``."""

    about: str
    pieces: dict[str, str]
    header: list[FieldData]
    """Labels that every layout knows; a layout file adds its own."""


@cache
def spaced(expression: str) -> str:
    """A layout expression as a regular one: a space is any run of white space, ` ?` perhaps none.

    The same words each time, of which it is known what they hash to.
    """
    return expression.replace(" ?", r"\s*").replace(" ", r"\s+")


@cache
def compile_words(expression: str) -> regex.Pattern[str]:
    """Compile a layout expression; case does not matter."""
    try:
        return regex.compile(spaced(expression), regex.IGNORECASE)
    except regex.error as error:
        raise PatternError(f"{error} in {expression!r}") from error


@cache
def sought(expression: str) -> Expression:
    """A layout expression that is asked of a letter; as ``compile_words``, with a clock only where it needs one."""
    return Expression(compile_words(expression).pattern, int(regex.IGNORECASE))


@cache
def never_first(pattern: regex.Pattern[str]) -> frozenset[str]:
    """The ASCII characters that no match begins with; none for an expression that looks at what stands before it."""
    if any(mark in pattern.pattern for mark in _LOOKS_BACK):
        return frozenset()
    return frozenset(c for c in map(chr, range(128)) if pattern.match(c, partial=True) is None)


class _Heads(dict[str, bool]):
    """Whether a match may begin with two characters, learnt as they are met: each pair is asked of a year's letters."""

    def __init__(self, pattern: regex.Pattern[str]) -> None:
        self._pattern = pattern
        self._always = any(mark in pattern.pattern for mark in _LOOKS_BACK)

    def __missing__(self, head: str) -> bool:
        may = self._always or self._pattern.match(head, partial=True) is not None
        if head.isascii():  # else there may be any number
            self[head] = may
        return may


@dataclass(frozen=True, slots=True)
class Label:
    """One way in which a layout prints the label of a part."""

    family: Family
    """The labels of the whole layout."""
    number: int
    apart: bool = False
    """True where each way to print it begins with a word, which a search runs ahead to."""
    plain: bool = False
    """True where these tell by their own words alone that it stands somewhere, whatever stands around."""

    @property
    def groups(self) -> frozenset[str]:
        """Names of what it tells beside itself, as ``number``."""
        return frozenset(self.family.members[self.number].whole.compiled.groupindex)

    def finditer(self, text: str, start: int, stop: int, *, tame: bool) -> Iterable[regex.Match[str]]:
        """Where it stands within ``text[start:stop]``. Raises TimeoutError past the limit."""
        if self.apart:
            return self.family.members[self.number].finditer_apart(text, start, stop, tame=tame)
        return self.family.finditer(self.number, text, start, stop)

    def matches(self, text: str, starts: Sequence[int], stop: int, *, tame: bool) -> Iterator[regex.Match[str]]:
        """The labels that begin exactly at ``starts``. Raises TimeoutError past the limit."""
        whole = self.family.members[self.number].whole
        others = never_first(whole.compiled)
        for at in starts:
            if text[at : at + 1] not in others:
                match = whole.match(text, at, stop, tame=tame)
                if match is not None:
                    yield match


@dataclass(frozen=True)
class Layout:
    """A layout with its expressions compiled."""

    data: LayoutData

    @property
    def name(self) -> str:
        """What letters.layout holds."""
        return self.data.name

    @cached_property
    def headings(self) -> tuple[tuple[HeadingData, tuple[regex.Pattern[str], ...]], ...]:
        """Each heading with its compiled variants."""
        return tuple((h, tuple(compile_words(v) for v in h.variants)) for h in self.data.headings)

    @cached_property
    def required(self) -> tuple[Expression, ...]:
        """``recognise.all``; layouts share their expressions."""
        return tuple(sought(e) for e in self.data.recognise.all)

    @cached_property
    def forbidden(self) -> tuple[Expression, ...]:
        """``recognise.none``."""
        return tuple(sought(e) for e in self.data.recognise.none)

    @cached_property
    def furniture(self) -> tuple[regex.Pattern[str], ...]:
        """Compiled running headers and footers; each must fit a whole line."""
        return tuple(compile_words(e) for e in self.data.furniture)

    @cached_property
    def opening(self) -> regex.Pattern[str]:
        """What any of the headings matches: most lines begin with none."""
        return compile_words("|".join(f"(?:{v})" for h in self.data.headings for v in h.variants))

    @cached_property
    def heads(self) -> Mapping[str, bool]:
        """Whether ``opening`` may begin with two characters."""
        return _Heads(self.opening)

    @cached_property
    def opens_soon(self) -> bool:
        """True where a look for ``opening``, or for one heading, at one place of a tame text needs no clock."""
        return is_little(self.opening.pattern)

    @cached_property
    def parts(self) -> tuple[tuple[PartData, tuple[Label, ...]], ...]:
        """Each part of an item with its labels."""
        variants = [spaced(v) for p in self.data.items.parts for v in p.variants]
        ways = [_ways(variant) for variant in variants]
        flags = int(regex.IGNORECASE)
        family = Family([Alternatives(v, flags, branches=own or [v]) for v, own in zip(variants, ways, strict=True)])
        labels = iter(
            [Label(family, n, bool(own), bool(own) and not _AROUND.search(variants[n])) for n, own in enumerate(ways)]
        )
        return tuple((p, tuple(next(labels) for _ in p.variants)) for p in self.data.items.parts)

    def recognises(self, stands: Callable[[Expression], bool]) -> bool:
        """True where all stands that this layout must have, and nothing that it must not."""
        return all(stands(p) for p in self.required) and not any(stands(p) for p in self.forbidden)


@dataclass(frozen=True, slots=True)
class SectionSpan:
    """A section of the clean text: its name, heading and content."""

    name: Section
    heading: Span
    content: Span


@dataclass(frozen=True)
class Sections:
    """The sections of one letter in order. The text before the first heading is ``header``."""

    layout: Layout
    known: bool
    spans: tuple[SectionSpan, ...] = field(default_factory=tuple)
    candidates: tuple[Layout, ...] = ()
    """The layouts whose way of printing items is to be tried."""
    labels: Mapping[int, tuple[regex.Match[str], ...]] = field(default_factory=dict)
    """Where the labels of an item's part stand, by the part's number in the layout; not of all parts."""

    def all(self, *names: Section) -> list[SectionSpan]:
        """The sections with one of these names, in order."""
        return [s for s in self.spans if s.name in names]

    def first(self, *names: Section) -> SectionSpan | None:
        """The first non-empty section with one of these names, taking the names in turn."""
        for name in names:
            for span in self.spans:
                if span.name == name and span.content.end > span.content.start:
                    return span
        return None

    def name_at(self, at: int) -> str:
        """The section that holds a clean offset, for evidence.section."""
        number = bisect_right(self._starts, at) - 1
        return self.spans[number].name if number >= 0 else "header"

    @cached_property
    def _starts(self) -> list[int]:
        return [span.heading.start for span in self.spans]


class LayoutReader:
    """Recognises a letter's layout and splits it into sections."""

    def __init__(self, *, patterns: Patterns) -> None:
        files = sorted(f for f in (patterns.home / "layouts").glob("*.yaml") if f.name != SHARED)
        shared = patterns.parse(SharedData, f"layouts/{SHARED}")
        parsed = (patterns.parse(LayoutData, f"layouts/{f.name}", pieces=shared.pieces) for f in files)
        found = [Layout(la.model_copy(update={"header": _fields(la.header, shared.header)})) for la in parsed]
        if not any(la.name == UNKNOWN for la in found):
            raise PatternError(f"no layout {UNKNOWN!r} in {patterns.home / 'layouts'}")
        self._fallback = next(la for la in found if la.name == UNKNOWN)
        self.layouts = tuple(sorted((la for la in found if la.name != UNKNOWN), key=lambda la: -la.data.recognise.rank))
        every = [e for la in self.layouts for e in la.data.furniture]
        self._furniture = compile_words("|".join(f"(?:{e})" for e in every) or "(?!)")
        self._any = Layout(_union([*(la.data for la in self.layouts), self._fallback.data]))

    def is_furniture(self, line: str) -> bool:
        """True for a line that some layout names as a running header or footer."""
        words = line.strip()
        if words[:1] in never_first(self._furniture):
            return False
        if not may_match(self._furniture.pattern, folded(words)):
            return False
        return self._furniture.fullmatch(words, timeout=TIME_LIMIT) is not None

    def recognise(self, text: str) -> Layout | None:
        """The layout of a clean text, or None."""
        small = folded(text)
        tame = is_tame(small)
        known: dict[Expression, bool] = {}

        def stands(expression: Expression) -> bool:
            if expression not in known:
                # most that are not there lack a word: a search would go through the whole letter
                may = may_match(expression.source, small)
                known[expression] = may and expression.search(text, 0, len(text), tame=tame) is not None
            return known[expression]

        return next((la for la in self.layouts if la.recognises(stands)), None)

    def opens_letter(self, text: LetterText, at: int) -> bool:
        """True where the first heading of some layout stands on a page, below the offset ``at``."""
        return any(
            span.start > at
            for layout in self.layouts
            for heading, span in _headings(text, layout)
            if heading.section == layout.data.headings[0].section
        )

    def split(self, text: LetterText) -> Sections:
        """Recognise the layout and find the sections."""
        layout = self.recognise(text.clean)
        chosen = layout or self._any
        labels = _labels(text, chosen)
        inside = [Span(*label.span()) for same in labels.values() for label in same]
        found = (m for m in _headings(text, chosen) if not any(la.start < m[1].start < la.end for la in inside))
        marks = sorted(found, key=lambda m: (m[1].start, -m[1].end))
        spans: list[SectionSpan] = []
        first = marks[0][1].start if marks else len(text.clean)
        spans.append(SectionSpan("header", Span(0, 0), Span(0, first)))
        # a heading that takes no words opens a section again that is open already: one region for all items
        marks = [m for k, m in enumerate(marks) if not (k and _goes_on(marks[k - 1], m))]
        for index, (heading, at) in enumerate(marks):
            end = marks[index + 1][1].start if index + 1 < len(marks) else len(text.clean)
            start = at.end
            if heading.lead_in:
                lead = sought(r"\s*" + heading.lead_in).match(text.clean, start, end, tame=text.tame)
                start = lead.end() if lead else start
            spans.append(SectionSpan(heading.section, at, trim(text.clean, start, max(start, end))))
        return Sections(
            chosen, layout is not None, tuple(spans), (layout,) if layout else (*self.layouts, self._fallback), labels
        )


def _ways(label: str) -> list[str]:
    """The branches of a label, where each begins with a word; else none."""
    ways = [label] if "#" in label else alternatives(label)
    return ways if all(map(_BEGINS.match, ways)) else []


def _goes_on(before: tuple[HeadingData, Span], mark: tuple[HeadingData, Span]) -> bool:
    return mark[1].start == mark[1].end and before[0].section == mark[0].section


def labels_of(text: LetterText, variants: Sequence[Label]) -> tuple[regex.Match[str], ...]:
    """Where one of the labels of a part stands in a letter."""
    clean, tame = text.clean, text.tame
    return tuple([m for label in variants for m in label.finditer(clean, 0, len(clean), tame=tame)])


def _labels(text: LetterText, layout: Layout) -> dict[int, tuple[regex.Match[str], ...]]:
    """Labels inside the items; a word of one that a line's end parts from the rest is no heading ("… Decision:")."""
    return {
        number: labels_of(text, variants)
        for number, (part, variants) in enumerate(layout.parts)
        if part.part not in ("item", "decision")
    }


def _headings(text: LetterText, layout: Layout) -> list[tuple[HeadingData, Span]]:
    found: list[tuple[HeadingData, Span]] = []
    last = -1
    opening, heads, clean = layout.opening, layout.heads, text.clean
    # most lines that begin as a heading does are none: the clock would take longer than the look
    limit = None if layout.opens_soon and text.tame else TIME_LIMIT
    for index, start in enumerate(text.starts_in(Span(0, len(clean)))):
        if not heads[clean[start : start + 2]] or start < last:
            continue  # a look at two characters, where a match takes as long as twenty
        if opening.match(clean, start, timeout=limit) is None:
            continue
        best: tuple[HeadingData, Span] | None = None
        for heading, variants in layout.headings:
            for variant in variants:
                match = variant.match(clean, start, timeout=limit)
                if match and (best is None or match.end() > best[1].end):
                    at = Span(match.start(), match.end())
                    if heading.anywhere or _stands_out(text, index, text.clean_lines[index], at):
                        best = (heading, at)
        if best is not None:
            found.append(best)
            last = best[1].end
    return found


def _stands_out(text: LetterText, index: int, line: TextLine, at: Span) -> bool:
    """A heading is bold, in capitals, ends in a colon, or fills its line; a phrase in prose does none of these."""
    words = at.of(text.clean)
    if _MORE.match(text.clean, at.end, line.clean.end if line.clean else at.end):
        return False  # the first words of another heading: "DECISION RECORD"
    if line.line.bold or words.rstrip().endswith(":") or words.upper() == words:
        return True
    ends = {li.clean.end for li in text.clean_lines[index : index + 3] if li.clean is not None}
    return at.end in ends


def _union(layouts: list[LayoutData]) -> LayoutData:
    """What is tried on a letter that no layout fits: the headings, labels and parts of all."""
    first = layouts[0]
    return LayoutData(
        name=UNKNOWN,
        about="The headings of all layouts, for a letter that none of them fits.",
        years="",
        recognise=first.recognise,
        headings=[h for la in layouts for h in la.headings],
        header=_fields(*(la.header for la in layouts)),
        furniture=[f for la in layouts for f in la.furniture],
        items=first.items,
    )


def _fields(*headers: Sequence[FieldData]) -> list[FieldData]:
    """The fields of several headers, each once with the labels of all."""
    fields: dict[str, FieldData] = {}
    for data in (f for header in headers for f in header):
        known = fields.get(data.field)
        labels = [*known.labels, *(x for x in data.labels if x not in known.labels)] if known else data.labels
        fields[data.field] = FieldData(field=data.field, kind=data.kind, labels=labels)
    return list(fields.values())
