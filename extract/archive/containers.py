"""What lies in a ``.zip``, ``.tar`` or ``.tar.gz``, without unpacking it to disk.

Members are listed once with the place of their bytes and read one at a time. Refused, each with a row
of failures: links, devices, names that leave the archive, members that overlap, and members or whole
archives that expand further than letters can (decompression bombs). An archive inside an archive is
not opened.
"""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from extract.archive.place import Place
from extract.failures import LetterError, Reason
from extract.reading import check_size

SUFFIXES: Final = (".zip", ".tar", ".tar.gz", ".tgz")
MOST_RATIO: Final = 200
"""Times its packed size that a member may have; PDFs of letters have 1 to 5, text up to 20."""
FREE_BYTES: Final = 1_000_000
"""Unpacked bytes from which the ratio of a member counts."""
STREAM_FREE_BYTES: Final = 100_000_000
"""Unpacked bytes from which the ratio of a whole stream counts."""
MOST_HEADER: Final = 64_000_000
"""Bytes that are read at once at most; a header that claims more is made to fill the memory."""
_LOCAL: Final = struct.Struct("<4s5H3I2H")
"""Head of a zip member (APPNOTE 4.3.7); only its mark and the two lengths at its end are used."""
_ENCRYPTED: Final = 0x1


@dataclass(frozen=True, slots=True)
class Member:
    """A member's name below the archive, and where it lies or why it is refused."""

    name: str
    place: Place | None
    refusal: LetterError | None = None


def is_container(path: Path) -> bool:
    """True for the names of archives that are looked into."""
    return path.name.lower().endswith(SUFFIXES)


def members(path: Path) -> Iterator[Member]:
    """The files of an archive in its own order. Raises LetterError where it cannot be listed (further)."""
    name = path.name.lower()
    if name.endswith(".zip"):
        yield from _zip_members(path)
    elif name.endswith(".tar"):
        yield from _tar_members(path)
    else:
        for member, _ in stream(path, wanted=lambda _: False):
            yield member


def _zip_members(path: Path) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except OSError as error:
        raise LetterError(Reason.UNREADABLE, error.strerror or type(error).__name__) from error
    except Exception as error:  # zipfile raises many kinds on broken files
        raise LetterError(Reason.DAMAGED, f"not a zip archive that can be listed ({type(error).__name__})") from error
    packed = path.stat().st_size
    total = sum(i.file_size for i in infos)
    if total > max(packed * MOST_RATIO, STREAM_FREE_BYTES):
        raise LetterError(Reason.TOO_LARGE, f"expands to {total} bytes from {packed}")
    overlapping: set[int] = set()
    end = 0
    for info in sorted(infos, key=lambda i: i.header_offset):
        if info.header_offset < end:
            overlapping.add(id(info))
        end = max(end, info.header_offset + _LOCAL.size + info.compress_size)
    for info in infos:
        name = info.filename.replace("\\", "/")  # some programs of Windows write it so
        if info.is_dir() or _hidden(name):
            continue
        try:
            _check_name(name)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise LetterError(Reason.UNSAFE_MEMBER, "a link or a device")
            if id(info) in overlapping:
                raise LetterError(Reason.UNSAFE_MEMBER, "overlaps another member, as decompression bombs do")
            if info.flag_bits & _ENCRYPTED:
                raise LetterError(Reason.ENCRYPTED, "the archive's member asks for a password")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise LetterError(Reason.UNREADABLE, f"packed by method {info.compress_type}; only deflate is read")
            check_size(info.file_size)
            _check_ratio(info.file_size, info.compress_size)
        except LetterError as refusal:
            yield Member(name, None, refusal)
            continue
        yield Member(
            name,
            Place(
                "zip",
                str(path),
                offset=info.header_offset,
                size=info.file_size,
                packed=info.compress_size,
                method=info.compress_type,
                crc=info.CRC,
            ),
        )


