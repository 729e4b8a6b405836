"""What a comparison of two datasets found: counts by field, scores, and the changes one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from extract import metrics
from extract.changes import cells, paired, verdicts
from extract.changes.cells import QUIET
from extract.changes.paired import Step, Tally
from extract.changes.tables import COMPARED, SIDES, Side, Sides, side_by_side
from extract.evaluate import Compared, compare
from extract.gold import GoldFile
from extract.metrics import KINDS

_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class FieldCount:
    """Changes of a column (``(row)``: of whole rows): values that changed, came, went, or have another order."""

    table: str
    field: str
    changed: int
    added: int
    removed: int
    reordered: int
    letters: int


@dataclass(frozen=True, slots=True)
class ConfidenceCount:
    """Values of a column that stayed and have another confidence; ``mean`` is that of new less old."""

    table: str
    field: str
    lower: int
    higher: int
    mean: float


@dataclass(frozen=True, slots=True)
class FlagCount:
    """Letters that got a flag or lost it."""

    flag: str
    came: int
    went: int


@dataclass(frozen=True, slots=True)
class Gain:
    """A scored field: its step, and gains and losses by letter."""

    step: Step
    letters: Mapping[str, Tally]

    @property
    def total(self) -> Tally:
        """Over all letters."""
        return sum(self.letters.values(), Tally())


@dataclass(frozen=True, slots=True)
class Change:
    """One change with its evidence. Pages count from 1; a confidence is 0 to 1."""

    letter: str
    case_number: str
    old_letter_id: str
    new_letter_id: str
    table: str
    old_issue: int | None
    new_issue: int | None
    old_row: int | None
    new_row: int | None
    field: str
    kind: str
    old: str | None
    new: str | None
    verdict: str | None
    gold: str | None
    old_text: str | None
    old_page: int | None
    old_method: str | None
    old_confidence: float | None
    new_text: str | None
    new_page: int | None
    new_method: str | None
    new_confidence: float | None


@dataclass(frozen=True)
class Report:
    """The summary of a comparison; ``changes`` lists what it counts while the datasets are open."""

    old: str
    new: str
    letters: Mapping[str, int]
    """Letters by what they were matched by (letter_id, source, case_number), and ``added``, ``removed``."""
    alone: tuple[tuple[Side, str], ...]
    fields: tuple[FieldCount, ...]
    flags: tuple[FlagCount, ...]
    moved: int
    """Letters whose file lies elsewhere below the input root."""
    confidences: tuple[ConfidenceCount, ...]
    annotated: int | None
    """Letters with annotations; None without annotations."""
    absent: Mapping[Side, tuple[str, ...]]
    """Annotated letters that a side lacks: every value of theirs is missed there."""
    gains: tuple[Gain, ...]
    scored: int
    """Fields that were scored, changed or not."""
    _sides: Sides
    _all: bool

    @property
    def count(self) -> int:
        """All changes of values and rows, flags among them; not those of confidence or of the place of a file."""
        return sum(f.changed + f.added + f.removed + f.reordered for f in self.fields) + sum(
            f.came + f.went for f in self.flags
        )

    @property
    def losses(self) -> int:
        """Losses over all scored fields."""
        return sum(gain.total.losses for gain in self.gains)

    @property
    def listed(self) -> int:
        """How many changes ``changes`` gives."""
        rows = self._sides.rows(f"SELECT count(*) FROM changes c WHERE {_listed(self._all)}")
        return int(str(rows[0][0]))

    def changes(self, limit: int | None = None) -> Iterator[Change]:
        """The changes: losses first, then gains, neutral ones and those without a verdict; by letter.

        Flags, places of files and confidences are left out unless the comparison was asked for all.
        """
        bound = "" if limit is None else f" LIMIT {int(limit)}"
        cursor = self._sides.db.cursor()
        cursor.execute(_LIST.format(where=_listed(self._all)) + bound)
        while batch := cursor.fetchmany(_BATCH):
            for row in batch:
                values: Any = row
                yield Change(*values)


_LIST: Final = """
SELECT coalesce(ln.source, lo.source, ''), coalesce(ln.case_number, lo.case_number, ''), coalesce(p.old_id, ''),
  coalesce(p.new_id, ''), c.tbl, c.old_issue, c.new_issue, c.old_row, c.new_row, c.field, c.kind, c.old, c.new,
  v.verdict, v.gold, o.words, TRY_CAST(o.page AS BIGINT), o.method, o.confidence, n.words, TRY_CAST(n.page AS BIGINT),
  n.method, n.confidence
