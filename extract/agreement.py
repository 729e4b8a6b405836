"""How far two people who annotated the same letters agree, field by field.

What counts as equal are the rules of ``evaluate``, so that the figures stand beside those of the tool. Of
fields with a closed vocabulary Cohen's kappa is given as well: agreement beyond what the shares of the labels
alone would give.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Final, Literal

import numpy as np

from extract import metrics
from extract.evaluate import Compared, compare_annotations
from extract.gold import GoldFile
from extract.metrics import KINDS, LEVEL, Floats, Outcome
from extract.tables import csv_cell

Measure = Literal["share agreed", "F1"]
Label = tuple[str, str]
"""What the first and the second say of one thing."""

CLOSED_LETTER: Final = ("priority", "sex", "decision")
CLOSED_ITEM: Final = ("decision", "treatment_category", "treatment_subcategory")
NONE: Final = "(none)"
"""The label of a value that an annotator left empty."""


@dataclass(frozen=True, slots=True)
class FieldAgreement:
    """Agreement on one field; shares lie between 0 and 1, ``kappa`` between -1 and 1.

    ``compared`` counts values (share agreed) or values of the first (F1). ``low`` and ``high`` bound the 95 %
    bootstrap interval over letters; where all agree, there is nothing to draw from, and ``low`` is Wilson's
    bound for as many letters as have the field. ``kappa`` is None for open fields, and where both annotators
    use one label throughout, so that chance alone gives full agreement.
    """

    field: str
    measure: Measure
    agreed: float
    low: float | None
    high: float | None
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    compared: int
    letters: int
    disagreements: int


@dataclass(frozen=True)
class Agreement:
    """Fields in the order of a report, the disagreements, and the letters of one annotator alone."""

    letters: int
    fields: tuple[FieldAgreement, ...]
    disagreements: tuple[Outcome, ...]
    first_alone: tuple[str, ...]
    second_alone: tuple[str, ...]


def agreement(
    first: Mapping[str, GoldFile], second: Mapping[str, GoldFile], *, resamples: int = 1000, seed: int = 0
) -> Agreement:
    """Hold the annotations of two people against each other, over the letters that both have.

    F1 and share agreed are the same whoever comes first, but where they find other numbers of disputed items.
    Raises ValueError where no letter is in both.
    """
    both = [stem for stem in first if stem in second]
    if not both:
        raise ValueError("no letter is in both: annotation files of a letter must have the same name")
    compared = compare_annotations({s: first[s] for s in both}, {s: second[s] for s in both})
    found = of_comparison(compared, labels(first, second, compared), resamples=resamples, seed=seed)
    return Agreement(
        letters=len(both),
        fields=found,
        disagreements=tuple(o for own in compared.outcomes.values() for o in own if o.missed),
        first_alone=tuple(s for s in first if s not in second),
        second_alone=tuple(s for s in second if s not in first),
    )


def of_comparison(
    compared: Compared, said: Mapping[str, Sequence[Sequence[Label]]], *, resamples: int = 1000, seed: int = 0
) -> tuple[FieldAgreement, ...]:
    """The agreement on every field that has values; ``said`` has the labels of closed fields, letter by letter."""
    outcomes = list(compared.outcomes.values())
    scores = metrics.score_fields(outcomes, KINDS, resamples=resamples, seed=seed)
    found = []
    for score in scores:
        own = [[o for o in letter if o.field == score.field and o.hit + o.lost + o.extra] for letter in outcomes]
        missed = sum(o.missed for letter in own for o in letter)
        having = sum(bool(letter) for letter in own)
        low, high = score.low, score.high
        if not missed and low is not None:
            low = all_agree_low(having)
        kappa = kappa_low = kappa_high = None
        if score.field in said:
            kappa, kappa_low, kappa_high = kappa_with_interval(said[score.field], resamples=resamples, seed=seed)
        found.append(
            FieldAgreement(
                field=score.field,
                measure="F1" if score.kind == "f1" else "share agreed",
                agreed=score.score,
                low=low,
                high=high,
                kappa=kappa,
                kappa_low=kappa_low,
                kappa_high=kappa_high,
                compared=score.support,
                letters=having,
                disagreements=missed,
            )
        )
    return tuple(found)


def labels(
    first: Mapping[str, GoldFile], second: Mapping[str, GoldFile], compared: Compared
) -> dict[str, list[list[Label]]]:
    """By closed field and letter what the two say; of items that both have."""
    found: dict[str, list[list[Label]]] = {
        name: [] for name in (*CLOSED_LETTER, *(f"issue.{name}" for name in CLOSED_ITEM))
    }
    for stem in compared.outcomes:
        one, other = first[stem], second[stem]
        for name in CLOSED_LETTER:
            found[name].append([(_label(getattr(one.letter, name)), _label(getattr(other.letter, name)))])
        items = {issue.issue_number: issue for issue in other.issues}
        pairs = [
            (issue, items[partner])
            for issue in one.issues
            if (partner := compared.partners[stem][issue.issue_number]) is not None
        ]
        for name in CLOSED_ITEM:
            found[f"issue.{name}"].append([(_label(getattr(a, name)), _label(getattr(b, name))) for a, b in pairs])
    return found


def _label(value: str | None) -> str:
    return metrics.normal(value) or NONE


def cohen_kappa(table: Floats) -> Floats:
    """Cohen's kappa of tables [..., label of the first, label of the second] of counts.

    NaN where it is not defined: an empty table, or one label throughout (Cohen 1960).
    """
    total = table.sum(axis=(-2, -1))
    share = np.divide(table, total[..., None, None], out=np.zeros_like(table), where=total[..., None, None] > 0)
    observed = np.trace(share, axis1=-2, axis2=-1)
    expected = (share.sum(axis=-1) * share.sum(axis=-2)).sum(axis=-1)
    room = 1 - expected
    result: Floats = np.divide(
        observed - expected, room, out=np.full(total.shape, np.nan), where=(total > 0) & (room > 1e-12)
    )
    return result


def kappa_with_interval(
    letters: Sequence[Sequence[Label]], *, resamples: int, seed: int
) -> tuple[float | None, float | None, float | None]:
    """Kappa over all letters with its bootstrap interval by letter; no interval where all agree."""
    names = sorted({label for letter in letters for pair in letter for label in pair})
    index = {name: at for at, name in enumerate(names)}
    tables = np.zeros((len(letters), len(names), len(names)))
    for row, letter in enumerate(letters):
        for one, other in letter:
            tables[row, index[one], index[other]] += 1
    if not names:
        return None, None, None
    whole = tables.sum(axis=0)
    kappa = float(cohen_kappa(whole))
    if np.isnan(kappa):
        return None, None, None
    if np.trace(whole) == whole.sum():
        return kappa, None, None
    return kappa, *metrics.interval(cohen_kappa(metrics.resampled(tables, resamples=resamples, seed=seed)))


def all_agree_low(letters: int) -> float | None:
    """Wilson's lower bound of a share where all of ``letters`` agree: n / (n + z²)."""
    return letters / (letters + NormalDist().inv_cdf((1 + LEVEL) / 2) ** 2) if letters else None


