"""How a table of outcomes becomes a table and a picture of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from extract.report import figures
from extract.report.elements import (
    NONE,
    Column,
    Picture,
    TableOf,
    absent,
    amount,
    between,
    count,
    hundred,
    interval,
    numbers,
    percent,
    records,
)

if TYPE_CHECKING:
    import pandas as pd

GUIDELINES: Final[Mapping[str, str]] = {
    "mtus_acoem": "MTUS: ACOEM chapter",
    "mtus_chronic_pain": "MTUS: chronic pain",
    "mtus_opioids": "MTUS: opioids",
    "mtus_postsurgical": "MTUS: postsurgical",
    "mtus_acupuncture": "MTUS: acupuncture",
    "mtus": "MTUS, part not named",
    "acoem": "ACOEM outside of the MTUS",
    "odg": "ODG",
    "other": "another guideline or study",
}
"""Guideline codes in words."""
_KEY: Final = "Bars: disputed items. Dots: share upheld with its 95 % interval."
UPHELD: Final = "upheld, % of items with a decision"


def labels_of(frame: pd.DataFrame, *, missing: str, name: Callable[[str], str] = str) -> list[str]:
    """Names of the rows of a table of outcomes."""
    out = []
    for row in records(frame):
        if row["kind"] == "missing":
            out.append(missing)
        elif row["kind"] == "other":
            out.append(f"other ({count(row['groups'])} groups)")
        else:
            out.append(name(row["label"]))
    return out


def outcome_table(
    frame: pd.DataFrame, *, id: str, caption: str, group: str, missing: str, name: Callable[[str], str] = str
) -> TableOf:
    """A table of outcomes with every count that its shares are made of."""
    columns = (
        Column(group),
        *numbers("Letters", "Items (n)", "Share of items", "95 % interval", "Upheld", "Overturned", "Modified"),
        *numbers("No decision", "Decided (n)", "Upheld share", "95 % interval of it"),
    )
    rows = []
    labels = labels_of(frame, missing=missing, name=name)
    for label, row in zip(labels, records(frame), strict=True):
        total = (
            None if absent(row["items_share"]) or not row["items_share"] else round(row["items"] / row["items_share"])
        )
        rows.append(
            (
                label,
                count(row["letters"]),
                count(row["items"]),
                percent(row["items_share"], total),
                interval(row["items_share_low"], row["items_share_high"], total),
                *(count(row[c]) for c in ("upheld", "overturned", "modified", "undecided", "decided")),
                percent(row["upheld_share"], row["decided"]),
                interval(row["upheld_share_low"], row["upheld_share_high"], row["decided"]),
            )
        )
    return TableOf(id, caption, columns, tuple(rows), tuple(frame["kind"]))


def outcome_picture(
    frame: pd.DataFrame, *, caption: str, missing: str, name: Callable[[str], str] = str
) -> Picture | None:
    """The same as a picture; None of nothing."""
    if frame.empty:
        return None
    labels = [short(label) for label in labels_of(frame, missing=missing, name=name)]
    shares = figures.Series(
        UPHELD,
        hundred(frame["upheld_share"]),
        hundred(frame["upheld_share_low"]),
        hundred(frame["upheld_share_high"]),
        figures.ORANGE,
        "o",
    )
    draw = partial(
        figures.outcome_bars, labels, [int(n) for n in frame["items"]], shares, counted="disputed items", share=UPHELD
    )
    return Picture(draw, f"{caption} {_told(labels, records(frame))}", f"{caption} {_KEY}")


def _told(labels: list[str], rows: list[dict[str, Any]]) -> str:
    """What a picture of outcomes shows, in words."""
    known = [(label, row) for label, row in zip(labels, rows, strict=True) if not absent(row["upheld_share"])]
    words = f"Bars of {len(rows)} groups with their items, and dots with 95 % intervals of the share upheld."
    if not known:
        return words
    top = max(known, key=lambda pair: int(pair[1]["items"]))
    low = min(known, key=lambda pair: float(pair[1]["upheld_share"]))
    high = max(known, key=lambda pair: float(pair[1]["upheld_share"]))

    def one(pair: tuple[str, dict[str, Any]]) -> str:
        label, row = pair
        return f"{label}, {percent(row['upheld_share'], row['decided'])} of {count(row['decided'])}"

    return f"{words} Largest: {one(top)}. Lowest share: {one(low)}. Highest: {one(high)}. The table has all numbers."


def spread_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """n, quantiles, the median with its interval, and the largest value, as cells."""
    return (
        count(row["n"]),
        *(amount(row[f"q{q:02d}"]) for q in (5, 25, 50)),
        between(row["median_low"], row["median_high"]),
        *(amount(row[f"q{q:02d}"]) for q in (75, 95)),
        amount(row["largest"]),
    )


def spread_columns(counted: str) -> tuple[Column, ...]:
    """The columns of ``spread_cells``."""
    return numbers(f"{counted} (n)", "5 %", "25 %", "Median", "95 % interval of it", "75 %", "95 %", "Largest")


def some(*blocks: TableOf | Picture | None) -> tuple[TableOf | Picture, ...]:
    """The blocks that there are."""
    return tuple(b for b in blocks if b is not None)


def guideline(code: str) -> str:
    """A guideline in words, or the code where it is new."""
    return GUIDELINES.get(code, code)


def short(label: str) -> str:
    """A label for a picture: the DWC's longest subcategory by its own abbreviation."""
    return label.replace("Physical Therapy/Occupational Therapy (PT/OT)", "PT/OT")


def yes(value: Any) -> str:
    """A truth in a cell."""
    return NONE if absent(value) else ("yes" if value else "no")
