"""A part: the rows and texts that a chunk of files gave, as they will stand in the tables.

Rows are made where letters are read, so that putting tables together is copying. A part is a zip
without compression of its own: for each table the lines of CSV and an Arrow stream (both zstd),
the texts, and an index of where each file's share begins. A file's place in it is its slot.
"""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from extract.record import LetterRecord
from extract.schema import FAILURES, TABLES, Table
from extract.tables import rendered, row_counts

HELD: Final = tuple(t for t in TABLES if t is not FAILURES)
"""Tables that parts hold rows of; failures stand in the ledger."""
_CODEC: Final = "zstd"
_INDEX: Final = "index.json"
_TEXTS: Final = "texts"


class PartError(RuntimeError):
    """A part on disk is not what was written."""


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What a run counts of a letter."""

    letter_id: str
    layout: str
    issues: int
    flags: tuple[str, ...]


class PartBuilder:
    """Collects the letters of a chunk, file by file. Rows are made of all of them together, which costs half."""

    def __init__(self) -> None:
        self._files: list[Sequence[LetterRecord]] = []
        self._texts: list[list[bytes]] = []

    def add(self, letters: Sequence[LetterRecord]) -> int:
        """Add the letters of one file; gives its slot. Raises UnicodeError for a text that is none."""
        self._texts.append([letter.text.encode() for letter in letters])
        self._files.append(letters)
        return len(self._files) - 1

    def encode(self) -> tuple[bytes, dict[int, Exception]]:
        """The part as bytes, none where no file gave a letter.

        And by slot what is wrong with files of which a value has no place in a table (a fault of a rule); their slots
        are empty.
        """
        try:
            return self._encoded(), {}
        except Exception:
            faults = {slot: error for slot in range(len(self._files)) if (error := self._fault(slot)) is not None}
            if not faults:
                raise
            for slot in faults:
                self._files[slot], self._texts[slot] = (), []
            return self._encoded(), faults

    def warm_up(self) -> None:
        """Pay for what the first part costs more, before a clock runs."""
        self._zipped()

    def _fault(self, slot: int) -> Exception | None:
        try:
            _made(self._files[slot : slot + 1])
        except Exception as error:
            return error
        return None

    def _encoded(self) -> bytes:
        return self._zipped() if any(self._files) else b""

    def _zipped(self) -> bytes:
        made = _made(self._files)
        slots = [
            {
                "letters": [
                    [letter.letter_id, letter.layout, letter.issue_count, list(letter.flags), len(text)]
                    for letter, text in zip(letters, texts, strict=True)
                ],
                "rows": [of_table.counts[slot] for of_table in made.values()],
                "csv": [len(of_table.csv[slot]) for of_table in made.values()],
            }
            for slot, (letters, texts) in enumerate(zip(self._files, self._texts, strict=True))
        ]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(_INDEX, json.dumps(slots, separators=(",", ":")))
            for name, of_table in made.items():
                archive.writestr(f"{name}.csv", _packed(b"".join(of_table.csv)))
                archive.writestr(f"{name}.arrow", _stream(of_table.rows))
            archive.writestr(_TEXTS, _packed(b"".join(itertools.chain.from_iterable(self._texts))))
        return out.getvalue()


class _Made(NamedTuple):
    """A table's rows of all files: how many each file has, their lines of CSV, and the rows."""

    counts: list[int]
    csv: list[bytes]
    rows: pa.Table


def _made(files: Sequence[Sequence[LetterRecord]]) -> dict[str, _Made]:
    """The rows of files, by table. Raises an exception where a value has no place in one."""
    tables = rendered([letter for letters in files for letter in letters])
    counts = [row_counts(letters) for letters in files]
    made = {}
    for table in HELD:
        lines = iter(tables[table.name].lines)
        own = [count[table.name] for count in counts]
        csv = ["".join(itertools.islice(lines, count)).encode() for count in own]
        made[table.name] = _Made(own, csv, tables[table.name].rows)
    return made


class Part:
    """A part on disk. Its tables are unpacked when first asked for. Raises PartError where it is damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._files = {name: archive.read(name) for name in archive.namelist()}
            self._slots: list[dict[str, Any]] = json.loads(self._files[_INDEX])
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise PartError(f"{path} is damaged ({type(error).__name__})") from error
        self._arrow: dict[str, pa.Table] = {}
        self._csv: dict[str, bytes] = {}

    @cached_property
    def _row_ends(self) -> list[list[int]]:
        return [list(itertools.accumulate((s["rows"][i] for s in self._slots), initial=0)) for i in range(len(HELD))]

    @cached_property
    def _csv_ends(self) -> list[list[int]]:
        return [list(itertools.accumulate((s["csv"][i] for s in self._slots), initial=0)) for i in range(len(HELD))]

    @cached_property
    def _text_starts(self) -> list[int]:
        sizes = (sum(letter[4] for letter in s["letters"]) for s in self._slots)
        return list(itertools.accumulate(sizes, initial=0))

    @cached_property
    def _text(self) -> bytes:
        return _unpacked(self._files[_TEXTS], self._text_starts[-1])

    def letters(self, slot: int) -> list[LetterFacts]:
        """The letters of a file."""
        return [LetterFacts(i, layout, issues, tuple(flags)) for i, layout, issues, flags, _ in self._found(slot)]

    def csv(self, table: Table, first: int, last: int) -> bytes:
        """Lines of CSV of the files in the slots ``first`` to ``last``."""
        index = HELD.index(table)
        ends = self._csv_ends[index]
        if table.name not in self._csv:
            self._csv[table.name] = _unpacked(self._files[f"{table.name}.csv"], ends[-1])
        return self._csv[table.name][ends[first] : ends[last + 1]]

    def rows(self, table: Table, first: int, last: int) -> pa.Table:
        """Rows of the files in the slots ``first`` to ``last``."""
        ends = self._row_ends[HELD.index(table)]
        if table.name not in self._arrow:
            self._arrow[table.name] = _unstreamed(self._files[f"{table.name}.arrow"])
        return self._arrow[table.name].slice(ends[first], ends[last + 1] - ends[first])

    def texts(self, slot: int) -> Iterator[tuple[str, bytes]]:
        """Letter and text, in UTF-8, of a file's letters."""
        at = self._text_starts[slot]
        for letter_id, *_, size in self._found(slot):
            yield letter_id, self._text[at : at + size]
            at += size

    def _found(self, slot: int) -> list[list[Any]]:
        try:
            found: list[list[Any]] = self._slots[slot]["letters"]
        except IndexError as error:
            raise PartError(f"{self._path} has no slot {slot}") from error
        return found


def part_path(home: Path, number: int) -> Path:
    """Where a part lies: a thousand to a folder."""
    return home / f"{number // 1000:04d}" / f"{number:07d}.part"


def _packed(data: bytes) -> bytes:
    packed: bytes = pa.Codec(_CODEC, 1).compress(data, asbytes=True)
    return packed


def _unpacked(data: bytes, size: int) -> bytes:
    unpacked: bytes = pa.Codec(_CODEC).decompress(data, size, asbytes=True)
    return unpacked


def _stream(table: pa.Table) -> bytes:
    """Rows as an Arrow stream, packed as a whole: a table's many short columns are not worth a codec each."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, _CODEC) as packed, pa.ipc.new_stream(packed, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _unstreamed(data: bytes) -> pa.Table:
    stream = pa.CompressedInputStream(pa.BufferReader(data), _CODEC)
    return pa.ipc.open_stream(stream, options=pa.ipc.IpcReadOptions(use_threads=False)).read_all()
