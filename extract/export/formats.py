"""The formats by name, with what each writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from extract.export import brat, duck, excel, label_studio, prodigy, sqlite, stata
from extract.export.dataset import Dataset, ExportError
from extract.export.place import Product, place


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what it writes, and how; ``write`` fills a folder and gives what there is to say."""

    products: tuple[Product, ...]
    write: Callable[[Dataset, Path], list[str]]


FORMATS: Final = {
    "sqlite": Format((Product(sqlite.FILE), Product(sqlite.DATASETTE)), sqlite.write),
    "duckdb": Format((Product(duck.FILE),), duck.write),
    "excel": Format((Product(excel.FILE),), excel.write),
    "stata": Format((Product(stata.FOLDER, stata.INSIDE),), stata.write),
    "label-studio": Format((Product(label_studio.FOLDER, label_studio.INSIDE),), label_studio.write),
    "prodigy": Format((Product(prodigy.FILE),), prodigy.write),
    "brat": Format((Product(brat.FOLDER, brat.INSIDE),), brat.write),
}
_TELLING: Final = tuple(p.name for f in FORMATS.values() for p in f.products if p.name != sqlite.DATASETTE)


@dataclass(frozen=True, slots=True)
class Exported:
    """Files and folders that were written, and what there is to say of them."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def export(home: Path, name: str, *, out: Path | None = None, overwrite: bool = False) -> Exported:
    """Write the dataset in ``home`` as format ``name`` into ``out``, by default beside its tables.

    Raises ExportError, and OSError of the disk; either leaves what was there before.
    """
    form = FORMATS[name]
    dataset = Dataset.open(home)
    notes: list[str] = []

    def write(folder: Path) -> None:
        notes.extend(form.write(dataset, folder))
        dataset.check_unchanged()

    paths = place(out or home, form.products, write, overwrite=overwrite)
    return Exported(tuple(paths), tuple(notes))


def exports_of_letters(out: Path) -> bool:
    """True where a folder holds exports, and not beside de-identified tables: they may tell what the letters say."""
    if not any((out / name).exists() for name in _TELLING):
        return False
    try:
        return not Dataset.open(out).deidentified
    except ExportError:
        return True
