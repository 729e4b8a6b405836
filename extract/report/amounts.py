"""Counts of visits, days between the steps of a case, ages: how their values are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from extract.report.grouping import outcomes
from extract.report.intervals import spread_of

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset

SESSION_BANDS: Final = ((1, 3), (4, 6), (7, 9), (10, 12), (13, 18), (19, 24))
"""Visits in dispute, from and to; more is a band of its own."""
SESSIONS: Final = ("requested", "authorized", "disputed")
STEPS: Final = (
    ("injury to decision", "injury_date", "decision_date"),
    ("injury to utilization review denial", "injury_date", "ur_denial_date"),
    ("denial to application for review", "ur_denial_date", "application_received_date"),
    ("application to assignment", "application_received_date", "assigned_date"),
    ("assignment to decision", "assigned_date", "decision_date"),
    ("denial to decision", "ur_denial_date", "decision_date"),
)
"""Steps of a case: name, from, to."""
_ALL: Final = "all visits"
_WITHOUT: Final = "no subcategory"


def _spread(counts: pd.Series, **names: str | int) -> dict[str, Any]:
    """A row: its names, then how the values are spread."""
    return {**names, **spread_of(counts)}


def sessions(data: Dataset) -> pd.DataFrame:
    """Visits of items that tell a number of them: by treatment and by ``SESSIONS``, how they are spread.

    Columns: ``treatment``, ``visits``, ``n`` (items), quantiles, the median's interval, ``largest``.
    ``sessions_disputed`` equals ``sessions_requested`` where nothing was authorized before.
    """
    import pandas as pd

    rows = []
    for measure in SESSIONS:
        counts = data.frame(f"""
          SELECT coalesce(treatment_category || ': ' || treatment_subcategory, treatment_category, '{_WITHOUT}')
            AS treatment, sessions_{measure} AS value, count(*) AS n
          FROM item WHERE sessions_{measure} IS NOT NULL GROUP BY ALL""")
        whole = counts.groupby("value")["n"].sum()
        rows.append(_spread(whole, treatment=_ALL, visits=measure))
        rows += [
            _spread(part.set_index("value")["n"], treatment=str(name), visits=measure)
            for name, part in counts.groupby("treatment")
        ]
    frame = pd.DataFrame(rows)
    asked = frame[frame["visits"] == SESSIONS[0]].set_index("treatment")["n"]
    order = frame.assign(
        all=frame["treatment"] != _ALL,
        size=-frame["treatment"].map(asked).fillna(0),
        place=frame["visits"].map(SESSIONS.index),
    ).sort_values(["all", "size", "treatment", "place"], kind="stable")
    return frame.loc[order.index].reset_index(drop=True)


def by_sessions_disputed(data: Dataset) -> pd.DataFrame:
    """Items by visits in dispute (``SESSION_BANDS``); items that tell no number are left out."""
    cases = " ".join(f"WHEN sessions_disputed <= {b} THEN {n}" for n, (_, b) in enumerate(SESSION_BANDS))
    rank = f"CASE {cases} ELSE {len(SESSION_BANDS)} END"
    names = [*(f"{a} to {b}" for a, b in SESSION_BANDS), f"more than {SESSION_BANDS[-1][1]}"]
    quoted = "[" + ", ".join(f"'{name}'" for name in names) + "]"
    members = f"""
      SELECT letter_id, issue_number, {quoted}[{rank} + 1] AS label, {rank} AS rank
      FROM item WHERE sessions_disputed IS NOT NULL"""
    return outcomes(data, members, order="rank")


def by_part_authorized(data: Dataset) -> pd.DataFrame:
    """Items that tell visits, by whether the claims administrator had authorized a part of them."""
    members = """
      SELECT letter_id, issue_number,
        CASE WHEN sessions_authorized > 0 THEN 'a part was authorized before' ELSE 'no part was authorized' END
          AS label, CASE WHEN sessions_authorized > 0 THEN 0 ELSE 1 END AS rank
      FROM item WHERE sessions_requested IS NOT NULL"""
    return outcomes(data, members, order="rank")


def days_between(data: Dataset) -> pd.DataFrame:
    """Days between the steps of a case (``STEPS``), of letters that give both dates.

    Columns: ``step``, ``negative`` (letters whose later step bears the earlier date), ``n`` (letters), quantiles,
    the median's interval, ``largest``. Of a de-identified dataset, which has no days, there are no rows.
    """
    import pandas as pd

    rows = []
    for name, start, end in () if data.deidentified else STEPS:
        counts = data.frame(f"""
          SELECT date_diff('day', {start}, {end}) AS value, count(*) AS n FROM letter
          WHERE {start} IS NOT NULL AND {end} IS NOT NULL GROUP BY ALL""")
        of = counts.set_index("value")["n"]
        rows.append(_spread(of, step=name, negative=int(of[of.index < 0].sum())))
    return pd.DataFrame(rows)


def ages(data: Dataset) -> pd.DataFrame:
    """Ages of the workers in years, of letters that tell one: of all and by ``sex``."""
    import pandas as pd

    counts = data.frame("SELECT sex, age AS value, count(*) AS n FROM letter WHERE age IS NOT NULL GROUP BY ALL")
    rows = [_spread(counts.groupby("value")["n"].sum(), sex="all")]
    rows += [_spread(part.set_index("value")["n"], sex=str(sex)) for sex, part in counts.groupby("sex")]
    return pd.DataFrame(rows)
