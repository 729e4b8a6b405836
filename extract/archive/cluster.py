"""The same run on a Dask cluster: chunks of paths go out, parts come back, this process writes.

On each Dask worker a plugin keeps watched reading processes (``pool``), so that deadline, memory limit and
isolation are those of a single machine, and no thread of Dask enters PDFium. What a lost Dask worker
was reading is given to another one. Files must be reachable by the same paths or URLs everywhere, and
the workers must have this version of the program: that is checked before anything is read.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import distributed

from extract.archive.key import ReaderSpec
from extract.archive.messages import Result, Task
from extract.archive.nursery import Nursery, WorkersError
from extract.archive.pool import Pool, Watch

LOCAL: Final = "local"
PLUGIN: Final = "imr-letters"
AHEAD: Final = 2
"""Chunks that are given out for each thread of the cluster: one to read, one to wait."""
TRIES: Final = 3
CONNECT_LIMIT: Final = 30
"""Seconds to reach the scheduler."""


class ReadingPlugin(distributed.WorkerPlugin):  # type: ignore[misc]
    """On a Dask worker: the pools that its threads read with, one each."""

    name = PLUGIN

    def __init__(self, spec: ReaderSpec, *, key: str, watch: Watch) -> None:
        self._spec, self._key, self._watch = spec, key, watch
        self._free: queue.SimpleQueue[Pool] | None = None

    def setup(self, worker: Any) -> None:
        """Raises WorkersError where the worker would read letters in another way than the run's command."""
        if self._spec.key != self._key:
            raise WorkersError(
                f"the worker {worker.address} has another version of imr-letters, its libraries or its patterns"
            )
        self._free = queue.SimpleQueue()

    def teardown(self, worker: Any) -> None:
        """End the reading processes that no thread uses; the others end with the worker."""
        while self._free is not None and not self._free.empty():
            self._free.get().close()

    @contextmanager
    def pool(self) -> Iterator[Pool]:
        """A pool of one process, for one thread at a time."""
        assert self._free is not None
        try:
            pool = self._free.get_nowait()
        except queue.Empty:
            pool = Pool(Nursery(self._spec), workers=1, watch=self._watch)
        try:
            yield pool
        except BaseException:
            pool.close()
            raise
        self._free.put(pool)


def read_chunk(tasks: tuple[Task, ...]) -> list[Result]:
    """Runs on a Dask worker: read a chunk of files."""
    plugin: ReadingPlugin = distributed.get_worker().plugins[PLUGIN]
    with plugin.pool() as pool:
        return list(pool.run([tasks], stopping=lambda: False))


class Cluster:
    """Reads chunks on the cluster behind ``scheduler``, or on one of its own on this machine (``local``)."""

    def __init__(self, spec: ReaderSpec, *, scheduler: str, workers: int, watch: Watch) -> None:
        self._spec, self._scheduler, self._workers, self._watch = spec, scheduler, workers, watch
        self._own: Any = None

    def __enter__(self) -> Self:
        try:
            if self._scheduler == LOCAL:
                self._own = distributed.LocalCluster(
                    n_workers=self._workers, threads_per_worker=1, memory_limit=0, dashboard_address=None
                )
            self._client = distributed.Client(self._own or self._scheduler, timeout=CONNECT_LIMIT)
            self._client.register_plugin(ReadingPlugin(self._spec, key=self._spec.key, watch=self._watch))
        except Exception as error:
            self.__exit__(None, None, None)
            raise WorkersError(f"the cluster {self._scheduler} cannot be used: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        client = getattr(self, "_client", None)
        if client is not None:
            if client.status == "running":
                client.unregister_worker_plugin(PLUGIN)
            client.close()
        if self._own is not None:
            self._own.close()

    def run(self, chunks: Iterable[tuple[Task, ...]], *, stopping: Callable[[], bool]) -> Iterator[Result]:
        """Read all chunks, or as many as were given out before ``stopping`` turned true.

        Raises WorkersError where the cluster is gone or loses a chunk again and again.
        """
        source = iter(chunks)
        done = distributed.as_completed()
        given: dict[Any, tuple[tuple[Task, ...], int]] = {}

        def give(tasks: tuple[Task, ...], tried: int) -> None:
            future = self._client.submit(read_chunk, tasks, pure=False, retries=1)
            given[future.key] = tasks, tried
            done.add(future)

        try:
            while True:
                room = AHEAD * max(1, sum(self._client.nthreads().values())) - len(given)
                while room > 0 and not stopping() and (tasks := next(source, None)) is not None:
                    give(tasks, 1)
                    room -= 1
                if not given:
                    return
                future = next(done)
                tasks, tried = given.pop(future.key)
                if future.status == "finished":
                    yield from future.result()
                elif tried < TRIES and not isinstance(future.exception(), WorkersError):
                    give(tasks, tried + 1)
                else:
                    raise WorkersError(f"the cluster cannot read: {future.exception()}")
        except OSError as error:
            raise WorkersError(f"the cluster is gone ({error}); the same command goes on.") from error
