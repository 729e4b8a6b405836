"""Two datasets side by side in one DuckDB, every table as views ``old_<table>`` and ``new_<table>``.

Nothing is read until it is asked for, and then by columns. Scalars come as text in one form whatever
the file (ISO dates, whole numbers without a point, NULL for an empty cell), lists as lists of text, so
that Parquet and CSV may stand on either side.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal

from extract.schema import CITATIONS, EVIDENCE, FAILURES, ISSUES, LETTERS, PRIOR_CARE, Table
from extract.sql import file_name, quoted, string
from extract.tables import FORMULA_MARKS, LIST_MARK

if TYPE_CHECKING:
    import duckdb

Side = Literal["old", "new"]
SIDES: Final[tuple[Side, Side]] = ("old", "new")
COMPARED: Final = (LETTERS, ISSUES, CITATIONS, PRIOR_CARE, FAILURES)
"""The tables whose cells are held against each other; flat repeats them, evidence tells where they come from."""

SMALL: Final = 64 << 20
"""Bytes of a table's file up to which it counts as small."""

MEMORY: Final = "2GB"
"""What DuckDB may hold in memory; the rest goes to the temporary folder."""


class ChangesError(ValueError):
    """Two folders that cannot be compared; the message says which and what to do."""


@dataclass(frozen=True)
class Sides:
    """Two datasets that are open side by side."""

    db: duckdb.DuckDBPyConnection
    columns: dict[str, tuple[str, ...]]
    """By table the columns that both sides have."""
    small: frozenset[str]
    """Tables that may be compared in one go: they fit into memory. Of others one column at a time is."""
    alone: tuple[tuple[Side, str], ...]
    """Columns (``table.column``) and tables that one side alone has; they are not compared."""

    def has(self, table: Table) -> bool:
        """True where both sides have the table."""
        return bool(self.columns.get(table.name))

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """All rows that a query gives."""
        return [tuple(row) for row in self.db.execute(query).fetchall()]


@contextmanager
def side_by_side(old: Path, new: Path) -> Iterator[Sides]:
    """Open two dataset folders; what does not fit into memory goes to a temporary folder.

    A table is read from Parquet where both sides have it so, else from CSV. Raises ChangesError where a
    folder is no dataset or a table cannot be read.
    """
    import duckdb

    for folder in (old, new):
        if not any((folder / f"{LETTERS.name}.{ending}").is_file() for ending in ("parquet", "csv")):
            raise ChangesError(f"no letters.parquet or letters.csv in {folder}: name folders that imr extract wrote")
    with TemporaryDirectory(prefix="imr-diff-") as scratch, duckdb.connect() as db:
        try:
            db.execute(f"SET temp_directory = {string(scratch)}")
            db.execute(f"SET memory_limit = '{MEMORY}'")
            db.execute("SET preserve_insertion_order = false")
            db.execute("SET enable_progress_bar = false")
            columns: dict[str, tuple[str, ...]] = {}
            alone: list[tuple[Side, str]] = []
            for table in (*COMPARED, EVIDENCE):
                columns[table.name], lonely = _open(db, table, old, new)
                alone += lonely
            yield Sides(db, columns, _small(old, new), tuple(alone))
        except duckdb.Error as error:
            raise ChangesError(f"the tables cannot be compared: {_first_line(error)}") from error


def _small(old: Path, new: Path) -> frozenset[str]:
    return frozenset(
        table.name
        for table in COMPARED
        if all(
            path.stat().st_size < SMALL
            for folder in (old, new)
            for path in folder.glob(f"{table.name}.*")
            if path.suffix in (".parquet", ".csv")
        )
    )


def _open(
    db: duckdb.DuckDBPyConnection, table: Table, old: Path, new: Path
) -> tuple[tuple[str, ...], list[tuple[Side, str]]]:
    """Make the two views of a table; gives the columns that both have and those that one alone has."""
    parquet = all((folder / f"{table.name}.parquet").is_file() for folder in (old, new))
    found = {side: _source(db, folder, table, parquet=parquet) for side, folder in zip(SIDES, (old, new), strict=True)}
    if any(names is None for _, names in found.values()):
        return (), [(side, table.name) for side, (_, names) in found.items() if names is not None]
    names = {side: list(columns or ()) for side, (_, columns) in found.items()}
    both = tuple(name for name in names["new"] if name in names["old"])
    if (absent := [name for name in table.key if name not in both]) and all(names.values()):
        raise ChangesError(f"table {table.name} lacks the column {', '.join(absent)} on one side")
    for side, (source, columns) in found.items():
        kinds = {c.name: c.type for c in table.columns}
        cells = [_cell(name, (columns or {})[name], kinds.get(name, "str"), parquet=parquet) for name in both]
        if both:
            db.execute(f"CREATE VIEW {side}_{table.name} AS SELECT {', '.join(cells)} FROM {source}")
    lonely: list[tuple[Side, str]] = [
        (side, f"{table.name}.{name}") for side in SIDES for name in names[side] if name not in both
    ]
    return both, lonely


def _source(
    db: duckdb.DuckDBPyConnection, folder: Path, table: Table, *, parquet: bool
) -> tuple[str, dict[str, str] | None]:
    """What to select from, and the types of its columns; None where the dataset has no such table."""
    path = folder / f"{table.name}.{'parquet' if parquet else 'csv'}"
    if not path.is_file():
        if path.with_suffix(".parquet").is_file():
            raise ChangesError(
                f"{path.with_suffix('.parquet')} has no {path.name} beside it, and the other side no Parquet"
            )
        return "", None
    if not parquet and not path.stat().st_size:
        return "", None
    name = string(file_name(path))
    source = (
        f"read_parquet({name})"
        if parquet
        else f"read_csv({name}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', "
        "nullstr = '', null_padding = false, auto_detect = false, max_line_size = 1073741824, "
        f"columns = {_header(path)}, parallel = false)"
    )
    described = db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    return source, {str(row[0]): str(row[1]) for row in described}


def _header(path: Path) -> str:
    """The columns of a CSV file as DuckDB wants them: a spreadsheet may have moved or added some."""
    import csv

    with path.open(encoding="utf-8-sig", newline="") as stream:
        names = next(csv.reader(stream), [])
    return "{" + ", ".join(f"{string(name)}: 'VARCHAR'" for name in names) + "}"


def _cell(name: str, found: str, kind: str, *, parquet: bool) -> str:
    """A column in the one form that both sides take."""
    column = quoted(name)
    if found.endswith("[]"):
        return f"coalesce({column}, []::VARCHAR[])::VARCHAR[] AS {column}"
    text = f"CAST({column} AS VARCHAR)"
    if not parquet and kind in ("str", "list"):
        # the apostrophe that keeps spreadsheets from running a cell belongs to the file, not to the value
        marks = ", ".join(f"chr({ord(mark)})" for mark in FORMULA_MARKS)
        text = f"CASE WHEN {text}[1] = '''' AND {text}[2] IN ({marks}) THEN {text}[2:] ELSE {text} END"
    if kind == "list":
        parts = f"string_split({text}, {string(LIST_MARK)})"
        return f"CASE WHEN {column} IS NULL THEN []::VARCHAR[] ELSE {parts} END AS {column}"
    if kind in ("int", "num"):
        text = rf"regexp_replace({text}, '\.0+$', '')"
    return f"nullif({text}, '') AS {column}"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
