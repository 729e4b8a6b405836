"""The rows of single letters out of a dataset's Parquet tables, without holding the dataset in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from extract.schema import CITATIONS, EVIDENCE, ISSUES, LETTERS, PRIOR_CARE, Table

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]

AT_ONCE: Final = 1_000
"""Letters whose rows are held in memory together: some 30 KB each."""
_KEY: Final = "letter_id"


class DatasetError(ValueError):
    """A folder that is no dataset, or one without what is needed, with what to do instead."""


@dataclass(frozen=True, slots=True)
class LetterRows:
    """All rows of one letter, with real types (dates, lists)."""

    letter: Row
    issues: Sequence[Row]
    citations: Sequence[Row]
    evidence: Sequence[Row]
    prior_care: Sequence[Row]


def table_path(dataset: Path, table: Table) -> Path:
    """The Parquet file of a table. Raises DatasetError where it is not there."""
    path = dataset / f"{table.name}.parquet"
    if not path.is_file():
        raise DatasetError(f"{path} is not there: name a folder that imr extract wrote.")
    return path


def letter_rows(dataset: Path, letter_ids: Collection[str]) -> Iterator[LetterRows]:
    """The rows of the letters with these ids, in the order given; ids that the dataset lacks are passed over.

    Raises DatasetError where a table is missing or cannot be read.
    """
    left = iter(letter_ids)
    while ids := tuple(islice(left, AT_ONCE)):
        tables = {t.name: _Rows(dataset, t, ids) for t in (LETTERS, ISSUES, CITATIONS, EVIDENCE, PRIOR_CARE)}
        for letter_id in ids:
            for letter in tables[LETTERS.name].of(letter_id):
                yield LetterRows(
                    letter, *(tables[t.name].of(letter_id) for t in (ISSUES, CITATIONS, EVIDENCE, PRIOR_CARE))
                )


class _Rows:
    """Rows of some letters of one table; turned into Python objects when they are asked for."""

    def __init__(self, dataset: Path, table: Table, letter_ids: Collection[str]) -> None:
        import pyarrow as pa
        import pyarrow.dataset as ds

        path = table_path(dataset, table)
        wanted = pa.array(list(letter_ids), pa.string())
        try:
            found = ds.dataset(path, format="parquet").to_table(filter=ds.field(_KEY).isin(wanted))
        except (pa.ArrowException, OSError) as error:
            raise DatasetError(f"{path} cannot be read: {error}") from error
        self._table: pa.Table = found
        self._slices = _runs(found.column(_KEY).to_pylist())

    def of(self, letter_id: str) -> list[Row]:
        """The letter's rows in the order of the table."""
        runs = self._slices.get(letter_id, [])
        return [row for start, end in runs for row in self._table.slice(start, end - start).to_pylist()]


def _runs(ids: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """Where the rows of each letter stand; they lie together unless somebody sorted the table anew."""
    cuts = [0, *(i for i in range(1, len(ids)) if ids[i] != ids[i - 1]), len(ids)]
    out: dict[str, list[tuple[int, int]]] = {}
    for start, end in pairwise(cuts):
        if start < end:
            out.setdefault(ids[start], []).append((start, end))
    return out
