"""In which order letters are looked at: flagged ones first, among them those with the least certain value."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from extract import sql
from extract.annotation import CITATION_FIELDS, ISSUE_FIELDS, LETTER_FIELDS, file_name
from extract.letter_rows import DatasetError, table_path
from extract.schema import EVIDENCE, LETTERS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DOUBTED: Final = 0.9
"""Confidence below which a value can be filtered for."""
COLUMNS: Final = (
    "letter_id", "source", "layout", "text_source", "pages", "case_number", "decision", "issue_count", "flags",
)  # fmt: skip
DEIDENTIFIED: Final = "age_top_coded"
"""A column that only de-identified tables have."""
CERTAIN: Final = 1.0

PREFIXES: Final = {"letters": "", "issues": "issue.", "citations": "citation."}
"""What stands before a field's name in filters."""
SHOWN: Final = {
    f"{table}.{field}": PREFIXES[table] + field
    for table, fields in (
        ("letters", ("case_number", *LETTER_FIELDS)),
        ("issues", ISSUE_FIELDS),
        ("citations", CITATION_FIELDS),
    )
    for field in fields
}
"""Fields that people annotate: how filters name them, by table and column."""
ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A letter of the queue. ``doubted``: lowest confidence of each annotated field that is below DOUBTED."""

    letter: dict[str, Any]
    least: float
    doubted: dict[str, float]

    @property
    def letter_id(self) -> str:
        """The letter's key."""
        return str(self.letter["letter_id"])

    @property
    def flagged(self) -> bool:
        """True where the dataset asks for a person."""
        return bool(self.letter["flags"])


@dataclass(frozen=True, slots=True)
class Queue:
    """The first letters of the queue in their order, how many the dataset has, and names for their annotations."""

    entries: tuple[Entry, ...]
    of: int
    files: dict[str, str]


def read_queue(dataset: Path, *, limit: int | None = None, only_flagged: bool = False) -> Queue:
    """The letters of a dataset in the order they are looked at, ``limit`` of them.

    Raises DatasetError where the folder holds no dataset, or a de-identified one, which cannot be reviewed.
    """
    import duckdb

    paths = [sql.file_name(table_path(dataset, table)) for table in (EVIDENCE, LETTERS)]
    kept = "WHERE len(l.flags) > 0" if only_flagged else ""
    columns = ", ".join(f"l.{name}" for name in COLUMNS)
    names = ", ".join(f"'{name}'" for name in SHOWN)
    try:
        with duckdb.connect(config={"temp_directory": tempfile.gettempdir()}) as db:
            told = db.execute("SELECT name FROM parquet_schema(?)", paths[1:]).fetchall()
            if (DEIDENTIFIED,) in told:
                raise DatasetError(
                    f"{dataset} is de-identified: it has neither the letters' words nor their places. "
                    "Review the dataset that it was made from, and de-identify anew afterwards."
                )
            rows = db.execute(
                f"""WITH of AS (
                    SELECT letter_id, min(confidence) AS least,
                        list(name) FILTER (confidence < {DOUBTED}) AS names,
                        list(confidence) FILTER (confidence < {DOUBTED}) AS confidences
                    FROM (SELECT *, concat("table", '.', field) AS name FROM read_parquet(?))
                    WHERE name IN ({names}) GROUP BY letter_id)
                SELECT {columns}, round(coalesce(of.least, {CERTAIN}), 2) AS least, of.names, of.confidences
                FROM read_parquet(?) l LEFT JOIN of USING (letter_id) {kept}
                ORDER BY len(l.flags) = 0, least, l.source {"" if limit is None else f"LIMIT {int(limit)}"}""",
                paths,
            ).fetchall()
            sources = [row[COLUMNS.index("source")] for row in rows]
            last, of = _last_of_their_names(db.execute("SELECT source FROM read_parquet(?)", paths[1:]), sources)
    except duckdb.Error as error:
        raise DatasetError(f"the tables in {dataset} cannot be read: {error}") from error
    entries = tuple(_entry(row) for row in rows)
    return Queue(entries, of, {e.letter_id: _file(e, last) for e in entries})


def _entry(row: tuple[Any, ...]) -> Entry:
    *cells, least, names, confidences = row
    doubted: dict[str, float] = {}
    for name, confidence in sorted(zip(names or (), confidences or (), strict=True)):
        field = SHOWN[name]
        doubted[field] = min(doubted.get(field, CERTAIN), round(confidence, 2))
    return Entry(dict(zip(COLUMNS, cells, strict=True)), float(least), doubted)


def _last_of_their_names(rows: DuckDBPyConnection, sources: list[str]) -> tuple[dict[str, str], int]:
    """Of each annotation's name the last source of the whole dataset that has it; and how many letters there are.

    ``imr evaluate`` takes an annotation for the letter that comes last.
    """
    wanted = {file_name(source).casefold() for source in sources}
    last: dict[str, str] = {}
    count = 0
    while some := rows.fetchmany(ROWS):
        count += len(some)
        for (source,) in some:
            name = file_name(source).casefold()
            if name in wanted and source >= last.get(name, ""):
                last[name] = source
    return last, count


def _file(entry: Entry, last: dict[str, str]) -> str:
    """Name of a letter's annotation; with the letter's id where another letter has that name."""
    source = str(entry.letter["source"])
    name = file_name(source)
    if last[name.casefold()] == source:
        return name
    return f"{name.removesuffix('.json')}~{entry.letter_id}.json"
