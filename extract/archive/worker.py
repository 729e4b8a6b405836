"""A worker: reads chunks of files in a process of its own, several letters side by side.

It is forked by the ``nursery``, speaks through the socket it was given, notes on its desk which file it is at, and
ends when its parent does. It has one thread that reads (PDFium is never entered by two) and writes
nothing to disk.
"""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import PurePosixPath
from typing import Final

from extract.abreast import Steps, abreast, alone
from extract.archive.desk import Desk
from extract.archive.messages import Outcome, Result, Task
from extract.archive.part import PartBuilder
from extract.failures import LetterError, Reason
from extract.pipeline import LetterReader, Source, fault
from extract.record import FailureRecord

PARENT_EVERY: Final = 0.5
"""Seconds between two looks at whether the parent lives."""
ABREAST: Final = 16
"""Letters that are read side by side: eight gain less, and thirty-two no more, but take more memory."""
COLLECT_AFTER: Final = 50_000
"""Objects more than before, from which on a worker looks for those that only hold each other: letters leave next to
none of them, and 700 others each until their part is written."""


class ChunkReader:
    """Reads the files of a chunk into a part."""

    def __init__(self, reader: LetterReader) -> None:
        self._reader = reader

    def warm_up(self) -> None:
        """Pay for what the first part costs more, before a clock runs."""
        PartBuilder().warm_up()
        self._reader.patterns.prepare()

    def read(self, tasks: Sequence[Task], *, desk: Desk | None = None) -> Result:
        """Read all files; every one of them gets its outcome. The desk tells which file is being read."""
        part = PartBuilder()
        desk = desk or Desk()
        outcomes: list[Outcome] = []
        for first in range(0, len(tasks), ABREAST):
            group = range(first, min(first + ABREAST, len(tasks)))
            read = abreast({index: self._one(tasks[index], part, desk) for index in group}, at=desk.at)
            for index in group:
                if read[index].reason == Reason.OUT_OF_MEMORY and len(group) > 1:  # which may be the others' doing
                    desk.at(index)
                    read[index] = alone(self._one(tasks[index], part, desk))
            outcomes += [read[index] for index in group]
        desk.at(len(tasks))
        data, faults = part.encode()
        for index, outcome in enumerate(outcomes):
            if outcome.slot in faults:
                outcomes[index] = _at_fault(outcome.name, outcome.sha256, faults[outcome.slot])
        return Result(tuple(outcomes), data)

    def _one(self, task: Task, part: PartBuilder, desk: Desk) -> Steps[Outcome]:
        sha256 = ""
        try:
            data = task.data if task.data is not None else task.place.read()
            sha256 = hashlib.sha256(data).hexdigest()
            desk.hashed(sha256)
            if sha256 == task.known:
                return Outcome(task.name, "same", sha256)
            source = Source(PurePosixPath(task.name), task.name, sha256, data)
            result = yield from self._reader.try_reading(source)
            if isinstance(result, FailureRecord):
                return Outcome(task.name, "failed", sha256, result.reason, result.detail)
            return Outcome(task.name, "letter", sha256, slot=part.add(result))
        except LetterError as error:
            return Outcome(task.name, "failed", sha256, error.reason, error.detail)
        except MemoryError:
            return Outcome(task.name, "failed", sha256, Reason.OUT_OF_MEMORY, Reason.OUT_OF_MEMORY.meaning)
        except Exception as error:  # a file system of its own mind
            return _at_fault(task.name, sha256, error)


def _at_fault(name: str, sha256: str, error: Exception) -> Outcome:
    return Outcome(name, "failed", sha256, Reason.INTERNAL_ERROR, fault(error))


def settle() -> None:
    """For a process that has loaded its reader and does nothing but read: the collector leaves alone what is there,
    which then stays shared after a fork, and looks at what comes seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def serve(connection: Connection, reader: ChunkReader, desk: Desk) -> None:
    """Read chunks until the other end closes, or the process that forked this one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which lets workers finish
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    while True:
        try:
            tasks: Sequence[Task] = connection.recv()
            desk.clear()
            connection.send(reader.read(tasks, desk=desk))
        except (EOFError, ConnectionError):
            return


def _end_with(parent: int) -> None:
    """Leave when the parent is gone, even from within a letter that does not end."""
    while os.getppid() == parent:
        time.sleep(PARENT_EVERY)
    os._exit(1)
