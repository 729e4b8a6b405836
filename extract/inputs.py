"""What a run reads: the files under the given inputs, each with the name the tables call it.

An input is a file, a folder (all below it), a pattern with ``*``, an archive (``.zip``, ``.tar``,
``.tar.gz``), or a URL that fsspec knows. Files are listed one by one and never all held in memory.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, Self

from extract.archive import containers
from extract.archive.place import Place, filesystem
from extract.failures import LetterError

TEMPORARY: Final = ("~$",)
"""Beginnings of names of lock files that office programs leave beside a document."""
SCHEME: Final = "://"
_WILD: Final = frozenset("*?[")


class InputError(ValueError):
    """An input that cannot be used, with what to do instead."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file to read, or one that is refused unread.

    ``name`` is its path below the input root, ``/``-separated, always valid UTF-8; ``other_name`` is taken
    where another file has that name. ``stamp`` changes when the file does. ``container`` is the archive it
    lies in, ``""`` for none.
    """

    name: str
    place: Place | None
    stamp: str
    other_name: str
    container: str = ""
    refusal: LetterError | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """An archive whose members were listed before and that has not changed since."""

    container: str


@dataclass(frozen=True, slots=True)
class Contained:
    """An archive whose members were all listed just now."""

    container: str
    stamp: str


Entry = Listed | Unchanged | Contained


@dataclass(frozen=True, slots=True)
class Shard:
    """The ``number``-th of ``of`` parts of the input, counted from 1; a file's part depends on its name alone."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """As in ``3/64``. Raises InputError."""
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise InputError(f"--shard {text} is not understood: write it as 3/64, from 1/64 to 64/64.")
        return cls(int(number), int(of))

    def holds(self, name: str) -> bool:
        """True where the file of this name belongs to the shard."""
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % self.of == self.number - 1


@dataclass(frozen=True, slots=True)
class Inputs:
    """What to read: ``paths`` as given, a ``manifest`` of more paths, one ``shard`` of it all."""

    paths: tuple[str, ...]
    manifest: Path | None = None
    shard: Shard | None = None

    def check(self) -> None:
        """Raises InputError for an input that is not there."""
        if not self.paths and self.manifest is None:
            raise InputError("nothing to read: give files, folders, archives or --manifest.")
        if self.manifest is not None and not self.manifest.is_file():
            raise InputError(f"{self.manifest} is not there.")
        for given in self.paths:
            if SCHEME not in given and not Path(given).exists() and not _matches(given):
                raise InputError(f"{given} is not there.")

    def entries(
        self, *, leave_out: Sequence[Path | str] = (), known: Callable[[str, str], bool] = lambda *_: False
    ) -> Iterator[Entry]:
        """All files, in a fixed order, without hidden ones and those below ``leave_out``, folders and URLs.

        With several inputs, files of a folder are named below the folder's own name, so that two folders
        with the same file names stay apart. ``known(container, stamp)`` is true for an archive that need
        not be listed again.
        """
        skip = {path.resolve() for path in leave_out if isinstance(path, Path)}
        urls = tuple(url for url in leave_out if isinstance(url, str))
        lister = _Lister(skip=skip, urls=urls, known=known, shard=self.shard)
        several = len(self.paths) + (self.manifest is not None) > 1
        for given in self.paths:
            yield from lister.given(given, several=several)
        if self.manifest is not None:
            yield from lister.manifest(self.manifest)


def list_files(paths: Iterable[str | os.PathLike[str]]) -> list[Listed]:
    """All files under ``paths``, sorted by name. Raises FileNotFoundError for a path that is not there."""
    inputs = Inputs(tuple(os.fspath(p) for p in paths))
    try:
        inputs.check()
    except InputError as error:
        raise FileNotFoundError(str(error)) from error
    found: dict[str, Listed] = {}
    for entry in inputs.entries():
        if isinstance(entry, Listed):
            name = free_name(entry, lambda name: found[name].place if name in found else None)
            found[name] = replace(entry, name=name)
    return [found[name] for name in sorted(found)]


def free_name(entry: Listed, taken: Callable[[str], Place | None]) -> str:
    """A name that no other file has: the own one, else the full path, else that with a number.

    Within one archive names may stand twice; there the number comes at once.
    """
    name = wanted = entry.name
    number = 1
    while (place := taken(name)) is not None and place != entry.place:
        same_archive = entry.place is not None and place.path == entry.place.path
        if number == 1 and not same_archive:
            wanted = entry.other_name
        name = wanted if number == 1 and not same_archive else _numbered(wanted, number + same_archive)
        number += 1
    return name


