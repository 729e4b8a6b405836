"""What a run remembers: each file, whether it was read, and which part holds what it gave.

One SQLite file beside the parts. A row is bound to the file's stamp (size and time), to its bytes
(SHA-256) and to the key of what read it; where any of them changes the file is read again.
Everything is committed as the run goes, so that any process may be killed at any moment.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from extract.archive.messages import Outcome, Task
from extract.archive.place import Place
from extract.failures import Reason
from extract.inputs import Contained, Entry, Unchanged, free_name

FORMAT: Final = 1
PAGE: Final = 1_000
"""Rows that are fetched or committed at a time."""
RATE_OVER: Final = 300.0
"""Seconds that the rate of reading is taken over."""

State = Literal["todo", "letter", "failed"]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    name TEXT PRIMARY KEY, place TEXT NOT NULL, container TEXT NOT NULL, position INTEGER, stamp TEXT NOT NULL,
    listed INTEGER NOT NULL, state TEXT NOT NULL, key TEXT NOT NULL, sha256 TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '', part INTEGER, slot INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_by_bytes ON files (sha256) WHERE state = 'letter';
CREATE INDEX IF NOT EXISTS files_by_container ON files (container, position) WHERE container <> '';
CREATE TABLE IF NOT EXISTS containers (name TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (id INTEGER PRIMARY KEY AUTOINCREMENT, made REAL NOT NULL, files INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER, started REAL, ended REAL);
CREATE TABLE IF NOT EXISTS texts (letter_id TEXT PRIMARY KEY, part INTEGER, assembly INTEGER) WITHOUT ROWID;
"""


class LedgerError(RuntimeError):
    """The ledger cannot be used, with what to do instead."""


