"""A comparison on the screen, and its changes as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from extract.changes import words
from extract.changes.report import Change, Report
from extract.tables import csv_cell

if TYPE_CHECKING:
    from rich.console import Console


def show(report: Report, console: Console) -> None:
    """Print the tables of a comparison: values, gains and losses, flags, confidence."""
    console.print(f"old  {report.old}\nnew  {report.new}\n{words.letters(report)}", highlight=False, markup=False)
    if lonely := words.alone(report):
        console.print(f"not compared, {lonely}", highlight=False, markup=False)
    if not report.count:
        console.print("\nNo value differs.")
    if report.fields:
        _table(
            console,
            "Values that differ",
            ("field", "letters", "changed", "added", "removed", "reordered"),
            (
                (f"{f.table}.{f.field}", str(f.letters), *_counts(f.changed, f.added, f.removed, f.reordered))
                for f in report.fields
            ),
        )
    if report.annotated is not None:
        _gains(report, console)
    if report.flags:
        _table(
            console,
            "Flags",
            ("flag", "letters that got it", "letters that lost it"),
            ((f.flag, *_counts(f.came, f.went)) for f in report.flags),
        )
    if report.confidences:
        _table(
            console,
            "Confidence of values that stayed",
            ("field", "lower", "higher", "mean change"),
            ((f"{f.table}.{f.field}", *_counts(f.lower, f.higher), words.signed(f.mean)) for f in report.confidences),
        )


def _gains(report: Report, console: Console) -> None:
    if report.gains:
        _table(
            console,
            f"Gains and losses, by the annotations of {report.annotated} letters",
            ("field", "old", "new", "change", "95 % interval", "gains", "losses", "neutral"),
            (
                (
                    gain.step.field,
                    *words.step(gain.step),
                    *_counts(gain.total.gains, gain.total.losses, gain.total.neutral),
                )
                for gain in report.gains
            ),
        )
    if missing := words.absent(report):
        console.print(missing, highlight=False, markup=False)
    same = report.scored - len(report.gains)
    console.print(f"{same} of {report.scored} scored fields are as right and wrong as before.", highlight=False)


def _counts(*numbers: int) -> tuple[str, ...]:
    """Counts; nothing for a nought, so that the others are seen."""
    return tuple(str(n) if n else "" for n in numbers)


def _table(console: Console, title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for at, name in enumerate(head):
        table.add_column(name, justify="right" if at else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print()
    console.print(table, highlight=False)


def write_csv(report: Report, path: Path) -> int:
    """Write the listed changes to a CSV file, cells made harmless for spreadsheets; gives their number.

    Raises OSError where the file cannot be written.
    """
    names = [f.name for f in fields(Change)]
    written = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        for change in report.changes():
            writer.writerow([csv_cell(getattr(change, name)) for name in names])
            written += 1
    return written
