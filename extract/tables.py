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
from functools import cache
from itertools import chain
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from extract.book import plain
from extract.reading.page import Box
from extract.record import FailureRecord, IssueRecord, LetterRecord
from extract.schema import CITATIONS, EVIDENCE, FAILURES, FLAT, ISSUES, LETTERS, PRIOR_CARE, TABLES, Column, Table, Type

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
_FORMULA: Final = re.compile(f"\n[{re.escape(''.join(FORMULA_MARKS))}]")
"""Cells that begin like a formula, in a column whose cells stand each on a line of its own."""
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
_NO_BOX: Final = Box(0, 0, 0, 0)
_BESIDE: Final = {"body_parts": "letter_body_parts", "decision": "letter_decision"}
"""Columns of the letter that flat calls otherwise, since the item has its own."""
_CITED: Final = tuple(f"{side}_{kind}" for kind in ("citations", "guidelines_cited") for side in SIDES)
"""What flat has of an item's citations: the texts of each side, then its guidelines."""
_CITED_COLUMNS: Final = tuple(c for name in _CITED for c in FLAT.columns if c.name == name)
_FLAT: Final = itemgetter(
    *map(
        [
            *ISSUES.names,
            *_CITED,
            *("" if name == "letter_id" else _BESIDE.get(name, name) for name in LETTERS.names),
        ].index,
        FLAT.names,
    )
)
"""Puts the columns of items, of their citations and of their letters into the order of flat."""


_LEAST: Final = 1e-4
_MOST: Final = 1e9
"""Numbers from and below which Python and Arrow write alike."""


class _Read(NamedTuple):
    """The columns that letters have in all tables but flat, and what flat is put together of."""

    columns: dict[str, Columns]
    cited: Columns
    owners: list[int]
    """For each item which of the letters has it."""

    def flat(self) -> Columns:
        """The columns of flat."""
        letters = _spread(self.columns[LETTERS.name], self.owners)
        columns: Columns = _FLAT((*self.columns[ISSUES.name], *self.cited, *letters))
        return columns


class Rendered(NamedTuple):
    """Rows of a table: lines of CSV, one a row, and the same as Arrow."""

    lines: list[str]
    rows: pa.Table


def _read(letters: Sequence[LetterRecord]) -> _Read:
    rows: dict[str, list[Cells]] = {LETTERS.name: list(map(_LETTER, letters))}
    rows[ISSUES.name] = [(letter.letter_id, *_ISSUE(issue)) for letter in letters for issue in letter.issues]
    rows[CITATIONS.name] = [
        (letter.letter_id, issue.issue_number, *_CITATION(citation))
        for letter in letters
        for issue in letter.issues
        for citation in issue.citations
    ]
    rows[PRIOR_CARE.name] = [(letter.letter_id, *_PRIOR_CARE(care)) for letter in letters for care in letter.prior_care]
    columns = {t.name: _columns(rows[t.name], len(t.names)) for t in (LETTERS, ISSUES, CITATIONS, PRIOR_CARE)}
    columns[EVIDENCE.name] = _evidence_columns(letters)
    cited = _columns([_cited(issue) for letter in letters for issue in letter.issues], len(_CITED))
    return _Read(columns, cited, [number for number, letter in enumerate(letters) for _ in letter.issues])


def _columns(rows: Sequence[Cells], count: int) -> Columns:
    return list(zip(*rows, strict=True)) or [()] * count


def _spread(columns: Sequence[Sequence[Any]], owners: Sequence[int]) -> list[list[Any]]:
    """Columns of letters as columns of their items."""
    return [[column[owner] for owner in owners] for column in columns]


def rows_of(letter: LetterRecord) -> Iterator[tuple[Table, Row]]:
    """All rows of a letter with the table each belongs to, each cell under the name of its column."""
    read = _read([letter])
    columns = read.columns | {FLAT.name: read.flat()}
    for table in TABLES:
        for cells in zip(*columns.get(table.name, ()), strict=True):
            yield table, dict(zip(table.names, cells, strict=True))


def rendered(letters: Sequence[LetterRecord]) -> dict[str, Rendered]:
    """All rows of letters, by table.

    Column by column, since what a cell needs depends on its column; flat repeats the cells of items and letters as
    they are by then. Raises an exception where a value has no place in a table (a fault of a rule).
    """
    import pyarrow as pa

    read = _read(letters)
    cells: dict[str, list[list[str]]] = {}
    arrays: dict[str, list[pa.Array]] = {}
    for table in TABLES:
        if table.name in read.columns:
            cells[table.name] = _csv_cells(table.columns, read.columns[table.name], raw=False)
            arrays[table.name] = _arrays(table.columns, read.columns[table.name])
    cells[FLAT.name] = _FLAT(
        (
            *cells[ISSUES.name],
            *_csv_cells(_CITED_COLUMNS, read.cited, raw=False),
            *_spread(cells[LETTERS.name], read.owners),
        )
    )
    owners = pa.array(read.owners, pa.int64())
    arrays[FLAT.name] = _FLAT(
        (
            *arrays[ISSUES.name],
            *_arrays(_CITED_COLUMNS, read.cited),
            *(array.take(owners) for array in arrays[LETTERS.name]),
        )
    )
    return {
        table.name: Rendered(
            _csv_lines(cells[table.name]), pa.Table.from_arrays(arrays[table.name], schema=arrow_schema(table))
        )
        for table in TABLES
        if table is not FAILURES
    }


