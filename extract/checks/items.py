"""Whether all items of the letter were found, and each to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from extract.checks.facts import Facts, Place, Sign
from extract.evidence import Span
from extract.expressions import TIME_LIMIT
from extract.folding import folded
from extract.layout import compile_words, labels_of, spaced
from extract.needs import needed_words
from extract.patterns import Patterns

_ENDS: Final = 3
"""Characters behind a conclusion at which a rationale may end without a full stop."""

SHOWN: Final = 60
"""Characters of a rationale's end that the flag points at."""


def item_count_conflict(facts: Facts) -> Iterator[Sign]:
    """The letter prints more items than were found: labels or decisions left over, or higher numbers."""
    if not facts.sections.known:
        return
    over = _left_over(facts) if facts.sections.layout.data.items.style == "heading_above" else _numbers(facts)
    if over:
        yield Sign("item_count_conflict", tuple(over))


def _left_over(facts: Facts) -> list[Place]:
    """Headings' decisions and labels of paragraphs that belong to no item."""
    data, clean = facts.sections.layout.data.items, facts.text.clean
    regions = [section.content for section in facts.sections.all(*data.sections)]
    over: list[Place] = []
    if data.decision is not None:
        own = [each.item.decision.span for each in facts.items if each.item.decision is not None]
        pattern = compile_words(data.decision)
        for region in regions:
            if not _may_decide(clean, region, data.decision, own):
                continue
            for match in pattern.finditer(clean, region.start, region.end, timeout=TIME_LIMIT):
                at = Span(match.start("decision"), match.end("decision"))
                if not any(at.overlaps(span) for span in own):
                    over.append(facts.place(at))
    for number, (part, variants) in enumerate(facts.sections.layout.parts):
        labels = facts.sections.labels.get(number)
        if labels is None:
            labels = labels_of(facts.text, variants)
        stand = [Span(*label.span()) for label in labels]
        found = [at for region in regions for at in stand if region.contains(at)]
        contents = [span for each in facts.items if (span := each.item.parts.get(part.part)) is not None]
        if len(found) > len(contents):
            over += [facts.place(at) for at in found if not any(_opens(at, span) for span in contents)]
    return over


def _may_decide(clean: str, region: Span, decision: str, own: Sequence[Span]) -> bool:
    """False where the words that any decision needs stand in the items' own decisions and nowhere else.

    To count words is a tenth of the work of a search; other decisions are rare.
    """
    words = needed_words(spaced(decision))
    if not words:
        return True
    text = folded(region.of(clean))
    inside = [folded(span.of(clean)) for span in own if region.contains(span)]
    return any(text.count(word) != sum(held.count(word) for held in inside) for word in words)


def _opens(label: Span, content: Span) -> bool:
    return label.end <= content.start + 1 and content.start - label.end <= _ENDS


def _numbers(facts: Facts) -> list[Place]:
    """Of items that are printed with numbers, the first whose number is above the count of items.

    Numbers count that follow each other from 1; any other is a number within a request.
    """
    clean = facts.text.clean
    seen: dict[int, Place] = {}
    for _, variants in facts.sections.layout.parts:
        for variant in variants:
            if "number" not in variant.groups:
                continue
            for section in facts.sections.spans:
                for match in variant.finditer(clean, *section.content, tame=facts.text.tame):
                    if match["number"]:
                        seen.setdefault(int(match["number"]), facts.place(Span(*match.span())))
    run = 0
    while run + 1 in seen:
        run += 1
    return [seen[len(facts.items) + 1]] if run > len(facts.items) else []


class RationaleEnd:
    """The letter's last rationale ends as a sentence does."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._end = patterns.rule("checks", "sentence_end")

    def __call__(self, facts: Facts) -> Iterator[Sign]:
        """It ends in the middle of a sentence, or in lines that close the letter."""
        last = max(
            (each for each in facts.items if "rationale" in each.item.parts),
            key=lambda each: each.item.parts["rationale"].end,
            default=None,
        )
        if last is None:
            return
        span = last.item.parts["rationale"]
        words = span.of(facts.text.clean).rstrip()
        concluded = last.conclusion is not None and span.end - last.conclusion.span.end <= _ENDS
        if words and not concluded and not self._end.search(words, max(len(words) - 20, 0)):
            start = words.rfind(" ", 0, max(len(words) - SHOWN, 0)) + 1
            at = Span(span.start + start, span.start + len(words))
            yield Sign("rationale_end", (facts.place(at),), last.issue.issue_number)
