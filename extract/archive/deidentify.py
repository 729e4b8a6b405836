"""Tables without what identifies a patient, as HIPAA Safe Harbor (45 CFR 164.514(b)(2)) says it for tables.

Columns keep their names and meanings; those that may identify are empty, and what may be said instead
stands in columns of its own. What is not known to be harmless is emptied: a column added to the schema
stays empty here until it is named below.

- Dates are empty, ``<date>_year`` holds the year. Ages over 89 are 90, with ``age_top_coded`` 1.
- ``letter_id``, ``source`` and ``case_number`` are salted hashes: equal within a dataset, and without the
  salt no way back, though letters and their hashes are public.
- Free text is empty: a word stays only where a closed vocabulary or a form of digits and units holds it.
- No texts, and of the evidence only field, section, method and confidence.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pyarrow as pa

from extract.archive.ledger import FinalFile
from extract.archive.part import Part
from extract.archive.render import failure_of
from extract.patterns import Patterns
from extract.schema import FAILURES, Column, Table
from extract.tables import Row, arrow_columns, columns_by_name, csv_columns
from extract.values.drug_names import COLUMNS

OLDEST: Final = 89
"""The highest age that may be told."""
HASHED: Final = frozenset({"letter_id", "source", "case_number"})
HASH_DIGITS: Final = 16
LONGEST: Final = 40
"""Characters of a strength at most."""
KEPT: Final = frozenset(
    "layout text_source pages priority sex icd_codes body_parts letter_body_parts decision letter_decision issue_count"
    " upheld_count overturned_count cover_determination documents_reviewed_count flags item_flags issue_number"
    " treatment_category treatment_subcategory sessions_requested sessions_authorized sessions_disputed"
    " frequency_min frequency_max weeks_min weeks_max quantity refills citation_number cited_by guideline"
    " claims_administrator_guidelines_cited reviewer_guidelines_cited table field section method confidence"
    " reason body_part_codes diagnosis_codes drug_ingredient drug_class care_number sessions status".split()
)
"""Columns of codes, counts and closed vocabularies."""
_FORMS: Final = {
    "strength": re.compile(r"(?:[\d\s.,/%()-]|(?:mcg|mg|gm?|ml|units?|iu|meq|hr?)\b)*", re.IGNORECASE),
    "edition": re.compile(r"(?:19|20)\d\d"),
    "pages": re.compile(r"\d{1,4}(?:\s*[-–]\s*\d{1,4})?"),
}
"""What a value must be as a whole to be kept: digits and units, a year, a page."""
_AGE: Final = "age"
_TOP_CODED: Final = Column("age_top_coded", "int", "1 where age is 90 for an age over 89, else 0")


def added_columns(table: Table) -> tuple[Column, ...]:
    """What a table has more when it is de-identified."""
    years = [Column(f"{c.name}_year", "int", f"year of {c.name}") for c in table.columns if c.type == "date"]
    return (*years, *([_TOP_CODED] if _AGE in table.names else []))


class Deidentified:
    """A rendering for ``--deidentify``. Without a ``salt`` one is made up and forgotten."""

    name = "deidentified"
    texts = False
    repeatable = False

    def __init__(self, *, patterns: Patterns, salt: str | None = None, raw_csv: bool = False) -> None:
        self.raw_csv = raw_csv
        self._salt = secrets.token_bytes(32) if salt is None else salt.encode()
        vocabularies = {
            "drug": {row[kind] for row in patterns.table("drugs.csv", COLUMNS) for kind in ("name", "ingredient")},
            "reviewer_license_states": {row["state"] for row in patterns.table("states.csv", ("state",))},
            "reviewer_specialties": {
                row["specialty"] for row in patterns.table("specialties.csv", ("specialty", "source"))
            },
        }
        self._words = {field: {w.casefold() for w in words if w} for field, words in vocabularies.items()}

    def table(self, table: Table) -> Table:
        """The table with columns for years and for top-coded ages at its end."""
        return replace(table, columns=(*table.columns, *added_columns(table)))

    def rows(self, part: Part, table: Table, first: int, last: int) -> tuple[bytes, pa.Table]:
        """Rows of a part, made harmless."""
        return self._rendered(table, [self._row(table, row) for row in part.rows(table, first, last).to_pylist()])

    def failure(self, file: FinalFile) -> tuple[bytes, pa.Table]:
        """Only which code; the detail of a duplicate would name a file."""
        return self._rendered(FAILURES, [self._row(FAILURES, failure_of(file))])

    def _rendered(self, table: Table, rows: list[Row]) -> tuple[bytes, pa.Table]:
        own = self.table(table)
        columns = columns_by_name(own, rows)
        return csv_columns(own, columns, raw=self.raw_csv).encode(), arrow_columns(own, columns)

    def _row(self, table: Table, row: Row) -> Row:
        out: Row = {}
        for column in table.columns:
            value = row[column.name]
            out[column.name] = self._value(column, value)
            if column.type == "date":
                out[f"{column.name}_year"] = value.year if isinstance(value, date) else None
            if column.name == _AGE:
                out[_TOP_CODED.name] = None if value is None else int(value > OLDEST)
        return out

    def _value(self, column: Column, value: Any) -> Any:
        name = column.name
        if value is None or name in KEPT:
            return value
        if name in HASHED:
            return self._hash(value)
        if name == _AGE:
            return min(value, OLDEST + 1)
        keep = self._keep(name)
        if column.type == "list":
            return [v for v in value if keep(v)]
        return value if column.type == "str" and keep(value) else None

    def _keep(self, name: str) -> Callable[[str], bool]:
        if name in self._words:
            return lambda value: value.casefold() in self._words[name]
        if name in _FORMS:
            return lambda value: len(value) <= LONGEST and _FORMS[name].fullmatch(value) is not None
        return lambda value: False

    def _hash(self, value: str) -> str:
        return hmac.new(self._salt, value.encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS]
