"""Sections of decisions: over all, by year, treatment, drug, body part, reviewer, worker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from extract.report import figures, groups, overall
from extract.report.amounts import ages, days_between
from extract.report.elements import (
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
from extract.report.grouping import Fold
from extract.report.sections.shared import outcome_picture, outcome_table, some, spread_cells, spread_columns

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset

MORE_THAN_ONCE = "Shares of items add up to more than 100 %, since an item counts once in each of its groups."


def decisions(data: Dataset) -> Section:
    """How it ends over all, for items and for letters."""
    columns = (Column("Decision"), *numbers("Count", "Of (n)", "Share", "95 % interval"))

    def blocks(frame: pd.DataFrame, id: str, counted: str) -> tuple[Picture | TableOf, ...]:
        rows = records(frame)
        names = [str(r["decision"]).replace("_", " ") for r in rows]
        cells = tuple(
            (
                name,
                count(r["count"]),
                count(r["n"]),
                percent(r["share"], r["n"]),
                interval(r["share_low"], r["share_high"], r["n"]),
            )
            for name, r in zip(names, rows, strict=True)
        )
        caption = f"{counted[0].upper()}{counted[1:]} by decision"
        table = TableOf(id, f"{caption}.", columns, cells)
        if not rows or not rows[0]["n"]:
            return (table,)
        shares = figures.Series(
            "share",
            hundred(frame["share"]),
            hundred(frame["share_low"]),
            hundred(frame["share_high"]),
            figures.ORANGE,
            "o",
        )
        share = f"% of {counted} with a decision"
        draw = partial(
            figures.outcome_bars, names, [int(r["count"]) for r in rows], shares, counted=counted, share=share
        )
        told = "; ".join(f"{c[0]} {c[1]} of {c[2]}, {c[3]}" for c in cells)
        return (Picture(draw, f"{caption}: {told}.", f"{caption}, with 95 % intervals of the shares."), table)

    return Section(
        "decisions",
        "Decisions over all",
        (
            "Upheld: the denial stands. Overturned: the treatment is approved. Modified: approved in part; it counts as"
            " not upheld wherever a share upheld is told. A letter is partially overturned where its items end"
            " differently. Items and letters without a decision are left out of n here.",
        ),
        (
            *blocks(overall.item_decisions(data), "t-items", "disputed items"),
            *blocks(overall.letter_decisions(data), "t-letters", "letters"),
        ),
    )


def _plain(frame: pd.DataFrame, id: str, title: str, group: str, *words: str, missing: str = "not stated") -> Section:
    caption = f"Decisions by {group}."
    return Section(
        id,
        title,
        words,
        some(
            outcome_picture(frame, caption=caption, missing=missing),
            outcome_table(frame, id=f"t-{id}", caption=caption, group=group[0].upper() + group[1:], missing=missing),
        ),
    )


def years(data: Dataset) -> Section:
    """By year of the decision."""
    frame = groups.by_decision_year(data)
    return _plain(
        frame,
        "year",
        "By year",
        "year of decision",
        "The calendar year of the letter's decision date.",
        missing="no decision date",
    )


def treatments(data: Dataset, fold: Fold) -> Section:
    """By category and subcategory."""
    first = _plain(
        groups.by_category(data, fold=fold),
        "category",
        "By treatment category",
        "treatment category",
        "Categories and subcategories are those of the DWC's decision search. Drugs have a section of their own.",
    )
    frame = groups.by_subcategory(data, fold=Fold(most=max(fold.most, 30), least=fold.least, small=fold.small))
    second = _plain(frame, "subcategory", "", "treatment subcategory (without drugs)")
    return Section(first.id, first.title, first.words, (*first.blocks, *second.blocks))


def drugs(data: Dataset, fold: Fold) -> Section:
    """By class and ingredient."""
    first = _plain(
        groups.by_drug_class(data, fold=fold),
        "drug_class",
        "By drug",
        "drug class",
        "Items that ask for a drug. Class and ingredient are inferred from its name by the vocabulary; a combination"
        " is an ingredient of its own. Shares of items are of the items that ask for a drug.",
        missing="class not known",
    )
    second = _plain(
        groups.by_ingredient(data, fold=fold), "ingredient", "", "ingredient", missing="ingredient not known"
    )
    return Section(first.id, first.title, first.words, (*first.blocks, *second.blocks))


def body_parts(data: Dataset, fold: Fold) -> Section:
    """By injured body part."""
    return _plain(
        groups.by_body_part(data, fold=fold),
        "body_part",
        "By injured body part",
        "body part",
        "All items of a letter, by the body parts that its case summary calls injured, left and right together."
        f" {MORE_THAN_ONCE}",
    )


def specialties(data: Dataset, fold: Fold) -> Section:
    """By the reviewer's specialty."""
    return _plain(
        groups.by_specialty(data, fold=fold),
        "specialty",
        "By reviewer specialty",
        "reviewer specialty",
        "Certifications and specialties as the letter names them; “and” and “&” are the same. Reviewers are"
        f" chosen to fit the treatment, so specialties differ in what they decide about. {MORE_THAN_ONCE}",
    )


