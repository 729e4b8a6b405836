"""Workers and the parent that watches them: a letter that hangs, eats memory or kills costs that letter alone.

A worker's desk tells which file it is at. Past the deadline or the memory limit it is killed and another takes
its place; the files of its chunk that were not to blame are given out again. A letter during which a worker
died or grew too large is tried once more, alone in a fresh worker, so that nothing that came from
outside (a kill, a full machine) is written down as the letter's fault.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Final, Self

from extract.archive.desk import NOWHERE, At
from extract.archive.messages import Outcome, Result, Task
from extract.archive.nursery import Nursery, Worker
from extract.failures import Reason

POLL: Final = 0.1
"""Seconds between two looks at clocks and memory."""
TRIES: Final = 2
"""Times that a chunk is given out whole; after that its files go out one by one."""
RENEW_AT: Final = 0.5
"""Share of the memory limit from which a worker is replaced between two chunks, blaming no letter."""
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Watch:
    """What a letter may take: ``deadline`` in seconds of wall-clock time, ``memory`` in MiB of the whole worker."""

    deadline: float = 30.0
    memory: int = 1024


@dataclass(frozen=True, slots=True)
class _Chunk:
    tasks: tuple[Task, ...]
    tries: int = 0
    alone: bool = False
    """For a file that is tried once more."""


class _Child:
    """A worker and what it was given."""

    def __init__(self, worker: Worker) -> None:
        self.worker, self.connection = worker, worker.connection
        self.served = 0
        self.chunk: _Chunk | None = None

    def give(self, chunk: _Chunk) -> None:
        """Send a chunk of files."""
        self.chunk = chunk
        self.worker.desk.clear()
        self.served += 1
        try:
            self.connection.send(chunk.tasks)
        except OSError:
            return  # it died just now; the other end's closing will tell


class Pool:
    """Any number of workers for one run."""

    def __init__(self, nursery: Nursery, *, workers: int, watch: Watch) -> None:
        self._nursery, self._most, self._watch = nursery, workers, watch
        self._children: list[_Child] = []
        self._again: deque[_Chunk] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers."""
        for child in list(self._children):
            self._drop(child)
        self._nursery.close()

    def run(self, chunks: Iterable[tuple[Task, ...]], *, stopping: Callable[[], bool]) -> Iterator[Result]:
        """Read all chunks; gives results as they come, in no fixed order.

        When ``stopping`` turns true no more chunks are begun, and what is in flight is finished.
        Raises WorkersError where workers cannot be started.
        """
        source = iter(chunks)
        while True:
            self._hand_out(source, stopping)
            if not any(child.chunk for child in self._children):
                return
            waiting: list[Connection] = [child.connection for child in self._children]
            found = wait(waiting, timeout=POLL)
            for child in [c for c in self._children if c.connection in found]:
                yield from self._hear(child)
            for child in list(self._children):
                yield from self._look_after(child)

    # -- giving out

    def _hand_out(self, source: Iterator[tuple[Task, ...]], stopping: Callable[[], bool]) -> None:
        for child in [c for c in self._children if c.chunk is None]:
            if child.worker.rss() > RENEW_AT * self._watch.memory * MIB:
                self._drop(child)
        free = [c for c in self._children if c.chunk is None]
        room = self._most - len(self._children)
        while free or room > 0:
            chunk = self._next(source, stopping)
            if chunk is None:
                return
            fit = next((c for c in free if not chunk.alone or c.served == 0), None)
            if fit is not None:
                free.remove(fit)
                fit.give(chunk)
                continue
            if room <= 0:
                self._drop(free.pop())
                room += 1
            child = _Child(self._nursery.worker())
            self._children.append(child)
            child.give(chunk)
            room -= 1

    def _next(self, source: Iterator[tuple[Task, ...]], stopping: Callable[[], bool]) -> _Chunk | None:
        if self._again:
            return self._again.popleft()
        if stopping():
            return None
        tasks = next(source, None)
        return None if tasks is None else _Chunk(tasks)

    # -- watching

    def _hear(self, child: _Child) -> Iterator[Result]:
        """Take what a worker made of its chunk; its silence for good is its death."""
        try:
            result: Result = child.connection.recv()
        except (EOFError, OSError):
            yield from self._lost(child, None)
            return
        child.chunk = None
        yield result

    def _look_after(self, child: _Child) -> Iterator[Result]:
        if child.chunk is None or child not in self._children:
            return
        if child.connection.poll():  # it has something to say first
            return
        at = child.worker.desk.look()
        late = time.monotonic() - at.since > self._watch.deadline
        if late and at == child.worker.desk.look():  # and it has not gone on meanwhile
            yield from self._lost(child, Reason.TIMEOUT, at)
        elif child.worker.rss() > self._watch.memory * MIB:
            yield from self._lost(child, Reason.OUT_OF_MEMORY)

    def _lost(self, child: _Child, reason: Reason | None, at: At | None = None) -> Iterator[Result]:
        """End a worker; give its files out again, but for the one to blame: ``at``, or what it was at when it ended."""
        chunk = child.chunk
        how = self._drop(child)
        index, _, sha256 = at or child.worker.desk.look()
        if chunk is None:
            return
        if index == NOWHERE or index >= len(chunk.tasks):  # between two files: nothing is known against any
            if chunk.tries + 1 < TRIES:
                self._again.appendleft(_Chunk(chunk.tasks, chunk.tries + 1, chunk.alone))
            elif len(chunk.tasks) > 1:
                self._again.extendleft(_Chunk((task,), alone=True) for task in reversed(chunk.tasks))
            else:
                yield _blamed(chunk.tasks[0], sha256, reason or Reason.CRASHED, how, self._watch)
            return
        before, culprit, after = chunk.tasks[:index], chunk.tasks[index], chunk.tasks[index + 1 :]
        self._again.extendleft(_Chunk(tasks) for tasks in (after, before) if tasks)
        if reason is Reason.TIMEOUT or chunk.alone:
            yield _blamed(culprit, sha256, reason or Reason.CRASHED, how, self._watch)
        else:
            self._again.append(_Chunk((culprit,), alone=True))

    def _drop(self, child: _Child) -> str:
        self._children.remove(child)
        child.worker.kill()
        return self._nursery.how_ended(child.worker)


def _blamed(task: Task, sha256: str, reason: Reason, how: str, watch: Watch) -> Result:
    details = {
        Reason.TIMEOUT: f"more than {watch.deadline:g} s; a long scan may need a longer --deadline and --retry-failed",
        Reason.OUT_OF_MEMORY: f"more than {watch.memory} MiB",
        Reason.CRASHED: f"the worker ended with {how}",
    }
    return Result((Outcome(task.name, "failed", sha256, reason, details[reason]),))
