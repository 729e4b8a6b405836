"""Decisions by year, treatment, drug, body part, reviewer and worker. Each function gives a table of outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from extract.report.grouping import Fold, outcomes

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset

AGE_BANDS: Final = (25, 35, 45, 55, 65)
"""Lowest ages of the bands after the first, in years."""
YEAR_BANDS: Final = (1, 2, 3, 5, 10, 20)
"""Fewest years since the injury of the bands after the first."""
BEFORE: Final = "before the injury"

_PLAIN: Final = "SELECT letter_id, issue_number, {label} AS label, {rank} AS rank FROM item"


def by_decision_year(data: Dataset) -> pd.DataFrame:
    """Items by the calendar year of the letter's decision."""
    return outcomes(data, _PLAIN.format(label="CAST(decision_year AS VARCHAR)", rank="decision_year"), order="rank")


def by_category(data: Dataset, *, fold: Fold | None = None) -> pd.DataFrame:
    """Items by treatment category."""
    return outcomes(data, _PLAIN.format(label="treatment_category", rank="0"), fold=fold)


def by_subcategory(data: Dataset, *, fold: Fold | None = None) -> pd.DataFrame:
    """Items by subcategory, the largest category first. Drugs are left out: see ``by_drug_class``."""
    members = """
      SELECT letter_id, issue_number,
        treatment_category || ': ' || coalesce(treatment_subcategory, 'no subcategory') AS label,
        dense_rank() OVER (ORDER BY treatment_category) / 1000 - count(*) OVER (PARTITION BY treatment_category) AS rank
      FROM item WHERE treatment_category IS NOT NULL AND treatment_category <> 'Pharmaceuticals'"""
    return outcomes(data, members, order="rank", fold=fold)


_DRUGS: Final = """
  SELECT letter_id, issue_number, {label} AS label, 0 AS rank FROM item
  WHERE drug_class IS NOT NULL OR drug IS NOT NULL OR treatment_category = 'Pharmaceuticals'"""


def by_drug_class(data: Dataset, *, fold: Fold | None = None) -> pd.DataFrame:
    """Items that ask for a drug, by the DWC's class of the drug."""
    return outcomes(data, _DRUGS.format(label="drug_class"), fold=fold)


def by_ingredient(data: Dataset, *, fold: Fold | None = None) -> pd.DataFrame:
    """Items that ask for a drug, by its ingredients."""
    return outcomes(data, _DRUGS.format(label="drug_ingredient"), fold=fold)


def by_body_part(data: Dataset, *, fold: Fold | None = None) -> pd.DataFrame:
    """Items by the worker's injured body parts, without their side; an item counts once for each part."""
    members = r"""
      SELECT i.letter_id, i.issue_number, p.label, 0 AS rank FROM item i LEFT JOIN (
        SELECT letter_id, regexp_replace(unnest(body_parts), '^(left|right|bilateral) ', '') AS label FROM letter
      ) p USING (letter_id)"""
    return outcomes(data, members, fold=fold)


def by_specialty(data: Dataset, *, fold: Fold | None = None) -> pd.DataFrame:
    """Items by the reviewer's specialties; an item counts once for each.

    Spellings that differ in case or in ``&`` and ``and`` are one group, named as most letters write it.
    """
    members = """
      WITH said AS (SELECT letter_id, unnest(reviewer_specialties) AS words FROM letter),
      keyed AS (SELECT letter_id, words, lower(replace(words, ' & ', ' and ')) AS key FROM said),
      spelled AS (
        SELECT key, words, row_number() OVER (PARTITION BY key ORDER BY count(*) DESC, words) AS place
        FROM keyed GROUP BY key, words
      ),
      own AS (
        SELECT DISTINCT k.letter_id, s.words AS label FROM keyed k JOIN spelled s ON s.key = k.key AND s.place = 1
      )
      SELECT i.letter_id, i.issue_number, o.label, 0 AS rank FROM item i LEFT JOIN own o USING (letter_id)"""
    return outcomes(data, members, fold=fold)


def by_sex(data: Dataset) -> pd.DataFrame:
    """Items by the worker's sex."""
    return outcomes(data, _PLAIN.format(label="sex", rank="0"), order="rank")


def by_age(data: Dataset) -> pd.DataFrame:
    """Items by the worker's age in bands of ten years (``AGE_BANDS``)."""
    names = [f"under {AGE_BANDS[0]}", *(f"{a} to {b - 1}" for a, b in pairwise(AGE_BANDS))]
    label, rank = _bands("age", AGE_BANDS, [*names, f"{AGE_BANDS[-1]} and over"])
    return outcomes(data, _PLAIN.format(label=label, rank=rank), order="rank")


def by_years_since_injury(data: Dataset) -> pd.DataFrame:
    """Items by the years between injury and decision (``YEAR_BANDS``); of calendar years where dates are only years.

    A decision before the injury is an error of the letter or of its reading, and a row of its own.
    """
    names = [f"{a} to under {b} years" for a, b in pairwise(YEAR_BANDS)]
    bands = (0, *YEAR_BANDS)
    label, rank = _bands(
        "years_since_injury", bands, [BEFORE, "under 1 year", *names, f"{YEAR_BANDS[-1]} years and more"]
    )
    return outcomes(data, _PLAIN.format(label=label, rank=rank), order="rank")


def letters_by_age_and_sex(data: Dataset) -> pd.DataFrame:
    """Letters by age band and sex: ``band``, ``rank``, ``sex``, ``letters``; letters without either are NULL there."""
    names = [f"under {AGE_BANDS[0]}", *(f"{a} to {b - 1}" for a, b in pairwise(AGE_BANDS))]
    label, rank = _bands("age", AGE_BANDS, [*names, f"{AGE_BANDS[-1]} and over"])
    return data.frame(
        f"SELECT {label} AS band, {rank} AS rank, sex, count(*) AS letters FROM letter GROUP BY ALL ORDER BY rank, sex"
    )


def _bands(column: str, floors: Sequence[int], names: Sequence[str]) -> tuple[str, str]:
    """SQL for the band of a number and for its rank; ``names`` has one more than ``floors``."""
    cases = " ".join(f"WHEN {column} < {floor} THEN {{{n}}}" for n, floor in enumerate(floors))
    whole = f"CASE WHEN {column} IS NULL THEN NULL {cases} ELSE {{{len(floors)}}} END"
    label = whole.format(*(f"'{name}'" for name in names))
    return label, whole.format(*(str(n) for n in range(len(names))))
