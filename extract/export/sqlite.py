"""SQLite, with keys, indexes and full text search, and ``metadata.json`` for Datasette beside it.

Dates are ISO text, lists are JSON arrays (``json_each``, Datasette's array facets), missing values are NULL.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from extract.export.dataset import Dataset
from extract.export.keys import broken, sound
from extract.metadata.files import meaning
from extract.schema import Column, Table

if TYPE_CHECKING:
    import sqlite_utils

FILE: Final = "dataset.sqlite"
DATASETTE: Final = "metadata.json"
ABOUT: Final = "about"
ROWS: Final = 2_000
INDEXES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "letters": (("case_number",), ("decision_date",), ("decision",)),
    "issues": (("treatment_category", "decision"), ("drug_ingredient",)),
    "citations": (("guideline", "chapter"),),
    "evidence": (("letter_id", "issue_number", "citation_number"), ("field",)),
    "flat": (("case_number",), ("treatment_category", "decision")),
}
"""Columns that people look rows up by, beside the keys."""
SEARCHED: Final = {
    "letters": ("case_number", "source", "diagnoses", "documents_reviewed"),
    "issues": (
        "requested_treatment", "drug", "rationale", "claims_administrator_guideline", "reviewer_guideline",
    ),
    "citations": ("chapter", "sections", "text"),
    "prior_care": ("treatment", "text"),
}  # fmt: skip
"""Columns of words that full text search finds rows by."""
LABELS: Final = {"letters": "case_number", "issues": "requested_treatment", "citations": "text", "flat": "case_number"}
FACETS: Final[dict[str, tuple[str, ...]]] = {
    "letters": ("decision", "layout", "sex", "flags"),
    "issues": ("decision", "treatment_category"),
    "citations": ("cited_by", "guideline"),
    "prior_care": ("status",),
    "evidence": ("table", "section"),
    "failures": ("reason",),
    "flat": ("decision", "treatment_category"),
}
STYLE: Final = "<style>dl.column-descriptions {max-height: 11em; overflow-y: auto}</style>"
"""The meanings of thirty columns would push the rows off the screen. Datasette's file has no other place for it."""
TYPES: Final[dict[str, type]] = {"str": str, "int": int, "num": float, "date": str, "list": str}


def write(dataset: Dataset, folder: Path) -> list[str]:
    """Write the database and Datasette's file; gives what there is to say."""
    import sqlite_utils

    found = broken(dataset)
    db = sqlite_utils.Database(folder / FILE)
    try:
        # nothing can be lost: a database that is not whole is thrown away
        for pragma in ("journal_mode = off", "synchronous = off", "cache_size = -200000"):
            db.conn.execute(f"pragma {pragma}").fetchall()
        for table in sound(dataset.tables, found):
            _create(db, table)
            _fill(db, dataset, table)
        _finish(db, dataset)
        wrong = db.conn.execute("pragma foreign_key_check").fetchall()
        if wrong:
            raise AssertionError(f"{len(wrong)} foreign keys do not hold that held in the tables")
    finally:
        db.close()
    data = datasette(dataset)
    (folder / DATASETTE).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [f"{problem}; the key is left out of the database" for problem in found]


def _create(db: sqlite_utils.Database, table: Table) -> None:
    keyed = {*table.key, *(c for r in table.references if not r.partial for c in r.columns)}
    db.table(table.name).create(
        {c.name: TYPES[c.type] for c in table.columns},
        pk=table.key if len(table.key) > 1 else next(iter(table.key), None),
        foreign_keys=[(r.columns, r.table, r.columns) for r in table.references],
        not_null=keyed,
    )


def _fill(db: sqlite_utils.Database, dataset: Dataset, table: Table) -> None:
    def rows() -> Iterator[tuple[Any, ...]]:
        yield tuple(c.name for c in table.columns)  # rows of tuples begin with their names
        for batch in dataset.batches(table):
            cells = [_cells(column, batch.column(column.name).to_pylist()) for column in table.columns]
            yield from zip(*cells, strict=True)

    if dataset.count(table):
        db.table(table.name).insert_all(rows(), batch_size=max(1, ROWS // len(table.columns)))


def _cells(column: Column, values: list[Any]) -> list[Any]:
    if column.type == "date":
        return [None if v is None else v.isoformat() for v in values]
    if column.type == "list":
        return [None if v is None else json.dumps(v, ensure_ascii=False) for v in values]
    return values


def _finish(db: sqlite_utils.Database, dataset: Dataset) -> None:
    for table in dataset.tables:
        for columns in INDEXES.get(table.name, ()):
            if set(columns) <= set(table.names):
                db.table(table.name).create_index(columns)
        searched = [c for c in SEARCHED.get(table.name, ()) if c in table.names]
        if searched and not dataset.deidentified:  # whose words are left out
            db.table(table.name).enable_fts(searched, tokenize="porter")
    db.table(ABOUT).insert_all(
        [{"name": name, "value": v if isinstance(v, str) else json.dumps(v)} for name, v in dataset.about.items()],
        pk="name",
    )
    db.analyze()


def datasette(dataset: Dataset) -> dict[str, Any]:
    """Datasette's metadata: titles, what tables and columns mean, labels, facets."""
    kind = " (de-identified)" if dataset.deidentified else ""
    tables = {table.name: _datasette_table(table) for table in dataset.tables}
    tables[ABOUT] = {"description": "what made these tables, from run.json", "label_column": "name"}
    return {
        "title": f"Independent Medical Review letters{kind}",
        "description": "Read by imr-letters from the letters that the California Division of Workers' Compensation "
        "posts. Column evidence.text has the words behind each value.",
        "source": "California Division of Workers' Compensation, IMR determination letters",
        "license": "not stated: whoever publishes this database names its licence",
        "databases": {Path(FILE).stem: {"tables": tables}},
    }


def _datasette_table(table: Table) -> dict[str, Any]:
    facets = [c for c in table.columns if c.name in FACETS.get(table.name, ())]
    found: dict[str, Any] = {
        "description_html": escape(table.meaning) + STYLE,
        "columns": {c.name: meaning(c) for c in table.columns},
        "facets": [{"array": c.name} if c.type == "list" else c.name for c in facets],
    }
    if table.name in LABELS:
        found["label_column"] = LABELS[table.name]
    return found
