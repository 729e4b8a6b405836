"""Writes the page: the program of the browser, the queue, and for each letter its data and its images."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, Final

from extract import __version__
from extract.letter_rows import AT_ONCE, DatasetError, LetterRows, letter_rows
from extract.patterns import Patterns
from extract.reading import MARK_WITHIN, PDF_MARK
from extract.review import payload
from extract.review.drawing import DrawingError, Drawn, Task
from extract.review.fields import fields
from extract.review.files import Files, Wanted
from extract.review.painters import Painters
from extract.review.queue import read_queue
from extract.tables import TEXTS

INDEX: Final = "index.html"
ASSETS: Final = "assets"
DATA: Final = "letters"
PAGES: Final = "pages"
MARK: Final = "review.json"
"""A file by which a folder is known as one that this module wrote."""
OURS: Final = (INDEX, ASSETS, DATA, PAGES, "queue.js", "fields.js", MARK)
ABSENT: Final = "its file was not found"
PLAIN: Final = "plain_text"
SCANNED: Final = "ocr"
_ID: Final = re.compile(r"[0-9a-f]{16}")


class FolderError(ValueError):
    """The folder to write into holds something else."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to write. ``limit``: letters at most, None for all. ``letters``: folder that holds their files."""

    limit: int | None = None
    only_flagged: bool = False
    letters: Path | None = None
    run: Path | None = None
    workers: int = 1


@dataclass(slots=True)
class Report:
    """What was written: letters, those of the dataset, with images, without a file, and why others have no image."""

    letters: int = 0
    of: int = 0
    flagged: int = 0
    drawn: int = 0
    plain: int = 0
    absent: int = 0
    broken: dict[str, int] = field(default_factory=dict)

    def count(self, rows: LetterRows, drawn: Drawn | None, why: str) -> None:
        """Count a letter."""
        if drawn is not None:
            self.drawn += 1
        elif rows.letter["text_source"] == PLAIN:
            self.plain += 1
        elif why == ABSENT:
            self.absent += 1
        else:
            self.broken[why] = self.broken.get(why, 0) + 1


def write(
    dataset: Path, out: Path, options: Options, *, patterns: Patterns, on_letter: Callable[[int, int], None]
) -> Report:
    """Write the review page of ``dataset`` into ``out``. ``on_letter`` is told how many of how many are done.

    Raises DatasetError where there is nothing to review, FolderError where ``out`` is in use for something else.
    """
    queue = read_queue(dataset, limit=options.limit, only_flagged=options.only_flagged)
    chosen = queue.entries
    if any(not _ID.fullmatch(e.letter_id) for e in chosen):
        raise DatasetError(f"{dataset} has a letter_id that is none: 16 hex digits are expected.")
    _make_room(out)
    report = Report(len(chosen), queue.of, sum(e.flagged for e in chosen))
    entries = {e.letter_id: e for e in chosen}
    lines: dict[str, Any] = {}
    files = Files(dataset, run=options.run, letters=options.letters)
    with Painters[tuple[LetterRows, str]](options.workers) as painters:
        for (rows, reason), result in painters.draw(_tasks(dataset, list(entries), files)):
            letter_id = str(rows.letter["letter_id"])
            drawn, why = (None, str(result)) if isinstance(result, DrawingError) else (result, reason)
            report.count(rows, drawn, why)
            told = payload.letter(
                rows, text=_text(dataset, letter_id), drawn=drawn, pages=_write_images(out, letter_id, drawn), why=why
            )
            (out / DATA / f"{letter_id}.js").write_text(payload.script("receive", letter_id, told), encoding="ascii")
            lines[letter_id] = payload.entry(entries[letter_id], rows, queue.files[letter_id])
            on_letter(len(lines), len(chosen))
    about = {"title": dataset.resolve().name, "version": __version__, "of": queue.of}
    ordered = [lines[e.letter_id] for e in chosen if e.letter_id in lines]
    (out / "queue.js").write_text(payload.script("queue", about, ordered), encoding="ascii")
    (out / "fields.js").write_text(payload.script("fields", fields(patterns)), encoding="ascii")
    _copy_assets(out)
    return report


def _tasks(
    dataset: Path, letter_ids: Sequence[str], files: Files
) -> Iterator[tuple[tuple[LetterRows, str], Task | None]]:
    """What is to be drawn of each letter; no task, but a reason, for one without images."""
    left = iter(letter_ids)
    while some := list(islice(left, AT_ONCE)):
        rows = {str(r.letter["letter_id"]): r for r in letter_rows(dataset, some)}
        wanted = [Wanted(letter_id, str(r.letter["source"])) for letter_id, r in rows.items()]
        for letter, data in files.read(wanted):
            own = rows[letter.letter_id]
            if own.letter["text_source"] == PLAIN:
                yield (own, ""), None
            elif data is None:
                yield (own, ABSENT), None
            elif PDF_MARK not in data[:MARK_WITHIN]:
                yield (own, "the file is no PDF"), None
            else:
                yield (own, ""), _task(own, data, _text(dataset, letter.letter_id), letter.file[1])


def _task(rows: LetterRows, data: bytes, text: str | None, number: int) -> Task:
    """The letter's pages: all of a file, or of the ``number``-th letter of a file those that its evidence names."""
    first = 1 if number == 1 else min((e["page"] for e in rows.evidence if e["page"]), default=1)
    scanned = rows.letter["text_source"] == SCANNED  # its lines would have to be read once more
    spans = () if scanned or text is None else payload.spans(rows)
    return Task(data, first, max(1, int(rows.letter["pages"] or 1)), text or "", spans)


def _text(dataset: Path, letter_id: str) -> str | None:
    try:
        return (dataset / TEXTS / f"{letter_id}.txt").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def _write_images(out: Path, letter_id: str, drawn: Drawn | None) -> list[dict[str, Any]]:
    pages = []
    for image in drawn.images if drawn else ():
        name = f"{PAGES}/{letter_id}-{image.page}.png"
        (out / name).write_bytes(image.png)
        pages.append({"page": image.page, "width": image.width, "height": image.height, "src": name})
    return pages


def _make_room(out: Path) -> None:
    """An empty folder, or one of an earlier page without what that wrote. Raises FolderError."""
    if out.is_dir() and any(out.iterdir()):
        if not (out / MARK).is_file():
            raise FolderError(f"{out} holds something else: choose another --out.")
        for name in OURS:
            path = out / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif name != MARK:
                path.unlink(missing_ok=True)
    for folder in (out, out / DATA, out / PAGES):
        folder.mkdir(parents=True, exist_ok=True)
    (out / MARK).write_text(json.dumps({"program": "imr-letters", "version": __version__}) + "\n", encoding="utf-8")


def _copy_assets(out: Path) -> None:
    """The browser's program; the page that starts it comes last, so that half a page cannot be opened."""
    (out / ASSETS).mkdir(exist_ok=True)
    home = resources.files("extract.review") / ASSETS
    for asset in sorted(home.iterdir(), key=lambda a: a.name):
        if asset.name != INDEX:
            (out / ASSETS / asset.name).write_bytes(asset.read_bytes())
    (out / INDEX).write_bytes((home / INDEX).read_bytes())
