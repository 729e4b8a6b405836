"""A comparison as one HTML page: summary, and the changes with a filter. The page loads nothing from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from extract.changes import words
from extract.changes.report import Change, Report
from extract.words import fold

CONTEXT: Final = 60
"""Characters of a long value that are shown on either side of what differs."""
LONG: Final = 240
"""Characters from which a value counts as long."""

Piece = tuple[str, bool]
"""Some words of a value, and whether they differ from the other side."""


@dataclass(frozen=True, slots=True)
class Value:
    """One side of a change: pieces of the value, and the words it came from."""

    pieces: tuple[Piece, ...]
    words: str
    origin: str


@dataclass(frozen=True, slots=True)
class Line:
    """A change as the page shows it."""

    change: Change
    place: str
    old: Value
    new: Value


def write_page(report: Report, path: Path, *, limit: int) -> int:
    """Write the page with the first ``limit`` changes (losses first); gives their number.

    All text is escaped, and the page's own policy forbids it to load anything. Raises OSError where the
    file cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    lines = [line(change) for change in report.changes(limit)]
    fields = sorted({f"{one.change.table}.{one.change.field}" for one in lines})
    stream = env.get_template("page.html").stream(
        report=report, lines=lines, fields=fields, listed=report.listed, words=words
    )
    stream.dump(str(path), encoding="utf-8")
    return len(lines)


def line(change: Change) -> Line:
    """A change with the differing words of its values marked."""
    old, new = contrast(change.old, change.new)
    return Line(
        change,
        words.place(change),
        Value(old, _cut(change.old_text), _origin(change.old_page, change.old_method, change.old_confidence)),
        Value(new, _cut(change.new_text), _origin(change.new_page, change.new_method, change.new_confidence)),
    )


def contrast(old: str | None, new: str | None) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both values in pieces; of two long ones what differs, marked, with a little of what is around it."""
    if old is None or new is None:
        return _whole(old), _whole(new)
    if max(len(old), len(new)) < LONG:
        return _whole(old), _whole(new)
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    most = min(len(old), len(new)) - start
    end = next((i for i in range(most) if old[-1 - i] != new[-1 - i]), most)
    return _window(old, start, len(old) - end), _window(new, start, len(new) - end)


def _whole(value: str | None) -> tuple[Piece, ...]:
    return () if value is None else ((_cut(value, 2 * LONG), False),)


def _window(value: str, start: int, end: int) -> tuple[Piece, ...]:
    before = ("…" if start > CONTEXT else "") + value[max(0, start - CONTEXT) : start]
    after = value[end : end + CONTEXT] + ("…" if len(value) - end > CONTEXT else "")
    return (before, False), (_cut(value[start:end], LONG), True), (after, False)


def _cut(text: str | None, length: int = LONG) -> str:
    folded = fold(text or "")
    return folded if len(folded) <= length else folded[: length - 1] + "…"


def _origin(page: int | None, method: str | None, confidence: float | None) -> str:
    parts = [f"p{page}" if page is not None else "", method or "", "" if confidence is None else f"{confidence:.2f}"]
    return " · ".join(part for part in parts if part)
