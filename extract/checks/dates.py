"""Dates and numbers of the dispute that disagree with each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

import regex

from extract.checks.facts import Facts, Sign
from extract.checks.limits import FIRST_YEAR
from extract.evidence import Span
from extract.expressions import TIME_LIMIT
from extract.layout import Section
from extract.patterns import Patterns
from extract.values.dates import parse_date
from extract.words import fold

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
LONGEST: Final = (
    ("ur_denial_date", "application_received_date", 180),
    ("application_received_date", "assigned_date", 400),
    ("assigned_date", "decision_date", 400),
    ("application_received_date", "decision_date", 540),
    ("ur_denial_date", "decision_date", 720),
)
"""Days that one step may take. The law gives 30 to apply (Labor Code 4610.5 (h)) and 30 to decide (4610.6 (d)); the
backlog of 2013 and 2014 took up to a year."""
NEAR: Final = 45
"""Days within which a denial told in prose is the one in dispute, and not one of an earlier request."""
_NAMED: Final = regex.compile(r"(?<![\p{L}\d])CM[\s_-]?(\d\d)[\s_-]?(\d{7})(?!\d)", regex.IGNORECASE)


def date_order(facts: Facts) -> Iterator[Sign]:
    """A worker is hurt, the treatment denied, a review asked for, a reviewer found, and the dispute decided."""
    told = [(field, day) for field in DATE_ORDER if (day := getattr(facts.letter, field)) is not None]
    wrong = [field for a, b in pairwise(told) if b[1] < a[1] for field in (a[0], b[0])]
    if wrong:
        yield Sign("date_order", facts.at(*dict.fromkeys(wrong)))


def date_gap(facts: Facts) -> Iterator[Sign]:
    """A step of the dispute that took far longer than any does: a year is wrong."""
    for first, last, most in LONGEST:
        a, b = getattr(facts.letter, first), getattr(facts.letter, last)
        if a is not None and b is not None and (b - a).days > most:
            yield Sign("date_gap", facts.at(first, last))
            return


def case_year(facts: Facts) -> Iterator[Sign]:
    """A case number begins with the year in which the application was taken up.

    An application of December may get next year's number, and one of January last year's.
    """
    letter = facts.letter
    if letter.case_number is None:
        return
    year = 2000 + int(letter.case_number[2:4])
    applied, decided = letter.application_received_date, letter.decision_date
    fits = {year}
    if applied is not None:
        fits |= {year - 1} if applied.month == 12 else {year + 1} if applied.month == 1 else set()
        wrong = applied.year not in fits
    else:
        wrong = decided is not None and decided.year not in (year, year + 1)
    if wrong or (decided is not None and decided.year < FIRST_YEAR):
        yield Sign("case_year", facts.at("case_number", "application_received_date", "decision_date"))


def case_number_conflict(facts: Facts) -> Iterator[Sign]:
    """A file that bears another case's name, or a number that was misread."""
    named = _NAMED.search(facts.letter.source.rpartition("/")[2])
    if named is not None and facts.letter.case_number not in (None, f"CM{named[1]}-{named[2]}") and not facts.several:
        yield Sign("case_number_conflict", facts.at("case_number"))


def injury_date_conflict(facts: Facts) -> Iterator[Sign]:
    """The header and the case summary each state when the worker was hurt: another day, and nowhere the header's."""
    letter, person = facts.letter, facts.person
    if person.injury is None or person.injury.confidence < STATED:
        return
    known = {letter.injury_date, letter.injury_date_end}
    told = {d.value for d in (person.injury, person.injury_end) if d is not None}
    if not told & known and not any(d.value in known for d in facts.days):
        yield Sign("injury_date_conflict", (facts.in_summary(person.injury.span), *facts.at("injury_date")))


def date_after_decision(facts: Facts) -> Iterator[Sign]:
    """A case summary tells nothing that came after the determination: no date in it is later than the decision."""
    decided = facts.letter.decision_date
    if decided is None:
        return
    late = [facts.in_summary(d.span) for d in facts.days if d.value > decided]
    if late:
        yield Sign("date_after_decision", (*facts.at("decision_date"), *late))


class DisputeDates:
    """The denial and the application are dated in the header, and often in prose as well."""

    _TOLD: Final[tuple[tuple[str, str, tuple[Section, ...]], ...]] = (
        ("ur_denial_date_conflict", "ur_denial_date", ("header", "decisions", "case_summary")),
        ("application_date_conflict", "application_received_date", ("header", "decisions")),
    )

    def __init__(self, *, patterns: Patterns) -> None:
        self._rules = {name: patterns.rule("history", name) for _, name, _ in self._TOLD}

    def __call__(self, facts: Facts) -> Iterator[Sign]:
        """A date in prose that is near the header's and not the same."""
        for flag, field, names in self._TOLD:
            stated: date | None = getattr(facts.letter, field)
            if stated is None:
                continue
            near: list[Span] = []
            for day, at in self._told(facts, field, names):
                if day == stated:
                    break  # as in most letters that tell it: the rest need not be read
                if abs((day - stated).days) <= NEAR or _slip_of_year(day, stated):
                    near.append(at)
            else:
                if near:
                    yield Sign(flag, (*facts.at(field), *(facts.place(at) for at in near)))

    def _told(self, facts: Facts, field: str, names: Sequence[Section]) -> Iterator[tuple[date, Span]]:
        rule = self._rules[field].compiled  # by itself, else the whole letter is read
        for section in facts.sections.all(*names):
            at = section.content
            for match in rule.finditer(facts.text.clean, at.start, at.end, timeout=TIME_LIMIT):
                day = parse_date(fold(match["date"]))
                if day is not None:
                    yield day, Span(*match.span("date"))


def _slip_of_year(a: date, b: date) -> bool:
    return (a.month, a.day) == (b.month, b.day)
