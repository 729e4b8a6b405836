"""Runs every check over a letter, and writes down what was raised with its evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from extract.book import EvidenceBook
from extract.checks import dates, decisions, items, missing, reading, requests, worker
from extract.checks.catalogue import CATALOGUE
from extract.checks.facts import Check, Facts, Sign
from extract.evidence import Found
from extract.patterns import Patterns
from extract.record import LetterRecord

METHOD: Final = "check"
MOST_PLACES: Final = 12
"""Places that one flag points at: a hostile letter may contradict itself any number of times."""
_ORDER: Final = {flag.name: number for number, flag in enumerate(CATALOGUE)}


class Checker:
    """All checks, those with patterns of their own compiled once."""

    def __init__(self, *, patterns: Patterns, calibrated: bool) -> None:
        """``calibrated``: whether confidences are, which low ones are told by.

        Raises PatternError where a rule that a check needs is missing.
        """
        self._low = reading.LowConfidence(calibrated=calibrated)
        self.checks: tuple[Check, ...] = (
            missing.missing_values,
            missing.no_summary,
            missing.no_body_parts,
            missing.no_reviewer,
            missing.no_issues,
            missing.case_number_from_file_name,
            missing.no_decision,
            missing.IncompleteItem(patterns=patterns),
            dates.injury_date_conflict,
            dates.date_order,
            dates.date_gap,
            dates.case_year,
            dates.case_number_conflict,
            dates.date_after_decision,
            dates.DisputeDates(patterns=patterns),
            worker.AgeConflict(patterns=patterns),
            worker.age_at_injury,
            worker.SexConflict(patterns=patterns),
            decisions.heading_and_rationale,
            decisions.cover_and_items,
            items.item_count_conflict,
            items.RationaleEnd(patterns=patterns),
            requests.sessions_conflict,
            requests.split_conflict,
            requests.implausible_value,
            requests.repeated_request,
            requests.side_conflict,
            requests.RequestConflict(patterns=patterns),
            reading.several_letters,
            reading.unknown_layout,
            reading.long_summary,
            reading.low_ocr_quality,
        )

    def signs(self, facts: Facts) -> list[Sign]:
        """What the checks see, in the order of the catalogue; low confidence is told when confidences are settled."""
        found = [sign for check in self.checks for sign in check(facts)]
        return sorted(found, key=lambda sign: _ORDER[sign.flag])

    def flagged(self, facts: Facts, signs: Sequence[Sign], book: EvidenceBook) -> LetterRecord:
        """The letter with its flags, and with those of each item, all written into the book.

        In place: the letter is the reader's own until it gives it away.
        """
        signs = [*signs, *self._low(facts)]
        flags = tuple(dict.fromkeys(sign.flag for sign in signs))
        for flag in flags:
            _write("letters", "flags", [sign for sign in signs if sign.flag == flag], book)
        issues = []
        for each in facts.items:
            number = each.issue.issue_number
            own = [sign for sign in signs if sign.issue == number]
            named = tuple(dict.fromkeys(sign.flag for sign in own))
            for flag in named:
                _write("issues", "item_flags", [sign for sign in own if sign.flag == flag], book, issue=number)
            issues.append(dataclasses.replace(each.issue, item_flags=named) if named else each.issue)
        letter = facts.letter
        letter.flags, letter.issues, letter.evidence = flags, tuple(issues), tuple(book.rows)
        return letter


def _write(table: str, field: str, signs: Sequence[Sign], book: EvidenceBook, *, issue: int | None = None) -> None:
    """One row for each place that a flag points at, or one without a place."""
    flag = signs[0].flag
    places = list(dict.fromkeys(place for sign in signs for place in sign.places))[:MOST_PLACES]
    for place in places:
        book.add_raw(table, field, Found(flag, place.raw, METHOD), section=place.section, issue=issue)
    if not places:
        book.add_file(table, field, flag, METHOD, issue=issue)