def row_counts(letters: Sequence[LetterRecord]) -> dict[str, int]:
    """How many rows letters have in each table."""
    issues = [issue for letter in letters for issue in letter.issues]
    return {
        LETTERS.name: len(letters),
        ISSUES.name: len(issues),
        FLAT.name: len(issues),
        CITATIONS.name: sum(len(issue.citations) for issue in issues),
        PRIOR_CARE.name: sum(len(letter.prior_care) for letter in letters),
        EVIDENCE.name: sum(len(letter.evidence) for letter in letters),
    }


def _cited(issue: IssueRecord) -> Cells:
    cited = [[c for c in issue.citations if c.cited_by == side] for side in SIDES]
    texts = (tuple(c.text for c in own) for own in cited)
    return *texts, *(tuple(dict.fromkeys(c.guideline for c in own)) for own in cited)


def _evidence_columns(letters: Sequence[LetterRecord]) -> Columns:
    rows = [row for letter in letters for row in letter.evidence]
    return [
        [letter.letter_id for letter in letters for _ in letter.evidence],
        *(list(map(field, rows)) for field in _BEFORE_BOX),
        *_sides([row.box for row in rows]),
        *(list(map(field, rows)) for field in _AFTER_BOX),
    ]


def _sides(boxes: Sequence[Box | None]) -> Columns:
    """The sides of boxes in hundredths of a point, all at once: ``round`` takes longer than all else about them."""
    import numpy as np

    every = np.fromiter(chain.from_iterable(_NO_BOX if box is None else box for box in boxes), float)
    sides = np.round(every.reshape(-1, 4), 2).T.tolist()
    return [[None if box is None else x for box, x in zip(boxes, side, strict=True)] for side in sides]


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
    """The columns of a table's rows as lines of CSV, as ``csv.writer`` writes the rows' cells."""
    return "".join(_csv_lines(_csv_cells(table.columns, columns, raw=raw)))


def _csv_cells(kinds: Sequence[Column], columns: Columns, *, raw: bool) -> list[list[str]]:
    return [_csv_column(kind.type, values, raw=raw) for kind, values in zip(kinds, columns, strict=True)]


def _csv_lines(cells: Sequence[Sequence[str]]) -> list[str]:
    return [",".join(line) + "\r\n" for line in zip(*cells, strict=True)]


def _csv_column(kind: Type, values: Sequence[Any], *, raw: bool) -> list[str]:
    """The cells of a column, quoted where they must be."""
    if kind == "int":
        return ["" if v is None else str(v) for v in values]
    if kind == "num":
        return _numbers(values)
    if kind == "str":
        cells = ["" if v is None else v for v in values]
        if not raw and _FORMULA.search("\n".join(["", *cells])):
            cells = [safe(c) for c in cells]
    else:
        cells = [csv_cell(v, raw=raw) if v else "" for v in values]  # most have no date and list nothing
    together = "".join(cells)
    if "," in together or '"' in together or "\n" in together or "\r" in together:
        cells = [_quoted(c) if "," in c or '"' in c or "\n" in c or "\r" in c else c for c in cells]
    return cells


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _numbers(values: Sequence[float | None]) -> list[str]:
    """As ``plain``, all at once, which takes half as long."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pa.array(values, pa.float64())
    limits = pc.min_max(pc.abs(numbers.filter(pc.not_equal(numbers, 0.0))))
    least, most = limits["min"].as_py(), limits["max"].as_py()
    if least is not None and not (least >= _LEAST and most < _MOST):  # Arrow writes these otherwise
        return ["" if v is None else plain(v) for v in values]
    cells: list[str] = pc.fill_null(pc.add(numbers, 0.0).cast(pa.string()), "").to_pylist()  # -0.0 is 0 then
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

    types = _arrow_types()
    return pa.schema([(c.name, types[c.type]) for c in table.columns])


@cache
def _arrow_types() -> dict[Type, pa.DataType]:
    import pyarrow as pa

    return {
        "str": pa.string(),
        "int": pa.int64(),
        "num": pa.float64(),
        "date": pa.date32(),
        "list": pa.list_(pa.string()),
    }


def arrow_columns(table: Table, columns: Columns) -> pa.Table:
    """The columns of a table's rows as an Arrow table with the table's types."""
    import pyarrow as pa

    return pa.Table.from_arrays(_arrays(table.columns, columns), schema=arrow_schema(table))


def _arrays(kinds: Sequence[Column], columns: Columns) -> list[pa.Array]:
    """The columns as Arrow arrays of their types."""
    import pyarrow as pa

    types = _arrow_types()
    return [pa.array(values, type=types[kind.type]) for kind, values in zip(kinds, columns, strict=True)]


def columns_by_name(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """The columns of rows by name; None where a row lacks a column."""
    return [[row.get(name) for row in rows] for name in table.names]
