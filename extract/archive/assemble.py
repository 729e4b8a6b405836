"""Parts and ledger → tables: rows in the order of their sources, whatever order they were read in.

Tables are written as they stream by, under other names, and get their own at the end, so that a run
that was stopped never looks like a finished one. Which parts rows come from leaves no trace:
CSV is copied line by line, and Parquet row groups are cut by their number of rows.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from extract.archive.layout import RUN_FILE
from extract.archive.ledger import FinalFile, Ledger
from extract.archive.part import HELD, LetterFacts, Part, PartError, part_path
from extract.archive.render import Rendering
from extract.metadata.croissant import croissant
from extract.metadata.datapackage import datapackage
from extract.metadata.files import CROISSANT, DATAPACKAGE, METADATA, About, HashedFile, Written
from extract.schema import FAILURES, TABLES, Table
from extract.tables import TEXTS, arrow_schema, csv_line

SUFFIXES: Final = ("csv", "parquet")
ROW_GROUP: Final = {"evidence": 32_768, "citations": 4_096, "letters": 1_024}
"""Rows of a Parquet row group, so that one takes some 10 MB of memory, and a thousand letters nearly fill it.

Not fewer: of each column of a row group some 900 bytes are held until the file ends.
"""
ROW_GROUP_OTHER: Final = 2_048
BUFFER: Final = 1_000_000
OPEN_PARTS: Final = 8
TEXTS_A_COMMIT: Final = 5_000
_SOUGHT: Final = ("letter_id", "source", "case_number")
"""Columns of text that readers look rows up by."""
_TEXTS_OF: Final = "texts_of"
_ASSEMBLY: Final = "assembly"
TEXT_NAME: Final = re.compile(r"[0-9a-f]{16}\.txt")


@dataclass
class Summary:
    """What a run came to."""

    files: int = 0
    letters: int = 0
    issues: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    layouts: Counter[str] = field(default_factory=Counter)
    flagged: int = 0

    def add(self, letter: LetterFacts) -> None:
        """Count one letter."""
        self.letters += 1
        self.issues += letter.issues
        self.flags.update(letter.flags)
        self.layouts[letter.layout] += 1
        self.flagged += bool(letter.flags)

    def as_json(self) -> dict[str, Any]:
        """The counts as run.json has them."""
        return {
            "files": self.files,
            "letters": self.letters,
            "issues": self.issues,
            "flagged": self.flagged,
            "failures": dict(sorted(self.failures.items())),
            "flags": dict(sorted(self.flags.items())),
            "layouts": dict(sorted(self.layouts.items())),
        }

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Summary:
        """The way back from ``as_json``."""
        counters = {name: Counter(data[name]) for name in ("failures", "flags", "layouts")}
        return cls(data["files"], data["letters"], data["issues"], **counters, flagged=data["flagged"])


class Assembly:
    """Puts the tables of one output folder together."""

    def __init__(self, out: Path, *, ledger: Ledger, parts: Path, rendering: Rendering, about: dict[str, Any]) -> None:
        self._out, self._ledger = out, ledger
        self._parts = _Parts(parts)
        self._rendering, self._about = rendering, about

    def finished(self) -> Summary | None:
        """The summary of the tables in the folder where they are just what this assembly would write."""
        try:
            run = json.loads((self._out / RUN_FILE).read_text(encoding="utf-8"))
            names = [*(f"{t.name}.{s}" for t in TABLES for s in SUFFIXES), *METADATA]
            there = all((self._out / name).is_file() for name in names)
            if there and run.get("content") == self._content:
                return Summary.of_json(run)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def write(self) -> Summary:
        """Write all tables, texts, what describes them, and run.json.

        Raises PartError where a part is damaged; its files are then left to be read again.
        """
        self._out.mkdir(parents=True, exist_ok=True)
        summary = Summary()
        texts = _Texts(self._out / TEXTS, self._ledger) if self._rendering.texts else None
        writers: dict[str, _TableWriter] = {}
        try:
            writers |= {t.name: _TableWriter(self._out, self._rendering.table(t)) for t in TABLES}
            self._stream(summary, writers, texts)
            for writer in writers.values():
                writer.end()
            _to_disk([path for writer in writers.values() for path in writer.unfinished])
            for name in (RUN_FILE, *METADATA):  # until all tables are the new ones
                (self._out / name).unlink(missing_ok=True)
            tables = [writer.finish() for writer in writers.values()]
        finally:
            for writer in writers.values():
                writer.close()
        if texts is not None:
            texts.drop_stale()
        else:
            clear_texts(self._out / TEXTS)
        self._describe(tables)
        content = {"content": self._content} if self._rendering.repeatable else {}
        data = self._about | summary.as_json() | content
        write_whole(self._out / RUN_FILE, _json(data))
        return summary

    def _describe(self, tables: Sequence[Written]) -> None:
        """Write what the tables are, from what was learnt while they were written."""
        rendering = self._rendering
        about = About(self._about, raw_csv=rendering.raw_csv, deidentified=not rendering.texts)
        write_whole(self._out / DATAPACKAGE, _json(datapackage(tables, about)))
        write_whole(self._out / CROISSANT, _json(croissant(tables, about)))

    def _stream(self, summary: Summary, writers: dict[str, _TableWriter], texts: _Texts | None) -> None:
        for found in self._spans():
            if isinstance(found, FinalFile):
                summary.files += 1
                summary.failures[found.reason] += 1
                writers[FAILURES.name].add(*self._rendering.failure(found))
                continue
            try:
                part = self._parts.get(found.part)
                summary.files += found.last - found.first + 1
                for table in HELD:
                    writers[table.name].add(*self._rendering.rows(part, table, found.first, found.last))
                for slot in range(found.first, found.last + 1):
                    for letter in part.letters(slot):
                        summary.add(letter)
                    if texts is not None:
                        texts.write(part, found.part, slot)
            except PartError:
                self._ledger.lose_part(found.part)
                raise
        if texts is not None:
            texts.end()

    def _spans(self) -> Iterator[_Span | FinalFile]:
        """By source: runs of files that lie side by side in one part, and the failures between them."""
        span: _Span | None = None
        for file in self._ledger.final():
            if file.part is None or file.slot is None:
                if span is not None:
                    yield span
                span = None
                yield file
            elif span is not None and (file.part, file.slot) == (span.part, span.last + 1):
                span = _Span(span.part, span.first, file.slot)
            else:
                if span is not None:
                    yield span
                span = _Span(file.part, file.slot, file.slot)
        if span is not None:
            yield span

    @cached_property
    def _content(self) -> str:
        """A hash over all that the tables are made of."""
        total = hashlib.sha256(json.dumps([self._about, self._rendering.name]).encode())
        for file in self._ledger.final():
            fields = (file.name, file.state, file.sha256, file.reason, file.detail)
            total.update("\0".join(fields).encode() + b"\n")
        return total.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Span:
    """Slots ``first`` to ``last`` of a part."""

    part: int
    first: int
    last: int


class _Parts:
    """Parts by number, the last few kept open: files added later lie between those of earlier parts."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._open: OrderedDict[int, Part] = OrderedDict()

    def get(self, number: int) -> Part:
        """Open a part. Raises PartError."""
        if number not in self._open:
            self._open[number] = Part(part_path(self._home, number))
            if len(self._open) > OPEN_PARTS:
                self._open.popitem(last=False)
        self._open.move_to_end(number)
        return self._open[number]