@dataclass(frozen=True, slots=True)
class FinalFile:
    """A file as the tables say it. ``first`` is the file with the same bytes that gave the letter."""

    name: str
    state: State
    sha256: str
    reason: str
    detail: str
    part: int | None
    slot: int | None
    first: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Files that gave a letter, failed, and are left."""

    letters: int
    failed: int
    left: int

    @property
    def files(self) -> int:
        """All."""
        return self.letters + self.failed + self.left


class Ledger:
    """The ledger of one run folder; one process writes, any may read."""

    def __init__(self, path: Path, *, key: str) -> None:
        self._key = key
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)
        found = self.fact("format")
        if found not in (None, str(FORMAT)):
            self.close()
            raise LedgerError(f"{path} is of another version of this program: start anew with --overwrite.")
        self.set_fact("format", str(FORMAT))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- facts

    def fact(self, name: str) -> str | None:
        """A remembered word."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Remember a word."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def begin_run(self, pid: int) -> int:
        """Write down that a run began; gives its number."""
        made = self._db.execute("INSERT INTO runs (pid, started) VALUES (?, ?)", (pid, time.time()))
        return int(made.lastrowid or 0)

    def end_run(self, number: int) -> None:
        """Write down that it ended in order."""
        self._db.execute("UPDATE runs SET ended = ? WHERE id = ?", (time.time(), number))

    # -- listing

    def list_files(self, entries: Iterable[Entry]) -> int:
        """Bring the ledger up to what the inputs hold now; gives the number of letters whose files are not there.

        What gave no letter and is not there any more is forgotten.
        """
        listing = int(self.fact("listing") or 0) + 1
        self.set_fact("listing", str(listing))
        self._db.execute("BEGIN")
        for count, entry in enumerate(entries, start=1):
            self._list(entry, listing)
            if count % (PAGE * 10) == 0:
                self._db.execute("COMMIT")
                self._db.execute("BEGIN")
        self._db.execute("COMMIT")
        self._db.execute("DELETE FROM files WHERE listed < ? AND part IS NULL", (listing,))
        row = self._db.execute("SELECT COUNT(*) FROM files WHERE listed < ?", (listing,)).fetchone()
        return int(row[0])

    def container_known(self, name: str, stamp: str) -> bool:
        """True for an archive that was listed to its end and has not changed since."""
        row = self._db.execute("SELECT stamp FROM containers WHERE name = ?", (name,)).fetchone()
        return row is not None and row[0] == stamp

    def _list(self, entry: Entry, listing: int) -> None:
        if isinstance(entry, Contained):
            self._db.execute("INSERT OR REPLACE INTO containers VALUES (?, ?)", (entry.container, entry.stamp))
            return
        if isinstance(entry, Unchanged):
            self._db.execute(
                "UPDATE files SET listed = ?, state = CASE WHEN key = ? OR place = '' THEN state ELSE 'todo' END,"
                " sha256 = CASE WHEN key = ? OR place = '' THEN sha256 ELSE '' END WHERE container = ?",
                (listing, self._key, self._key, entry.container),
            )
            return
        place = "" if entry.place is None else entry.place.to_json()
        name = free_name(entry, lambda name: self._taken(name, listing))
        row = self._db.execute("SELECT stamp, key, state FROM files WHERE name = ?", (name,)).fetchone()
        position = entry.place.offset if entry.place is not None and entry.place.kind == "stream" else None
        own = (place, entry.container, position, entry.stamp, listing)
        if row is None:
            self._db.execute(
                "INSERT INTO files (place, container, position, stamp, listed, state, key, name)"
                " VALUES (?, ?, ?, ?, ?, 'todo', '', ?)",
                (*own, name),
            )
        else:
            self._db.execute(
                "UPDATE files SET place = ?, container = ?, position = ?, stamp = ?, listed = ? WHERE name = ?",
                (*own, name),
            )
            stamp, key, state = row
            if state != "todo" and (stamp != entry.stamp or key != self._key):
                self._db.execute("UPDATE files SET state = 'todo' WHERE name = ?", (name,))
            if key != self._key:
                self._db.execute("UPDATE files SET sha256 = '' WHERE name = ?", (name,))
        if entry.refusal is not None:
            self._set(Outcome(name, "failed", "", reason=entry.refusal.reason, detail=entry.refusal.detail), part=None)

    def _taken(self, name: str, listing: int) -> Place | None:
        row = self._db.execute("SELECT place FROM files WHERE name = ? AND listed = ?", (name, listing)).fetchone()
        return None if row is None or not row[0] else Place.of_json(row[0])

    def drop_missing(self) -> None:
        """Forget the files that the last listing did not name."""
        self._db.execute("DELETE FROM files WHERE listed < ?", (int(self.fact("listing") or 0),))
        self._db.execute("DELETE FROM containers WHERE name NOT IN (SELECT container FROM files)")

    def retry_failed(self) -> None:
        """Let the files that failed be read again; those refused unread stay refused."""
        self._db.execute("UPDATE files SET state = 'todo', sha256 = '' WHERE state = 'failed' AND place <> ''")

    def check_parts(self, there: set[int]) -> None:
        """Let the files be read again whose part is gone."""
        rows = self._db.execute("SELECT DISTINCT part FROM files WHERE part IS NOT NULL").fetchall()
        for (part,) in rows:
            if part not in there:
                self.lose_part(part)

    def lose_part(self, part: int) -> None:
        """Let the files of a part be read again."""
        self._db.execute("UPDATE files SET state = 'todo', sha256 = '', part = NULL WHERE part = ?", (part,))

    # -- work

    def todo(self) -> Iterator[Task]:
        """Files that are left, by name, but for members of streams; rows may be committed meanwhile."""
        last = ""
        while True:
            rows = self._db.execute(
                "SELECT name, place, sha256 FROM files"
                " WHERE name > ? AND state = 'todo' AND position IS NULL ORDER BY name LIMIT ?",
                (last, PAGE),
            ).fetchall()
            if not rows:
                return
            for name, place, known in rows:
                yield Task(name, Place.of_json(place), known)
            last = rows[-1][0]

    def streams(self) -> list[str]:
        """Archives that can only be read from their beginning and have members left."""
        rows = self._db.execute(
            "SELECT DISTINCT container FROM files WHERE container <> '' AND position IS NOT NULL AND state = 'todo'"
            " ORDER BY container"
        )
        return [row[0] for row in rows.fetchall()]

    def todo_in(self, container: str) -> Iterator[Task]:
        """Members of a stream that are left, in the stream's order."""
        last = -1
        while True:
            rows = self._db.execute(
                "SELECT name, place, sha256, position FROM files"
                " WHERE container = ? AND position > ? AND state = 'todo' ORDER BY position LIMIT ?",
                (container, last, PAGE),
            ).fetchall()
            if not rows:
                return
            for name, place, known, _ in rows:
                yield Task(name, Place.of_json(place), known)
            last = rows[-1][3]

    def next_part(self) -> int:
        """A number that no part ever had."""
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'parts'").fetchone()
        return 1 if row is None else int(row[0]) + 1

    def commit(self, part: int, outcomes: Sequence[Outcome]) -> None:
        """Remember what a chunk of files came to, all or nothing; its part must be on disk by now."""
        self._db.execute("BEGIN")
        self._db.execute("INSERT INTO parts VALUES (?, ?, ?)", (part, time.time(), len(outcomes)))
        for outcome in outcomes:
            self._set(outcome, part=part)
        self._db.execute("COMMIT")

    def _set(self, outcome: Outcome, *, part: int | None) -> None:
        if outcome.state == "same":
            self._db.execute(
                "UPDATE files SET state = CASE WHEN part IS NULL THEN 'failed' ELSE 'letter' END WHERE name = ?",
                (outcome.name,),
            )
            return
        self._db.execute(
            "UPDATE files SET state = ?, key = ?, sha256 = ?, reason = ?, detail = ?, part = ?, slot = ?"
            " WHERE name = ?",
            (
                outcome.state,
                self._key,
                outcome.sha256,
                str(outcome.reason),
                outcome.detail,
                part if outcome.state == "letter" else None,
                outcome.slot,
                outcome.name,
            ),
        )

    # -- results

    def counts(self) -> Counts:
        """How many files are in which state."""
        return _counts(self._db)

    def final(self) -> Iterator[FinalFile]:
        """All files by name, as the tables say them."""
        self._db.execute("DROP TABLE IF EXISTS temp.firsts")
        self._db.execute(
            "CREATE TEMP TABLE firsts AS SELECT sha256, MIN(name) AS name FROM files"
            " WHERE state = 'letter' GROUP BY sha256 HAVING COUNT(*) > 1"
        )
        self._db.execute("CREATE INDEX temp.firsts_by_bytes ON firsts (sha256)")
        rows = self._db.execute(
            "SELECT f.name, f.state, f.sha256, f.reason, f.detail, f.part, f.slot, d.name FROM files f"
            " LEFT JOIN temp.firsts d ON d.sha256 = f.sha256 AND d.name < f.name ORDER BY f.name"
        )
        for name, state, sha256, reason, detail, part, slot, first in rows:
            if first is None:
                yield FinalFile(name, state, sha256, reason, detail, part, slot, None)
            else:
                yield FinalFile(name, "failed", sha256, Reason.DUPLICATE, f"same bytes as {first}", None, None, first)

    def unused_parts(self) -> list[int]:
        """Parts that hold nothing any more."""
        rows = self._db.execute("SELECT id FROM parts EXCEPT SELECT part FROM files WHERE part IS NOT NULL")
        return [int(row[0]) for row in rows.fetchall()]

    def adopt(self, other: Path) -> dict[int, int]:
        """Take over the rows of another ledger; gives its parts' numbers with the new ones.

        Raises LedgerError, and takes over nothing, where a file's name stands in both.
        """
        self._db.execute("ATTACH ? AS other", (str(other),))
        try:
            first = self.next_part()
            used = self._db.execute(
                "SELECT id, made, files FROM other.parts WHERE id IN (SELECT part FROM other.files) ORDER BY id"
            ).fetchall()
            numbers = {int(row[0]): first + i for i, row in enumerate(used)}
            self._db.execute("CREATE TEMP TABLE IF NOT EXISTS numbers (old INTEGER PRIMARY KEY, new INTEGER)")
            self._db.execute("BEGIN")
            try:
                self._db.execute("DELETE FROM temp.numbers")
                self._db.executemany("INSERT INTO temp.numbers VALUES (?, ?)", numbers.items())
                self._db.executemany(
                    "INSERT INTO main.parts VALUES (?, ?, ?)", ((numbers[int(i)], made, n) for i, made, n in used)
                )
                self._db.execute(
                    "INSERT INTO main.files SELECT name, place, container, position, stamp, 0, state, key, sha256,"
                    " reason, detail, (SELECT new FROM temp.numbers WHERE old = part), slot FROM other.files"
                )
            except sqlite3.IntegrityError as error:
                self._db.execute("ROLLBACK")
                raise LedgerError("has a file of the same name as another one") from error
            self._db.execute("COMMIT")
        finally:
            self._db.execute("DETACH other")
        return numbers

    # -- texts

    def text_written(self, letter_id: str, part: int, assembly: int) -> bool:
        """Mark a letter's text as wanted; true where it is on disk as this part has it."""
        row = self._db.execute("SELECT part FROM texts WHERE letter_id = ?", (letter_id,)).fetchone()
        if row is None or row[0] != part:
            return False
        self._db.execute("UPDATE texts SET assembly = ? WHERE letter_id = ?", (assembly, letter_id))
        return True

    def set_text(self, letter_id: str, part: int, assembly: int) -> None:
        """Remember that a letter's text is on disk."""
        self._db.execute("INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", (letter_id, part, assembly))

    def stale_texts(self, assembly: int) -> list[str]:
        """Texts on disk that no letter has any more; forgets them."""
        rows = self._db.execute("SELECT letter_id FROM texts WHERE assembly < ?", (assembly,)).fetchall()
        self._db.execute("DELETE FROM texts WHERE assembly < ?", (assembly,))
        return [str(row[0]) for row in rows]

    def forget_texts(self) -> None:
        """Write all texts again."""
        self._db.execute("DELETE FROM texts")

    def begin(self) -> None:
        """Begin a transaction over many small changes."""
        self._db.execute("BEGIN")

    def end(self) -> None:
        """Commit it, if one was begun."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")


@dataclass(frozen=True, slots=True)
class Status:
    """How far a run is. ``rate`` is files a second over its last minutes of work, None where nothing was read."""

    counts: Counts
    rate: float | None
    pid: int | None
    started: float | None
    ended: float | None
    reasons: dict[str, int]


def status(path: Path) -> Status:
    """Read a ledger that another process may be writing. Raises LedgerError where there is none."""
    if not path.is_file():
        raise LedgerError(f"no run is remembered in {path.parent}.")
    with closing(sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True)) as db:
        run = db.execute("SELECT pid, started, ended FROM runs ORDER BY id DESC LIMIT 1").fetchone()
        last = db.execute("SELECT MAX(made) FROM parts").fetchone()[0]
        reasons = db.execute(
            "SELECT reason, COUNT(*) FROM files WHERE state = 'failed' GROUP BY reason ORDER BY 2 DESC, 1"
        ).fetchall()
        rate = None
        if run is not None and last is not None:
            begin = max(last - RATE_OVER, run[1])
            files = db.execute("SELECT SUM(files) FROM parts WHERE made > ?", (begin,)).fetchone()[0]
            rate = files / (last - begin) if files and last > begin else None
        pid, started, ended = run or (None, None, None)
        return Status(_counts(db), rate, pid, started, ended, {str(r): int(n) for r, n in reasons})


def _counts(db: sqlite3.Connection) -> Counts:
    found: dict[str, Any] = dict(db.execute("SELECT state, COUNT(*) FROM files GROUP BY state").fetchall())
    return Counts(int(found.get("letter", 0)), int(found.get("failed", 0)), int(found.get("todo", 0)))
