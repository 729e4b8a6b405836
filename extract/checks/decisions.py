"""Decisions that the letter states twice, and differently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from extract.checks.facts import Facts, Sign, once
from extract.evidence import Span


def heading_and_rationale(facts: Facts) -> Iterator[Sign]:
    """The rationale ends on the other side of the heading's decision.

    One that several items share ends with the last of them; where these are decided differently it contradicts none.
    """
    sharing: defaultdict[Span, set[str | None]] = defaultdict(set)
    for each in facts.items:
        if (span := each.item.parts.get("rationale")) is not None:
            sharing[span].add(each.issue.decision)
    for each in facts.items:
        stated, told, number = each.issue.decision, each.conclusion, each.issue.issue_number
        if told is None or stated in (None, "modified") or told.value in (stated, "modified"):
            continue
        if len(sharing[each.item.parts["rationale"]]) == 1:
            places = (facts.place(each.item.request), *facts.at("decision", issue=number), facts.place(told.span))
            yield Sign("decision_conflict", once(places), number)


def cover_and_items(facts: Facts) -> Iterator[Sign]:
    """The cover letter tells another outcome than the items."""
    cover, decision = facts.letter.cover_determination, facts.letter.decision
    if cover is not None and decision is not None and cover != decision:
        yield Sign("decision_conflict", facts.at("cover_determination", "decision"))
