"""A worker: reads chunks of files, one letter at a time, in a process of its own.

It is forked by the ``nursery``, speaks through the socket it was given, says which file it is about to read, and
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
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import PurePosixPath
from typing import Final

from extract.archive.messages import Begins, Hashed, Message, Outcome, Result, Task
from extract.archive.part import PartBuilder
from extract.failures import LetterError, Reason
from extract.pipeline import LetterReader, Source, fault
from extract.record import FailureRecord

PARENT_EVERY: Final = 0.5
"""Seconds between two looks at whether the parent lives."""


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

    def read(self, tasks: Sequence[Task], *, tell: Callable[[Message], None] = lambda _: None) -> Result:
        """Read all files; every one of them gets its outcome."""
        part = PartBuilder()
        outcomes = []
        for index, task in enumerate(tasks):
            tell(Begins(index))
            outcomes.append(self._one(task, part, tell))
        tell(Begins(len(tasks)))
        data, faults = part.encode()
        for index, outcome in enumerate(outcomes):
            if outcome.slot in faults:
                outcomes[index] = _at_fault(outcome.name, outcome.sha256, faults[outcome.slot])
        return Result(tuple(outcomes), data)

    def _one(self, task: Task, part: PartBuilder, tell: Callable[[Message], None]) -> Outcome:
        sha256 = ""
        try:
            data = task.data if task.data is not None else task.place.read()
            sha256 = hashlib.sha256(data).hexdigest()
            tell(Hashed(sha256))
            if sha256 == task.known:
                return Outcome(task.name, "same", sha256)
            result = self._reader.try_read(Source(PurePosixPath(task.name), task.name, sha256, data))
            if isinstance(result, FailureRecord):
                return Outcome(task.name, "failed", sha256, result.reason, result.detail)
            return Outcome(task.name, "letter", sha256, slot=part.add(result))
        except LetterError as error:
            return Outcome(task.name, "failed", sha256, error.reason, error.detail)
        except MemoryError:
            return Outcome(task.name, "failed", sha256, Reason.OUT_OF_MEMORY, Reason.OUT_OF_MEMORY.meaning)
        except ConnectionError:  # the parent is gone
            raise
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


def serve(connection: Connection, reader: ChunkReader) -> None:
    """Read chunks until the other end closes, or the process that forked this one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which lets workers finish
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    while True:
        try:
            tasks: Sequence[Task] = connection.recv()
            connection.send(reader.read(tasks, tell=connection.send))
        except (EOFError, ConnectionError):
            return


def _end_with(parent: int) -> None:
    """Leave when the parent is gone, even from within a letter that does not end."""
    while os.getppid() == parent:
        time.sleep(PARENT_EVERY)
    os._exit(1)