FROM changes c LEFT JOIN pairs p USING (pair) LEFT JOIN old_letters lo ON lo.letter_id = p.old_id
LEFT JOIN new_letters ln ON ln.letter_id = p.new_id LEFT JOIN verdicts v ON v.id = c.id
LEFT JOIN old_found o ON o.id = c.id LEFT JOIN new_found n ON n.id = c.id
WHERE {where}
ORDER BY list_position(['loss', 'gain', 'neutral'], v.verdict) NULLS LAST, 1, c.tbl <> 'letters',
  coalesce(c.new_issue, c.old_issue), c.tbl DESC, coalesce(c.new_row, c.old_row), c.id
"""


def _listed(everything: bool) -> str:
    if everything:
        return "true"
    quiet = " OR ".join(f"(c.tbl = '{table}' AND c.field = '{field}')" for table, field in QUIET)
    return f"NOT ({quiet}) AND c.kind <> 'confidence'"


@contextmanager
def compare_datasets(
    old: Path, new: Path, *, gold: Mapping[str, GoldFile] | None = None, everything: bool = False
) -> Iterator[Report]:
    """Compare two dataset folders; the report may list its changes until the context ends.

    ``gold`` are annotations by stem. ``everything`` lists also flags, places of files and confidences one by
    one. Raises ChangesError for folders that cannot be compared, EvaluationError where tables cannot be scored.
    """
    with side_by_side(old, new) as sides:
        cells.find_changes(sides)
        cells.sum_confidence(sides, listed=everything)
        compared: dict[Side, Compared] = {}
        if gold is not None:
            compared = {side: compare(folder, gold) for side, folder in zip(SIDES, (old, new), strict=True)}
        verdicts.judge(sides, gold or {}, compared)
        cells.find_evidence(sides)
        gains, scored = _gains(compared) if compared else ((), 0)
        yield Report(
            old=str(old),
            new=str(new),
            letters={str(how): int(str(n)) for how, n in sides.rows("SELECT how, count(*) FROM pairs GROUP BY 1")},
            alone=sides.alone,
            fields=_fields(sides),
            flags=_flags(sides),
            moved=len(sides.rows("SELECT 1 FROM changes WHERE tbl = 'letters' AND field = 'source'")),
            confidences=_confidences(sides),
            annotated=None if gold is None else len(gold),
            absent={side: found.missing for side, found in compared.items()},
            gains=gains,
            scored=scored,
            _sides=sides,
            _all=everything,
        )


def _gains(compared: Mapping[Side, Compared]) -> tuple[tuple[Gain, ...], int]:
    outcomes = {side: compared[side].outcomes for side in SIDES}
    counts = {side: metrics.count(list(outcomes[side].values()), KINDS) for side in SIDES}
    steps = paired.steps(counts["old"], counts["new"])
    letters = paired.tallies(outcomes["old"], outcomes["new"])
    return tuple(Gain(steps[field], letters[field]) for field in KINDS if field in letters and field in steps), len(
        steps
    )


def _fields(sides: Sides) -> tuple[FieldCount, ...]:
    rows = sides.rows(
        "SELECT tbl, field, count(*) FILTER (kind = 'changed'), count(*) FILTER (kind IN ('added', 'row added')), "
        "count(*) FILTER (kind IN ('removed', 'row removed')), count(*) FILTER (kind = 'reordered'), "
        f"count(DISTINCT pair) FROM changes c WHERE {_listed(False)} GROUP BY 1, 2"
    )
    counts = []
    for row in rows:
        values: Any = row
        counts.append(FieldCount(*values))
    return tuple(sorted(counts, key=lambda f: _rank(f.table, f.field)))


def _flags(sides: Sides) -> tuple[FlagCount, ...]:
    rows = sides.rows(
        "SELECT coalesce(new, old), count(new), count(old) FROM changes WHERE tbl = 'letters' AND field = 'flags' "
        "AND member GROUP BY 1 ORDER BY 1"
    )
    return tuple(FlagCount(str(flag), int(str(came)), int(str(went))) for flag, came, went in rows)


def _confidences(sides: Sides) -> tuple[ConfidenceCount, ...]:
    counts = []
    for row in sides.rows("SELECT tbl, field, lower, higher, mean FROM confidences"):
        values: Any = row
        counts.append(ConfidenceCount(*values))
    return tuple(sorted(counts, key=lambda f: _rank(f.table, f.field)))


def _rank(table: str, field: str) -> tuple[int, int, str]:
    """Order of the tables and of their columns."""
    names = {t.name: at for at, t in enumerate(COMPARED)}
    columns = {t.name: t.names for t in COMPARED}.get(table, ())
    return names.get(table, len(names)), columns.index(field) if field in columns else -1, field
