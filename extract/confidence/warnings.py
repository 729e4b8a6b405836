"""Which cells a flag of the row warns of: the fields that it concerns, so that the others can still be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from extract.schema import CITATIONS, ISSUES, LETTERS

Cell = tuple[str, str]
"""Table and field."""

_DATES: Final = ("injury_date", "ur_denial_date", "application_received_date", "assigned_date", "decision_date")
_COUNTS: Final = ("issue_count", "upheld_count", "overturned_count")
_DECISIONS: Final = ("decision", "upheld_count", "overturned_count", "cover_determination")
_VISITS: Final = (
    *("sessions_requested", "sessions_authorized", "sessions_disputed"),
    *("frequency_min", "frequency_max", "weeks_min", "weeks_max"),
)
_SUMMARY: Final = ("age", "sex", "body_parts", "diagnoses", "icd_codes", "body_part_codes", "diagnosis_codes")


def _of(table: str, fields: Iterable[str]) -> frozenset[Cell]:
    return frozenset((table, field) for field in fields)


_ITEMS: Final = _of("issues", ISSUES.names) | _of("citations", CITATIONS.names)
_ALL: Final = _of("letters", LETTERS.names) | _ITEMS

CONCERNS: Final[Mapping[str, frozenset[Cell]]] = {
    "case_number_from_file_name": _of("letters", ["case_number"]),
    "no_case_number": _of("letters", ["case_number"]),
    "no_decision_date": _of("letters", ["decision_date"]),
    "no_age": _of("letters", ["age"]),
    "no_sex": _of("letters", ["sex"]),
    "no_injury_date": _of("letters", ["injury_date", "injury_date_end"]),
    "injury_date_conflict": _of("letters", ["injury_date", "injury_date_end"]),
    "age_conflict": _of("letters", ["age"]),
    "date_order": _of("letters", _DATES),
    "no_issues": _of("letters", (*_COUNTS, *_DECISIONS)) | _ITEMS,
    "no_decision": _of("letters", _DECISIONS) | _of("issues", ["decision"]),
    "decision_conflict": _of("letters", _DECISIONS) | _of("issues", ["decision"]),
    "sessions_conflict": _of("issues", _VISITS),
    "incomplete_item": _ITEMS | _of("letters", _COUNTS),
    "several_letters": _ALL,
    "unknown_layout": _ALL,
    "long_summary": _of("letters", _SUMMARY),
    "low_ocr_quality": _ALL,
}
"""The cells of a letter that each flag warns of. ``low_confidence`` warns of none by itself: the value that raised it
has a confidence of its own. A flag that is not named here is for the whole row and says nothing of its cells."""


def warned(flags: Iterable[str]) -> frozenset[Cell]:
    """The cells that a row's flags warn of."""
    return frozenset().union(*(CONCERNS.get(flag, frozenset()) for flag in flags))
