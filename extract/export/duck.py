"""DuckDB, with keys, dates, lists, and what tables and columns mean as comments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from extract.export.dataset import Dataset
from extract.export.keys import broken, sound
from extract.metadata.files import meaning
from extract.schema import Reference, Table
from extract.sql import file_name, quoted, string

if TYPE_CHECKING:
    import duckdb

FILE: Final = "dataset.duckdb"
TYPES: Final = {"str": "varchar", "int": "bigint", "num": "double", "date": "date", "list": "varchar[]"}
UNKEYED: Final = frozenset({"evidence", "flat"})
"""Tables whose foreign keys are checked but not declared: DuckDB keeps an index of each in memory."""


def write(dataset: Dataset, folder: Path) -> list[str]:
    """Write the database; gives what there is to say."""
    import duckdb

    found = broken(dataset)
    with duckdb.connect(folder / FILE) as con:
        for table in sound(dataset.tables, found):
            con.execute(_create(table))
            _fill(con, dataset, table)
            _comment(con, table)
        con.execute("create table about (name varchar primary key, value varchar)")
        rows = [(name, v if isinstance(v, str) else json.dumps(v)) for name, v in dataset.about.items()]
        con.executemany("insert into about values (?, ?)", rows)
        con.execute("checkpoint")
    return [f"{problem}; the key is left out of the database" for problem in found]


def _create(table: Table) -> str:
    lines = [f"{quoted(c.name)} {TYPES[c.type]}" for c in table.columns]
    if table.key and table.name not in UNKEYED:
        lines.append(f"primary key ({_names(table.key)})")
    lines += [_foreign(r) for r in table.references if not r.partial and table.name not in UNKEYED]
    return f"create table {quoted(table.name)} ({', '.join(lines)})"


def _foreign(reference: Reference) -> str:
    names = _names(reference.columns)
    return f"foreign key ({names}) references {quoted(reference.table)} ({names})"


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, columns))


def _fill(con: duckdb.DuckDBPyConnection, dataset: Dataset, table: Table) -> None:
    con.read_parquet(file_name(dataset.path(table))).select(_names(table.names)).insert_into(table.name)


def _comment(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    con.execute(f"comment on table {quoted(table.name)} is {string(table.meaning)}")
    for column in table.columns:
        place = f"{quoted(table.name)}.{quoted(column.name)}"
        con.execute(f"comment on column {place} is {string(meaning(column))}")
