"""The section that puts published figures beside those of the dataset."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from extract.report import comparison, figures, groups
from extract.report.elements import (
    NONE,
    Column,
    Picture,
    Section,
    TableOf,
    absent,
    count,
    hundred,
    interval,
    numbers,
    percent,
    records,
)
from extract.report.sections.shared import some

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset

CAVEATS: Final = (
    "The dataset at hand is a sample, as it was collected, not the archive of all letters: where a published figure"
    " lies outside of the dataset's interval, the sample differs from the archive, values were misread, or the two"
    " count different things. It is no sign that the published figure is wrong.",
    "Units differ. The DWC's yearly rates are rates of treatment requests, which are compared with disputed items, not"
    " with letters; “cases” are compared with letters. Where a publisher does not state the unit, items are taken."
    " The CWCI counts primary services and groups them in its own way.",
    "Overturn rates are told as 100 % less the rate, so that all rates are rates upheld; modified items count as not"
    " upheld. How the DWC counts them is not stated.",
    "Figures are as they were printed, most of them in the press and not in the reports themselves. What is not printed"
    " as a number (“>86”, “nearly 90”) is shown and not drawn. Only periods with a source are listed.",
)


def published(data: Dataset) -> Section:
    """Rates by year, shares by category, numbers of letters."""
    rates, shares, volumes = comparison.rates(data), comparison.shares(data), comparison.volumes(data)
    differ = comparison.disagreements()
    words = list(CAVEATS)
    if differ:
        words.append(f"Published figures for the same year differ: {'; '.join(differ)}.")
    sentence = _outside(rates, shares)
    if sentence:
        words.append(sentence)
    return Section(
        "published",
        "Beside published figures",
        tuple(words),
        some(
            _years(data, rates),
            _rates(rates),
            _categories(shares),
            _shares(shares),
            _volumes(volumes),
        ),
    )


def _outside(rates: pd.DataFrame, shares: pd.DataFrame) -> str:
    rows = [r for f in (rates, shares) for r in records(f) if not absent(r["share"]) and not absent(r["published"])]
    if not rows:
        return "The dataset has no letter of a period for which a number was published."
    out = sum(not r["share_low"] <= r["published"] <= r["share_high"] for r in rows)
    return (
        f"In {count(out)} of {count(len(rows))} comparisons below the published number lies outside of the dataset's"
        " 95 % interval."
    )


def _fits(row: dict[str, Any]) -> str:
    if absent(row["share"]) or absent(row["published"]):
        return NONE
    return "yes" if row["share_low"] <= row["published"] <= row["share_high"] else "no"


def _own(row: dict[str, Any]) -> tuple[str, ...]:
    """The dataset's own figure, and whether the published one lies in its interval."""
    return (
        count(row["n"]),
        percent(row["share"], row["n"]),
        interval(row["share_low"], row["share_high"], row["n"]),
        _fits(row),
    )


def _source(row: dict[str, Any]) -> str:
    words = row["source"] + ("" if row["first_hand"] else " (reported by others)")
    return f"{words}. Note: {row['note']}" if row["note"] else words


def _as_share(row: dict[str, Any]) -> str:
    return NONE if absent(row["published"]) else f"{100 * row['published']:.4g} %"


LONGEST_AXIS: Final = 40
"""Years that an axis shows without a gap."""
_OWN: Final = (*numbers("Here (n)", "Share here", "95 % interval"), Column("Published in interval"))
_UNITS: Final = {"not stated": "unit not stated"}
_SOURCES: Final = (Column("Source and note"),)


def _rates(frame: pd.DataFrame) -> TableOf:
    columns = (
        *(Column(c) for c in ("Period", "Publisher", "Rate of")),
        *numbers("As printed", "As a rate"),
        *_OWN,
        *_SOURCES,
    )
    rows = tuple(
        (
            r["period"],
            r["publisher"],
            f"{_UNITS.get(r['unit'], r['unit'])}, {r['outcome'].replace('_', ' ')}",
            r["printed"] + (" overturned" if r["metric"].startswith("overturn") else ""),
            _as_share(r),
            *_own(r),
            _source(r),
        )
        for r in records(frame)
    )
    caption = "Published rates of outcome beside those of the dataset (n: items with a decision; of cases: letters)."
    return TableOf("t-published-rates", caption, columns, rows)


