"""What the parent and its workers say to each other: plain data that pickles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from extract.archive.place import Place


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read. ``known`` is the hash of its bytes when it was last read in the same way, else ``""``.

    ``data`` where the bytes had to be taken from a stream.
    """

    name: str
    place: Place
    known: str = ""
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading a file came to: letters in the part's slot, a failure, or the same bytes as before."""

    name: str
    state: Literal["letter", "failed", "same"]
    sha256: str
    reason: str = ""
    detail: str = ""
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The reader is loaded: workers can be had."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The reader cannot be loaded."""

    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a chunk gave: an outcome for each file, and the part with their letters."""

    outcomes: tuple[Outcome, ...]
    part: bytes = b""
