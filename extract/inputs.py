"""What a run reads: the files under the given paths, each with the name the tables call it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TEMPORARY = ("~$",)
"""Beginnings of names of lock files that office programs leave beside a document."""


@dataclass(frozen=True, slots=True, order=True)
class InputFile:
    """A file to read. ``name`` is its path below the input root, ``/``-separated, always valid UTF-8."""

    name: str
    path: Path


def find_files(inputs: Sequence[Path], *, leave_out: Path | None = None) -> list[InputFile]:
    """All files under ``inputs``, sorted by name, without hidden ones and those below ``leave_out``.

    With several inputs, files of a folder are named below the folder's own name, so that two
    folders with the same file names stay apart. Raises FileNotFoundError for a path that is not there.
    """
    found: dict[str, InputFile] = {}
    for given in inputs:
        if not given.exists():
            raise FileNotFoundError(given)
        several = len(inputs) > 1
        for path in _files(given, leave_out):
            parts = path.relative_to(given).parts if given.is_dir() else (path.name,)
            if several and given.is_dir():
                parts = (given.resolve().name, *parts)
            name = _name(parts)
            if name in found and found[name].path.resolve() != path.resolve():
                name = _name(path.parts)
            found[name] = InputFile(name, path)
    return sorted(found.values())


def _files(given: Path, leave_out: Path | None) -> Iterator[Path]:
    if not given.is_dir():
        yield given
        return
    skip = leave_out.resolve() if leave_out is not None else None
    for folder, folders, names in os.walk(given, followlinks=False):
        here = Path(folder)
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and (skip is None or (here / f).resolve() != skip)
        )
        for name in sorted(names):
            if not name.startswith((".", *TEMPORARY)):
                yield here / name


def is_regular(path: Path) -> bool:
    """False for pipes, sockets and devices, which would block or never end."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True  # let opening it say why it cannot be read


def _name(parts: Iterable[str]) -> str:
    """Path parts as one name; bytes that are not UTF-8 become replacement characters."""
    return "/".join(os.fsencode(p).decode("utf-8", "replace") for p in parts if p != os.sep)
