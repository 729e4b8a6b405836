"""Decisions that the letter states twice, and differently."""

from __future__ import annotations

from collections.abc import Iterator

from extract.checks.facts import Facts, Sign, once


def heading_and_rationale(facts: Facts) -> Iterator[Sign]:
    """The rationale ends on the other side of the heading's decision."""
    for each in facts.items:
        stated, told, number = each.issue.decision, each.conclusion, each.issue.issue_number
        if told is not None and stated not in (None, "modified") and told.value not in (stated, "modified"):
            places = (facts.place(each.item.request), *facts.at("decision", issue=number), facts.place(told.span))
            yield Sign("decision_conflict", once(places), number)


def cover_and_items(facts: Facts) -> Iterator[Sign]:
    """The cover letter tells another outcome than the items."""
    cover, decision = facts.letter.cover_determination, facts.letter.decision
    if cover is not None and decision is not None and cover != decision:
        yield Sign("decision_conflict", facts.at("cover_determination", "decision"))
