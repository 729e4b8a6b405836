"""What a worker is at, for its parent to look at: a little memory that both processes hold.

A worker goes from letter to letter a thousand times a second, since it reads several side by side. To write that
down takes a microsecond, where a message would cost both of them more than many a step. What a worker that died
wrote last is still there.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import tempfile
import time
from typing import Final, NamedTuple

_FORM: Final = struct.Struct("<qd32s")
_SIZE: Final = 2 * _FORM.size + 1
"""Room for two records, and for the number of the one that holds: a worker that is stopped or killed while it writes
leaves the other."""
NOWHERE: Final = -1
"""The index before the first file of a chunk."""


class At(NamedTuple):
    """Where a worker is."""

    file: int
    """The file, by its index in the chunk; the index behind the last: it writes the part."""
    since: float
    """When it began with the file, on the clock that all processes share; later by what it gave to others since."""
    sha256: str
    """Hash of the file's bytes, '' before they are read."""


class Desk:
    """Written by a worker, and by the parent while the worker has nothing to do; read by the parent."""

    def __init__(self, descriptor: int = -1) -> None:
        """On the memory behind a file descriptor of ``shared_memory``; on memory of its own without one."""
        self._memory = mmap.mmap(descriptor, _SIZE)
        self.clear()

    def clear(self) -> None:
        """A new chunk begins."""
        self._spent: dict[int, float] = {}
        self._hashes: dict[int, bytes] = {}
        self._index, self._began = NOWHERE, time.monotonic()
        self._put(NOWHERE, self._began, b"")

    def at(self, index: int) -> None:
        """The worker begins with a file or comes back to it: what it did in between is not the file's time."""
        now, spent = time.monotonic(), self._spent
        spent[self._index] = spent.get(self._index, 0.0) + now - self._began
        self._index, self._began = index, now
        self._write()

    def hashed(self, sha256: str) -> None:
        """The hash of the file that the worker is at."""
        self._hashes[self._index] = bytes.fromhex(sha256)
        self._write()

    def _write(self) -> None:
        index = self._index
        since = self._began - self._spent.get(index, 0.0)
        self._put(index, since, self._hashes.get(index, b""))

    def _put(self, index: int, since: float, digest: bytes) -> None:
        turn = 1 - self._memory[_SIZE - 1]
        _FORM.pack_into(self._memory, turn * _FORM.size, index, since, digest)
        self._memory[_SIZE - 1] = turn

    def look(self) -> At:
        """What the worker is at. It may write twice meanwhile: who acts on what is here looks again."""
        index, since, digest = _FORM.unpack_from(self._memory, self._memory[_SIZE - 1] * _FORM.size)
        return At(index, since, digest.hex() if any(digest) else "")


def shared_memory() -> int:
    """A new file descriptor to hand to another process, with room for a desk. Raises OSError where there is none."""
    if sys.platform == "linux" and hasattr(os, "memfd_create"):  # in memory: a full disk is no matter
        descriptor = os.memfd_create("imr-desk")
    else:
        descriptor, name = tempfile.mkstemp()
        os.unlink(name)
    try:
        os.write(descriptor, bytes(_SIZE))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
