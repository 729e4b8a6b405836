"""Examines a dataset: counts its flags and failures, and asks whether its values can be."""

from __future__ import annotations

from collections.abc import Iterator
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
    letters = (
        "SELECT letter_id, source, case_number, unnest(flags) AS flag, generate_subscripts(flags, 1) AS rank"
        " FROM letters"
    )
    items = "SELECT NULL AS letter_id, NULL AS flag, NULL AS numbers"
    if tables.has("issues", "item_flags"):
        items = (
            "SELECT letter_id, flag, list(issue_number ORDER BY issue_number) AS numbers FROM"
            " (SELECT letter_id, issue_number, unnest(item_flags) AS flag FROM issues) GROUP BY letter_id, flag"
        )
    pointed = "SELECT NULL AS letter_id, NULL AS flag, NULL AS words"
    if words and tables.has("evidence", "letter_id", "table", "field", "value", "text", "start"):
        pointed = (
            "SELECT letter_id, value AS flag, list(text ORDER BY start) AS words FROM evidence"
            " WHERE \"table\" = 'letters' AND field = 'flags' AND text <> '' GROUP BY letter_id, flag"
        )
    query = (
        "SELECT l.letter_id, l.source, l.case_number, l.flag, i.numbers, w.words"
        f" FROM ({letters}) AS l LEFT JOIN ({items}) AS i ON i.letter_id = l.letter_id AND i.flag = l.flag"
        f" LEFT JOIN ({pointed}) AS w ON w.letter_id = l.letter_id AND w.flag = l.flag"
        f" {'' if flag is None else 'WHERE l.flag = ?'} ORDER BY l.source, l.rank"
    )
    for letter_id, source, number, name, numbers, told in tables.stream(query, *([] if flag is None else [flag])):
        yield Case(letter_id, source, number, name, tuple(numbers or ()), tuple(told or ()))


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
