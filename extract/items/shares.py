"""Common sections → what each item's share of them is (layouts that tell all items' guidelines in one section)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import regex

from extract.evidence import Span
from extract.expressions import TIME_LIMIT
from extract.items.matching import tokens
from extract.layout import SectionSpan
from extract.values.sides import sentences
from extract.words import trim

_NUMBERS: Final = r"\d{1,2}(?:\s*(?:,\s*and|,|-|–|to|through|and|&)\s*\d{1,2})*"
_ADDRESS: Final = regex.compile(
    rf"""(?:(?<=\n)|(?<=^)|(?<=[.?!:;]\s)|(?<=[.?!]))(?:
      (?:(?:as\s+(?:to|for)|regarding|concerning|for|on|with\s+(?:regard|respect)\s+to)\s+)?(?:the\s+)?
      (?:(?:disputed\s+)?(?:issues?|items?|requests?|treatments?|services?)\s*(?:nos?\.?|numbers?|\#)?|\#)\s*
      (?P<numbers>{_NUMBERS})\b\s*(?:[:.)–—-]\s*|,?\s+(?=\p{{L}}))
    )""",
    regex.IGNORECASE | regex.VERBOSE,
)
"""Words that address items by number: "Issue 1:", "As to items 2 and 3,"."""
_NUMBER: Final = regex.compile(r"(?:(?<=\n)|(?<=^)|(?<=\s))\(?(?P<numbers>\d{1,2})[.)]\s+(?=\S)")
_LETTER: Final = regex.compile(r"(?:(?<=\n)|(?<=^)|(?<=\s))\(?(?P<letter>[a-pA-P])[.)]\s+(?=\S)")
_RANGE: Final = regex.compile(r"(\d+)\s*(?:-|–|to|through)\s*(\d+)|(\d+)", regex.IGNORECASE)
_LETTERS: Final = regex.compile(r"\p{L}")
OPENING: Final = 40
"""Characters at a paragraph's head in which it names its item."""
SHORT: Final = 2
"""Letters of words that tell no item apart."""
COMMON: Final = frozenset(
    "the and for with from per one two three six week weeks visits sessions times right left".split(" ")
)
"""Words of requests that other sentences hold as well."""


@dataclass(frozen=True, slots=True)
class Share:
    """An item's piece of a common section; ``alone``: no other item shares the section."""

    span: Span
    section: SectionSpan
    alone: bool


@dataclass(frozen=True, slots=True)
class _Piece:
    numbers: frozenset[int]
    span: Span
    section: SectionSpan


def shares(text: str, sections: Sequence[SectionSpan], requests: Sequence[Span]) -> list[Share | None]:
    """Each item's share of sections of one kind, by the item's number, by order, or by the words of its request.

    ``requests``: the words of each item's request, in the order of the letter.
    """
    found = [s for s in sections if _LETTERS.search(s.content.of(text))]
    count = len(requests)
    if not found or not count:
        return [None] * count
    if count == 1:
        return [_union(found)]
    out: list[Share | None] = [None] * count
    pieces = [piece for section in found for piece in _addressed(text, section, count)]
    for piece in pieces:
        alone = sum(p.section == piece.section for p in pieces) == 1 and len(piece.numbers) == 1
        for number in piece.numbers:
            if out[number - 1] is None:
                out[number - 1] = Share(piece.span, piece.section, alone)
    left = [i for i in range(count) if out[i] is None]
    addressed = {p.section for p in pieces}
    rest = [s for s in found if s not in addressed] or found
    own = _own_words(text, requests) if left else []
    for index in left:
        out[index] = _unaddressed(text, rest, left, index, own)
    return out


def numbered(text: str, span: Span) -> list[tuple[int, int, int]]:
    """(number, start, start of the words) of marks that count 1, 2, 3 …; other numbers are passed over."""
    found: list[tuple[int, int, int]] = []
    for match in _marks(text, span):
        numbers = _numbers(match.group("numbers"))
        if numbers == [len(found) + 1]:
            found.append((len(found) + 1, match.start(), match.end()))
    return found


def _marks(text: str, span: Span) -> list[regex.Match[str]]:
    found = [
        *_ADDRESS.finditer(text, span.start, span.end, timeout=TIME_LIMIT),
        *_NUMBER.finditer(text, span.start, span.end, timeout=TIME_LIMIT),
    ]
    return sorted(found, key=lambda m: (m.start(), -m.end()))


def _numbers(words: str) -> list[int]:
    out: list[int] = []
    for match in _RANGE.finditer(words):
        first, last, single = match.groups()
        out += [int(single)] if single else range(int(first), int(last) + 1)
    return out


def _addressed(text: str, section: SectionSpan, count: int) -> Iterator[_Piece]:
    """The pieces of a section that name items by number, or by letter; each goes on to the next such mark."""
    span = section.content
    marks: list[tuple[frozenset[int], int, int]]
    marks = [(frozenset({n}), start, words) for n, start, words in numbered(text, span)]
    if len(marks) != count:
        marks = [
            (named, m.start(), m.end())
            for m in _marks(text, span)
            if (named := frozenset(_numbers(m.group("numbers"))))
            and max(named) <= count
            # a bare number is an item's only where a line begins; elsewhere it may be anything
            and (m.re is _ADDRESS or m.start() == span.start or text[m.start() - 1] == "\n")
        ]
    if not marks:
        letters = [(frozenset({n}), start, words) for n, start, words in lettered(text, span)]
        marks = letters if len(letters) == count else []
    for index, (numbers, _, start) in enumerate(marks):
        end = marks[index + 1][1] if index + 1 < len(marks) else span.end
        piece = trim(text, start, end)
        if piece.end > piece.start:
            yield _Piece(numbers, piece, section)


def lettered(text: str, span: Span) -> list[tuple[int, int, int]]:
    """As ``numbered`` for marks (a), (b), (c) …"""
    found: list[tuple[int, int, int]] = []
    for match in _LETTER.finditer(text, span.start, span.end, timeout=TIME_LIMIT):
        if match.group("letter").lower() == "abcdefghijklmnop"[len(found) : len(found) + 1]:
            found.append((len(found) + 1, match.start(), match.end()))
    return found


def _unaddressed(
    text: str, sections: Sequence[SectionSpan], left: Sequence[int], index: int, own: Sequence[set[str]]
) -> Share:
    """An item's share of sections that name no item by number; ``own``: the words of each item alone."""
    if len(sections) == len(left) and len(sections) > 1:
        section = sections[left.index(index)]
        return Share(section.content, section, alone=True)
    section = max(sections, key=lambda s: len(own[index] & set(tokens(s.content.of(text)))))
    paragraphs = [p for p in _paragraphs(text, section.content) if p.end > p.start]
    if len(sections) == 1 and len(paragraphs) != len(left):  # what stands before the first item's paragraph
        paragraphs = _headed(text, paragraphs, own)
    if len(sections) == 1 and len(paragraphs) == len(left):
        return Share(paragraphs[left.index(index)], section, alone=False)
    return Share(_by_name(text, section.content, index, own), section, alone=len(left) == 1)


def _headed(text: str, paragraphs: Sequence[Span], own: Sequence[set[str]]) -> list[Span]:
    """The paragraphs whose first words name an item."""
    every = set().union(*own)
    return [p for p in paragraphs if every & set(tokens(text[p.start : min(p.end, p.start + OPENING)]))]


def _paragraphs(text: str, span: Span) -> Iterator[Span]:
    at = span.start
    for line in text[span.start : span.end].split("\n"):
        yield trim(text, at, at + len(line))
        at += len(line) + 1


def _by_name(text: str, span: Span, index: int, own: Sequence[set[str]]) -> Span:
    """The sentences that speak of one item by words that no other item has; the whole where none does."""
    speaks: list[tuple[int | None, Span]] = []
    current: int | None = None
    whole = span.of(text)
    for part in sentences(whole):
        said = set(tokens(part.of(whole)))
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


def _own_words(text: str, requests: Sequence[Span]) -> list[set[str]]:
    """For each item the words of its request that no other request has."""
    words = [
        {w for w in tokens(r.of(text)) if len(w) > SHORT and not w.isdigit() and w not in COMMON} for r in requests
    ]
    return [w - set().union(*(o for k, o in enumerate(words) if k != n)) for n, w in enumerate(words)]


def _union(sections: Sequence[SectionSpan]) -> Share:
    """All of the sections for a letter with one item: the longest, since a part is one stretch of text."""
    longest = max(sections, key=lambda s: s.content.end - s.content.start)
    return Share(longest.content, longest, alone=True)
