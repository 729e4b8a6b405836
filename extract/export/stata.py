"""Stata files (version 118, Stata 14 and later), one a table, with variable labels, dates and long text as strL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from extract.export.dataset import Dataset
from extract.metadata.files import meaning
from extract.schema import Column, Table
from extract.tables import LIST_MARK

if TYPE_CHECKING:
    import pandas as pd

FOLDER: Final = "stata"
INSIDE: Final = re.compile(r"[a-z_]+\.dta")
MAX_NAME: Final = 32
MAX_LABEL: Final = 80
SHORT: Final = {"claims_administrator": "ca", "guidelines": "guides"}
"""What long names are shortened by, part by part."""
LONG: Final = 200
"""Bytes from which on text may be kept as strL before it has to be (over 2,045)."""
RESERVED: Final = {"end": "end_"}
"""Columns whose names pandas takes for words of Stata's own."""


def write(dataset: Dataset, folder: Path) -> list[str]:
    """Write a file a table; gives which columns bear other names."""
    (folder / FOLDER).mkdir()
    notes = []
    for table in dataset.tables:
        names = variables(table)
        frame = _frame(dataset, table).rename(columns=names)
        frame.to_stata(
            folder / FOLDER / f"{table.name}.dta",
            version=118,
            write_index=False,
            convert_strl=[
                names[c.name] for c in table.columns if c.type in ("str", "list") and _wide(frame[names[c.name]])
            ],
            convert_dates={names[c.name]: "td" for c in table.columns if c.type == "date"},
            variable_labels={names[c.name]: label(c, names[c.name]) for c in table.columns},
            data_label=f"imr-letters {dataset.about.get('version', '')}: {table.meaning}"[:MAX_LABEL],
        )
        notes += [f"{table.name}.{old} is called {new}" for old, new in names.items() if old != new]
    return notes


def variables(table: Table) -> dict[str, str]:
    """Names of Stata by name of the column: the same where it has at most 32 characters."""
    names: dict[str, str] = {}
    for name in table.names:
        short = RESERVED.get(name, name)
        for long, brief in SHORT.items():
            if len(short) > MAX_NAME:
                short = short.replace(long, brief)
        names[name] = short[:MAX_NAME]
    if len(set(names.values())) < len(names):
        raise AssertionError(f"two columns of {table.name} have the same name in Stata")
    return names


def label(column: Column, name: str) -> str:
    """A variable's label; of a renamed one, its name in all other files first."""
    text = meaning(column) if name == column.name else f"{column.name}: {column.meaning}"
    if len(text) > MAX_LABEL and name == column.name:
        text = column.meaning
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def _wide(text: pd.Series[Any]) -> bool:
    """True where a fixed width would be mostly padding. strL costs some bytes a cell and cannot be a key."""
    sizes = [len(cell.encode()) for cell in text]
    longest = max(sizes, default=0)
    return longest > LONG and sum(sizes) / len(sizes) < longest / 4


def _frame(dataset: Dataset, table: Table) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, list[pd.Series[Any]]] = {name: [] for name in table.names}
    for batch in dataset.batches(table):
        for column in table.columns:
            columns[column.name].append(_series(column, batch.column(column.name).to_pylist()))
    return pd.DataFrame({c.name: _joined(c, columns[c.name]) for c in table.columns})


def _joined(column: Column, parts: list[pd.Series[Any]]) -> pd.Series[Any]:
    import pandas as pd

    whole = pd.concat(parts, ignore_index=True) if parts else _series(column, [])
    return whole.astype("int64") if column.type == "int" and whole.notna().all() else whole


def _series(column: Column, values: list[Any]) -> pd.Series[Any]:
    """A column as Stata knows it: numbers as double, text never missing but empty."""
    import pandas as pd

    if column.type in ("int", "num"):
        return pd.Series(values, dtype="float64")
    if column.type == "date":
        return pd.Series(values, dtype="datetime64[s]")
    if column.type == "list":
        values = [None if v is None else LIST_MARK.join(m.replace(LIST_MARK, "/") for m in v) for v in values]
    return pd.Series(["" if v is None else v.replace("\0", "�") for v in values], dtype=object)
