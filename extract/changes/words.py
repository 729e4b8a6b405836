"""Figures and places in words, alike on the screen, in the page and in the list of lost letters."""

from __future__ import annotations

from collections.abc import Sequence

from extract.changes.paired import Step
from extract.changes.report import Change, Report


def score(value: float | None) -> str:
    """A score with three places."""
    return "–" if value is None else f"{value:.3f}"


def signed(value: float | None) -> str:
    """A difference of scores with its sign."""
    return "–" if value is None else f"{value:+.3f}"


def step(of: Step) -> tuple[str, str, str, str]:
    """Score before, after, the change and its interval."""
    change = None if of.old is None or of.new is None else of.new - of.old
    interval = "–" if of.low is None else f"{signed(of.low)} to {signed(of.high)}"
    return score(of.old), score(of.new), signed(change), interval


def place(change: Change) -> str:
    """Where in the letter a change stands: item and citation, with both numbers where they differ."""

    def both(old: int | None, new: int | None) -> str:
        if old is None or new is None or old == new:
            return str(new if old is None else old)
        return f"{old}→{new}"

    parts = []
    if change.old_issue is not None or change.new_issue is not None:
        parts.append(f"item {both(change.old_issue, change.new_issue)}")
    if change.old_row is not None or change.new_row is not None:
        noun = "earlier care" if change.table == "prior_care" else "citation"
        parts.append(f"{noun} {both(change.old_row, change.new_row)}")
    return ", ".join(parts)


def letters(report: Report) -> str:
    """How the letters of the two datasets were matched."""
    how = dict(report.letters)
    added, removed = how.pop("added", 0), how.pop("removed", 0)
    by = [f"{n} by {key}" for key, n in how.items() if key != "letter_id"]
    text = f"{sum(how.values())} letters in both"
    if by:
        text += f" ({', '.join(by)})"
    text += f", {added} added, {removed} removed"
    return text + (f"; {report.moved} lie elsewhere below the input root" if report.moved else "")


def alone(report: Report) -> str:
    """Columns and tables that one side alone has; empty where there is none."""
    return "; ".join(
        f"only in {side}: {', '.join(names)}"
        for side in ("old", "new")
        if (names := [name for where, name in report.alone if where == side])
    )


def absent(report: Report) -> str:
    """Annotated letters that a side lacks; empty where it has all."""
    return "; ".join(
        f"{len(stems)} annotated letters are missing from {side}, and all their values with them: {named(stems)}"
        for side, stems in report.absent.items()
        if stems
    )


def named(letters: Sequence[str], most: int = 10) -> str:
    """Names of letters, the first of many."""
    rest = len(letters) - most
    return ", ".join(letters[:most]) + (f" and {rest} more" if rest > 0 else "")