def _shares(frame: pd.DataFrame) -> TableOf:
    columns = (
        *(Column(c) for c in ("Period", "Publisher", "Category as published", "Figure")),
        *numbers("As printed", "As a rate"),
        *_OWN,
        *_SOURCES,
    )
    rows = tuple(
        (
            r["period"],
            r["publisher"],
            r["shown"],
            {"upheld": "rate upheld", "rank": "rank"}.get(r["of"], f"share {r['of']}"),
            r["printed"] + (" overturned" if r["metric"] == "overturn_rate_pct" else ""),
            _as_share(r),
            *_own(r),
            _source(r),
        )
        for r in records(frame)
    )
    caption = "Published shares and rates by treatment category beside those of the dataset (n: its items)."
    return TableOf("t-published-shares", caption, columns, rows)


def _volumes(frame: pd.DataFrame) -> TableOf:
    columns = (
        Column("Period"),
        Column("Publisher"),
        *numbers("Letters, as printed", "Letters here (n)", "Part of those published"),
        *_SOURCES,
    )
    rows = tuple(
        (
            r["period"],
            r["publisher"],
            count(r["published"]) if not absent(r["published"]) else r["printed"],
            count(r["n"]),
            NONE if absent(r["published"]) or absent(r["n"]) else _part(int(r["n"]), int(r["published"])),
            _source(r),
        )
        for r in records(frame)
    )
    return TableOf("t-published-letters", "Letters published and letters in the dataset.", columns, rows)


def _part(n: int, of: int) -> str:
    return "0 %" if n == 0 else f"{100 * n / of:.2g} %"


def _years(data: Dataset, rates: pd.DataFrame) -> Picture | None:
    """Share upheld by year: the dataset's with its interval, the DWC's and the CWCI's as marks."""
    own = groups.by_decision_year(data)
    own = own[own["kind"] == "group"].set_index("label")
    marks = {
        publisher: {
            r["period"]: 100 * r["published"]
            for r in records(rates)
            if r["publisher"] == publisher and r["outcome"] == "upheld" and not absent(r["published"])
            and r["unit"] != "cases" and r["period"].isdigit()
        }
        for publisher in ("DWC", "CWCI")
    }  # fmt: skip
    years = sorted({int(y) for y in (*own.index, *marks["DWC"], *marks["CWCI"])})
    if years[-1] - years[0] < LONGEST_AXIS:  # else a year was read wrongly
        years = list(range(years[0], years[-1] + 1))

    def of(column: str) -> list[float | None]:
        return hundred([own[column].get(str(y)) if str(y) in own.index else None for y in years])

    ours = figures.Series(
        "this dataset, items, with 95 % interval",
        of("upheld_share"),
        of("upheld_share_low"),
        of("upheld_share_high"),
        figures.BLUE,
        "o",
    )
    none: list[float | None] = [None] * len(years)
    series = [ours if len(own) else None] + [
        figures.Series(f"{name}, published", [values.get(str(y)) for y in years], none, none, colour, mark)
        for (name, values), colour, mark in zip(marks.items(), (figures.ORANGE, figures.GREEN), ("D", "^"), strict=True)
    ]
    caption = "Share upheld by year: items of the dataset beside published rates of requests or decisions."
    told = "; ".join(
        f"{y}: here {percent(own['upheld_share'].get(str(y)), own['decided'].get(str(y)))} of"
        f" {count(own['decided'].get(str(y)))}"
        for y in years
        if str(y) in own.index
    )
    draw = partial(figures.by_year, years, [s for s in series if s], share="upheld")
    return Picture(draw, f"{caption} {told or 'The dataset has no letter with a decision date.'}.", caption)


def _categories(shares: pd.DataFrame) -> Picture | None:
    """Published shares that the dataset has items for."""
    known = shares[shares["published"].notna() & shares["share"].notna()]
    if known.empty:
        return None
    labels = [
        f"{r['period']} {r['publisher']}: {r['shown']}, {'upheld' if r['of'] == 'upheld' else r['of']}"
        for r in records(known)
    ]
    ours = figures.Series(
        "this dataset, with 95 % interval",
        hundred(known["share"]),
        hundred(known["share_low"]),
        hundred(known["share_high"]),
        figures.BLUE,
        "o",
    )
    none: list[float | None] = [None] * len(known)
    theirs = figures.Series("published", hundred(known["published"]), none, none, figures.ORANGE, "D")
    caption = "Shares by treatment category: the dataset beside published figures of the same period."
    told = "; ".join(
        f"{label}: published {_as_share(r)}, here {percent(r['share'], r['n'])} of {count(r['n'])}"
        for label, r in zip(labels, records(known), strict=True)
    )
    return Picture(partial(figures.dots, labels, [ours, theirs], share="percent"), f"{caption} {told}.", caption)
