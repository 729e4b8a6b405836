"""One Excel workbook: a sheet a table, one that says what the columns mean, one that says what is not in it.

Text stays text: nothing is written as a formula, a link or a number that a cell does not hold.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from extract.export.dataset import Dataset, ExportError
from extract.metadata.files import meaning
from extract.schema import Table
from extract.tables import LIST_MARK

if TYPE_CHECKING:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.format import Format  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

FILE: Final = "dataset.xlsx"
MAX_ROWS: Final = 1_048_576
"""Rows of a sheet with its header (Microsoft, Excel specifications and limits)."""
MAX_CHARACTERS: Final = 32_767
"""Characters of a cell (ibid.)."""
CUT: Final = " … [cut here: Excel holds no more]"
FIRST_DAY: Final = date(1900, 3, 1)
"""The first day that all programs number alike: Excel's 1900 is a leap year."""
WIDEST: Final = 60
NEEDED: Final = ("letters", "issues")
OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}


def write(dataset: Dataset, folder: Path) -> list[str]:
    """Write the workbook; gives what was left out or cut.

    A table with more rows than a sheet is left out whole, so that none looks complete that is not. Raises
    ExportError where that would be the letters or the items.
    """
    import xlsxwriter

    fit = [t for t in dataset.tables if dataset.count(t) < MAX_ROWS]
    if missing := [t.name for t in dataset.tables if t not in fit and t.name in NEEDED]:
        raise ExportError(
            f"{' and '.join(missing)} have more rows than the {MAX_ROWS:,} of an Excel sheet: "
            "export --to sqlite or --to duckdb instead."
        )
    notes = [
        f"{t.name} is left out: its {dataset.count(t):,} rows are more than the {MAX_ROWS:,} of an Excel sheet"
        for t in dataset.tables
        if t not in fit
    ]
    with xlsxwriter.Workbook(str(folder / FILE), OPTIONS) as book:
        book.use_zip64()
        header = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        for table in fit:
            cut = _table(_Sheet(book, table.name, table.names, header), dataset, table)
            notes += [f"{table.name}.{column}: {n} cells cut to {MAX_CHARACTERS:,} characters" for column, n in cut]
        _columns(_Sheet(book, "columns", ("table", "column", "type", "meaning"), header), fit)
        _about(_Sheet(book, "about", ("name", "value"), header), dataset, notes)
    return notes


class _Sheet:
    """A sheet that is written row by row; columns are as wide as what they hold."""

    def __init__(self, book: Workbook, name: str, header: Sequence[str], bold: Format) -> None:
        self._sheet: Worksheet = book.add_worksheet(name)
        self._widths = [len(cell) + 4 for cell in header]
        self._header = header
        self.rows = 1
        self.cut: Counter[str] = Counter()
        self._sheet.freeze_panes(1, 0)
        for column, cell in enumerate(header):
            self._sheet.write_string(0, column, cell, bold)

    def add(self, cells: Sequence[Any]) -> None:
        """Add a row."""
        for column, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            self._widths[column] = max(self._widths[column], min(self._write(column, cell) + 2, WIDEST))
        self.rows += 1

    def _write(self, column: int, cell: Any) -> int:
        """Write a cell; gives how wide it is."""
        if isinstance(cell, int | float):
            self._sheet.write_number(self.rows, column, cell)
            return len(str(cell))
        if isinstance(cell, date):
            if cell >= FIRST_DAY:
                self._sheet.write_datetime(self.rows, column, cell)
                return 10
            cell = cell.isoformat()
        if isinstance(cell, list):
            cell = LIST_MARK.join(v.replace(LIST_MARK, "/") for v in cell)
        if len(cell) > MAX_CHARACTERS:
            cell = cell[: MAX_CHARACTERS - len(CUT)] + CUT
            self.cut[self._header[column]] += 1
        self._sheet.write_string(self.rows, column, cell)
        return min(len(cell), WIDEST)

    def finish(self) -> None:
        """Set widths and the filter."""
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, width)
        last = max(self.rows - 1, 1)
        self._sheet.autofilter(0, 0, last, len(self._widths) - 1)
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})  # as the code 42 of a body part


def _table(sheet: _Sheet, dataset: Dataset, table: Table) -> list[tuple[str, int]]:
    for batch in dataset.batches(table):
        for row in zip(*(batch.column(name).to_pylist() for name in table.names), strict=True):
            sheet.add(row)
    sheet.finish()
    return sorted(sheet.cut.items())


def _columns(sheet: _Sheet, tables: Sequence[Table]) -> None:
    for table in tables:
        for column in table.columns:
            kind = f"list, joined with {LIST_MARK}" if column.type == "list" else column.type
            sheet.add((table.name, column.name, kind, meaning(column)))
    sheet.finish()


def _about(sheet: _Sheet, dataset: Dataset, notes: Sequence[str]) -> None:
    for name, value in dataset.about.items():
        sheet.add((name, value if isinstance(value, str | int) else json.dumps(value)))
    for note in notes:
        sheet.add(("not in this file", note))
    sheet.finish()
