"""Files that are hashed while they are written, so that nobody has to read a million letters again for it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from extract.schema import Column, Table

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

DATAPACKAGE: Final = "datapackage.json"
CROISSANT: Final = "croissant.json"
METADATA: Final = (DATAPACKAGE, CROISSANT)
"""Files that describe the tables of a dataset; they name hashes, so they never lie beside other tables."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A written file: its name below the dataset, its size in bytes, its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Written:
    """A table as it was written, with its files by suffix (``csv``, ``parquet``)."""

    table: Table
    rows: int
    files: Mapping[str, FileFacts]


@dataclass(frozen=True, slots=True)
class About:
    """What made a dataset: ``run`` is what run.json says of it."""

    run: Mapping[str, Any]
    raw_csv: bool
    deidentified: bool

    @property
    def version(self) -> str:
        """Version of the program."""
        return str(self.run["version"])


class HashedFile(io.RawIOBase):
    """A file that is written from its beginning to its end. Facts are right once it is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("wb", buffering=0)
        self._hash = hashlib.sha256()
        self._size = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Write and hash what was written."""
        count = self._file.write(data)
        self._hash.update(memoryview(data).cast("B")[:count])
        self._size += count
        return count

    def tell(self) -> int:
        """Bytes so far."""
        return self._size

    def close(self) -> None:
        """Close the file; once more does nothing."""
        self._file.close()
        super().close()

    def facts(self, name: str) -> FileFacts:
        """What was written, under the name that the file gets."""
        return FileFacts(name, self._size, self._hash.hexdigest())


def meaning(column: Column) -> str:
    """A column's meaning, with its closed vocabulary."""
    return f"{column.meaning}: {', '.join(column.values)}" if column.values else column.meaning


def title(about: About) -> str:
    """One line that names a dataset."""
    kind = ", de-identified" if about.deidentified else ""
    return f"California Independent Medical Review letters as tables{kind}"


def description(about: About) -> str:
    """What a dataset is, in a few sentences."""
    text = (
        "Determinations of Independent Medical Review in California workers' compensation, read from the letters that "
        "the Division of Workers' Compensation posts: one row per letter, per disputed item, per guideline cited, per "
        "stretch of earlier care, and the evidence for every value."
    )
    if about.deidentified:
        text += " What may identify a patient is left out or hashed; columns of free text are empty."
    return text
