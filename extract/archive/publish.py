"""Tables on disk → a URL that fsspec knows: what changed is copied, and run.json last.

A run writes and remembers on a local disk, where it can be killed and gone on with; a store of objects has
neither locks nor renames. So the finished dataset is copied there. Without run.json a dataset
at a URL is not finished.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from extract.archive.assemble import TEXT_NAME, own_names
from extract.archive.layout import PUBLISHED, RUN_FILE
from extract.archive.place import filesystem
from extract.failures import LetterError
from extract.tables import TEXTS

AT_ONCE: Final = 256
"""Files handed to a store together, which may send them side by side."""
_FILES: Final = (
    "CREATE TABLE IF NOT EXISTS files (url TEXT, name TEXT, stamp TEXT, PRIMARY KEY (url, name)) WITHOUT ROWID"
)


class PublishError(OSError):
    """A dataset could not be copied to its URL."""


class Publisher:
    """Copies the dataset of a folder to a URL. ``home`` is the run folder, which remembers what is there.

    Raises PublishError where the URL cannot be used.
    """

    def __init__(self, folder: Path, url: str, *, home: Path) -> None:
        self._folder, self._url, self._memory = folder, url.rstrip("/"), home / PUBLISHED
        try:
            self._store, root = filesystem(self._url)
        except LetterError as error:
            raise PublishError(error.detail) from error
        except Exception as error:  # a scheme that nothing knows, a store's package that is missing
            raise PublishError(f"{self._url} cannot be used: {error}") from error
        self._root = root.rstrip("/")

    def holds_another(self) -> bool:
        """True where a dataset is there that this run did not put there. Raises PublishError."""
        if self._memory.exists():
            with closing(sqlite3.connect(self._memory)) as db:
                if db.execute(_FILES) and db.execute("SELECT 1 FROM files WHERE url = ?", (self._url,)).fetchone():
                    return False
        try:
            return any(self._store.exists(f"{self._root}/{name}") for name in own_names())
        except Exception as error:  # each store raises its own kinds
            raise self._failed(error) from error

    def clear(self) -> None:
        """Take away the dataset that is there, whoever put it there, and nothing else. Raises PublishError."""
        try:
            self._memory.unlink(missing_ok=True)
            texts = f"{self._root}/{TEXTS}"
            found = self._store.find(texts) if self._store.exists(texts) else []
            names = [path.rpartition("/")[2] for path in found]
            self._remove([*own_names(), *(f"{TEXTS}/{name}" for name in names if TEXT_NAME.fullmatch(name))])
        except Exception as error:
            raise self._failed(error) from error

    def publish(self) -> int:
        """Copy what changed since the last time, take away what is gone; gives the number of files copied.

        Raises PublishError; once more goes on where it ended.
        """
        try:
            with closing(sqlite3.connect(self._memory)) as db:
                db.execute(_FILES)
                return self._publish(db)
        except sqlite3.Error as error:
            raise PublishError(f"{self._memory}: {error}") from error
        except OSError:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _publish(self, db: sqlite3.Connection) -> int:
        there = dict(db.execute("SELECT name, stamp FROM files WHERE url = ?", (self._url,)))
        here = dict(_files(self._folder))
        changed = sorted(name for name, stamp in here.items() if there.get(name) != stamp)
        gone = sorted(there.keys() - here.keys())
        if not changed and not gone:
            return 0
        self._remember(db, {RUN_FILE: ""})  # this run's from now on, and not finished
        self._remove([RUN_FILE])
        self._store.makedirs(f"{self._root}/{TEXTS}" if (self._folder / TEXTS).is_dir() else self._root, exist_ok=True)
        self._remove(gone)
        with db:
            db.executemany("DELETE FROM files WHERE url = ? AND name = ?", [(self._url, name) for name in gone])
        changed = [*(name for name in changed if name != RUN_FILE), RUN_FILE]
        for first in range(0, len(changed), AT_ONCE):
            names = changed[first : first + AT_ONCE]
            self._store.put([str(self._folder / name) for name in names], [f"{self._root}/{name}" for name in names])
            self._remember(db, {name: here[name] for name in names})
        return len(changed)

    def _remember(self, db: sqlite3.Connection, stamps: dict[str, str]) -> None:
        with db:
            rows = [(self._url, name, stamp) for name, stamp in stamps.items()]
            db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", rows)

    def _remove(self, names: list[str]) -> None:
        for name in names:
            if self._store.exists(f"{self._root}/{name}"):
                self._store.rm_file(f"{self._root}/{name}")

    def _failed(self, error: Exception) -> PublishError:
        return PublishError(f"{self._url} could not be written: {type(error).__name__}: {error}")


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """Names and stamps of a dataset's own files."""
    for below in ("", TEXTS):
        if not (folder / below).is_dir():
            continue
        with os.scandir(folder / below) as entries:
            for entry in entries:
                if entry.is_file():
                    found = entry.stat()
                    name = f"{below}/{entry.name}" if below else entry.name
                    yield name, f"{found.st_size} {found.st_mtime_ns}"
