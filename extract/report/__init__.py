"""The report: tables of a dataset's outcomes with their intervals, pictures of them, and one page of it all.

Questions → pictures → page: ``dataset`` opens the tables, ``groups``, ``guidelines``, ``amounts``, ``overall``,
``quality`` and ``comparison`` answer with DataFrames, ``figures`` draws, ``sections`` and ``page`` put it together.

>>> from extract.report import Dataset, by_category  # doctest: +SKIP
>>> with Dataset(Path("dataset")) as data:  # doctest: +SKIP
...     by_category(data)
"""

from __future__ import annotations

from pathlib import Path

from extract.report.amounts import ages, by_part_authorized, by_sessions_disputed, days_between, sessions
from extract.report.comparison import rates, shares, volumes
from extract.report.dataset import Dataset, ReportError
from extract.report.grouping import Fold, outcomes
from extract.report.groups import (
    by_age,
    by_body_part,
    by_category,
    by_decision_year,
    by_drug_class,
    by_ingredient,
    by_sex,
    by_specialty,
    by_subcategory,
    by_years_since_injury,
    letters_by_age_and_sex,
)
from extract.report.guidelines import by_agreement, by_differing_pair, by_guideline
from extract.report.overall import Totals, design_effect, item_decisions, letter_decisions, totals
from extract.report.quality import confidence, failures, flags, missing

__all__ = [
    "Dataset",
    "Fold",
    "ReportError",
    "Totals",
    "ages",
    "by_age",
    "by_agreement",
    "by_body_part",
    "by_category",
    "by_decision_year",
    "by_differing_pair",
    "by_drug_class",
    "by_guideline",
    "by_ingredient",
    "by_part_authorized",
    "by_sessions_disputed",
    "by_sex",
    "by_specialty",
    "by_subcategory",
    "by_years_since_injury",
    "confidence",
    "days_between",
    "design_effect",
    "failures",
    "flags",
    "item_decisions",
    "letter_decisions",
    "letters_by_age_and_sex",
    "missing",
    "outcomes",
    "rates",
    "sessions",
    "shares",
    "totals",
    "volumes",
    "write_report",
]


def write_report(dataset: Path, out: Path | None = None, *, fold: Fold | None = None) -> Path:
    """Write the report of a dataset as one HTML file, by default ``report.html`` in its folder; gives its path.

    Raises ReportError where ``dataset`` holds no finished dataset, OSError where ``out`` cannot be written.
    """
    from extract.archive.assemble import write_whole
    from extract.report.page import make_page, render

    path = out or dataset / "report.html"
    with Dataset(dataset) as data:
        page = make_page(data, fold=fold)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, render(page).encode())
    return path