class _TableWriter:
    """One table, as CSV and Parquet, under other names until it is finished."""

    def __init__(self, out: Path, table: Table) -> None:
        self._table = table
        self._group = ROW_GROUP.get(table.name, ROW_GROUP_OTHER)
        self._held: list[pa.Table] = []
        self._rows = self._count = 0
        self._paths = {s: out / f"{table.name}.{s}" for s in SUFFIXES}
        for suffix in SUFFIXES:  # never into a file that something stopped may still hold open
            self._part(suffix).unlink(missing_ok=True)
        self._files = {s: HashedFile(self._part(s)) for s in SUFFIXES}
        self._streams = {s: io.BufferedWriter(file, BUFFER) for s, file in self._files.items()}
        self._csv = self._streams["csv"]
        self._csv.write(csv_line(table.names).encode())
        self._parquet = pq.ParquetWriter(
            self._streams["parquet"],
            arrow_schema(table),
            compression="zstd",
            # of long texts, lowest and highest value of every row group would fill the memory until the end
            write_statistics=[c.name for c in table.columns if c.type in ("int", "num", "date") or c.name in _SOUGHT],
        )

    def _part(self, suffix: str) -> Path:
        return self._paths[suffix].with_name(f"{self._paths[suffix].name}.part")

    def add(self, lines: bytes, rows: pa.Table) -> None:
        """Add rows: the same ones as lines of CSV and as an Arrow table."""
        self._csv.write(lines)
        if rows.num_rows:
            self._held.append(rows)
            self._rows += rows.num_rows
            self._count += rows.num_rows
        while self._rows >= self._group:
            self._flush(self._group)

    def _flush(self, count: int) -> None:
        """Write a row group. It is made one piece first: its pages must not depend on where parts end."""
        rows = pa.concat_tables(self._held)
        self._parquet.write_table(rows.slice(0, count).combine_chunks(), row_group_size=count)
        rest = rows.slice(count)
        self._held, self._rows = ([rest] if rest.num_rows else []), rest.num_rows

    def close(self) -> None:
        """Close both files as they are; once more does nothing."""
        self._parquet.close()
        for stream in self._streams.values():
            stream.close()

    @property
    def unfinished(self) -> list[Path]:
        """Where both files are until they are finished."""
        return [self._part(suffix) for suffix in SUFFIXES]

    def end(self) -> None:
        """Write what is held and close both files."""
        if self._rows:
            self._flush(self._rows)
        self.close()

    def finish(self) -> Written:
        """Give both files, ended and on the disk, their names."""
        for suffix in SUFFIXES:
            os.replace(self._part(suffix), self._paths[suffix])
        facts = {s: file.facts(self._paths[s].name) for s, file in self._files.items()}
        return Written(self._table, self._count, facts)


