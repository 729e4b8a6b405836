"""Items that one section lists while guidelines and rationale have sections of their own (early 2013)."""

from __future__ import annotations

from typing import Final, Literal

import regex

from extract.evidence import Found, Span
from extract.expressions import TIME_LIMIT
from extract.items.item import Item, Mark, decision_told, find_marks
from extract.items.matching import decide
from extract.items.shares import Share, lettered, numbered, shares
from extract.layout import Layout, Part, Sections, compile_words
from extract.text import LetterText
from extract.values.sides import sentences
from extract.words import trim

_HEADING_DECISION: Final = compile_words(
    r"(?P<open>IS/WAS|WAS/IS|\[NOT\]|\(NOT\)|IS/IS NOT)|"
    r"(?:IS|ARE|WAS|WERE) (?:(?P<not>NOT )|(?P<partly>(?:ONLY )?(?:PARTIALLY|PARTLY|IN PART) ))?MEDICALLY NECESSARY"
    r"(?P<partly> IN PART)?"
)
BY_HEADING: Final = "decision_heading"
"""Method of a decision that one heading states for several items."""
ONE_HEADING: Final = "decision_own_heading"
"""Method of a decision that a heading states for one item."""
_BULLET: Final = regex.compile(r"(?:(?<=^)|(?<=\n)|(?<=\s))[•●▪◦·\uf0b7\uf0a7](?:\s+|(?=\p{L}))")
_BETWEEN: Final = regex.compile(
    r",\s+and\s+|;\s+(?:and\s+)?|,\s+(?!\d|for\b|to\b|with\b|times\b|(?:left|right|bilateral)\b|\p{L}+\s+(?:visits|sessions|days|weeks)\b)"
    r"|(?P<lone>\s+and\s+)"
)
_LEAD: Final = regex.compile(r"[^.;:]{0,120}:\s+(?=\S)")
_PARTING: Final = regex.compile(r"\s*[;.]?\s*(?:and\s+)?(?<![\w(])\(?[a-h]\)\s+|;\s+(?:and\s+)?", regex.IGNORECASE)
_ARTICLE: Final = regex.compile(r"(?:an?|one|the)\s", regex.IGNORECASE)


def listed_items(text: LetterText, sections: Sections, layout: Layout) -> list[Item]:
    """The requests of the list, each with its share of the guidelines and rationale, and its decision.

    A decision is stated in a sentence of its own, or by the heading of the item's rationale.
    """
    data = layout.data.items
    requests: list[tuple[int, Span]] = []
    for section in sections.all(*data.sections):
        for number, entry in _requests(text.clean, section.content, layout):
            request = _request(text.clean, entry, layout)
            if request.end > request.start:
                requests.append((number or len(requests) + 1, request))
    spans = [request for _, request in requests]
    kinds: tuple[Literal["guidelines", "rationale"], ...] = ("guidelines", "rationale")
    own = {part: shares(text.clean, sections.all(part), spans) for part in kinds}
    one, other = kinds if any(own["rationale"]) else kinds[::-1]
    if not any(own[one]):  # one section for both
        own[one] = own[other]
    items: list[Item] = []
    for index, (number, request) in enumerate(requests):
        parts: dict[Part, Span] = {part: share.span for part in kinds if (share := own[part][index]) is not None}
        items.append(Item(number, request, None, parts))
    items = decide(text.clean, items, _stated(text, sections, layout))
    return [
        Item(i.number, i.request, i.decision or _by_heading(text.clean, own["rationale"][index]), i.parts)
        for index, i in enumerate(items)
    ]


def _stated(text: LetterText, sections: Sections, layout: Layout) -> list[Mark]:
    """The sentences of the letter that decide: those of the list, of a list of decisions, and of the rationales."""
    stated: list[Mark] = []
    for section in sections.all(*layout.data.items.sections, "decisions", "guidelines", "rationale"):
        stated += [m for m in find_marks(text, section.content, sections, layout) if m.part == "decision"]
    return stated


