"""Dates that disagree with each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from extract.checks.facts import Facts, Sign

STATED: Final = 0.9
"""Confidence from which the summary's injury date is sure enough to contradict the header."""
DATE_ORDER: Final = (
    "injury_date",
    "ur_denial_date",
    "application_received_date",
    "assigned_date",
    "decision_date",
)
"""The course of a dispute: Labor Code 4610.5 (h), 4610.6."""


def injury_date_conflict(facts: Facts) -> Iterator[Sign]:
    """The header and the case summary each state when the worker was hurt."""
    letter, person = facts.letter, facts.person
    known = {letter.injury_date, letter.injury_date_end}
    told = {d.value for d in (person.injury, person.injury_end) if d is not None}
    if person.injury is not None and person.injury.confidence >= STATED and not told & known:
        yield Sign("injury_date_conflict", (facts.in_summary(person.injury.span), *facts.at("injury_date")))


def date_order(facts: Facts) -> Iterator[Sign]:
    """A worker is hurt, the treatment denied, a review asked for, a reviewer found, and the dispute decided."""
    told = [(field, day) for field in DATE_ORDER if (day := getattr(facts.letter, field)) is not None]
    wrong = [field for a, b in pairwise(told) if b[1] < a[1] for field in (a[0], b[0])]
    if wrong:
        yield Sign("date_order", facts.at(*dict.fromkeys(wrong)))
