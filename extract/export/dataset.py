"""A finished dataset, opened for reading: tables as they were written, rows in batches, letters' texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from extract.archive.deidentify import added_columns
from extract.archive.layout import RUN_FILE
from extract.schema import TABLES, Column, Table, Type
from extract.tables import TEXTS

BATCH: Final = 4_096
"""Rows that are read at a time: of evidence, some 2 MB."""


class ExportError(Exception):
    """A dataset cannot be exported so; the message says why and what to do."""


@dataclass(frozen=True)
class Dataset:
    """A folder that ``imr extract`` or ``imr merge`` wrote to its end."""

    home: Path
    about: dict[str, Any]
    tables: tuple[Table, ...]
    deidentified: bool

    @classmethod
    def open(cls, home: Path) -> Dataset:
        """Open a dataset. Raises ExportError where the folder holds none, or none that is finished."""
        missing = [p.name for t in TABLES if not (p := home / f"{t.name}.parquet").is_file()]
        if len(missing) == len(TABLES):
            raise ExportError(f"{home} holds no dataset: name the folder that imr extract wrote (its --out).")
        about = run_file(home)
        if missing or about is None:
            what = ", ".join([*missing, *([RUN_FILE] if about is None else [])])
            raise ExportError(f"The dataset in {home} is not finished ({what} is missing): run imr extract again.")
        columns = {t.name: pq.read_schema(home / f"{t.name}.parquet") for t in TABLES}
        tables = tuple(_as_written(table, columns[table.name]) for table in TABLES)
        more = {(t.name, c.name) for t in TABLES for c in added_columns(t)}
        deidentified = any((t.name, c.name) in more for t in tables for c in t.columns)
        return cls(home, about, tables, deidentified)

    def table(self, name: str) -> Table:
        """A table by name."""
        return next(t for t in self.tables if t.name == name)

    def path(self, table: Table) -> Path:
        """The table's Parquet file."""
        return self.home / f"{table.name}.parquet"

    def count(self, table: Table) -> int:
        """The table's rows, without reading them."""
        return int(pq.read_metadata(self.path(table)).num_rows)

    def batches(self, table: Table, columns: tuple[str, ...] | None = None) -> Iterator[pa.RecordBatch]:
        """The table's rows in order, some thousand at a time."""
        with pq.ParquetFile(self.path(table)) as file:
            yield from file.iter_batches(BATCH, columns=None if columns is None else list(columns))

    def rows(self, table: Table, columns: tuple[str, ...] | None = None) -> Iterator[dict[str, Any]]:
        """The table's rows in order, one at a time, with Python's own values."""
        for batch in self.batches(table, columns):
            yield from batch.to_pylist()

    def text(self, letter_id: str) -> str:
        """A letter's text, which offsets count. Raises ExportError where it is not there."""
        path = self.home / TEXTS / f"{letter_id}.txt"
        try:
            return path.read_bytes().decode("utf-8")
        except FileNotFoundError as error:
            raise ExportError(f"{path} is missing: run imr extract again with --overwrite.") from error

    def check_unchanged(self) -> None:
        """Raises ExportError where a run has written into the folder since it was opened."""
        if run_file(self.home) != self.about:
            raise ExportError(f"The dataset in {self.home} changed while it was exported: export it again.")


def run_file(home: Path) -> dict[str, Any] | None:
    """What run.json says; None where it is not there or not whole."""
    try:
        found = json.loads((home / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _as_written(table: Table, schema: pa.Schema) -> Table:
    """The table with the columns that its file has: an older dataset has fewer, a de-identified one more."""
    known = {c.name: c for c in (*table.columns, *added_columns(table))}
    columns = tuple(known.get(f.name) or Column(f.name, _type(f.type), "") for f in schema)
    names = {c.name for c in columns}
    references = tuple(r for r in table.references if names.issuperset(r.columns))
    return replace(table, columns=columns, references=references)


def _type(arrow: pa.DataType) -> Type:
    if pa.types.is_list(arrow):
        return "list"
    if pa.types.is_date(arrow):
        return "date"
    if pa.types.is_integer(arrow):
        return "int"
    return "num" if pa.types.is_floating(arrow) else "str"
