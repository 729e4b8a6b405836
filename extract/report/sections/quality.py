"""The section on data quality: flags, failures, missing values, confidence."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from extract.confidence.apply import LOW
from extract.report import figures, overall, quality
from extract.report.elements import (
    NONE,
    Column,
    Picture,
    Section,
    TableOf,
    absent,
    count,
    interval,
    numbers,
    percent,
    records,
)
from extract.report.sections.shared import some, yes

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset


CALIBRATED: Final = (
    "Confidence is the share of such values that are right, learnt from letters with annotations; of values that are"
    " missing it says nothing."
)
RAW: Final = (
    "Confidence orders values by how direct their cue is. This dataset was made without a calibration: it is not the"
    " chance that a value is right."
)


def data_quality(data: Dataset) -> Section:
    """How far the dataset can be relied on."""
    values = quality.confidence(data)
    missing = quality.missing(data)
    words = [
        "A flag asks for a person's eye; it does not say that the row is wrong, and a row without one may be. A file"
        " that failed is in no table above.",
        CALIBRATED if data.run.get("calibration") else RAW,
    ]
    if data.deidentified:
        words.append(
            "This dataset is de-identified: dates, free text and words that no vocabulary knows were emptied on"
            " purpose."
        )
    return Section(
        "quality",
        "Data quality",
        tuple(words),
        some(
            _flags(quality.flags(data)),
            _failures(quality.failures(data)),
            _letters(data, "layout", "Letters by layout that was recognised."),
            _letters(data, "text_source", "Letters by where their text came from."),
            _gaps(missing),
            _missing(missing),
            _certain(values),
            _confidence(values),
        ),
    )


def _flags(frame: pd.DataFrame) -> TableOf:
    columns = (Column("Flag"), *numbers("Letters", "Of (n)", "Share", "95 % interval"), Column("Meaning"))
    rows = tuple((r["flag"], *_share(r), r["meaning"]) for r in records(frame))
    return TableOf("t-flags", "Flags: letters that bear them; a letter may bear several.", columns, rows)


def _failures(frame: pd.DataFrame) -> TableOf:
    columns = (Column("Reason"), *numbers("Files", "Of (n)", "Share", "95 % interval"), Column("Meaning"))
    rows = tuple(
        ("not stated" if absent(r["reason"]) else r["reason"], *_share(r), r["meaning"]) for r in records(frame)
    )
    caption = "Files that gave no letter, by reason (n: all files)."
    return TableOf("t-failures", caption, columns, rows, empty="No file failed.")


def _share(row: dict[str, object]) -> tuple[str, ...]:
    first = row["count"] if "count" in row else row["missing"]
    return (
        count(first),
        count(row["n"]),
        percent(row["share"], row["n"]),
        interval(row["share_low"], row["share_high"], row["n"]),
    )


def _letters(data: Dataset, column: str, caption: str) -> TableOf:
    frame = overall.letters_by(data, column)
    name = {"layout": "Layout", "text_source": "Source of the text"}[column]
    rows = tuple(("not stated" if absent(r["label"]) else str(r["label"]), count(r["letters"])) for r in records(frame))
    return TableOf(f"t-{column}", caption, (Column(name), *numbers("Letters (n)")), rows)


def _gaps(frame: pd.DataFrame) -> Picture | None:
    """Missing values of the fields that most letters have."""
    own = frame[frame["expected"] & ~frame["emptied"] & (frame["n"] > 0)]
    if own.empty:
        return None
    rows = records(own)
    labels = [f"{r['table']}.{r['field']} (n = {count(r['n'])})" for r in rows]
    parts = [
        ("missing", [int(r["missing"]) for r in rows], figures.ORANGE, "//"),
        ("there", [int(r["n"] - r["missing"]) for r in rows], figures.PALE, ""),
    ]
    caption = "Missing values of fields that most letters have."
    worst = sorted(rows, key=lambda r: -r["share"])[:3]
    told = "; ".join(f"{r['table']}.{r['field']} {percent(r['share'], r['n'])} of {count(r['n'])}" for r in worst)
    draw = partial(figures.stacks, labels, parts, counted="of the rows", shares=True)
    return Picture(draw, f"{caption} Most are missing in: {told}.", caption)


def _missing(frame: pd.DataFrame) -> TableOf:
    columns = (
        Column("Table"),
        Column("Field"),
        *numbers("Missing", "Rows (n)", "Share missing"),
        Column("In most letters"),
        Column("Meaning"),
    )
    rows = tuple(
        (
            r["table"],
            r["field"],
            count(r["missing"]),
            count(r["n"]),
            "emptied" if r["emptied"] else percent(r["share"], r["n"]),
            yes(r["expected"]),
            r["meaning"],
        )
        for r in records(frame)
    )
    caption = "Missing values by field. Fields not in most letters (visits, drugs) are empty where they do not apply."
    return TableOf("t-missing", caption, columns, rows)


def _certain(frame: pd.DataFrame) -> Picture | None:
    """Confidence of the fields that have values below 0.9."""
    own = frame[(frame["high"] < frame["n"])]
    if own.empty:
        return None
    rows = records(own)
    labels = [f"{r['table']}.{r['field']} (n = {count(r['n'])})" for r in rows]
    parts = [
        (f"from {quality.HIGH}", [int(r["high"]) for r in rows], figures.BLUE, ""),
        (f"{LOW} to {quality.HIGH}", [int(r["middle"]) for r in rows], figures.YELLOW, "//"),
        (f"below {LOW}", [int(r["low"]) for r in rows], figures.ORANGE, "xx"),
        ("none given", [int(r["unknown"]) for r in rows], "#CCCCCC", ".."),
    ]
    parts = [part for part in parts if sum(part[1])]
    caption = "Confidence of values, of the fields that have any below 0.9."
    worst = sorted(rows, key=lambda r: r["share"])[:3]
    told = "; ".join(f"{r['table']}.{r['field']} {percent(r['share'], r['n'])} of {count(r['n'])}" for r in worst)
    draw = partial(figures.stacks, labels, parts, counted="of the values", shares=True)
    return Picture(draw, f"{caption} Fewest from 0.9 up: {told}.", caption)


def _confidence(frame: pd.DataFrame) -> TableOf:
    columns = (
        Column("Table"),
        Column("Field"),
        *numbers("Values (n)", "From 0.9", "0.7 to 0.9", "Below 0.7", "None given", "Share from 0.9", "Lowest"),
    )
    rows = tuple(
        (
            str(r["table"]),
            str(r["field"]),
            *(count(r[c]) for c in ("n", "high", "middle", "low", "unknown")),
            percent(r["share"], r["n"]),
            NONE if absent(r["lowest"]) else f"{r['lowest']:.2f}",
        )
        for r in records(frame)
    )
    return TableOf("t-confidence", "Confidence of values by field, from the table evidence.", columns, rows)
