"""Which guidelines the two sides cite, where they differ, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from extract.report.grouping import Fold, outcomes

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset

Side = Literal["claims_administrator", "reviewer"]
AGREEMENTS: Final = (
    "the same guidelines", "some in common", "none in common", "only the claims administrator cites any",
    "only the reviewer cites any", "neither cites any",
)  # fmt: skip
"""What two sides may have in common, as ``by_agreement`` names it."""
ARROW: Final = " → "

_SIDES: Final = """
  SELECT i.letter_id, i.issue_number, coalesce(s.ours, []) AS ca, coalesce(s.theirs, []) AS rv
  FROM item i LEFT JOIN (
    SELECT letter_id, issue_number,
      list(DISTINCT guideline) FILTER (cited_by = 'claims_administrator' AND guideline IS NOT NULL) AS ours,
      list(DISTINCT guideline) FILTER (cited_by = 'reviewer' AND guideline IS NOT NULL) AS theirs
    FROM citations GROUP BY letter_id, issue_number
  ) s USING (letter_id, issue_number)"""


def by_guideline(data: Dataset, side: Side, *, fold: Fold | None = None) -> pd.DataFrame:
    """Items by the guidelines that one side cites; an item counts once for each. Missing: that side cites none."""
    column = {"claims_administrator": "ca", "reviewer": "rv"}[side]
    members = f"""
      SELECT letter_id, issue_number, unnest(CASE WHEN len({column}) = 0 THEN [NULL] ELSE {column} END) AS label,
        0 AS rank
      FROM ({_SIDES})"""
    return outcomes(data, members, fold=fold)


def by_agreement(data: Dataset) -> pd.DataFrame:
    """Items by what the guidelines of the two sides have in common (``AGREEMENTS``).

    Compared are the codes of ``citations.guideline``: two chapters of ACOEM are the same guideline here.
    """
    same, some, none, ours, theirs, neither = range(len(AGREEMENTS))
    rank = f"""CASE WHEN len(ca) = 0 AND len(rv) = 0 THEN {neither} WHEN len(rv) = 0 THEN {ours}
      WHEN len(ca) = 0 THEN {theirs} WHEN list_sort(ca) = list_sort(rv) THEN {same}
      WHEN list_has_any(ca, rv) THEN {some} ELSE {none} END"""
    names = "[" + ", ".join(f"'{name}'" for name in AGREEMENTS) + "]"
    members = f"SELECT letter_id, issue_number, {names}[{rank} + 1] AS label, {rank} AS rank FROM ({_SIDES})"
    return outcomes(data, members, order="rank")


def by_differing_pair(data: Dataset, *, fold: Fold | None = None) -> pd.DataFrame:
    """Items whose sides have no guideline in common, by pair: the claims administrator's, ``→``, the reviewer's.

    An item of two guidelines against one counts once in each of the two pairs.
    """
    members = f"""
      SELECT letter_id, issue_number, a || '{ARROW}' || b AS label, 0 AS rank FROM (
        SELECT letter_id, issue_number, unnest(ca) AS a, rv FROM ({_SIDES})
        WHERE len(ca) > 0 AND len(rv) > 0 AND NOT list_has_any(ca, rv)
      ), unnest(rv) AS other(b)"""
    return outcomes(data, members, fold=fold)
