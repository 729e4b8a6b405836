"""A letter of a dataset as an annotation: the JSON that gold files have and that people correct.

One letter gives one JSON object with the values that people annotate, in the order of the gold files; what
the dataset infers, counts or flags is left out. ``extract.evaluate.read_gold`` reads it back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import PurePosixPath
from typing import Any, Final

from extract.record import LetterRecord
from extract.schema import CITATIONS, ISSUES, LETTERS, Column, Table

Row = Mapping[str, Any]
"""A row of a table with real types (dates, lists), as the Parquet files and ``extract.tables`` give it."""
Annotation = dict[str, Any]

INJURY_IN_SUMMARY: Final = "injury_date_in_summary"
"""What the case summary itself says of the injury date. No column of the tables has it."""
CASE_SUMMARY: Final = "case_summary"

LETTER_FIELDS: Final = (
    "priority", "injury_date", "injury_date_end", INJURY_IN_SUMMARY, "ur_denial_date", "application_received_date",
    "assigned_date", "decision_date", "age", "sex", "body_parts", "diagnoses", "icd_codes", "reviewer_license_states",
    "reviewer_specialties", "decision",
)  # fmt: skip
ISSUE_FIELDS: Final = (
    "issue_number", "requested_treatment", "original_request", "authorized_request", "treatment_category",
    "treatment_subcategory", "body_parts", "sessions_requested", "sessions_authorized", "sessions_disputed",
    "frequency_min", "frequency_max", "weeks_min", "weeks_max", "drug", "strength", "quantity", "refills", "decision",
)  # fmt: skip
CITATION_FIELDS: Final = ("cited_by", "guideline", "chapter", "edition", "sections", "pages")


def column(table: Table, field: str) -> Column:
    """The column of a field; the injury date of the summary is a date like the other one."""
    if field == INJURY_IN_SUMMARY:
        return Column(field, "date", "the injury date that the case summary itself states")
    return next(c for c in table.columns if c.name == field)


def annotation_of(letter: LetterRecord) -> Annotation:
    """The annotation that a record amounts to."""
    from extract.tables import rows_of

    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for table, row in rows_of(letter):
        rows[table.name].append(row)
    return annotation_of_rows(rows["letters"][0], rows["issues"], rows["citations"], rows["evidence"])


def annotation_of_rows(
    letter: Row, issues: Iterable[Row], citations: Iterable[Row], evidence: Iterable[Row] = ()
) -> Annotation:
    """The annotation that a letter's rows amount to: its row of ``letters`` and its rows of the other tables.

    ``evidence`` tells whether the injury date was read from the case summary; without it, and where the header
    gave the date, ``injury_date_in_summary`` is null and left to the annotator.
    """
    cited: defaultdict[int, list[Row]] = defaultdict(list)
    for row in sorted(citations, key=lambda r: (r["issue_number"], r["citation_number"])):
        cited[int(row["issue_number"])].append(row)
    in_summary = any(
        e["table"] == LETTERS.name and e["field"] == "injury_date" and e["section"] == CASE_SUMMARY for e in evidence
    )
    told = {**letter, INJURY_IN_SUMMARY: letter["injury_date"] if in_summary else None}
    return {
        "case_number": letter["case_number"],
        "letter": _values(LETTERS, LETTER_FIELDS, told),
        "issues": [
            {
                **_values(ISSUES, ISSUE_FIELDS, issue),
                "requested_treatment": issue["requested_treatment"] or "",  # the gold reader wants words
                "citations": [_values(CITATIONS, CITATION_FIELDS, c) for c in cited[int(issue["issue_number"])]],
            }
            for issue in sorted(issues, key=lambda r: int(r["issue_number"]))
        ],
    }


def file_name(source: str) -> str:
    """Name of the annotation of the letter with this ``source``: by it ``imr evaluate`` finds the letter again."""
    return f"{PurePosixPath(source).stem}.json"


def as_json(annotation: Annotation) -> str:
    """The text of an annotation file."""
    return json.dumps(annotation, indent=1, ensure_ascii=False) + "\n"


def _values(table: Table, fields: Iterable[str], row: Row) -> dict[str, Any]:
    return {field: _value(column(table, field), row[field]) for field in fields}


def _value(of: Column, value: Any) -> Any:
    """A value as JSON has it: ISO dates, whole numbers without a point, a list for every list."""
    if of.type == "list":
        return [str(member) for member in (value if value is not None else ())]
    if value is None or value == "":
        return None
    if of.type == "date":
        return value.isoformat() if isinstance(value, date) else str(value)
    if of.type == "int":
        return int(value)
    if of.type == "num":
        return int(value) if float(value).is_integer() else float(value)
    return str(value)
