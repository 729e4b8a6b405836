"""A run over many files: list them, read those that are new, put the tables together."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from filelock import FileLock, Timeout

from extract import __version__
from extract.archive import containers
from extract.archive.assemble import Assembly, Summary, clear, holds_dataset, write_whole
from extract.archive.key import ReaderSpec
from extract.archive.layout import ABOUT, KEY, LEDGER, LOCK, PARTS, RUN_FOLDER, STAGED
from extract.archive.ledger import Ledger
from extract.archive.messages import Result, Task
from extract.archive.part import Part, PartError, part_path
from extract.archive.publish import Publisher
from extract.archive.render import AsRead, Rendering
from extract.failures import LetterError, Reason
from extract.inputs import Inputs, Listed
from extract.record import FailureRecord, LetterRecord

if TYPE_CHECKING:
    from extract.pipeline import LetterReader

CHUNK_FILES: Final = 32
CHUNK_BYTES: Final = 16_000_000
CHUNKS_A_WORKER: Final = 8
"""Chunks that each worker should get at least, so that none waits long for the others at the end."""
READ_TIMES: Final = 3
"""Times that damaged parts are read again before the disk is blamed."""


class OutputExistsError(Exception):
    """The output folder holds a dataset that no run there remembers, and overwriting was not asked for."""


class ExposedError(Exception):
    """De-identified tables would lie beside the letters they were made from, or exports of those."""


class BusyError(Exception):
    """Another run writes into the folder."""


class MissingFilesError(Exception):
    """Files of the dataset are not among the inputs any more. ``count`` is how many."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class StoppedError(Exception):
    """The run was asked to stop and can be gone on with. ``done`` of ``files`` are read."""

    def __init__(self, done: int, files: int) -> None:
        super().__init__(done, files)
        self.done, self.files = done, files


@dataclass(frozen=True, slots=True)
class Output:
    """Where a run writes: tables into ``out``; what it remembers into ``run``.

    By default that is ``out/.run``, and where the tables must not tell what the parts hold, ``out.run`` beside it.
    ``url``: where the finished dataset is copied to (``Output.at``).
    """

    out: Path
    run: Path | None = None
    rendering: Rendering = field(default_factory=AsRead)
    url: str | None = None

    @classmethod
    def at(cls, url: str, run: Path, rendering: Rendering) -> Self:
        """A dataset at a URL that fsspec knows: made in the run folder, then copied."""
        return cls(run / STAGED / rendering.name, run, rendering, url)

    @property
    def leave_out(self) -> tuple[Path | str, ...]:
        """What a run must not take for letters: its own files."""
        return (self.out, self.home) if self.url is None else (self.out, self.home, self.url)

    @property
    def publisher(self) -> Publisher | None:
        """Copies the dataset to its URL. Raises PublishError where that cannot be used."""
        return None if self.url is None else Publisher(self.out, self.url, home=self.home)

    @property
    def home(self) -> Path:
        """The run folder."""
        if self.run is not None:
            return self.run
        return self.out / RUN_FOLDER if self.rendering.texts else self.out.with_name(f"{self.out.name}{RUN_FOLDER}")

    def check(self) -> None:
        """Raises ExposedError where a folder of harmless tables would hold what they were made from."""
        if self.rendering.texts:
            return
        from extract.export.formats import exports_of_letters

        inside = self.home.absolute().is_relative_to(self.out.absolute())
        if inside or (self.out / RUN_FOLDER).exists() or exports_of_letters(self.out):
            raise ExposedError(self.out)


@dataclass(frozen=True, slots=True)
class Redo:
    """What an earlier run's results are not good for: ``everything``, or what ``failed``.

    ``drop_missing``: forget the files that the inputs do not name any more.
    """

    everything: bool = False
    failed: bool = False
    drop_missing: bool = False


@dataclass(slots=True)
class Progress:
    """How far a run is, in files."""

    files: int
    done: int
    failed: int
    read: int = 0
    """Files that this run read itself."""


