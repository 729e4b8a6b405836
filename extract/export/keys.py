"""Do keys and foreign keys hold? Counted by DuckDB over the Parquet files, however many rows they have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import Final

from extract.export.dataset import Dataset
from extract.schema import Reference, Table
from extract.sql import file_name, quoted

LIMITS: Final[dict[str, str | bool | int | float | list[str]]] = {"memory_limit": "1GB"}
"""What counting may take before it goes to the disk."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A key of ``table`` that does not hold in ``rows`` of its rows; ``reference`` is None for its own key."""

    table: str
    columns: tuple[str, ...]
    rows: int
    reference: Reference | None = None

    def __str__(self) -> str:
        columns = ", ".join(self.columns)
        if self.reference is None:
            return f"{self.table}: {self.rows} rows have a key ({columns}) that another row has too or that is empty"
        return f"{self.table}: {self.rows} rows name a row of {self.reference.table} ({columns}) that is not there"


def broken(dataset: Dataset) -> list[Broken]:
    """All keys that do not hold, with counts; nothing is changed."""
    import duckdb

    found: list[Broken] = []
    with TemporaryDirectory() as spill, duckdb.connect(config=LIMITS | {"temp_directory": spill}) as con:
        for table in dataset.tables:
            con.read_parquet(file_name(dataset.path(table))).create_view(table.name)

        def count(query: str) -> int:
            row = con.execute(query).fetchone()
            return int(row[0]) if row else 0

        for table in dataset.tables:
            if table.key and (rows := count(_twice(table))):
                found.append(Broken(table.name, table.key, rows))
            counts = ((r, count(_orphans(table, r))) for r in table.references)
            found += [Broken(table.name, r.columns, rows, r) for r, rows in counts if rows]
    return found


def _twice(table: Table) -> str:
    key = ", ".join(map(quoted, table.key))
    whole = " and ".join(f"{quoted(c)} is not null" for c in table.key)
    one = f"select distinct {key} from {quoted(table.name)} where {whole}"
    return f"select (select count(*) from {quoted(table.name)}) - (select count(*) from ({one}))"


def _orphans(table: Table, reference: Reference) -> str:
    same = " and ".join(f"o.{quoted(c)} = r.{quoted(c)}" for c in reference.columns)
    asked = " and ".join(f"o.{quoted(c)} is not null" for c in reference.columns) if reference.partial else "true"
    there = f"select 1 from {quoted(reference.table)} r where {same}"
    return f"select count(*) from {quoted(table.name)} o where {asked} and not exists ({there})"


def sound(tables: tuple[Table, ...], found: list[Broken]) -> tuple[Table, ...]:
    """The tables without the keys that do not hold, which a database would refuse."""
    bad = {(b.table, b.reference) for b in found}
    keyless = {t for t, reference in bad if reference is None}
    return tuple(
        replace(
            table,
            key=() if table.name in keyless else table.key,
            references=tuple(r for r in table.references if (table.name, r) not in bad and r.table not in keyless),
        )
        for table in tables
    )