def read_zip_member(file: IO[bytes], place: Place) -> bytes:
    """A zip member by its place alone, so that no worker needs the archive's directory in memory.

    Never gives more bytes than the directory promised. Raises LetterError (``damaged``).
    """
    file.seek(place.offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
        raise LetterError(Reason.DAMAGED, "the archive has no member where its directory says")
    *_, name, extra = _LOCAL.unpack(head)
    file.seek(name + extra, io.SEEK_CUR)
    data = file.read(place.packed)
    if place.method == zipfile.ZIP_DEFLATED:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = unpack.decompress(data, place.size + 1)
        except zlib.error as error:
            raise LetterError(Reason.DAMAGED, "the archive's member cannot be unpacked") from error
    if len(data) != place.size or zlib.crc32(data) != place.crc:
        raise LetterError(Reason.DAMAGED, "the archive's member is not what its directory says")
    return data


def _tar_members(path: Path) -> Iterator[Member]:
    try:
        with path.open("rb") as raw, tarfile.open(fileobj=_Guard(raw), mode="r:") as archive:
            for info in _infos(archive):
                member = _tar_member(info)
                if member is not None:
                    place = Place("tar", str(path), offset=info.offset_data, size=info.size)
                    yield member if member.refusal else Member(member.name, place)
    except OSError as error:
        raise LetterError(Reason.UNREADABLE, error.strerror or type(error).__name__) from error
    except LetterError:
        raise
    except Exception as error:  # tarfile raises many kinds on broken files
        raise LetterError(Reason.DAMAGED, f"the archive cannot be read on ({type(error).__name__})") from error


def stream(path: Path, *, wanted: Callable[[int], bool]) -> Iterator[tuple[Member, bytes]]:
    """Members of a ``.tar.gz`` from its beginning, with the bytes of those whose number is ``wanted``.

    The place's ``offset`` is the member's number. Raises LetterError where the stream breaks.
    """
    try:
        with (
            path.open("rb") as raw,
            gzip.open(raw) as unpacked,
            tarfile.open(fileobj=_Guard(unpacked, raw), mode="r|") as archive,
        ):
            for number, info in enumerate(_infos(archive)):
                member = _tar_member(info)
                if member is None:
                    continue
                if member.refusal is None:
                    member = Member(member.name, Place("stream", str(path), offset=number, size=info.size))
                data = b""
                if member.place is not None and wanted(number):
                    body = archive.extractfile(info)
                    data = b"" if body is None else body.read()
                yield member, data
    except LetterError:
        raise
    except Exception as error:  # OSError, EOFError, zlib.error and tarfile's own kinds
        raise LetterError(Reason.DAMAGED, f"the archive cannot be read on ({type(error).__name__})") from error


def _infos(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (info := archive.next()) is not None:
        vars(archive)["members"] = []  # tarfile keeps every header otherwise
        yield info


def _tar_member(info: tarfile.TarInfo) -> Member | None:
    """A member without its place; None for folders and hidden files."""
    name = info.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if info.isdir() or _hidden(name):
        return None
    try:
        _check_name(name)
        if not info.isreg() or info.issparse():
            raise LetterError(Reason.UNSAFE_MEMBER, "a link or a device")
        check_size(info.size)
    except LetterError as refusal:
        return Member(name, None, refusal)
    return Member(name.removeprefix("./"), None)


def _check_name(name: str) -> None:
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or (len(name) > 1 and name[1] == ":") or "\0" in name:
        raise LetterError(Reason.UNSAFE_MEMBER, "the name leaves the archive")


def _check_ratio(size: int, packed: int) -> None:
    if size > FREE_BYTES and size > packed * MOST_RATIO:
        raise LetterError(Reason.TOO_LARGE, f"expands to {size} bytes from {packed}")


def _hidden(name: str) -> bool:
    """As in folders: hidden files, locks of office programs, and what one system adds to its archives."""
    parts = [p for p in name.split("/") if p not in (".", "..")]
    return any(p.startswith(".") for p in parts) or parts[:1] == ["__MACOSX"] or bool(parts and parts[-1][:2] == "~$")


class _Guard(io.RawIOBase):
    """A stream that ends with an error where it unpacks too far or is asked for too much at once."""

    def __init__(self, unpacked: IO[bytes] | gzip.GzipFile, packed: IO[bytes] | None = None) -> None:
        self._unpacked, self._packed, self._given = unpacked, packed, 0

    def read(self, size: int = -1, /) -> bytes:
        """Bytes of the unpacked stream. Raises LetterError (``too_large``)."""
        if not 0 <= size <= MOST_HEADER:
            raise LetterError(Reason.TOO_LARGE, f"a header of the archive claims {size} bytes")
        data = self._unpacked.read(size)
        if self._packed is not None:
            self._given += len(data)
            if self._given > max(self._packed.tell() * MOST_RATIO, STREAM_FREE_BYTES):
                raise LetterError(Reason.TOO_LARGE, f"unpacks more than {MOST_RATIO} times; read no further")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Place the stream."""
        return self._unpacked.seek(offset, whence)

    def tell(self) -> int:
        """Where the stream stands, in unpacked bytes."""
        return self._unpacked.tell()

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True for a plain archive."""
        return self._packed is None
