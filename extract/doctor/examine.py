"""Examines a dataset: counts its flags and failures, and asks whether its values can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from extract.checks.catalogue import CATALOGUE, Flag
from extract.doctor.findings import Case, Failed, Findings, Flagged
from extract.doctor.soundness import gaps, strange, twice
from extract.doctor.tables import Tables
from extract.failures import Reason

_UNKNOWN: Final = Flag(
    "", "a flag that this version does not know", "examine the dataset with the version that made it"
)
BATCH: Final = 2000
"""Letters whose evidence is asked for at a time."""


def examine(folder: Path, *, limit: int = 3) -> Findings:
    """What is to be looked at in a dataset, each with the first ``limit`` letters. Raises DatasetError."""
    tables = Tables(folder)
    many, groups = twice(tables, max(limit, 1) * 5)
    return Findings(
        letters=tables.one("SELECT count(*) FROM letters"),
        issues=tables.one("SELECT count(*) FROM issues"),
        failed=tables.one("SELECT count(*) FROM failures"),
        flagged=tables.one("SELECT count(*) FROM letters WHERE len(flags) > 0"),
        flags=tuple(_flags(tables, limit)),
        failures=tuple(_failures(tables, limit)),
        gaps=tuple(gaps(tables, limit)),
        strange=tuple(strange(tables, limit)),
        twice=tuple(groups),
        twice_in_all=many,
    )


def cases(folder: Path, *, flag: str | None = None, words: bool = False) -> Iterator[Case]:
    """Every flagged letter, one row for each of its flags, in the order of sources; ``flag`` keeps one flag's.

    ``words`` adds what each flag points at, where the dataset keeps it. Raises DatasetError.
    """
    tables = Tables(folder)
    condition, values = ("list_contains(flags, ?)", [flag]) if flag is not None else ("len(flags) > 0", [])
    chosen = tables.rows(
        f"SELECT letter_id, source, case_number, flags FROM letters WHERE {condition} ORDER BY source", *values
    )
    for start in range(0, len(chosen), BATCH):
        some = chosen[start : start + BATCH]
        ids = [row[0] for row in some]
        items = _items(tables, ids)
        pointed = _words(tables, ids) if words else {}
        for letter_id, source, case_number, flags in some:
            for name in flags if flag is None else [flag]:
                key = (letter_id, name)
                yield Case(letter_id, source, case_number, name, tuple(items.get(key, ())), tuple(pointed.get(key, ())))


def _flags(tables: Tables, limit: int) -> Iterator[Flagged]:
    known = {flag.name: flag for flag in CATALOGUE}
    items: dict[str, int] = {}
    if tables.has("issues", "item_flags"):
        of_items = tables.rows("SELECT unnest(item_flags) AS flag, count(*) FROM issues GROUP BY flag")
        items = {row[0]: row[1] for row in of_items}
    counted = tables.rows(
        "SELECT flag, count(*) AS n FROM (SELECT unnest(flags) AS flag FROM letters)"
        " GROUP BY flag ORDER BY n DESC, flag"
    )
    for name, letters in counted:
        flag = known.get(name, _UNKNOWN)
        rows = tables.rows(
            "SELECT source FROM letters WHERE list_contains(flags, ?) ORDER BY source LIMIT ?", name, limit
        )
        examples = tuple(row[0] for row in rows)
        yield Flagged(name, letters, items.get(name, 0), flag.meaning, flag.advice, flag.doubts, examples)


def _failures(tables: Tables, limit: int) -> Iterator[Failed]:
    known = {str(reason): reason.meaning for reason in Reason}
    for reason, files in tables.rows(
        "SELECT reason, count(*) AS n FROM failures GROUP BY reason ORDER BY n DESC, reason"
    ):
        rows = tables.rows("SELECT source FROM failures WHERE reason = ? ORDER BY source LIMIT ?", reason, limit)
        meaning = known.get(reason, "a reason that this version does not know")
        yield Failed(reason, files, meaning, tuple(row[0] for row in rows))


def _items(tables: Tables, ids: Sequence[str]) -> dict[tuple[str, str], list[int]]:
    """The items that each flag of some letters is about."""
    if not tables.has("issues", "item_flags"):
        return {}
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    query = (
        "SELECT letter_id, unnest(item_flags), issue_number FROM issues"
        " WHERE len(item_flags) > 0 AND list_contains(?, letter_id) ORDER BY letter_id, issue_number"
    )
    for letter_id, flag, number in tables.rows(query, ids):
        found[letter_id, flag].append(number)
    return found


def _words(tables: Tables, ids: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """The words that each flag of some letters points at; none in a dataset without identities."""
    if not tables.has("evidence", "letter_id", "table", "field", "value", "text"):
        return {}
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    query = (
        "SELECT letter_id, value, text FROM evidence WHERE \"table\" = 'letters' AND field = 'flags'"
        " AND text <> '' AND list_contains(?, letter_id)"
    )
    for letter_id, flag, text in tables.rows(query, ids):
        found[letter_id, flag].append(text)
    return found
