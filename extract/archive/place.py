"""Where the bytes of a file lie: on disk, inside an archive, or behind a URL."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from extract.failures import LetterError, Reason
from extract.reading import check_size, read_bytes

Kind = Literal["file", "zip", "tar", "stream", "url"]
NEEDS_FSSPEC = "URLs need fsspec: pip install 'imr-letters[cluster]'"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file's bytes lie.

    ``path`` is a file or a URL. Of a member of an archive, ``offset`` is where it begins, in bytes, and
    ``size`` its length; of a zip also ``packed``, ``method`` and ``crc`` as its directory says them. A
    ``stream`` (``.tar.gz``) can only be read from its beginning; there ``offset`` counts members.
    """

    kind: Kind
    path: str
    offset: int = 0
    size: int = 0
    packed: int = 0
    method: int = 0
    crc: int = 0

    def to_json(self) -> str:
        """As one line of ASCII; a path of any bytes survives it."""
        return json.dumps({name: value for name in self.__slots__ if (value := getattr(self, name))})

    @classmethod
    def of_json(cls, text: str) -> Place:
        """The way back from ``to_json``."""
        return cls(**json.loads(text))

    def read(self) -> bytes:
        """The bytes. Raises LetterError where they cannot be had or are more than a letter may have."""
        if self.kind == "url":
            return _read_url(self.path)
        path = Path(self.path)
        if self.kind == "file":
            if not is_regular(path):
                raise LetterError(Reason.UNREADABLE, "not a regular file")
            return read_bytes(path)
        if self.kind == "stream":
            return self._from_stream()
        check_size(self.size)
        from extract.archive import containers

        try:
            with path.open("rb") as stream:
                if self.kind == "zip":
                    return containers.read_zip_member(stream, self)
                stream.seek(self.offset)
                data = stream.read(self.size)
        except OSError as error:
            raise LetterError(Reason.UNREADABLE, error.strerror or type(error).__name__) from error
        if len(data) < self.size:
            raise LetterError(Reason.DAMAGED, "the archive ends inside this member")
        return data

    def _from_stream(self) -> bytes:
        """One member by reading all before it; a run passes over the stream once instead."""
        from extract.archive import containers

        for member, data in containers.stream(Path(self.path), wanted=lambda n: n == self.offset):
            if member.place == self:
                return data
        raise LetterError(Reason.DAMAGED, "the archive ends before this member")


def is_regular(path: Path) -> bool:
    """False for pipes, sockets and devices, which would block or never end."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True  # let opening it say why it cannot be read


def filesystem(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL and the path within it. Raises LetterError where fsspec is missing."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise LetterError(Reason.UNREADABLE, NEEDS_FSSPEC) from error
    found: tuple[Any, str] = url_to_fs(url)
    return found


def _read_url(url: str) -> bytes:
    from extract.reading import Limits

    system, path = filesystem(url)
    try:
        with system.open(path, "rb") as stream:
            data: bytes = stream.read(Limits.file_bytes + 1)
    except Exception as error:  # each store raises its own kinds
        raise LetterError(Reason.UNREADABLE, type(error).__name__) from error
    check_size(len(data))
    return data
