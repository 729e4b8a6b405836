"""Records → tables: rows as the schema names them, CSV and Parquet, DataFrames.

CSV is for people and spreadsheets: UTF-8, lists joined with ``|``, and a cell of text that a
spreadsheet would run as a formula begins with an apostrophe. Parquet holds the same rows with
real types and the text untouched.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final

from extract.book import plain
from extract.record import CitationRecord, Evidence, FailureRecord, IssueRecord, LetterRecord
from extract.schema import CITATIONS, EVIDENCE, FAILURES, FLAT, ISSUES, LETTERS, PRIOR_CARE, TABLES, Table, Type

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Row = dict[str, Any]
Cells = tuple[Any, ...]
"""A row as the values of its table's columns, in their order: a letter makes a hundred of them."""
LIST_MARK: Final = "|"
FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
_QUOTED: Final = re.compile('[,"\n\r]')
"""What a cell stands in quotes for."""
TEXTS: Final = "texts"
SIDES: Final = ("claims_administrator", "reviewer")
"""Who cites a guideline, in the order of the columns of flat."""


def _fields(names: Sequence[str]) -> Callable[[Any], Cells]:
    """Reads these fields of a record, in one call."""
    return attrgetter(*names)


_LETTER: Final = _fields(LETTERS.names)
_ISSUE: Final = _fields(ISSUES.names[1:])
_CITATION: Final = _fields(CITATIONS.names[2:])
_PRIOR_CARE: Final = _fields(PRIOR_CARE.names[1:])
_BOX: Final = EVIDENCE.names.index("x0")
_BEFORE_BOX: Final = _fields(EVIDENCE.names[1:_BOX])
_AFTER_BOX: Final = _fields(EVIDENCE.names[_BOX + 4 :])
_NOWHERE: Final = (None,) * 4
_BESIDE: Final = {"body_parts": "letter_body_parts", "decision": "letter_decision"}
"""Columns of the letter that flat calls otherwise, since the item has its own."""
_FLAT: Final = itemgetter(
    *map(
        [
            *ISSUES.names,
            *(f"{side}_{kind}" for kind in ("citations", "guidelines_cited") for side in SIDES),
            *("" if name == "letter_id" else _BESIDE.get(name, name) for name in LETTERS.names),
        ].index,
        FLAT.names,
    )
)
"""Puts the cells of an item, of its citations and of its letter into the order of flat."""


def letter_cells(letter: LetterRecord) -> Cells:
    """The row of table letters."""
    return _LETTER(letter)


def issue_cells(letter: LetterRecord, issue: IssueRecord) -> Cells:
    """A row of table issues."""
    return letter.letter_id, *_ISSUE(issue)


def citation_cells(letter: LetterRecord, issue: IssueRecord, citation: CitationRecord) -> Cells:
    """A row of table citations."""
    return letter.letter_id, issue.issue_number, *_CITATION(citation)


def evidence_cells(letter: LetterRecord, row: Evidence) -> Cells:
    """A row of table evidence."""
    box = row.box
    sides = _NOWHERE if box is None else (round(box.x0, 2), round(box.top, 2), round(box.x1, 2), round(box.bottom, 2))
    return letter.letter_id, *_BEFORE_BOX(row), *sides, *_AFTER_BOX(row)


def flat_cells(letter: LetterRecord, issue: IssueRecord) -> Cells:
    """A row of table flat: the item, its letter's columns, the citations of each side."""
    cited = [[c for c in issue.citations if c.cited_by == side] for side in SIDES]
    texts = [tuple(c.text for c in own) for own in cited]
    guidelines = [tuple(dict.fromkeys(c.guideline for c in own)) for own in cited]
    cells: Cells = _FLAT((*issue_cells(letter, issue), *texts, *guidelines, *_LETTER(letter)))
    return cells


def failure_row(failure: FailureRecord) -> Row:
    """A row of table failures."""
    return {name: getattr(failure, name) for name in FAILURES.names}


def cells_of(letter: LetterRecord) -> Iterator[tuple[Table, Cells]]:
    """All rows of a letter with the table each belongs to."""
    yield LETTERS, letter_cells(letter)
    for issue in letter.issues:
        yield ISSUES, issue_cells(letter, issue)
        yield FLAT, flat_cells(letter, issue)
        for citation in issue.citations:
            yield CITATIONS, citation_cells(letter, issue, citation)
    for care in letter.prior_care:
        yield PRIOR_CARE, (letter.letter_id, *_PRIOR_CARE(care))
    for row in letter.evidence:
        yield EVIDENCE, evidence_cells(letter, row)


def rows_of(letter: LetterRecord) -> Iterator[tuple[Table, Row]]:
    """As ``cells_of``, with each cell under the name of its column."""
    for table, cells in cells_of(letter):
        yield table, dict(zip(table.names, cells, strict=True))


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
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow(cells)
    return stream.getvalue()


def csv_columns(table: Table, columns: Sequence[Sequence[Any]], *, raw: bool = False) -> str:
    """The columns of a table's rows as lines of CSV, as ``csv.writer`` writes the rows' cells.

    Column by column, since what a cell needs depends on its column: this is most of what a row costs.
    """
    cells = [_csv_column(c.type, values, raw=raw) for c, values in zip(table.columns, columns, strict=True)]
    return "".join([",".join(line) + "\r\n" for line in zip(*cells, strict=True)])


def _csv_column(kind: Type, values: Sequence[Any], *, raw: bool) -> list[str]:
    """The cells of a column, quoted where they must be."""
    if kind in ("int", "num"):
        return ["" if v is None else str(v) if type(v) is int else plain(v) for v in values]
    if kind == "str":
        cells = ["" if v is None else v for v in values]
        if not raw:
            cells = ["'" + c if c.startswith(FORMULA_MARKS) else c for c in cells]
    else:
        cells = [csv_cell(v, raw=raw) for v in values]
    if _QUOTED.search("".join(cells)):
        cells = ['"' + c.replace('"', '""') + '"' if _QUOTED.search(c) else c for c in cells]
    return cells


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


def arrow_columns(table: Table, columns: Sequence[Sequence[Any]]) -> pa.Table:
    """The columns of a table's rows as an Arrow table with the table's types."""
    import pyarrow as pa

    schema = arrow_schema(table)
    made = [pa.array(values, type=kind.type) for kind, values in zip(schema, columns, strict=True)]
    return pa.Table.from_arrays(made, schema=schema)


def columns_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """The columns of rows by name; None where a row lacks a column."""
    return [[row.get(name) for row in rows] for name in table.names]
