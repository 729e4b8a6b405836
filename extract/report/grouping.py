"""Decisions of disputed items by group: the one way in which every table of outcomes is counted.

An item that belongs to several groups (a letter with two body parts) counts once in each, and once in the row
that brings rare groups together. Items without a value are a row of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from extract.report.intervals import with_share

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset

Order = Literal["size", "rank"]
OUTCOME_COLUMNS: Final = (
    "label", "kind", "groups", "letters", "items", "items_share", "items_share_low", "items_share_high", "upheld",
    "overturned", "modified", "undecided", "decided", "upheld_share", "upheld_share_low", "upheld_share_high",
)  # fmt: skip
"""Columns of a table of outcomes; shares are 0 to 1."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Which groups become one row: those beyond the ``most`` largest and, beyond the ``small`` largest, those of
    fewer than ``least`` items.

    Tables of up to ``small`` groups are left alone, and so is a single group that would be folded.
    """

    most: int = 15
    least: int = 3
    small: int = 10


_SQL: Final = """
WITH member AS (SELECT DISTINCT letter_id, issue_number, label, rank FROM ({members})),
size AS (
  SELECT label, min(rank) AS rank, count(*) AS n, row_number() OVER (ORDER BY count(*) DESC, label) AS place,
    count(*) OVER () AS labels
  FROM member WHERE label IS NOT NULL GROUP BY label
),
rare AS (
  SELECT label, count(*) OVER () AS folded FROM size
  WHERE labels > $small AND (place > $most OR (place > $small AND n < $least))
),
named AS (
  SELECT DISTINCT m.letter_id, m.issue_number,
    CASE WHEN m.label IS NULL THEN 'missing' WHEN r.folded > 1 THEN 'other' ELSE 'group' END AS kind,
    CASE WHEN r.folded > 1 THEN NULL ELSE m.label END AS label, coalesce(r.folded, 1) AS groups,
    CASE WHEN r.folded > 1 THEN NULL ELSE s.rank END AS rank
  FROM member m LEFT JOIN size s USING (label) LEFT JOIN rare r USING (label)
)
SELECT g.label, g.kind, CAST(max(g.groups) AS BIGINT) AS groups, count(DISTINCT g.letter_id) AS letters,
  count(*) AS items, count(*) FILTER (i.decision = 'upheld') AS upheld,
  count(*) FILTER (i.decision = 'overturned') AS overturned, count(*) FILTER (i.decision = 'modified') AS modified,
  count(*) FILTER (i.decision IS NULL) AS undecided, count(i.decision) AS decided
FROM named g JOIN item i USING (letter_id, issue_number)
GROUP BY g.label, g.kind, CASE WHEN g.kind = 'group' THEN g.rank END
ORDER BY g.kind = 'missing', g.kind = 'other', {order}, g.label
"""
_ALL: Final = Fold(most=2**31, least=0)


def outcomes(
    data: Dataset, members: str, *, order: Order = "size", fold: Fold | None = None, total: int | None = None
) -> pd.DataFrame:
    """Items, letters and decisions by group, with the share upheld and its interval (``OUTCOME_COLUMNS``).

    ``members`` is SQL that gives ``letter_id, issue_number, label, rank``; a NULL label is a missing value. Rows
    come by size or by rank, then ``other``, then ``missing`` (column ``kind``). ``groups`` says how many groups a
    row stands for. ``items_share`` is the share of ``total`` items, by default of all that are members.
    """
    keep = fold or _ALL
    by = "items DESC" if order == "size" else "CASE WHEN g.kind = 'group' THEN g.rank END, items DESC"
    sql = _SQL.format(members=members, order=by)
    frame = data.frame(_named(sql, keep))
    if total is None:
        total = int(data.row(f"SELECT count(*) FROM (SELECT DISTINCT letter_id, issue_number FROM ({members}))")[0])
    frame = frame.assign(label=frame["label"].astype("string"), total=total)
    frame = with_share(frame, count="items", n="total", name="items_share")
    frame = with_share(frame, count="upheld", n="decided", name="upheld_share")
    return frame[list(OUTCOME_COLUMNS)]


def _named(sql: str, keep: Fold) -> str:
    """The numbers of the fold in place; they are whole numbers, so no text of a letter gets into SQL."""
    for name, value in (("$small", keep.small), ("$most", keep.most), ("$least", keep.least)):
        sql = sql.replace(name, str(int(value)))
    return sql
