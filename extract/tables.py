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
from extract.record import FailureRecord, IssueRecord, LetterRecord
from extract.schema import CITATIONS, EVIDENCE, FAILURES, FLAT, ISSUES, LETTERS, PRIOR_CARE, TABLES, Table, Type

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Row = dict[str, Any]
Cells = tuple[Any, ...]
"""A row as the values of its table's columns, in their order."""
Columns = Sequence[Sequence[Any]]
"""The values of each of a table's columns."""
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
_BEFORE_BOX: Final = tuple(map(attrgetter, EVIDENCE.names[1:_BOX]))
_AFTER_BOX: Final = tuple(map(attrgetter, EVIDENCE.names[_BOX + 4 :]))
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


def columns_of(letters: Sequence[LetterRecord]) -> dict[str, Columns]:
    """The columns of all rows that letters have, by table. Evidence, most of the rows, is read column by column."""
    rows: dict[str, list[Cells]] = {table.name: [] for table in TABLES if table not in (EVIDENCE, FAILURES)}
    for letter in letters:
        for table, cells in _cells_of(letter):
            rows[table.name].append(cells)
    columns: dict[str, Columns] = {name: list(zip(*own, strict=True)) for name, own in rows.items()}
    columns[EVIDENCE.name] = _evidence_columns(letters)
    return {table.name: columns[table.name] or [()] * len(table.names) for table in TABLES if table is not FAILURES}


def rows_of(letter: LetterRecord) -> Iterator[tuple[Table, Row]]:
    """All rows of a letter with the table each belongs to, each cell under the name of its column."""
    columns = columns_of([letter])
    for table in TABLES:
        for cells in zip(*columns.get(table.name, ()), strict=True):
            yield table, dict(zip(table.names, cells, strict=True))


def _cells_of(letter: LetterRecord) -> Iterator[tuple[Table, Cells]]:
    """The rows of a letter but for its evidence."""
    own = _LETTER(letter)
    yield LETTERS, own
    for issue in letter.issues:
        cells = letter.letter_id, *_ISSUE(issue)
        yield ISSUES, cells
        yield FLAT, _FLAT((*cells, *_cited(issue), *own))
        for citation in issue.citations:
            yield CITATIONS, (letter.letter_id, issue.issue_number, *_CITATION(citation))
    for care in letter.prior_care:
        yield PRIOR_CARE, (letter.letter_id, *_PRIOR_CARE(care))


def _cited(issue: IssueRecord) -> Iterator[tuple[str, ...]]:
    """What flat has of an item's citations: the texts of each side, then its guidelines."""
    cited = [[c for c in issue.citations if c.cited_by == side] for side in SIDES]
    for own in cited:
        yield tuple(c.text for c in own)
    for own in cited:
        yield tuple(dict.fromkeys(c.guideline for c in own))


def _evidence_columns(letters: Sequence[LetterRecord]) -> Columns:
    rows = [row for letter in letters for row in letter.evidence]
    boxes = [row.box for row in rows]
    return [
        [letter.letter_id for letter in letters for _ in letter.evidence],
        *(list(map(field, rows)) for field in _BEFORE_BOX),
        *([None if box is None else round(box[side], 2) for box in boxes] for side in range(4)),
        *(list(map(field, rows)) for field in _AFTER_BOX),
    ]


def failure_row(failure: FailureRecord) -> Row:
    """A row of table failures."""
    return {name: getattr(failure, name) for name in FAILURES.names}


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


def csv_columns(table: Table, columns: Columns, *, raw: bool = False) -> str:
    """The columns of a table's rows as lines of CSV, as ``csv.writer`` writes the rows' cells.

    Column by column, since what a cell needs depends on its column: this is most of what a row costs.
    """
    cells = [_csv_column(c.type, values, raw=raw) for c, values in zip(table.columns, columns, strict=True)]
    return "".join([",".join(line) + "\r\n" for line in zip(*cells, strict=True)])


def _csv_column(kind: Type, values: Sequence[Any], *, raw: bool) -> list[str]:
    """The cells of a column, quoted where they must be."""
    if kind == "int":
        return ["" if v is None else str(v) for v in values]
    if kind == "num":
        return ["" if v is None else _number(v) for v in values]
    if kind == "str":
        cells = ["" if v is None else v for v in values]
        if not raw:
            cells = ["'" + c if c.startswith(FORMULA_MARKS) else c for c in cells]
    else:
        cells = [csv_cell(v, raw=raw) for v in values]
    if _QUOTED.search("".join(cells)):
        cells = ['"' + c.replace('"', '""') + '"' if _QUOTED.search(c) else c for c in cells]
    return cells


def _number(value: float) -> str:
    """As ``plain``, for whom what kind of value it is need not be asked."""
    text = repr(value)
    return text if "." in text and text[-2:] != ".0" and "e" not in text else plain(value)


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


def arrow_columns(table: Table, columns: Columns) -> pa.Table:
    """The columns of a table's rows as an Arrow table with the table's types."""
    import pyarrow as pa

    schema = arrow_schema(table)
    made = [pa.array(values, type=kind.type) for kind, values in zip(schema, columns, strict=True)]
    return pa.Table.from_arrays(made, schema=schema)


def columns_by_name(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """The columns of rows by name; None where a row lacks a column."""
    return [[row.get(name) for row in rows] for name in table.names]