def workers(data: Dataset) -> Section:
    """By age and sex."""
    columns = (Column("Sex"), *spread_columns("Letters"))
    told = ages(data)
    rows = tuple((str(r["sex"]), *spread_cells(r)) for r in records(told))
    sex = _plain(groups.by_sex(data), "sex", "", "sex")
    age = _plain(groups.by_age(data), "age", "", "age")
    words = ["Age in years and sex, as the case summary tells them."]
    if data.deidentified:
        words.append("This dataset is de-identified: an age of 90 stands for all ages over 89.")
    return Section(
        "worker",
        "By age and sex of the worker",
        tuple(words),
        some(
            *_people(groups.letters_by_age_and_sex(data)),
            TableOf("t-ages", "Ages: how they are spread.", columns, rows if told["n"].iloc[0] else ()),
            *age.blocks,
            *sex.blocks,
        ),
    )


def _people(frame: pd.DataFrame) -> tuple[Picture | TableOf, ...]:
    """Letters by age band and sex."""
    if frame.empty:
        return ()
    frame = frame.sort_values("rank", na_position="last")
    bands = ["not stated" if absent(band) else str(band) for band in frame["band"]]
    frame = frame.assign(band=bands)
    bands = list(dict.fromkeys(bands))
    looks: tuple[tuple[str, Callable[[Any], bool], str, str], ...] = (
        ("female", lambda s: not absent(s) and s == "female", figures.BLUE, ""),
        ("male", lambda s: not absent(s) and s == "male", figures.YELLOW, "//"),
        ("not stated", absent, "#CCCCCC", ".."),
    )
    parts = []
    for name, fits, colour, hatch in looks:
        own = frame[[fits(s) for s in frame["sex"]]]
        parts.append((name, [int(own.loc[own["band"] == band, "letters"].sum()) for band in bands], colour, hatch))
    sums = [sum(row) for row in zip(*(counts for _, counts, _, _ in parts), strict=True)]
    caption = "Letters by age and sex of the worker."
    told = "; ".join(f"{name}: {', '.join(map(count, counts))}" for name, counts, _, _ in parts)
    labels = [f"{band} (n = {count(n)})" for band, n in zip(bands, sums, strict=True)]
    draw = partial(figures.stacks, labels, [part for part in parts if sum(part[1])], counted="letters")
    rows = tuple(
        (band, *(count(counts[place]) for _, counts, _, _ in parts), count(sums[place]))
        for place, band in enumerate(bands)
    )
    columns = (Column("Age"), *numbers("Female", "Male", "Sex not stated", "Letters (n)"))
    return (
        Picture(draw, f"{caption} Ages {', '.join(bands)}. {told}.", caption),
        TableOf("t-age-sex", caption, columns, rows),
    )


def waiting(data: Dataset) -> Section:
    """By time since the injury, and days between the steps of a case."""
    frame = groups.by_years_since_injury(data)
    words = [
        "From the date of injury (of a cumulative trauma, its first day) to the decision. A decision before the injury"
        " is an error of the letter or of its reading."
    ]
    if data.deidentified:
        words.append(
            "This dataset is de-identified and holds years only: time is the difference of calendar years, up to a"
            " year off, and there are no days to count."
        )
    main = _plain(
        frame, "days", "From injury to decision", "time since the injury", *words, missing="a date is missing"
    )
    days = days_between(data)
    days = days[days["n"] > 0] if len(days) else days
    if days.empty:
        return main
    columns = (Column("From … to …"), *spread_columns("Letters"), *numbers("Negative"))
    rows = tuple((r["step"], *spread_cells(r), count(r["negative"])) for r in records(days))
    steps = [f"{r['step']} (n = {count(r['n'])})" for r in records(days)]
    caption = (
        "Days between the steps of a case: thin line 5 to 95 %, thick line 25 to 75 %, dot the median. Less than a day"
        " is drawn as one."
    )
    medians = "; ".join(f"{r['step']} {r['q50']:,.0f} days" for r in records(days))
    picture = Picture(
        partial(figures.spreads, steps, days, unit="days (logarithmic scale)", log=True),
        f"{caption} Medians: {medians}.",
        caption,
    )
    table = TableOf("t-steps", "Days between the steps of a case, of letters that give both dates.", columns, rows)
    return Section(main.id, main.title, main.words, (*main.blocks, picture, table))
