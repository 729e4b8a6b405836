"""A dataset's Parquet files as tables of DuckDB, read column by column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

from extract.sql import file_name

NEEDED: Final = {
    "letters": ("letter_id", "source", "layout", "case_number", "issue_count", "flags"),
    "issues": ("letter_id", "issue_number"),
    "failures": ("source", "reason"),
}
"""Tables and columns without which there is nothing to look at."""

BATCH: Final = 2000
"""Rows that are taken from an answer at a time."""


class DatasetError(Exception):
    """A folder that cannot be examined; the message says which file and what to do."""


class Tables:
    """The tables of a dataset: ``letters``, ``issues``, ``failures``, and ``evidence`` where it is there."""

    def __init__(self, folder: Path) -> None:
        """Raises DatasetError where a file or column is missing or cannot be read."""
        self._connection = duckdb.connect()
        self.columns: dict[str, frozenset[str]] = {}
        for name in ("letters", "issues", "failures", "evidence"):
            path = folder / f"{name}.parquet"
            if not path.is_file():
                if name in NEEDED:
                    raise DatasetError(f"no {path.name} in {folder}: make the dataset with imr extract first")
                continue
            self._open(name, path)

    def _open(self, name: str, path: Path) -> None:
        try:
            self._connection.read_parquet(file_name(path)).create_view(name)
            self.columns[name] = frozenset(row[0] for row in self.rows(f"SELECT column_name FROM (DESCRIBE {name})"))
        except duckdb.Error as error:
            raise DatasetError(f"{path} cannot be read: make the dataset again") from error
        absent = [c for c in NEEDED.get(name, ()) if c not in self.columns[name]]
        if absent:
            raise DatasetError(f"{path} lacks the column {', '.join(absent)}: was it made by imr extract?")

    def has(self, table: str, *columns: str) -> bool:
        """True where a table has all of some columns."""
        return set(columns) <= self.columns.get(table, frozenset())

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises DatasetError where the files do not hold what they should."""
        try:
            return self._connection.execute(query, list(values)).fetchall()
        except duckdb.Error as error:
            raise DatasetError(f"the tables cannot be read: {str(error).splitlines()[0]}") from error

    def stream(self, query: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, a batch at a time, for answers that may fill the memory. Raises DatasetError."""
        try:
            answer = self._connection.execute(query, list(values))
            while batch := answer.fetchmany(BATCH):
                yield from batch
        except duckdb.Error as error:
            raise DatasetError(f"the tables cannot be read: {str(error).splitlines()[0]}") from error

    def one(self, query: str, *values: Any) -> Any:
        """The first cell of a query."""
        return self.rows(query, *values)[0][0]