class Readers(Protocol):
    """What reads chunks of files: a pool of processes, a cluster, or this process."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def run(self, chunks: Iterable[tuple[Task, ...]], *, stopping: Callable[[], bool]) -> Iterator[Result]:
        """Read all chunks, or as many as were begun before ``stopping`` turned true."""


def extract(
    inputs: Inputs,
    output: Output,
    *,
    spec: ReaderSpec,
    readers: Callable[[ReaderSpec, int], AbstractContextManager[Readers]],
    redo: Redo = Redo(),
    workers: int = 1,
    stopping: Callable[[], bool] = lambda: False,
    on_start: Callable[[Progress], None] = lambda _: None,
    on_files: Callable[[Progress], None] = lambda _: None,
) -> Summary:
    """Bring the tables of ``output`` up to what ``inputs`` hold.

    ``readers`` makes what reads, given how, and how many chunks of files there are. Raises InputError,
    ExposedError, OutputExistsError, BusyError, MissingFilesError, PublishError and StoppedError; after each of them the
    same command, mended where the message says so, goes on where this one ended.
    """
    inputs.check()
    output.check()
    home = output.home
    publisher = output.publisher
    if publisher is not None and not redo.everything and publisher.holds_another():
        raise OutputExistsError(output.url)
    if not redo.everything and holds_dataset(output.out) and not (home / LEDGER).exists():
        raise OutputExistsError(output.out)
    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(home) from error
    try:
        if redo.everything:
            clear(output.out)
            clear_run(home)
            if publisher is not None:
                publisher.clear()
        with Ledger(home / LEDGER, key=spec.key) as ledger:
            number = ledger.begin_run(os.getpid())
            work = _Work(inputs, output, spec=spec, ledger=ledger, on_start=on_start, on_files=on_files)
            work.list_files(redo)
            for _ in range(READ_TIMES):
                work.read(readers, workers=workers, stopping=stopping)
                summary = work.assemble()
                if summary is not None:
                    if publisher is not None:
                        publisher.publish()
                    ledger.end_run(number)
                    return summary
    finally:
        lock.release()
    raise OSError(f"parts in {home} are damaged again and again: is the disk in order?")


class _Work:
    """The steps of a run."""

    def __init__(
        self,
        inputs: Inputs,
        output: Output,
        *,
        spec: ReaderSpec,
        ledger: Ledger,
        on_start: Callable[[Progress], None],
        on_files: Callable[[Progress], None],
    ) -> None:
        self._inputs, self._output, self._spec, self._ledger = inputs, output, spec, ledger
        self._parts = output.home / PARTS
        self._on_start, self._on_files = on_start, on_files

    def list_files(self, redo: Redo) -> None:
        """Bring the ledger up to the inputs."""
        entries = self._inputs.entries(leave_out=self._output.leave_out, known=self._ledger.container_known)
        missing = self._ledger.list_files(entries)
        if missing and not redo.drop_missing:
            raise MissingFilesError(missing)
        if missing:
            self._ledger.drop_missing()
        if redo.failed:
            self._ledger.retry_failed()
        self._ledger.check_parts({int(p.stem) for p in self._parts.glob("*/*.part")})

    def read(
        self,
        readers: Callable[[ReaderSpec, int], AbstractContextManager[Readers]],
        *,
        workers: int,
        stopping: Callable[[], bool],
    ) -> None:
        """Read what is left. Raises StoppedError where it did not come to the end."""
        counts = self._ledger.counts()
        progress = Progress(counts.files, counts.letters + counts.failed, counts.failed)
        self._on_start(progress)
        if counts.left:
            size = max(1, min(CHUNK_FILES, counts.left // (max(workers, 1) * CHUNKS_A_WORKER)))
            with readers(self._spec, -(-counts.left // size)) as reading:
                for result in reading.run(chunks(self._ledger, size), stopping=stopping):
                    self._store(result)
                    progress.done += len(result.outcomes)
                    progress.read += len(result.outcomes)
                    progress.failed += sum(o.state == "failed" for o in result.outcomes)
                    self._on_files(progress)
        counts = self._ledger.counts()
        if counts.left:
            raise StoppedError(counts.files - counts.left, counts.files)

    def _store(self, result: Result) -> None:
        """The part first, then the ledger: what the ledger says is always there."""
        number = self._ledger.next_part()
        if result.part:
            path = part_path(self._parts, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, result.part, to_disk=False)  # one that a power cut spoils is noticed, and read again
        self._ledger.commit(number, result.outcomes)

    def assemble(self) -> Summary | None:
        """Put the tables together; None where parts turned out to be damaged and files are left again."""
        about = {
            "program": "imr-letters",
            "version": __version__,
            "patterns": self._spec.digest,
            "engine": self._spec.engine,
            "model": self._spec.model,
            "calibration": self._spec.calibration,
        }
        self._ledger.set_fact(KEY, self._spec.key)
        self._ledger.set_fact(ABOUT, json.dumps(about))
        assembly = Assembly(
            self._output.out, ledger=self._ledger, parts=self._parts, rendering=self._output.rendering, about=about
        )
        summary = assembly.finished()
        if summary is None:
            try:
                summary = assembly.write()
            except PartError:
                self._lose_damaged()
                return None
        for number in self._ledger.unused_parts():
            part_path(self._parts, number).unlink(missing_ok=True)
        return summary

    def _lose_damaged(self) -> None:
        """Let the files of all damaged parts be read again: what spoilt one, as a power cut, spoilt its neighbours."""
        for path in self._parts.glob("*/*.part"):
            try:
                Part(path)
            except PartError:
                self._ledger.lose_part(int(path.stem))


def chunks(ledger: Ledger, size: int) -> Iterator[tuple[Task, ...]]:
    """What is left to read, ``size`` files at a time, fewer where they are large."""
    yield from _grouped(ledger.todo(), size)
    for container in ledger.streams():
        yield from _grouped(_members(ledger, container), size)


def _grouped(tasks: Iterable[Task], size: int) -> Iterator[tuple[Task, ...]]:
    held: list[Task] = []
    total = 0
    for task in tasks:
        held.append(task)
        total += task.place.size
        if len(held) >= size or total >= CHUNK_BYTES:
            yield tuple(held)
            held, total = [], 0
    if held:
        yield tuple(held)


def _members(ledger: Ledger, container: str) -> Iterator[Task]:
    """Members of a stream that are left, with their bytes: one pass over the stream."""
    tasks = ledger.todo_in(container)
    left = deque(itertools.islice(tasks, 1))
    try:
        for member, data in containers.stream(
            Path(left[0].place.path), wanted=lambda number: number == left[0].place.offset
        ):
            if member.place is not None and member.place.offset == left[0].place.offset:
                yield replace(left.popleft(), data=data)
                left.extend(itertools.islice(tasks, 1))
                if not left:
                    return
    except LetterError:
        pass
    yield from left  # the stream ended before: reading these says so
    yield from tasks


class InProcess:
    """Reads in this process: no deadline, no limit of memory, nothing survives a crash."""

    def __init__(self, spec: ReaderSpec, *, reader: LetterReader | None = None) -> None:
        self._spec, self._reader = spec, reader

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, chunks: Iterable[tuple[Task, ...]], *, stopping: Callable[[], bool]) -> Iterator[Result]:
        """Read chunk after chunk."""
        from extract.archive.worker import ChunkReader

        reader = ChunkReader(self._reader or self._spec.reader())
        for tasks in chunks:
            if stopping():
                return
            yield reader.read(tasks)


def clear_run(home: Path) -> None:
    """Take away what a run remembers, and nothing else."""
    for suffix in ("", "-wal", "-shm"):
        (home / f"{LEDGER}{suffix}").unlink(missing_ok=True)
    shutil.rmtree(home / PARTS, ignore_errors=True)


def read_all(
    files: Iterable[Listed], reader: LetterReader
) -> Iterator[tuple[Listed, list[LetterRecord] | FailureRecord]]:
    """Each file with its letters or its failure, in this process and remembering nothing.

    A second file with the same bytes is a failure.
    """
    from extract.pipeline import Source

    seen: dict[str, str] = {}
    for file in files:
        try:
            if file.refusal is not None:
                raise file.refusal
            assert file.place is not None
            data = file.place.read()
        except LetterError as error:
            yield file, FailureRecord(file.name, "", error.reason, error.detail)
            continue
        source = Source.of_bytes(data, PurePosixPath(file.name), file.name)
        if source.sha256 in seen:
            detail = f"same bytes as {seen[source.sha256]}"
            yield file, FailureRecord(file.name, source.sha256, Reason.DUPLICATE, detail)
            continue
        result = reader.try_read(source)
        if not isinstance(result, FailureRecord):
            seen[source.sha256] = file.name
        yield file, result
