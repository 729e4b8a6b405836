"""Where workers come from: a process that loads the reader once and forks a worker whenever one is asked for.

So a worker that was killed is replaced in milliseconds, workers share the memory of the vocabularies, and
starting sixteen costs what starting one does. The process opens no letter and has no second thread, and
PDFium is only loaded after the fork: nothing is forked that a fork could break. It ends when the run
does, and its workers end with it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from importlib.abc import MetaPathFinder
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Self

import psutil

from extract.archive.desk import Desk, shared_memory
from extract.archive.key import ReaderSpec
from extract.archive.messages import Broken, Ready

START_LIMIT: Final = 120.0
"""Seconds that loading the reader may take."""
STARTS: Final = 3
"""Times that it is tried before the run gives up."""
REAP_LIMIT: Final = 5.0
"""Seconds to wait for the end of a worker that was killed; one that hangs in a network disk may take longer."""
_FRAME: Final = struct.Struct("<cq")
_ANSWER: Final = struct.Struct("<q")
_FORK: Final = b"F"
_REAP: Final = b"R"
_HANDED: Final = 2
"""File descriptors that a new worker is given: its end of a socket, and its desk."""


class WorkersError(RuntimeError):
    """Workers cannot be started, with the reason."""


class NurseryLostError(Exception):
    """The process that forks workers is gone."""


class Worker:
    """A worker process: its connection, its desk, and what the system says of it."""

    def __init__(self, pid: int, connection: Connection, desk: Desk, *, starter: int) -> None:
        self.pid, self.connection, self.desk, self.starter = pid, connection, desk, starter
        self._process = psutil.Process(pid)

    def rss(self) -> int:
        """Bytes of memory that it holds; 0 where it is gone."""
        try:
            return int(self._process.memory_info().rss)
        except psutil.Error:
            return 0

    def kill(self) -> None:
        """Kill it if it lives; never another process that has its number by now."""
        with contextlib.suppress(psutil.Error):
            self._process.kill()
        self.connection.close()


class Nursery:
    """This run's side of the process that forks workers. May be shared by threads."""

    def __init__(self, spec: ReaderSpec) -> None:
        if os.name != "posix":
            raise WorkersError("worker processes need Linux or macOS: read in one process with --workers 0.")
        self._spec = spec
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; its workers follow."""
        if self._process is not None:
            self._socket.close()
            self._process.kill()
            self._process.wait()
            self._process = None

    def worker(self) -> Worker:
        """A new worker. Raises WorkersError where the reader cannot be loaded."""
        with self._lock:
            for _ in range(STARTS):
                if self._process is None:
                    self._start()
                try:
                    return self._fork()
                except (OSError, NurseryLostError):
                    self.close()
        raise WorkersError("workers cannot be started; --workers 0 reads without them and shows why.")

    def how_ended(self, worker: Worker) -> str:
        """How a worker ended that is dead or was killed; its number is free afterwards."""
        with self._lock:
            if self._process is None or self._process.pid != worker.starter:
                return "its starter"
            try:
                self._socket.sendall(_FRAME.pack(_REAP, worker.pid))
                code = self._answer()
            except (OSError, NurseryLostError):
                self.close()
                return "its starter"
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def _start(self) -> None:
        self._socket, theirs = socket.socketpair()
        home = str(Path(__file__).parents[2])
        code = f"import sys; sys.path.append({home!r}); from extract.archive.nursery import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C of the terminal is for the run, which lets workers finish
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        theirs.close()
        connection = Connection(os.dup(self._socket.fileno()))
        try:
            connection.send(self._spec)
            message = connection.recv() if connection.poll(START_LIMIT) else Broken(f"not in {START_LIMIT:g} s")
        except (EOFError, OSError):
            message = None
        finally:
            connection.close()
        if isinstance(message, Broken):
            self.close()
            raise WorkersError(f"a worker cannot load its rules: {message.why}")

    def _fork(self) -> Worker:
        memory = shared_memory()
        try:
            desk = Desk(memory)
            ours, theirs = socket.socketpair()
            try:
                socket.send_fds(self._socket, [_FRAME.pack(_FORK, 0)], [theirs.fileno(), memory])
                pid = self._answer()
            except BaseException:
                ours.close()
                raise
            finally:
                theirs.close()
        finally:
            os.close(memory)  # the desk keeps it
        try:
            return Worker(pid, Connection(ours.detach()), desk, starter=self._process.pid if self._process else 0)
        except psutil.Error as error:
            raise NurseryLostError from error

    def _answer(self) -> int:
        data = self._socket.recv(_ANSWER.size, socket.MSG_WAITALL)
        if len(data) < _ANSWER.size:
            raise NurseryLostError
        return int(_ANSWER.unpack(data)[0])


class _WithoutPandas(MetaPathFinder):
    """pyarrow looks for pandas when it makes its first array; that takes a second and 50 MB, and no worker needs it."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Say that there is no pandas, and nothing of other modules."""
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


def main() -> None:
    """The process itself: load the reader, then fork and reap as the run says, until it is gone."""
    sys.meta_path.insert(0, _WithoutPandas())
    from extract.archive.worker import ChunkReader, settle

    control = socket.socket(fileno=int(sys.argv[1]))
    connection = Connection(os.dup(control.fileno()))
    spec: ReaderSpec = connection.recv()
    try:
        reader = ChunkReader(spec.reader())
        reader.warm_up()
    except Exception as error:
        connection.send(Broken(f"{type(error).__name__}: {error}"))
        return
    connection.send(Ready())
    connection.close()
    settle()
    while True:
        data, descriptors, *_ = socket.recv_fds(control, _FRAME.size, _HANDED)
        if len(data) < _FRAME.size:
            return
        word, number = _FRAME.unpack(data)
        if word == _FORK:
            pid = os.fork()
            if pid == 0:
                control.close()
                _be_worker(reader, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            control.sendall(_ANSWER.pack(pid))
        else:
            control.sendall(_ANSWER.pack(_reaped(number)))


def _reaped(pid: int) -> int:
    """Exit code of a worker, as subprocess has it; one that the system cannot end just now is left to it."""
    end = time.monotonic() + REAP_LIMIT
    while time.monotonic() < end:
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            break
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    return -signal.SIGKILL


def _be_worker(reader: object, descriptors: list[int]) -> None:
    """Serve, and never come back into the loop above."""
    from extract.archive.worker import ChunkReader, serve

    assert isinstance(reader, ChunkReader)
    try:
        connection, memory = descriptors
        desk = Desk(memory)
        os.close(memory)
        serve(Connection(connection), reader, desk)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
