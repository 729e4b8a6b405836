"""What a letter of its kind has, and this one lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from extract.checks.facts import Facts, Sign
from extract.patterns import Patterns

_VALUES: Final = (
    ("no_case_number", "case_number"),
    ("no_decision_date", "decision_date"),
    ("no_age", "age"),
    ("no_sex", "sex"),
    ("no_injury_date", "injury_date"),
)


def missing_values(facts: Facts) -> Iterator[Sign]:
    """Values that nearly every letter prints."""
    for flag, field in _VALUES:
        if getattr(facts.letter, field) is None:
            yield Sign(flag)


def no_summary(facts: Facts) -> Iterator[Sign]:
    """Every determination tells the case; without it age, sex, body parts and diagnoses are missing."""
    if not facts.prose.strip():
        yield Sign("no_summary")


def no_body_parts(facts: Facts) -> Iterator[Sign]:
    """A summary names what was hurt, but for injuries of the whole person."""
    if facts.prose.strip() and not facts.letter.body_parts:
        yield Sign("no_body_parts")


def no_reviewer(facts: Facts) -> Iterator[Sign]:
    """Every determination tells the reviewer's licence or specialty (Labor Code 4610.6 (f))."""
    if not (facts.letter.reviewer_license_states or facts.letter.reviewer_specialties):
        yield Sign("no_reviewer")


def no_issues(facts: Facts) -> Iterator[Sign]:
    """A determination decides at least one item."""
    if not facts.items:
        yield Sign("no_issues")


def case_number_from_file_name(facts: Facts) -> Iterator[Sign]:
    """The DWC names a letter's file by its case; a name is no part of the letter."""
    if any(row.field == "case_number" and row.method == "file_name" for row in facts.letter.evidence):
        yield Sign("case_number_from_file_name")


def no_decision(facts: Facts) -> Iterator[Sign]:
    """An item that was not decided, or whose decision stands in words that no rule knows."""
    for each in facts.items:
        if each.issue.decision is None:
            yield Sign("no_decision", (facts.place(each.item.request),), each.issue.issue_number)


class IncompleteItem:
    """An item has the guidelines of both sides and a rationale; of a letter cut off the last one lacks some."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._hangs = patterns.rule("checks", "hangs_on_another")

    def __call__(self, facts: Facts) -> Iterator[Sign]:
        """A paragraph that the item lacks, though letters of this kind print it.

        Letters of early 2013 print no guideline of the claims administrator; and an item that falls with another
        ("Since the primary procedure is not medically necessary, …") has no guidelines of its own.
        """
        issues = [each.issue for each in facts.items]
        listed = facts.sections.known and facts.sections.layout.data.items.style == "list"
        both = not listed or any(issue.claims_administrator_guideline for issue in issues)
        for each in facts.items:
            issue = each.issue
            cited = issue.reviewer_guideline and (issue.claims_administrator_guideline or not both)
            falls = not issue.reviewer_guideline and self._hangs.search(issue.rationale or "") is not None
            if not issue.rationale or not (cited or falls):
                yield Sign("incomplete_item", (facts.place(each.item.request),), issue.issue_number)