HEAD: Final = ("field", "measure", "agreement", "95 % interval", "kappa", "95 % interval", "compared", "disagreements")


def table(found: Agreement) -> Iterator[tuple[str, ...]]:
    """The rows of a report under HEAD."""
    for f in found.fields:
        yield (
            f.field,
            f.measure,
            figure(f.agreed),
            interval(f.low, f.high),
            figure(f.kappa),
            interval(f.kappa_low, f.kappa_high),
            str(f.compared),
            str(f.disagreements),
        )


def as_markdown(found: Agreement) -> str:
    """The report as a Markdown table."""
    rule = ("---", "---", *["---:"] * (len(HEAD) - 2))
    return "\n".join([summary(found), "", *(f"| {' | '.join(row)} |" for row in (HEAD, rule, *table(found))), ""])


def as_text(found: Agreement) -> str:
    """The report as an aligned table for a terminal."""
    rows = [HEAD, *table(found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    rows.insert(1, tuple("-" * width for width in widths))
    lines = []
    for row in rows:
        cells = [c.ljust(w) if at < 2 else c.rjust(w) for at, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells))
    return "\n".join([summary(found), "", *lines, ""])


def summary(found: Agreement) -> str:
    """How many letters and disagreements, in a line."""
    text = f"{found.letters} letters annotated by both, {len(found.disagreements)} disagreements"
    sides = (("first", found.first_alone), ("second", found.second_alone))
    alone = [f"{len(stems)} by the {who} alone" for who, stems in sides if stems]
    return f"{text}; {', '.join(alone)}" if alone else text


def figure(value: float | None) -> str:
    """A figure with three places, a dash for none."""
    return "–" if value is None else f"{value:.3f}"


def interval(low: float | None, high: float | None) -> str:
    """An interval, a dash for none."""
    return "–" if low is None else f"{figure(low)}–{figure(high)}"


def write_disagreements(found: Agreement, path: Path) -> None:
    """Write every disagreement to a CSV file: field, place, what the first alone says, what the second alone says.

    Raises OSError where the file cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("field", "place", "first", "second"))
        writer.writerows([csv_cell(c) for c in (o.field, o.place, o.wanted, o.got)] for o in found.disagreements)
