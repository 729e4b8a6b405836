"""How far the dataset can be relied on: flags, failures, missing values, confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extract.confidence.apply import LOW
from extract.failures import Reason
from extract.report.intervals import with_share
from extract.schema import CITATIONS, FLAGS, ISSUES, LETTERS

if TYPE_CHECKING:
    import pandas as pd

    from extract.report.dataset import Dataset

HIGH: Final = 0.9
"""Confidence from which a value is sure; below ``LOW``, which raises a flag, it is low."""
EXPECTED: Final = {
    "letters": (
        "case_number priority injury_date ur_denial_date application_received_date assigned_date decision_date age sex"
        " body_parts diagnoses reviewer_license_states reviewer_specialties decision"
    ).split(),
    "issues": (
        "requested_treatment treatment_category treatment_subcategory decision claims_administrator_guideline"
        " reviewer_guideline rationale"
    ).split(),
    "citations": ["guideline"],
}
"""Columns that most letters have something for; a gap in any other says little."""


def flags(data: Dataset) -> pd.DataFrame:
    """Letters by flag: ``flag``, ``meaning``, ``count``, ``n`` (letters), ``share``, its interval.

    Flags that no letter bears are there too.
    """
    import pandas as pd

    found = data.frame("SELECT flag, count(*) AS n FROM (SELECT unnest(flags) AS flag FROM letter) GROUP BY flag")
    counts = dict(zip(found["flag"], found["n"], strict=True))
    names = [*FLAGS, *sorted(set(counts) - set(FLAGS))]
    frame = pd.DataFrame(
        {
            "flag": names,
            "meaning": [FLAGS.get(name, "not a flag of this version") for name in names],
            "count": [int(counts.get(name, 0)) for name in names],
            "n": data.row("SELECT count(*) FROM letter")[0],
        }
    )
    frame = frame.sort_values("count", ascending=False, kind="stable", ignore_index=True)
    return with_share(frame, count="count", n="n", name="share")


def failures(data: Dataset) -> pd.DataFrame:
    """Files that gave no letter: ``reason``, ``meaning``, ``count``, ``n`` (files), ``share`` and its interval."""
    frame = data.frame("SELECT reason, count(*) AS count FROM failures GROUP BY reason ORDER BY count DESC, reason")
    known = {reason.value: reason.meaning for reason in Reason}
    files = data.run.get("files")
    n = int(frame["count"].sum())
    if not isinstance(files, int) or files < n:
        files = n + int(data.row("SELECT count(*) FROM letter")[0])
    meanings = [known.get(reason, "not a reason of this version") for reason in frame["reason"]]
    return with_share(frame.assign(meaning=meanings, n=files), count="count", n="n", name="share")


def missing(data: Dataset) -> pd.DataFrame:
    """Rows without a value, by table and field, in the order of the schema.

    Columns: ``table``, ``field``, ``meaning``, ``expected`` (most letters have something for it), ``emptied`` (a
    de-identified dataset has none on purpose), ``n`` (rows), ``missing``, ``share`` and its interval.
    """
    import pandas as pd

    rows = []
    for table in (LETTERS, ISSUES, CITATIONS):
        there = data.columns(table.name)
        columns = [c for c in table.columns if c.name in there and c.name not in table.key and c.name != "flags"]
        filled = ", ".join(
            f'count(*) FILTER (len("{c.name}") > 0)' if c.type == "list" else f'count("{c.name}")' for c in columns
        )
        n, *counts = data.row(f"SELECT count(*), {filled} FROM {table.name}")
        rows += [
            {
                "table": table.name,
                "field": c.name,
                "meaning": c.meaning,
                "expected": c.name in EXPECTED[table.name],
                "emptied": data.deidentified and n > 0 and count == 0 and c.name not in _kept(),
                "n": n,
                "missing": n - count,
            }
            for c, count in zip(columns, counts, strict=True)
        ]
    return with_share(pd.DataFrame(rows), count="missing", n="n", name="share")


def _kept() -> frozenset[str]:
    from extract.archive.deidentify import HASHED, KEPT

    return KEPT | HASHED | {"age"}


def confidence(data: Dataset) -> pd.DataFrame:
    """Confidence of values by table and field: ``n`` values, ``high`` (from 0.9), ``middle``, ``low`` (below 0.7),
    ``unknown`` (none given), ``lowest``, and ``share`` of high ones among the ``n``, with its interval.
    """
    order = {(t.name, c.name): n for t in (LETTERS, ISSUES, CITATIONS) for n, c in enumerate(t.columns)}
    places = {t.name: n for n, t in enumerate((LETTERS, ISSUES, CITATIONS))}
    frame = data.frame(f"""
      SELECT "table", field, count(*) AS n, count(*) FILTER (confidence >= {HIGH}) AS high,
        count(*) FILTER (confidence >= {LOW} AND confidence < {HIGH}) AS middle,
        count(*) FILTER (confidence < {LOW}) AS low, count(*) FILTER (confidence IS NULL) AS unknown,
        min(confidence) AS lowest
      FROM evidence WHERE field NOT IN ('flags') GROUP BY ALL""")
    keys = list(zip(frame["table"], frame["field"], strict=True))
    place = [(places.get(t, len(places)), order.get((t, f), len(order)), f) for t, f in keys]
    frame = frame.iloc[sorted(range(len(place)), key=place.__getitem__)].reset_index(drop=True)
    return with_share(frame, count="high", n="n", name="share")