class _Texts:
    """The letters' texts, a file each; those that are on disk already are left alone."""

    def __init__(self, home: Path, ledger: Ledger) -> None:
        self._home, self._ledger = home, ledger
        if not home.is_dir() or ledger.fact(_TEXTS_OF) != str(home.resolve()):
            ledger.forget_texts()
            clear_texts(home)
        home.mkdir(parents=True, exist_ok=True)
        ledger.set_fact(_TEXTS_OF, str(home.resolve()))
        self._assembly = int(ledger.fact(_ASSEMBLY) or 0) + 1
        ledger.set_fact(_ASSEMBLY, str(self._assembly))
        self._count = 0

    def write(self, part: Part, number: int, slot: int) -> None:
        """Write the texts of a file's letters."""
        if self._count % TEXTS_A_COMMIT == 0:
            self.end()
            self._ledger.begin()
        self._count += 1
        for letter in part.letters(slot):
            if self._ledger.text_written(letter.letter_id, number, self._assembly):
                return  # a file's letters are written together
        for letter_id, text in part.texts(slot):
            (self._home / f"{letter_id}.txt").write_bytes(text)
            self._ledger.set_text(letter_id, number, self._assembly)

    def end(self) -> None:
        """Remember what was written."""
        self._ledger.end()

    def drop_stale(self) -> None:
        """Take away the texts of letters that the tables do not have."""
        for letter_id in self._ledger.stale_texts(self._assembly):
            (self._home / f"{letter_id}.txt").unlink(missing_ok=True)


def write_whole(path: Path, data: bytes, *, to_disk: bool = True) -> None:
    """Write a file so that it is there whole or not at all, whatever is killed.

    Without ``to_disk`` that is not promised of a power cut, and nothing waits for the disk.
    """
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        stream.write(data)
        if to_disk:
            stream.flush()
            os.fsync(stream.fileno())
    os.replace(part, path)


def clear(out: Path) -> None:
    """Take away the tables and texts of an earlier run and what describes them, and nothing else."""
    for name in own_names():
        for end in ("", ".part"):
            (out / f"{name}{end}").unlink(missing_ok=True)
    clear_texts(out / TEXTS)


def own_names() -> tuple[str, ...]:
    """Names of the files that a run writes beside the texts."""
    return (*(f"{table.name}.{suffix}" for table in TABLES for suffix in SUFFIXES), RUN_FILE, *METADATA)


def clear_texts(home: Path) -> None:
    """Take away the letters' texts; whatever else lies there stays."""
    if not home.is_dir():
        return
    with os.scandir(home) as entries:
        for entry in entries:
            if TEXT_NAME.fullmatch(entry.name):
                Path(entry.path).unlink(missing_ok=True)
    with suppress(OSError):
        home.rmdir()


def holds_dataset(out: Path) -> bool:
    """True where a folder has a table of ours in it, finished or not, or the description of any dataset."""
    tables = (f"{t.name}.{s}" for t in TABLES for s in ("csv", "parquet", "csv.part"))
    return any((out / name).exists() for name in (*tables, *METADATA))


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _to_disk(paths: Sequence[Path]) -> None:
    """Wait until the disk has these files, for all of them at once: one by one each costs a turn of the disk."""

    def wait(path: Path) -> None:
        with path.open("rb") as stream:
            os.fsync(stream.fileno())

    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(wait, paths))
