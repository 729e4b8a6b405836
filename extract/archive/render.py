"""How rows of parts become rows of tables: as they are, or with CSV left raw."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv

from extract.archive.ledger import FinalFile
from extract.archive.part import Part
from extract.record import FailureRecord
from extract.schema import FAILURES, Table
from extract.tables import Row, arrow_schema, columns_by_name, csv_columns, failure_row


class Rendering(Protocol):
    """What an assembly writes of each table."""

    @property
    def name(self) -> str:
        """Tells this rendering from others, for the same parts."""

    @property
    def texts(self) -> bool:
        """True where the letters' texts are written too."""

    @property
    def repeatable(self) -> bool:
        """True where the same parts give the same bytes."""

    @property
    def raw_csv(self) -> bool:
        """True where CSV cells that begin like a formula are left as they are."""

    def table(self, table: Table) -> Table:
        """The table's columns as they are written."""

    def rows(self, part: Part, table: Table, first: int, last: int) -> tuple[bytes, pa.Table]:
        """Lines of CSV and Arrow rows of the files in a part's slots ``first`` to ``last``."""

    def failure(self, file: FinalFile) -> tuple[bytes, pa.Table]:
        """The same for a row of failures."""


class AsRead:
    """Rows as the parts have them; with ``raw_csv`` no cell is made harmless for spreadsheets."""

    texts = True
    repeatable = True

    def __init__(self, *, raw_csv: bool = False) -> None:
        self.raw_csv = raw_csv
        self.name = "raw_csv" if raw_csv else "as_read"

    def table(self, table: Table) -> Table:
        """As the schema has it."""
        return table

    def rows(self, part: Part, table: Table, first: int, last: int) -> tuple[bytes, pa.Table]:
        """Copied from the part; raw CSV is made anew of its rows."""
        rows = part.rows(table, first, last)
        lines = csv_lines(table, rows.to_pylist(), raw=True) if self.raw_csv else part.csv(table, first, last)
        return lines, rows

    def failure(self, file: FinalFile) -> tuple[bytes, pa.Table]:
        """From the ledger.

        The Arrow row comes by way of CSV: of a Python list pyarrow would ask pandas first, whose import takes a
        second and 50 MB.
        """
        rows = [failure_of(file)]
        lines = csv_lines(FAILURES, rows, raw=True)
        types = arrow_schema(FAILURES)
        arrow = pa.csv.read_csv(
            io.BytesIO(lines),
            read_options=pa.csv.ReadOptions(column_names=FAILURES.names, use_threads=False),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
        return lines if self.raw_csv else csv_lines(FAILURES, rows, raw=False), arrow


def csv_lines(table: Table, rows: Sequence[dict[str, Any]], *, raw: bool) -> bytes:
    """Rows as lines of CSV in UTF-8."""
    return csv_columns(table, columns_by_name(table, rows), raw=raw).encode()


def failure_of(file: FinalFile) -> Row:
    """The row of failures of a file."""
    return failure_row(FailureRecord(file.name, file.sha256, file.reason, file.detail))
