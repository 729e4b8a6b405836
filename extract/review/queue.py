"""In which order letters are looked at: flagged ones first, among them those with the least certain value."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from extract.annotation import CITATION_FIELDS, ISSUE_FIELDS, LETTER_FIELDS
from extract.letter_rows import DatasetError, table_path
from extract.schema import EVIDENCE, LETTERS

DOUBTED: Final = 0.9
"""Confidence below which a value can be filtered for."""
COLUMNS: Final = (
    "letter_id", "source", "layout", "text_source", "pages", "case_number", "decision", "issue_count", "flags",
)  # fmt: skip
DEIDENTIFIED: Final = "age_top_coded"
"""A column that only de-identified tables have."""
CERTAIN: Final = 1.0

PREFIXES: Final = {"letters": "", "issues": "issue.", "citations": "citation."}
FIELDS: Final = frozenset(
    [*("case_number", *LETTER_FIELDS), *(f"issue.{f}" for f in ISSUE_FIELDS)]
    + [f"citation.{f}" for f in CITATION_FIELDS]
)
"""Fields that people annotate, as filters name them."""


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

    @property
    def order(self) -> tuple[bool, float, str]:
        """What is looked at first sorts first."""
        return (not self.flagged, self.least, str(self.letter["source"]))


def read_queue(dataset: Path) -> list[Entry]:
    """All letters of a dataset in the order they are looked at.

    Raises DatasetError where the folder holds no dataset, or a de-identified one, which cannot be reviewed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = table_path(dataset, LETTERS)
    try:
        if DEIDENTIFIED in pq.read_schema(path).names:
            raise DatasetError(
                f"{dataset} is de-identified: it has neither the letters' words nor their places. "
                "Review the dataset that it was made from, and de-identify anew afterwards."
            )
        letters = pq.read_table(path, columns=list(COLUMNS)).to_pylist()
        confidences = _confidences(dataset)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DatasetError(f"the tables in {dataset} cannot be read: {error}") from error
    entries = []
    for letter in letters:
        fields = confidences.get(letter["letter_id"], {})
        doubted = {f: round(c, 2) for f, c in sorted(fields.items()) if c < DOUBTED}
        entries.append(Entry(letter, round(min(fields.values(), default=CERTAIN), 2), doubted))
    return sorted(entries, key=lambda e: e.order)


def _confidences(dataset: Path) -> dict[str, dict[str, float]]:
    """Lowest confidence of each annotated field of each letter."""
    import pyarrow.dataset as ds

    path = table_path(dataset, EVIDENCE)
    rows = ds.dataset(path, format="parquet").to_table(columns=["letter_id", "table", "field", "confidence"])
    least = rows.group_by(["letter_id", "table", "field"]).aggregate([("confidence", "min")])
    out: defaultdict[str, dict[str, float]] = defaultdict(dict)
    columns = (least.column(n).to_pylist() for n in ("letter_id", "table", "field", "confidence_min"))
    for letter_id, table, field, confidence in zip(*columns, strict=True):
        name = PREFIXES.get(table, "") + field
        if name in FIELDS and confidence is not None:
            out[letter_id][name] = confidence
    return dict(out)
