"""Records → tables: rows as the schema names them, CSV and Parquet, DataFrames.

CSV is for people and spreadsheets: UTF-8, lists joined with ``|``, and a cell of text that a
spreadsheet would run as a formula begins with an apostrophe. Parquet holds the same rows with
real types and the text untouched.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from extract.book import plain
from extract.record import CitationRecord, Evidence, FailureRecord, IssueRecord, LetterRecord, PriorCareRecord
from extract.schema import CITATIONS, EVIDENCE, FAILURES, FLAT, ISSUES, LETTERS, PRIOR_CARE, TABLES, Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Row = dict[str, Any]
LIST_MARK: Final = "|"
FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
TEXTS: Final = "texts"
_SIDES: Final = ("x0", "top", "x1", "bottom")
_NOWHERE: Final = (None,) * len(_SIDES)
_OWN: Final = tuple(n for n in EVIDENCE.names if n not in ("letter_id", *_SIDES))
"""Columns of evidence that are fields of its record."""
_OWN_OF: Final = attrgetter(*_OWN)


def letter_row(letter: LetterRecord) -> Row:
    """The row of table letters."""
    return {name: getattr(letter, name) for name in LETTERS.names}


def issue_row(letter: LetterRecord, issue: IssueRecord) -> Row:
    """A row of table issues."""
    return {"letter_id": letter.letter_id} | {n: getattr(issue, n) for n in ISSUES.names if n != "letter_id"}


def citation_row(letter: LetterRecord, issue: IssueRecord, citation: CitationRecord) -> Row:
    """A row of table citations."""
    own = {n: getattr(citation, n) for n in CITATIONS.names if n not in ("letter_id", "issue_number")}
    return {"letter_id": letter.letter_id, "issue_number": issue.issue_number} | own


def prior_care_row(letter: LetterRecord, care: PriorCareRecord) -> Row:
    """A row of table prior_care."""
    return {"letter_id": letter.letter_id} | {n: getattr(care, n) for n in PRIOR_CARE.names if n != "letter_id"}


def evidence_row(letter: LetterRecord, row: Evidence) -> Row:
    """A row of table evidence."""
    made: Row = {"letter_id": letter.letter_id}
    made.update(zip(_OWN, _OWN_OF(row), strict=True))
    made.update(zip(_SIDES, _NOWHERE if row.box is None else (round(side, 2) for side in row.box), strict=True))
    return made


def flat_row(letter: LetterRecord, issue: IssueRecord) -> Row:
    """A row of table flat: the item, its letter's columns, the citations of each side."""
    row = issue_row(letter, issue)
    for side in ("claims_administrator", "reviewer"):
        own = [c for c in issue.citations if c.cited_by == side]
        row[f"{side}_citations"] = tuple(c.text for c in own)
        row[f"{side}_guidelines_cited"] = tuple(dict.fromkeys(c.guideline for c in own))
    row |= {n: getattr(letter, n) for n in LETTERS.names if n not in ("letter_id", "body_parts", "decision")}
    row["letter_body_parts"], row["letter_decision"] = letter.body_parts, letter.decision
    return {name: row[name] for name in FLAT.names}


def failure_row(failure: FailureRecord) -> Row:
    """A row of table failures."""
    return {name: getattr(failure, name) for name in FAILURES.names}


def rows_of(letter: LetterRecord) -> Iterator[tuple[Table, Row]]:
    """All rows of a letter with the table each belongs to."""
    yield LETTERS, letter_row(letter)
    for issue in letter.issues:
        yield ISSUES, issue_row(letter, issue)
        yield FLAT, flat_row(letter, issue)
        for citation in issue.citations:
            yield CITATIONS, citation_row(letter, issue, citation)
    for care in letter.prior_care:
        yield PRIOR_CARE, prior_care_row(letter, care)
    for row in letter.evidence:
        yield EVIDENCE, evidence_row(letter, row)


def csv_cell(value: Any, *, raw: bool = False) -> str:
    """A value as a CSV cell: empty for None, lists joined, text made harmless for spreadsheets unless ``raw``."""
    if type(value) is str:  # nearly every cell
        return value if raw else safe(value)
    if value is None:
        return ""
    if type(value) is int:
        return str(value)
    if isinstance(value, list | tuple):
        value = LIST_MARK.join(str(v).replace(LIST_MARK, "/") for v in value)
    elif not isinstance(value, str):
        return plain(value)
    return value if raw else safe(value)


def csv_line(cells: Sequence[str]) -> str:
    """A line of CSV with its end (RFC 4180)."""
    return csv_text((cells,))


def csv_text(lines: Iterable[Sequence[str]]) -> str:
    """Lines of CSV, each with its end."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(lines)
    return stream.getvalue()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + text if text.startswith(FORMULA_MARKS) else text


def frames(letters: Iterable[LetterRecord], failures: Iterable[FailureRecord] = ()) -> dict[str, pd.DataFrame]:
    """All tables as DataFrames by name, with real types (nullable integers, lists, dates)."""
    import pandas as pd

    rows: dict[str, list[Row]] = {t.name: [] for t in TABLES}
    for letter in letters:
        for table, row in rows_of(letter):
            rows[table.name].append(row)
    rows[FAILURES.name] = [failure_row(f) for f in failures]
    kinds = {"int": "Int64", "num": "Float64", "str": "string", "date": "object", "list": "object"}
    return {
        table.name: pd.DataFrame(
            {
                c.name: pd.Series(
                    [list(r[c.name]) if c.type == "list" else r[c.name] for r in rows[table.name]],
                    dtype=kinds[c.type],
                )
                for c in table.columns
            }
        )
        for table in TABLES
    }


def arrow_schema(table: Table) -> pa.Schema:
    """The table's Parquet types."""
    import pyarrow as pa

    types = {
        "str": pa.string(),
        "int": pa.int64(),
        "num": pa.float64(),
        "date": pa.date32(),
        "list": pa.list_(pa.string()),
    }
    return pa.schema([(c.name, types[c.type]) for c in table.columns])


def arrow_rows(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table with the table's types."""
    import pyarrow as pa

    schema = arrow_schema(table)
    columns = (pa.array([row.get(kind.name) for row in rows], type=kind.type) for kind in schema)
    return pa.Table.from_arrays(list(columns), schema=schema)
