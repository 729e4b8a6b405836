"""Prose about both sides' guidelines → which sentences speak for which side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import regex

from extract.effort import is_tame
from extract.evidence import Span
from extract.expressions import Expression
from extract.folding import folded
from extract.patterns import Patterns

_RELIED: Final = regex.compile(r"\b(?:based|relied|used|cited)\b", regex.IGNORECASE)
Side = Literal["claims_administrator", "reviewer"]
_END: Final = Expression(r"[.?!]['”\")\]]?(?P<gap>\s*)(?=\p{Lu}|\n)|(?P<gap>\n)")
"""A mark that may end a sentence is asked for first, which a search runs ahead to."""
_SHORT: Final = regex.compile(r"(?<=\b(?:No|Nos|p|pp|pg|Ch|Chap|Vol|Inc|Dr|vs|ed|al|St)\.)|(?<=\b\p{Lu}{1,2}\.)")
"""Behind a short form, whose full stop ends no sentence."""
_LONGEST: Final = 4
"""Letters of the longest of them."""


@dataclass
class Sides:
    """Spans of sentences by side, and whether the reviewer cites what the claims administrator cites."""

    claims_administrator: list[Span] = field(default_factory=list)
    reviewer: list[Span] = field(default_factory=list)
    same: bool = False


class SideSplitter:
    """Tells sentences about the claims administrator's guidelines from those about the reviewer's."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._rules = {rule.name: rule for rule in patterns.rules("sides")}

    def split(self, text: str, *, start_with: Side = "claims_administrator") -> Sides:
        """The sentences of a text by side. Sentences that only reject a guideline go to no side's citations."""
        sides = Sides()
        current: Side = start_with
        for span in sentences(text):
            words = span.of(text)
            if self._rules["both"].search(words):
                sides.claims_administrator.append(span)
                sides.same = True
                continue
            if self._rules["same"].search(words):
                sides.same, current = True, "reviewer"
                continue
            reviewer, administrator = (
                self._rules["reviewer"].search(words),
                self._rules["claims_administrator"].search(words),
            )
            if reviewer and (administrator is None or reviewer.start() < administrator.start()):
                current = "reviewer"
            elif administrator:
                current = "claims_administrator"
            rejected = self._rules["rejected"].search(words)
            rest = _after(text, span, rejected.end()) if rejected else span
            if rest is not None:
                _add(text, sides.reviewer if current == "reviewer" else sides.claims_administrator, rest)
        return sides


def _add(text: str, spans: list[Span], more: Span) -> None:
    """Add a sentence; one that follows the last is joined to it, so that a reference over two sentences stays whole."""
    if spans and not text[spans[-1].end : more.start].strip() and "\n" not in text[spans[-1].end : more.start]:
        spans[-1] = Span(spans[-1].start, more.end)
    else:
        spans.append(more)


def _after(text: str, span: Span, end: int) -> Span | None:
    """What a sentence says after a rejection: "… was applicable and based his/her decision on …"."""
    rest = _RELIED.search(text, span.start + end, span.end)
    return Span(rest.start(), span.end) if rest else None


def sentences(text: str) -> Iterator[Span]:
    """Spans of the sentences of a text; a sentence also ends with its line."""
    start = 0
    for cut, after in _cuts(text):
        if text[start:cut].strip():
            yield Span(start, cut)
        start = after
    if text[start:].strip():
        yield Span(start, len(text))


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    """Where sentences end and where the next ones begin."""
    # a clock would be set anew for each match
    for match in _END.finditer(text, 0, len(text), tame=is_tame(folded(text))):
        cut, after = match.span("gap")
        # most words are too long, which is told quicker
        long = cut > _LONGEST + 1 and text[cut - _LONGEST - 2 : cut - 1].isalpha()
        if long or not _SHORT.match(text, cut):
            yield cut, after
            continue
        while (line := text.find("\n", cut, after)) >= 0:
            yield line, line + 1
            cut = line + 1
