"""Items that one section lists while guidelines and rationale have sections of their own (early 2013)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.items.item import Item
from extract.items.sentences import tokens
from extract.layout import Layout, Part, Sections, SectionSpan, compile_words
from extract.patterns import TIME_LIMIT
from extract.text import LetterText
from extract.values.sides import sentences
from extract.words import trim

_NUMBER: Final = regex.compile(
    r"(?:(?<=\n)|(?<=^)|(?<=\s))"
    r"(?:\(?(?P<number>\d{1,2})[.)]|(?:issue|item|request|treatment)\s+(?:no\.?\s*|#\s*)?(?P<number>\d{1,2})\s*[:.)–-]|\#(?P<number>\d{1,2})[:.)])"
    r"\s+(?=\S)",
    regex.IGNORECASE,
)
_HEADING_DECISION: Final = compile_words(r"(?:IS|ARE|WAS|WERE) (?P<not>NOT )?MEDICALLY NECESSARY")
SHORT: Final = 2
"""Letters of words that tell no item apart."""
COMMON: Final = frozenset(
    "the and for with from per one two three six week weeks visits sessions times right left".split(" ")
)
"""Words of requests that other sentences hold as well."""
BY_HEADING: Final = "decision_heading"
"""Method of a decision that one heading states for all items."""
_BULLET: Final = regex.compile(r"(?:(?<=^)|(?<=\n)|(?<=\s))[•●▪◦·\uf0b7\uf0a7](?:\s+|(?=\p{L}))")
_BETWEEN: Final = regex.compile(
    r",\s+and\s+|;\s+(?:and\s+)?|,\s+(?!\d|for\b|to\b|with\b|times\b|(?:left|right|bilateral)\b|\p{L}+\s+(?:visits|sessions|days|weeks)\b)"
    r"|(?P<lone>\s+and\s+)"
)
_LETTER: Final = regex.compile(r"(?:(?<=\n)|(?<=^)|(?<=\s))\(?(?P<letter>[a-pA-P])[.)]\s+(?=\S)")
_LEAD: Final = regex.compile(r"[^.;:]{0,120}:\s+(?=\S)")
_PARTING: Final = regex.compile(r"\s*[;.]?\s*(?:and\s+)?(?<![\w(])\(?[a-h]\)\s+|;\s+(?:and\s+)?", regex.IGNORECASE)
_ARTICLE: Final = regex.compile(r"(?:an?|one|the)\s", regex.IGNORECASE)


def listed_items(text: LetterText, sections: Sections, layout: Layout) -> list[Item]:
    """The requests of the list; of the other sections each item's own part, or the whole where they are not parted."""
    data = layout.data.items
    items: list[Item] = []
    for section in sections.all(*data.sections):
        for number, entry in _requests(text.clean, section.content, layout):
            request = _request(text.clean, entry, layout)
            if request.end > request.start:
                items.append(Item(number or len(items) + 1, request, None))
    out: list[Item] = []
    for index, item in enumerate(items):
        parts: dict[Part, Span] = {}
        decision: Found[str] | None = None
        for part in ("guidelines", "rationale"):
            found = _section_of(text.clean, sections.all(part), index, items)
            if found is None:
                continue
            span = _own(text.clean, found.content, index, items)
            if span.end > span.start:
                parts[part] = span
            if part == "rationale":
                decision = _by_heading(text.clean, found)
        out.append(Item(item.number, item.request, decision, parts))
    return out


def _section_of(text: str, found: Sequence[SectionSpan], index: int, items: Sequence[Item]) -> SectionSpan | None:
    """Of several sections with one heading or opposite ones ("is", "is not") the one that speaks of an item."""
    if len(found) < 2:
        return found[0] if found else None
    if len(found) == len(items):
        return found[index]
    own = _own_words(text, items)[index]
    return max(found, key=lambda s: len(own & set(tokens(s.content.of(text)))))


def numbered(text: str, span: Span) -> list[tuple[int, int, int]]:
    """(number, start, start of the words) of marks that count 1, 2, 3 …; other numbers are passed over."""
    found: list[tuple[int, int, int]] = []
    for match in _NUMBER.finditer(text, span.start, span.end, timeout=TIME_LIMIT):
        if int(match.group("number")) == len(found) + 1:
            found.append((len(found) + 1, match.start(), match.end()))
    return found


def _lettered(text: str, span: Span) -> list[tuple[int, int, int]]:
    """As ``numbered`` for marks (a), (b), (c) …"""
    found: list[tuple[int, int, int]] = []
    for match in _LETTER.finditer(text, span.start, span.end, timeout=TIME_LIMIT):
        if match.group("letter").lower() == "abcdefghijklmnop"[len(found) : len(found) + 1]:
            found.append((len(found) + 1, match.start(), match.end()))
    return found


def _entries(text: str, span: Span) -> list[tuple[int | None, Span]]:
    marks = numbered(text, span)
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
    edges = [start, *(c.end() for c in cuts)]
    stops = [*(c.start() for c in cuts), span.end]
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


def _own(text: str, span: Span, index: int, items: Sequence[Item]) -> Span:
    """The part of a section that is about one item."""
    if len(items) == 1:
        return span
    marks = numbered(text, span) or _lettered(text, span)
    if len(marks) == len(items):
        end = marks[index + 1][1] if index + 1 < len(marks) else span.end
        return trim(text, marks[index][2], end)
    paragraphs = [e for _, e in _entries(text, span)] if not marks else []
    if len(paragraphs) == len(items):
        return paragraphs[index]
    return _by_name(text, span, index, items)


def _by_name(text: str, span: Span, index: int, items: Sequence[Item]) -> Span:
    """The sentences that speak of one item by words that no other item has; the whole where none does."""
    own = _own_words(text, items)
    speaks: list[tuple[int | None, Span]] = []
    current: int | None = None
    for part in sentences(text[span.start : span.end]):
        said = set(tokens(part.of(text[span.start : span.end])))
        hits = [len(said & o) for o in own]
        if max(hits) > 0 and hits.count(max(hits)) == 1:
            current = hits.index(max(hits))
        speaks.append((current, part.shift(span.start)))
    runs: list[list[Span]] = []
    for (who, part), (before, _) in zip(speaks, [(None, span), *speaks], strict=False):
        if who == index:
            if before == index and runs:
                runs[-1].append(part)
            else:
                runs.append([part])
    longest = max(runs, key=lambda run: run[-1].end - run[0].start, default=None)
    return Span(longest[0].start, longest[-1].end) if longest else span


def _own_words(text: str, items: Sequence[Item]) -> list[set[str]]:
    """For each item the words of its request that no other request has."""
    words = [
        {w for w in tokens(i.request.of(text)) if len(w) > SHORT and not w.isdigit() and w not in COMMON} for i in items
    ]
    return [w - set().union(*(o for k, o in enumerate(words) if k != n)) for n, w in enumerate(words)]


def _unbullet(text: str, span: Span) -> Span:
    end = span.end
    while end > span.start and (text[end - 1].isspace() or _BULLET.match(text[end - 1] + " ")):
        end -= 1
    return Span(span.start, end)


def _by_heading(text: str, section: SectionSpan) -> Found[str] | None:
    """A heading that says "is not medically necessary" decides all items; one that leaves it open decides none."""
    words = section.heading.of(text)
    match = _HEADING_DECISION.search(words, timeout=TIME_LIMIT)
    if match is None:
        return None
    at = Span(section.heading.start + match.start(), section.heading.start + match.end())
    return Found("upheld" if match.group("not") else "overturned", at, BY_HEADING, 0.9)
