"""What the DWC and the CWCI have published about reviews, beside the same counts of a dataset.

The published figures lie in ``published/`` as they were collected, with their sources: values as printed
(``>86``, ``nearly 90``), periods as printed (``2015-16``, ``2022H1``). Only what is printed as a number is
drawn or counted with. Most come from press reports of the yearly reports, and some disagree.
"""

from __future__ import annotations

import calendar
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from extract.report.elements import records
from extract.report.intervals import share_of

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset

HOME: Final = Path(__file__).parent / "published"
RATES: Final = {
    "uphold_rate_treatment_requests": ("requests", "upheld", False),
    "overturn_rate_treatment_requests": ("requests", "upheld", True),
    "uphold_rate": ("not stated", "upheld", False),
    "case_outcome_upheld": ("cases", "upheld", False),
    "case_outcome_partially_overturned": ("cases", "partially_overturned", False),
    "case_outcome_overturned": ("cases", "overturned", False),
}
"""Metrics of outcomes_by_year.csv: what is counted, which outcome, and whether 100 less the value tells it."""
VOLUMES: Final = ("final_determination_letters", "letters", "letters_later_count")
SHARES: Final = {
    "share_of_requests_pct": ("of requests", "share", False),
    "share_of_services_pct": ("of services", "share", False),
    "share_of_decisions_pct": ("of decisions", "share", False),
    "share_of_pharmaceutical_pct": ("of drug requests", "share", False),
    "uphold_rate_pct": ("upheld", "upheld", False),
    "overturn_rate_pct": ("upheld", "upheld", True),
    "overturn_rank": ("rank", "", False),
}
"""Metrics of outcomes_by_category.csv: what it is a percentage of, what is counted here, 100 less the value."""
_FIRST_HAND: Final = ("dir.ca.gov", "cwci.org", "CWCI ")
_PART: Final = re.compile(r"(\d{4})(?:(H)([12])|(Q)([1-4]))?")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of months, the first and last as (year, month)."""

    first: tuple[int, int]
    last: tuple[int, int]

    @classmethod
    def of(cls, printed: str) -> Period:
        """``2017``, ``2022H1``, ``2025Q1``, ``2015-16``, ``2015-2025Q1``. Raises ValueError for anything else."""
        start, _, end = printed.partition("-")
        if end and re.fullmatch(r"\d\d", end):
            end = start[:2] + end
        first, last = cls._part(start), cls._part(end or start)
        return cls(first[0], last[1])

    @staticmethod
    def _part(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
        found = _PART.fullmatch(text)
        if found is None:
            raise ValueError(f"no period: {text!r}")
        year, months, part = int(found[1]), 12, 1
        if found[2]:
            months, part = 6, int(found[3])
        elif found[4]:
            months, part = 3, int(found[5])
        return (year, months * (part - 1) + 1), (year, months * part)

    @property
    def whole_years(self) -> bool:
        """True where years alone tell what lies in it."""
        return self.first[1] == 1 and self.last[1] == len(calendar.month_name) - 1


def published(name: str) -> list[dict[str, str]]:
    """Rows of a file of ``published/``."""
    with (HOME / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return [{k: (v or "").strip() for k, v in row.items()} for row in csv.DictReader(stream)]


def number(printed: str) -> float | None:
    """A printed value where it is a plain number; None for ``>40``, ``nearly 90``, ``7 to 8``."""
    return float(printed) if _NUMBER.fullmatch(printed) else None


def rates(data: Dataset) -> pd.DataFrame:
    """Published rates of outcome by period, beside those of the dataset.

    ``published`` and ``share`` are shares 0 to 1 of what ``unit`` and ``outcome`` say; an overturn rate is turned
    into a rate upheld. For requests (or where the unit is not stated) ``n`` counts items with a decision, for
    cases letters. ``n`` is missing where the dataset cannot tell (months in a de-identified one).
    """
    import pandas as pd

    items, letters = _Counts(data, _ITEMS), _Counts(data, _LETTERS)
    rows = []
    for row in published("outcomes_by_year"):
        if row["metric"] not in RATES:
            continue
        unit, outcome, turned = RATES[row["metric"]]
        counts = letters if unit == "cases" else items
        n = counts.sum(row["year"], lambda c: bool(c["decision"]))
        count = counts.sum(row["year"], lambda c, wanted=outcome: c["decision"] == wanted)
        rows.append(_head(row, turned) | {"unit": unit, "outcome": outcome} | _beside(count, n) | _tail(row))
    return pd.DataFrame(rows).sort_values(["period", "publisher"], kind="stable", ignore_index=True)


def volumes(data: Dataset) -> pd.DataFrame:
    """Published numbers of letters by period (``published``), beside those of the dataset (``n``)."""
    import pandas as pd

    letters = _Counts(data, _LETTERS)
    rows = []
    for row in published("outcomes_by_year"):
        if row["metric"] in VOLUMES:
            value = number(row["value"])
            rows.append(
                {"period": row["year"], "publisher": row["publisher"], "printed": row["value"]}
                | {"published": None if value is None else int(value), "n": letters.sum(row["year"], lambda c: True)}
                | _tail(row)
            )
    frame = pd.DataFrame(rows).astype({"published": "Int64", "n": "Int64"})
    return frame.sort_values(["period", "publisher"], kind="stable", ignore_index=True)


def shares(data: Dataset) -> pd.DataFrame:
    """Published shares and rates by treatment category and period, beside those of the dataset.

    ``of`` says what the figure is a share of. ``category`` and ``subcategory`` are the dataset's names for what
    ``published/categories.csv`` maps; where it maps nothing, there is nothing beside the published figure.
    """
    import pandas as pd

    items = _Counts(data, _ITEMS)
    names = {row["published"]: row for row in published("categories")}
    rows = []
    for row in published("outcomes_by_category"):
        of, kind, turned = SHARES[row["metric"]]
        name = names.get(row["category"], {})
        category, sub = name.get("treatment_category", ""), name.get("treatment_subcategory", "")

        def inside(c: dict[str, Any], category: str = category, sub: str = sub) -> bool:
            return c["category"] == category and sub in ("", c["subcategory"])

        def whole(c: dict[str, Any], of: str = of) -> bool:
            return bool(c["category"]) and (of != "of drug requests" or c["category"] == "Pharmaceuticals")

        count = n = None
        if category and kind == "share":
            count, n = items.sum(row["year"], inside), items.sum(row["year"], whole)
        elif category and kind:
            n = items.sum(row["year"], lambda c, t=inside: t(c) and bool(c["decision"]))
            count = items.sum(row["year"], lambda c, t=inside: t(c) and c["decision"] == "upheld")
        words = {"shown": row["category"], "of": of, "category": category, "subcategory": sub}
        note = "; ".join(filter(None, (row["note"], name.get("note", ""))))
        rows.append(_head(row, turned) | words | _beside(count, n) | _tail(row | {"note": note}))
    return pd.DataFrame(rows).sort_values(["period", "publisher"], kind="stable", ignore_index=True)


def disagreements() -> list[str]:
    """Years for which published figures of the same kind differ, in words."""
    found: dict[tuple[str, str], set[float]] = {}
    for row in published("outcomes_by_year"):
        value = number(row["value"])
        if value is None:
            continue
        if row["metric"] in VOLUMES:
            found.setdefault((row["year"], "letters"), set()).add(value)
        elif row["metric"] in RATES and RATES[row["metric"]][0] != "cases":
            upheld = 100 - value if RATES[row["metric"]][2] else value
            found.setdefault((row["year"], "rate upheld"), set()).add(round(upheld, 1))
    out = []
    for (year, kind), values in sorted(found.items()):
        if len(values) > 1:
            shown = [f"{v:,.0f}" if kind == "letters" else f"{v:.1f} %" for v in sorted(values)]
            out.append(f"{year}, {kind}: {' / '.join(shown)}")
    return out


_ITEMS: Final = """
  SELECT decision_year AS year, month(decision_date) AS month, coalesce(treatment_category, '') AS category,
    coalesce(treatment_subcategory, '') AS subcategory, coalesce(decision, '') AS decision, count(*) AS n
  FROM item WHERE decision_year IS NOT NULL GROUP BY ALL"""
_LETTERS: Final = """
  SELECT decision_year AS year, month(decision_date) AS month, coalesce(decision, '') AS decision, count(*) AS n
  FROM letter WHERE decision_year IS NOT NULL GROUP BY ALL"""


class _Counts:
    """Counts of a dataset by month, to be summed over a period."""

    def __init__(self, data: Dataset, sql: str) -> None:
        self._dated = not data.deidentified
        self._rows: list[dict[str, Any]] = records(data.frame(sql))

    def sum(self, printed: str, wanted: Any) -> int | None:
        """How many of ``wanted`` the period has; None where months are asked for and only years are known."""
        period = Period.of(printed)
        if not self._dated and not period.whole_years:
            return None
        return sum(int(row["n"]) for row in self._within(period) if wanted(row))

    def _within(self, period: Period) -> Iterator[dict[str, Any]]:
        for row in self._rows:
            if self._dated:
                inside = period.first <= (row["year"], row["month"]) <= period.last
            else:
                inside = period.first[0] <= row["year"] <= period.last[0]
            if inside:
                yield row


def _head(row: dict[str, str], turned: bool) -> dict[str, Any]:
    value = number(row["value"])
    share = None if value is None else ((100 - value) if turned else value) / 100
    return {
        "period": row["year"],
        "publisher": row["publisher"],
        "metric": row["metric"],
        "printed": row["value"],
        "published": share,
    }


def _beside(count: int | None, n: int | None) -> dict[str, Any]:
    found = share_of(count, n) if count is not None and n is not None else None
    return {
        "count": count,
        "n": n,
        "share": found.share if found else None,
        "share_low": found.low if found else None,
        "share_high": found.high if found else None,
    }


def _tail(row: dict[str, str]) -> dict[str, Any]:
    first_hand = row["source"].startswith(_FIRST_HAND)
    return {"first_hand": first_hand, "source": row["source"], "note": row["note"]}
