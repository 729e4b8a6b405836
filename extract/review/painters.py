"""Watched processes that draw letters: a file that hangs, eats memory or crashes PDFium costs its letter alone."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import Final, Generic, Self, TypeVar

from extract.review.drawing import DrawingError, Drawn, Task, draw

T = TypeVar("T")

DEADLINE: Final = 30.0
"""Seconds that a letter may take."""
MOST_MEMORY: Final = 2 << 30
"""Bytes of address space that a process may have."""
WAITING: Final = 2
"""Letters that wait for each process, so that none stands still."""


class Painter:
    """A process that draws one letter after the other. Not for use by two threads at once."""

    def __init__(self, *, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def draw(self, task: Task) -> Drawn:
        """Draw a letter. Raises DrawingError, after which the next letter can be drawn all the same."""
        connection = self._start()
        try:
            connection.send(task)
            if not connection.poll(self._deadline):
                self.close()
                raise DrawingError(f"drawing took longer than {self._deadline:g} s")
            answer = connection.recv()
        except (EOFError, OSError) as error:
            self.close()
            raise DrawingError("the process that drew it ended") from error
        if isinstance(answer, Drawn):
            return answer
        raise DrawingError(str(answer))

    def _start(self) -> Connection:
        if self._connection is None:
            context = multiprocessing.get_context("spawn")  # this process has threads, which a fork would not survive
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
        return self._connection

    def close(self) -> None:
        """End the process."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._connection = None


class Painters(Generic[T]):
    """Several painters; each is fed by a thread of its own, and PDFium runs in their processes alone."""

    def __init__(self, number: int, *, deadline: float = DEADLINE) -> None:
        self._number = number
        self._all = [Painter(deadline=deadline) for _ in range(number)]
        self._free: SimpleQueue[Painter] = SimpleQueue()
        for painter in self._all:
            self._free.put(painter)
        self._threads = ThreadPoolExecutor(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for painter in self._all:
            painter.close()
        self._threads.shutdown(cancel_futures=True)

    def draw(self, tasks: Iterable[tuple[T, Task | None]]) -> Iterator[tuple[T, Drawn | DrawingError | None]]:
        """Draw all letters in their order; what cannot be drawn gives its error, what has no task None."""
        source = iter(tasks)
        waiting: list[tuple[T, Future[Drawn | DrawingError | None]]] = []
        while True:
            room = self._number * WAITING - len(waiting)
            waiting += [(key, self._threads.submit(self._one, task)) for key, task in islice(source, room)]
            if not waiting:
                return
            key, future = waiting.pop(0)
            yield key, future.result()

    def _one(self, task: Task | None) -> Drawn | DrawingError | None:
        if task is None:
            return None
        painter = self._free.get()
        try:
            return painter.draw(task)
        except DrawingError as error:
            return error
        finally:
            self._free.put(painter)


def _serve(connection: Connection) -> None:
    """Draw what comes until the other end closes."""
    _limit_memory()
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        answer: Drawn | str
        try:
            answer = draw(task)
        except DrawingError as error:
            answer = str(error)
        except MemoryError:
            answer = "a page asks for too much memory"
        except Exception as error:  # a hostile file must cost its letter alone
            answer = f"a fault of this program: {type(error).__name__}"
        connection.send(answer)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
