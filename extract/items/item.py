"""What all ways of printing items share: the item, and the labels inside a region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.layout import Layout, Part, Sections
from extract.text import LetterText

DECISIONS: Final = ("modified", "upheld", "overturned")
"""Names of the groups of a heading's decision, and the values of issues.decision."""


def decision_word(match: regex.Match[str]) -> str:
    """Which of the groups ``DECISIONS`` matched."""
    return next(name for name in DECISIONS if match.group(name) is not None)


def decision_told(groups: Mapping[str, str | None]) -> str:
    """The decision that a statement on necessity tells by its groups ``partly`` and ``not``."""
    return "modified" if groups.get("partly") else "upheld" if groups.get("not") else "overturned"


@dataclass(frozen=True)
class Item:
    """One disputed item: spans of the clean text.

    ``request`` is the heading without number, decision and the "is" before it. A part that
    the letter does not have is missing from ``parts``.
    """

    number: int
    request: Span
    decision: Found[str] | None
    parts: dict[Part, Span] = field(default_factory=dict)


@dataclass(slots=True)
class Mark:
    """A label or sentence that opens a part, with its match. Nobody changes one, nor freezes it, which takes longer."""

    part: Part
    start: int
    end: int
    match: regex.Match[str]

    def group(self, name: str) -> str | None:
        """A group of the expression; None where it has no such group or it did not match."""
        return self.match.groupdict().get(name)


def find_marks(text: LetterText, region: Span, sections: Sections, layout: Layout) -> list[Mark]:
    """Labels of parts inside a region, in order; at a line's start unless the layout says inline."""
    clean, tame, starts = text.clean, text.tame, text.starts_in(region)
    found: list[Mark] = []
    known = sections.labels if layout is sections.layout else {}
    for number, (part, variants) in enumerate(layout.parts):
        told = part.inline and number in known and all(variant.plain for variant in variants)
        inside = _inside(known[number], region) if told else None
        if inside is not None:
            found += [Mark(part.part, m.start(), m.start() if part.keep else m.end(), m) for m in inside]
            continue
        for variant in variants:
            matches: Iterable[regex.Match[str]]
            if part.inline:
                matches = variant.finditer(clean, region.start, region.end, tame=tame)
            else:
                matches = variant.matches(clean, starts, region.end, tame=tame)
            found += [Mark(part.part, m.start(), m.start() if part.keep else m.end(), m) for m in matches]
    found.sort(key=lambda m: (m.start, -m.match.end()))
    kept: list[Mark] = []
    for mark in found:
        if not kept or mark.start >= kept[-1].match.end():
            kept.append(mark)
    return kept


def _inside(labels: Sequence[regex.Match[str]], region: Span) -> list[regex.Match[str]] | None:
    """Labels of a letter that stand inside a region; None where its edge cuts one, which may hide another."""
    start, end = region
    if any(label.start() < edge < label.end() for label in labels for edge in region):
        return None
    return [label for label in labels if start <= label.start() and label.end() <= end]
