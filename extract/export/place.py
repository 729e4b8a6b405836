"""Where an export goes: written beside its place under another name, and renamed when it is whole."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from extract.export.dataset import ExportError


@dataclass(frozen=True, slots=True)
class Product:
    """A file or folder that a format writes. ``inside``: of a folder, what the names of its files look like."""

    name: str
    inside: re.Pattern[str] | None = None


def place(out: Path, products: Sequence[Product], write: Callable[[Path], None], *, overwrite: bool) -> list[Path]:
    """Let ``write`` fill an empty folder with ``products`` and move them into ``out``; gives where they are.

    Raises ExportError where a product exists and ``overwrite`` is false, or where a folder to be replaced holds
    files that no export wrote. Whatever ``write`` raises leaves ``out`` as it was.
    """
    targets = [out / p.name for p in products]
    for product, target in zip(products, targets, strict=True):
        _check(product, target, overwrite=overwrite)
    fresh = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    work = out / f".{products[0].name}.part"
    shutil.rmtree(work, ignore_errors=True)  # of an export that was killed
    try:
        (work / "new").mkdir(parents=True)
        (work / "old").mkdir()
        write(work / "new")
        for target in targets:
            if target.is_dir():
                target.rename(work / "old" / target.name)
            os.replace(work / "new" / target.name, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if fresh and not any(out.iterdir()):
            out.rmdir()
    return targets


def _check(product: Product, target: Path, *, overwrite: bool) -> None:
    if not target.exists() and not target.is_symlink():
        return
    if not overwrite:
        raise ExportError(f"{target} exists: replace it with --overwrite, or choose another folder with --out.")
    if (product.inside is not None) != target.is_dir():
        raise ExportError(f"{target} is not what an export writes: move it away, or choose another --out.")
    if product.inside is not None:
        for entry in sorted(target.iterdir()):
            if entry.is_dir() or not product.inside.fullmatch(entry.name):
                raise ExportError(
                    f"{target} holds {entry.name!r}, which no export wrote: move it away, or choose another --out."
                )
