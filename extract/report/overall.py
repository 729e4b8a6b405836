"""What a dataset holds, how it ends over all, and how far items of one letter go together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from extract.failures import Reason
from extract.report.intervals import with_share
from extract.schema import DECISIONS, LETTER_DECISIONS

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over a dataset. ``failed`` leaves out duplicates, whose letter is in the tables."""

    letters: int
    issues: int
    failed: int
    duplicates: int
    flagged: int
    undated: int
    repeated_cases: int
    unknown_layout: int
    scanned: int
    first: date | int | None
    """The first decision, a year in a de-identified dataset."""
    last: date | int | None


def totals(data: Dataset) -> Totals:
    """Count letters, items and failures; the range of decisions."""
    when = "decision_year" if data.deidentified else "decision_date"
    letters = data.row(f"""
      SELECT count(*), count(*) FILTER (len(flags) > 0), count(*) FILTER (decision_year IS NULL),
        count(*) FILTER (layout = 'unknown'), count(*) FILTER (text_source = 'ocr'), min({when}), max({when})
      FROM letter""")
    repeated = data.row("""
      SELECT count(*) FROM (
        SELECT case_number FROM letter WHERE case_number IS NOT NULL GROUP BY case_number HAVING count(*) > 1)""")[0]
    failed, duplicates = data.row(
        "SELECT count(*) FILTER (reason IS DISTINCT FROM $1), count(*) FILTER (reason = $1) FROM failures",
        [Reason.DUPLICATE.value],
    )
    return Totals(
        letters=letters[0],
        issues=data.row("SELECT count(*) FROM item")[0],
        failed=failed,
        duplicates=duplicates,
        flagged=letters[1],
        undated=letters[2],
        repeated_cases=repeated,
        unknown_layout=letters[3],
        scanned=letters[4],
        first=letters[5],
        last=letters[6],
    )


def item_decisions(data: Dataset) -> pd.DataFrame:
    """Items by decision: ``decision``, ``count``, ``n`` (items with a decision), ``share`` and its interval."""
    return _decisions(data, "item", DECISIONS)


def letter_decisions(data: Dataset) -> pd.DataFrame:
    """Letters by their decision over all items, as ``item_decisions``."""
    return _decisions(data, "letter", LETTER_DECISIONS)


def _decisions(data: Dataset, view: str, names: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    found: dict[Any, int] = dict(
        data.frame(f"SELECT coalesce(decision, '') AS d, count(*) AS n FROM {view} GROUP BY d").itertuples(
            index=False, name=None
        )
    )
    n = sum(found.get(name, 0) for name in names)
    frame = pd.DataFrame({"decision": names, "count": [found.get(name, 0) for name in names], "n": n})
    return with_share(frame, count="count", n="n", name="share")


def letters_by(data: Dataset, column: str) -> pd.DataFrame:
    """Letters by a column of one value: ``layout`` or ``text_source``."""
    if column not in ("layout", "text_source"):
        raise ValueError(f"letters are not counted by {column}")
    return data.frame(
        f"SELECT {column} AS label, count(*) AS letters FROM letter GROUP BY ALL ORDER BY letters DESC, label"
    )


def design_effect(data: Dataset) -> float | None:
    """By how much the variance of the share upheld grows because items come in letters; None where it is not known.

    The variance of a ratio of totals over letters, over that of as many items drawn one by one: Kish, Survey
    Sampling, 1965, 5.4 and 6.1. Intervals of items would be wider by its square root.
    """
    letters, items, upheld, squares = data.row("""
      WITH own AS (
        SELECT letter_id, count(decision) AS n, count(*) FILTER (decision = 'upheld') AS y
        FROM item WHERE decision IS NOT NULL GROUP BY letter_id
      ), total AS (SELECT sum(y) / sum(n) AS p FROM own)
      SELECT count(*), sum(n), sum(y), sum((y - p * n) * (y - p * n)) FROM own, total""")
    if letters < 2 or not 0 < upheld < items:
        return None
    share = upheld / items
    return float(letters / (letters - 1) * squares / items**2 / (share * (1 - share) / items))
