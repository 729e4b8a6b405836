"""The section of visits: asked for, authorized, in dispute."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from extract.report import figures
from extract.report.amounts import by_part_authorized, by_sessions_disputed, sessions
from extract.report.elements import Column, Picture, Section, TableOf, count, records
from extract.report.sections.shared import outcome_picture, outcome_table, short, some, spread_cells, spread_columns

if TYPE_CHECKING:
    from extract.report.dataset import Dataset

_NONE = "not stated"
SHOWN = 6
"""Treatments that the table shows, all visits being one."""


def visits(data: Dataset) -> Section:
    """How many visits, and how it ends."""
    frame = sessions(data)
    first = frame["treatment"].drop_duplicates().head(SHOWN)
    whole = frame[(frame["n"] > 0) & frame["treatment"].isin(first)]
    names = {"requested": "asked for", "authorized": "authorized before", "disputed": "in dispute"}
    columns = (Column("Treatment"), Column("Visits"), *spread_columns("Items"))
    rows = tuple((r["treatment"], names[r["visits"]], *spread_cells(r)) for r in records(whole))
    picture = None
    if len(whole):
        kinds = whole["treatment"].map(lambda t: t.split(": ")[-1])
        labels = [
            f"{short(kind)}, {names[r['visits']]} ({count(r['n'])})"
            for kind, r in zip(kinds, records(whole), strict=True)
        ]
        caption = (
            "Visits an item tells: thin line 5 to 95 %, thick line 25 to 75 %, dot the median (items in brackets)."
        )
        medians = "; ".join(
            f"{names[r['visits']]} {r['q50']:.0f}" for r in records(whole[whole["treatment"] == "all visits"])
        )
        picture = Picture(
            partial(figures.spreads, labels, whole, unit="visits"), f"{caption} Medians: {medians}.", caption
        )
    disputed, part = by_sessions_disputed(data), by_part_authorized(data)
    by_number, by_part = "Decisions by visits in dispute.", "Decisions by whether a part was authorized before."
    return Section(
        "visits",
        "Visits asked for, authorized, in dispute",
        (
            "Items that tell a number of visits: a stated total, else visits a week times weeks, of a range the upper"
            " end. Where nothing was authorized before, the visits in dispute are those asked for. Shares of items are"
            " of the items that tell visits.",
        ),
        some(
            picture,
            TableOf("t-visits", "Visits by treatment, of the most frequent ones.", columns, rows),
            outcome_picture(disputed, caption=by_number, missing=_NONE),
            outcome_table(disputed, id="t-disputed", caption=by_number, group="Visits in dispute", missing=_NONE),
            outcome_picture(part, caption=by_part, missing=_NONE),
            outcome_table(part, id="t-part", caption=by_part, group="Before the review", missing=_NONE),
        ),
    )
