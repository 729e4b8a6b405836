"""Records → tables: rows as the schema names them, CSV and Parquet, DataFrames.

CSV is for people and spreadsheets: UTF-8, lists joined with ``|``, and a cell of text that a
spreadsheet would run as a formula begins with an apostrophe. Parquet holds the same rows with
real types and the text untouched.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from extract.book import plain
from extract.record import CitationRecord, Evidence, FailureRecord, IssueRecord, LetterRecord, PriorCareRecord
from extract.schema import CITATIONS, EVIDENCE, FAILURES, FLAT, ISSUES, LETTERS, PRIOR_CARE, TABLES, Table

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
LIST_MARK: Final = "|"
FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
TEXTS: Final = "texts"
BATCH: Final = 2_000
"""Rows that are held before a Parquet row group is written."""


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
    box = row.box
    place = {side: None if box is None else round(getattr(box, side), 2) for side in ("x0", "top", "x1", "bottom")}
    own = {n: getattr(row, n) for n in EVIDENCE.names if n not in ("letter_id", *place)}
    return {"letter_id": letter.letter_id} | own | place


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


def csv_cell(value: Any) -> str:
    """A value as a CSV cell: empty for None, lists joined, text made harmless for spreadsheets."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return safe(LIST_MARK.join(str(v).replace(LIST_MARK, "/") for v in value))
    return safe(value) if isinstance(value, str) else plain(value)


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


class DatasetWriter:
    """Writes the tables of a run as it goes: CSV row by row, Parquet by row groups, texts as files.

    Tables are written under other names and get their own on ``close``, so that a run that was
    stopped never looks like a finished one.
    """

    def __init__(self, out: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._out = out
        (out / TEXTS).mkdir(parents=True, exist_ok=True)
        self._pa = pa
        types = {
            "str": pa.string(),
            "int": pa.int64(),
            "num": pa.float64(),
            "date": pa.date32(),
            "list": pa.list_(pa.string()),
        }
        self._files: dict[str, Any] = {}
        self._writers: dict[str, Any] = {}
        self._parquet: dict[str, Any] = {}
        self._schemas: dict[str, Any] = {}
        self._held: dict[str, list[Row]] = {t.name: [] for t in TABLES}
        for table in TABLES:
            stream = self._part(table.name, "csv").open("w", encoding="utf-8", newline="")
            self._files[table.name] = stream
            self._writers[table.name] = csv.writer(stream)
            self._writers[table.name].writerow(table.names)
            self._schemas[table.name] = pa.schema([(c.name, types[c.type]) for c in table.columns])
            self._parquet[table.name] = pq.ParquetWriter(
                self._part(table.name, "parquet"), self._schemas[table.name], compression="zstd"
            )

    def _part(self, table: str, suffix: str) -> Path:
        return self._out / f"{table}.{suffix}.part"

    def add(self, letter: LetterRecord) -> None:
        """Write a letter's rows and its text."""
        for table, row in rows_of(letter):
            self._row(table, row)
        path = self._out / TEXTS / f"{letter.letter_id}.txt"
        path.write_text(letter.text, encoding="utf-8", newline="")

    def fail(self, failure: FailureRecord) -> None:
        """Write a failure's row."""
        self._row(FAILURES, failure_row(failure))

    def _row(self, table: Table, row: Row) -> None:
        self._writers[table.name].writerow([csv_cell(row[name]) for name in table.names])
        held = self._held[table.name]
        held.append(row)
        if len(held) >= BATCH:
            self._flush(table.name)

    def _flush(self, name: str) -> None:
        held = self._held[name]
        if held:
            self._parquet[name].write_table(self._pa.Table.from_pylist(_typed(held), schema=self._schemas[name]))
            held.clear()

    def close(self, *, finished: bool) -> None:
        """Close all files; give the tables their names where the run came to its end."""
        for name in self._held:
            self._flush(name)
            self._parquet[name].close()
            self._files[name].close()
        if finished:
            for name in self._held:
                for suffix in ("csv", "parquet"):
                    os.replace(self._part(name, suffix), self._out / f"{name}.{suffix}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(finished=kind is None)


def _typed(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    return [{k: list(v) if isinstance(v, tuple) else v for k, v in row.items()} for row in rows]