def _entries(text: str, span: Span) -> list[tuple[int | None, Span]]:
    marks = numbered(text, span)
    letters = [] if marks else lettered(text, span)
    if len(letters) > 1 and letters[0][1] == span.start:
        marks = letters
    if marks:
        ends = [m[1] for m in marks[1:]] + [span.end]
        return [(n, trim(text, start, end)) for (n, _, start), end in zip(marks, ends, strict=True)]
    bullets = [m.end() for m in _BULLET.finditer(text, span.start, span.end, timeout=TIME_LIMIT)]
    if len(bullets) > 1:
        stops = [*bullets[1:], span.end]
        return [(None, _unbullet(text, trim(text, a, b))) for a, b in zip(bullets, stops, strict=True)]
    entries: list[tuple[int | None, Span]] = []
    at = span.start
    for line in text[span.start : span.end].split("\n"):
        if line.strip():
            entries.append((None, trim(text, at, at + len(line))))
        at += len(line) + 1
    return entries


def _requests(text: str, span: Span, layout: Layout) -> list[tuple[int | None, Span]]:
    """The entries of the list; a paragraph of prose is cut at the requests that it tells."""
    entries = _entries(text, span)
    expression = layout.data.items.prose
    if expression is None or any(number for number, _ in entries):
        return entries
    found: list[tuple[int | None, Span]] = []
    for _, entry in entries:
        told = list(compile_words(expression).finditer(text, entry.start, entry.end, timeout=TIME_LIMIT))
        lists = [Span(*match.span("list")) for match in told]
        if not told and len(entries) == 1:
            parted = _parted(text, entry)
            if len(parted) > 1:
                found += [(None, piece) for piece in parted]
                continue
        found += [(None, piece) for whole in lists for piece in _told(text, whole)] if told else [(None, entry)]
    return found


def _parted(text: str, span: Span) -> list[Span]:
    """Requests that letters or semicolons part in a paragraph: "(a) X; (b) Y", "X; Y; and Z"."""
    lead = _LEAD.match(text, span.start, span.end, timeout=TIME_LIMIT)
    start = lead.end() if lead else span.start
    cuts = list(_PARTING.finditer(text, start, span.end, timeout=TIME_LIMIT))
    if not cuts:
        return [Span(start, span.end)]
    last = next((s.end for s in sentences(text[cuts[-1].end() : span.end])), span.end - cuts[-1].end())
    edges = [start, *(c.end() for c in cuts)]
    stops = [*(c.start() for c in cuts), cuts[-1].end() + last]
    return [p for p in (trim(text, a, b) for a, b in zip(edges, stops, strict=True)) if p.end > p.start]


def _told(text: str, span: Span) -> list[Span]:
    """Requests that a sentence tells one after the other. A comma before a count or "for" parts none."""
    pieces: list[Span] = []
    start = span.start
    for cut in _BETWEEN.finditer(text, span.start, span.end, timeout=TIME_LIMIT):
        lone = cut.group("lone") is not None
        if lone and not _ARTICLE.match(text, start) and not _ARTICLE.match(text, cut.end()):
            continue  # "neck and back" is one request, "an X and a Y" are two
        pieces.append(trim(text, start, cut.start()))
        start = cut.end()
    pieces.append(trim(text, start, span.end))
    return [p for p in pieces if p.end > p.start]


def _request(text: str, entry: Span, layout: Layout) -> Span:
    for expression in layout.data.items.request:
        match = compile_words(expression).match(text, entry.start, entry.end, timeout=TIME_LIMIT)
        if match:
            entry = trim(text, *match.span("request"))
    end = entry.end
    while end > entry.start and text[end - 1] in ".;,: \n•":
        end -= 1
    start = entry.start
    while start < end and text[start] in "•-– ":
        start += 1
    return Span(start, end)


def _unbullet(text: str, span: Span) -> Span:
    end = span.end
    while end > span.start and (text[end - 1].isspace() or _BULLET.match(text[end - 1] + " ")):
        end -= 1
    return Span(span.start, end)


def _by_heading(text: str, share: Share | None) -> Found[str] | None:
    """A heading "… is not medically necessary" decides what stands below it; one that leaves it open decides none.

    Where several items share the section, each rationale's own conclusion tells more (method ``BY_HEADING``).
    """
    if share is None:
        return None
    heading = share.section.heading
    match = _HEADING_DECISION.search(heading.of(text), timeout=TIME_LIMIT)
    if match is None or match.group("open"):
        return None
    at = Span(heading.start + match.start(), heading.start + match.end())
    return Found(decision_told(match.groupdict()), at, ONE_HEADING if share.alone else BY_HEADING, 0.9)