@dataclass(frozen=True, slots=True)
class _Lister:
    skip: set[Path]
    urls: tuple[str, ...]
    known: Callable[[str, str], bool]
    shard: Shard | None

    def given(self, given: str, *, several: bool) -> Iterator[Entry]:
        """Files of one input."""
        if SCHEME in given:
            yield from self._url(given, several=several)
            return
        path = Path(given)
        if path.is_dir():
            first = (path.resolve().name,) if several else ()
            for file in self._walk(path):
                yield from self._file(file, _name((*first, *file.relative_to(path).parts)))
        elif path.exists() or not _matches(given):
            yield from self._file(path, _name((path.name,)))
        else:
            root = _root(given)
            first = (root.resolve().name,) if several else ()
            for match in sorted(glob.iglob(given, recursive=True)):
                for file in self._walk(Path(match)) if Path(match).is_dir() else (Path(match),):
                    yield from self._file(file, _name((*first, *file.relative_to(root).parts)))

    def manifest(self, manifest: Path) -> Iterator[Entry]:
        """Files of a list, one path a line, relative to the list's folder; named as the list names them."""
        with manifest.open(encoding="utf-8", errors="surrogateescape") as stream:
            for line in stream:
                given = line.strip().removeprefix("\ufeff")
                if not given or given.startswith("#"):
                    continue
                if SCHEME in given:
                    yield from self._url(given, several=True)
                    continue
                path = manifest.parent / given
                for file in self._walk(path) if path.is_dir() else (path,):
                    below = file.relative_to(manifest.parent) if not Path(given).is_absolute() else file
                    yield from self._file(file, _name(below.parts))

    def _walk(self, top: Path) -> Iterator[Path]:
        for folder, folders, names in os.walk(top, followlinks=False):
            here = Path(folder)
            folders[:] = sorted(
                f for f in folders if not f.startswith(".") and not (self.skip and (here / f).resolve() in self.skip)
            )
            for name in sorted(names):
                if not name.startswith((".", *TEMPORARY)):
                    yield here / name

    def _file(self, path: Path, name: str) -> Iterator[Entry]:
        stamp = _stamp(path)
        if containers.is_container(path) and path.is_file():
            yield from self._container(path, name, stamp)
        elif self._mine(name):
            yield Listed(name, Place("file", str(path.absolute())), stamp, _name(path.absolute().parts))

    def _container(self, path: Path, name: str, stamp: str) -> Iterator[Entry]:
        shard = f" {self.shard.number}/{self.shard.of}" if self.shard else ""
        container = f"{name}\n{_name(path.absolute().parts)}"
        if self.known(container, stamp + shard):
            yield Unchanged(container)
            return
        other = _name(path.absolute().parts)
        try:
            for member in containers.members(path.absolute()):
                full = f"{name}/{member.name}"
                if self._mine(full):
                    yield Listed(
                        full, member.place, f"{stamp} {_part(member.place)}", f"{other}/{member.name}", container,
                        member.refusal,
                    )  # fmt: skip
        except LetterError as refusal:
            if self._mine(name):
                yield Listed(name, None, stamp, other, container, refusal)
        yield Contained(container, stamp + shard)

    def _url(self, url: str, *, several: bool) -> Iterator[Entry]:
        try:
            system, root = filesystem(url)
            skipped = [(type(store), f"{path.rstrip('/')}/") for store, path in map(filesystem, self.urls)]
        except LetterError as error:
            raise InputError(error.detail) from error
        skip = tuple(path for store, path in skipped if store is type(system))
        protocol = url.partition(SCHEME)[0]
        if _WILD & set(root):
            found: dict[str, dict[str, Any]] = system.glob(root, detail=True)
            root = str(PurePosixPath(*_before_wild(PurePosixPath(root).parts)))
        else:
            found = system.find(root, detail=True)
        for path in sorted(found):
            info = found[path]
            below = path.removeprefix(root).strip("/") or PurePosixPath(path).name
            parts = tuple(p for p in below.split("/") if p)
            if info.get("type") == "directory" or any(p.startswith((".", *TEMPORARY)) for p in parts):
                continue
            if path.startswith(skip):
                continue
            name = "/".join((PurePosixPath(root).name, *parts) if several and below != root else parts)
            if self._mine(name):
                full = path if SCHEME in path else f"{protocol}{SCHEME}{path}"
                yield Listed(name, Place("url", full), _url_stamp(info), full)

    def _mine(self, name: str) -> bool:
        return self.shard is None or self.shard.holds(name)


def _numbered(name: str, number: int) -> str:
    """As ``a#2.pdf``: the suffix stays, it tells text files."""
    stem, suffix = os.path.splitext(name)
    return f"{stem}#{number}{suffix}"


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def _part(place: Place | None) -> str:
    return "" if place is None else f"{place.offset} {place.size} {place.crc}"


def _url_stamp(info: dict[str, Any]) -> str:
    """What stores say of a file's version, whichever of their names they have for it."""
    marks = ("size", "ETag", "etag", "mtime", "LastModified", "last_modified", "created")
    return " ".join(str(info[m]) for m in marks if info.get(m) is not None)


def _matches(pattern: str) -> bool:
    return bool(_WILD & set(pattern)) and next(glob.iglob(pattern, recursive=True), None) is not None


def _root(pattern: str) -> Path:
    """The folder that a pattern's matches are named below: what stands before its first wildcard."""
    return Path(*_before_wild(Path(pattern).parts[:-1]))


def _before_wild(parts: tuple[str, ...]) -> tuple[str, ...]:
    wild = next((i for i, part in enumerate(parts) if _WILD & set(part)), len(parts))
    return parts[:wild]


def _name(parts: Iterable[str]) -> str:
    """Path parts as one name; bytes that are not UTF-8 become replacement characters."""
    return "/".join(os.fsencode(p).decode("utf-8", "replace") for p in parts if p != os.sep)
