"""What an item asks for: counts that disagree."""

from __future__ import annotations

from collections.abc import Iterator

from extract.checks.facts import Facts, Sign


def sessions_conflict(facts: Facts) -> Iterator[Sign]:
    """A request states a total of visits, and a frequency and duration that give another."""
    for each in facts.items:
        if each.asked.conflict:
            yield Sign("sessions_conflict", (facts.place(each.item.request),), each.issue.issue_number)
