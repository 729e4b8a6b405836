"""Where the files of a dataset's letters lie now: as the run remembers them, or below a folder that is named.

A file counts only when its bytes are those that were read (the letter's id is their hash): boxes on another file
would lie.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from extract.archive import containers
from extract.archive.layout import LEDGER, RUN_FOLDER
from extract.archive.place import Place
from extract.failures import LetterError
from extract.inputs import list_files
from extract.pipeline import ID_DIGITS

NAMES_A_QUERY: Final = 500
MOST_CANDIDATES: Final = 20
"""Files of the same name that are looked into below a named folder."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A letter whose file is sought, by the columns of table letters."""

    letter_id: str
    source: str

    @property
    def file(self) -> tuple[str, int]:
        """Name of the file, and which of its letters this is: the second and later ones are named below it."""
        name, _, number = self.source.rpartition("/")
        if name and number.isdecimal() and PurePosixPath(name).suffix:
            return name, int(number)
        return self.source, 1

    def is_in(self, data: bytes) -> bool:
        """True where these bytes are the file that the letter was read from."""
        sha256 = hashlib.sha256(data).hexdigest()
        number = self.file[1]
        of_part = hashlib.sha256(f"{sha256}/{number}".encode()).hexdigest()
        return self.letter_id in (sha256[:ID_DIGITS], of_part[:ID_DIGITS])


class Files:
    """Finds letters' files: below ``letters`` where that is given, else where the run has read them."""

    def __init__(self, dataset: Path, *, run: Path | None = None, letters: Path | None = None) -> None:
        self._homes = [run] if run else [dataset / RUN_FOLDER, dataset.with_name(f"{dataset.name}{RUN_FOLDER}")]
        self._below = None if letters is None else _by_base_name(letters)

    def read(self, wanted: Collection[Wanted]) -> Iterator[tuple[Wanted, bytes | None]]:
        """The bytes of each letter's file, in any order; None where it is not there or has changed."""
        streams: defaultdict[str, dict[int, list[Wanted]]] = defaultdict(lambda: defaultdict(list))
        places = self._places(wanted)
        for letter in wanted:
            found = places.get(letter.letter_id, [])
            late = next((p for p in found if p.kind == "stream"), None)
            if late is not None:  # read in one pass over its archive, not from the beginning for each member
                streams[late.path][late.offset].append(letter)
            else:
                yield letter, _first(letter, found)
        for path, members in streams.items():
            yield from _pass_over(Path(path), members)

    def _places(self, wanted: Collection[Wanted]) -> dict[str, list[Place]]:
        if self._below is not None:
            return {w.letter_id: _candidates(w, self._below) for w in wanted}
        remembered = self._remembered({w.file[0] for w in wanted} | {w.source for w in wanted})
        out = {}
        for letter in wanted:
            places = (remembered.get(letter.source), remembered.get(letter.file[0]))
            out[letter.letter_id] = list(dict.fromkeys(p for p in places if p is not None and p.kind != "url"))
        return out

    def _remembered(self, names: Collection[str]) -> dict[str, Place]:
        """Places by name of file, as the ledger has them; nothing where no run is remembered."""
        ledger = next((h / LEDGER for h in self._homes if (h / LEDGER).is_file()), None)
        if ledger is None:
            return {}
        for mode in ("mode=ro", "immutable=1"):  # the latter for a ledger on a disk that cannot be written
            try:
                return _in_ledger(ledger, mode, sorted(names))
            except (sqlite3.Error, ValueError, TypeError):  # not a ledger that we know
                continue
        return {}


def _in_ledger(ledger: Path, mode: str, names: list[str]) -> dict[str, Place]:
    out: dict[str, Place] = {}
    with closing(sqlite3.connect(f"{ledger.absolute().as_uri()}?{mode}", uri=True)) as db:
        for first in range(0, len(names), NAMES_A_QUERY):
            some = names[first : first + NAMES_A_QUERY]
            marks = ",".join("?" * len(some))
            rows = db.execute(f"SELECT name, place FROM files WHERE place <> '' AND name IN ({marks})", some)
            out |= {name: Place.of_json(place) for name, place in rows}
    return out


def _by_base_name(folder: Path) -> dict[str, list[tuple[str, Place]]]:
    """Files below a folder, in its archives too, by the last part of their names."""
    out: defaultdict[str, list[tuple[str, Place]]] = defaultdict(list)
    for entry in list_files([folder]):
        if entry.place is not None:
            out[PurePosixPath(entry.name).name].append((entry.name, entry.place))
    return dict(out)


def _candidates(letter: Wanted, below: dict[str, list[tuple[str, Place]]]) -> list[Place]:
    """Files of the same name, those first whose folders are named alike too."""
    found: list[tuple[int, str, Place]] = []
    for source in dict.fromkeys((letter.source, letter.file[0])):
        parts = source.split("/")[::-1]
        for name, place in below.get(parts[0], []):
            alike = 0
            for a, b in zip(parts, name.split("/")[::-1], strict=False):
                if a != b:
                    break
                alike += 1
            found.append((-alike, name, place))
    return [place for _, _, place in sorted(found, key=lambda f: f[:2])[:MOST_CANDIDATES]]


def _first(letter: Wanted, places: list[Place]) -> bytes | None:
    for place in places:
        try:
            data = place.read()
        except LetterError:
            continue
        if letter.is_in(data):
            return data
    return None


def _pass_over(path: Path, members: dict[int, list[Wanted]]) -> Iterator[tuple[Wanted, bytes | None]]:
    left = {number: list(letters) for number, letters in members.items()}
    try:
        for member, data in containers.stream(path, wanted=left.__contains__):
            if member.place is not None:
                for letter in left.pop(member.place.offset, []):
                    yield letter, data if letter.is_in(data) else None
                if not left:
                    return
    except (LetterError, OSError):
        pass  # the archive is gone or cut short: what was not met is not there
    for letters in left.values():
        for letter in letters:
            yield letter, None
