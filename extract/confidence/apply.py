"""The calibration at work: a confidence for every row of evidence, from a table of numbers."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol, Self

from extract.book import PLACES
from extract.confidence.features import (
    DERIVED,
    FACTS,
    GROUPS,
    UNMEASURED,
    VERSION,
    Facts,
    Feature,
    Group,
    fixed,
    group_of,
    of_letter,
)
from extract.confidence.surroundings import Surroundings
from extract.record import Evidence

HOME: Final = Path(__file__).parent.parent / "model" / "confidence.json"
"""The calibration that ships with the package."""
INFERRED: Final = 0.8
"""Most confidence of a value that no gold speaks of: a code that no letter prints, a paragraph, a list of documents."""
LOW: Final = 0.7
"""Confidence below which a value gets its row the flag ``low_confidence``: about half of such rows hold a wrong one."""
LOW_RAW: Final = 0.6
"""The same on the scale of the rules, where there is no calibration."""


BOUNDING: Final = ("flag:", "apart:")
"""Features whose letters bound what may be claimed, as those of a field do: warnings of every kind."""
METHOD: Final = "method:"
"""Features whose letters bound what may be claimed of a method: ten right values out of ten are no 0.99."""
NEW: Final = 0.85
"""What a method may claim that few letters with gold have shown, or none: as much as its field, up to here."""
START: Final = "start"
"""Name of the weight that every value has."""
_SOURCES: Final = frozenset(DERIVED.values())
_REMEMBERED: Final = 5000
_STEEPEST: Final = 30.0


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Of a row by itself: log-odds, the most that may be claimed, its kind, and whether others come from it or it
    from others."""

    number: int | None
    """To know it by; None where it is not remembered."""
    odds: float
    bound: float
    group: Group
    source: bool
    unmeasured: bool


class CalibrationError(ValueError):
    """A file that holds no calibration for these features; the message says which and why."""


class Rater(Protocol):
    """Gives the rows of a letter their confidence."""

    def rate(self, rows: Sequence[Evidence], facts: Facts) -> list[float]:
        """One confidence a row, in their order."""


@dataclass(frozen=True)
class Calibration:
    """Weights of features, and the letters that stand behind each field and each warning.

    The log-odds of a value are the sum of the weights of its features; a feature without a weight counts nothing, so
    that a method never met before gets what its field has, and a field never met before what all have. ``letters``
    counts by field, method and warning the letters with gold that had one: the rule of succession (Laplace 1814) says
    that after n right ones out of n no more than (n + 1) / (n + 2) may be claimed.
    """

    weights: Mapping[str, float]
    letters: Mapping[str, int]
    _known: dict[tuple[str, str, str, float], _Fixed | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _remembered: dict[tuple[int | None, float, tuple[Feature, ...]], float] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Confidences by what a row has by itself, with its letter and from around it: most rows are like earlier ones."""

    @classmethod
    def load(cls, path: Path = HOME) -> Self:
        """Read a calibration. Raises CalibrationError where there is none that fits."""
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            if facts["features"] != VERSION:
                raise CalibrationError(f"{path}: a calibration for other features; make it anew with `make calibrate`")
            found = cls(
                {str(k): float(v) for k, v in facts["weights"].items()},
                {str(k): int(v) for k, v in facts["letters"].items()},
            )
            if found.digest != facts["digest"]:
                raise CalibrationError(f"{path}: its numbers are not those that its digest describes")
        except CalibrationError:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CalibrationError(f"{path}: no readable calibration ({type(error).__name__}: {error})") from error
        return found

    @cached_property
    def digest(self) -> str:
        """Hash of all numbers, to tell which calibration made a dataset."""
        facts = {"features": VERSION, "weights": dict(self.weights), "letters": dict(self.letters)}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def rate(self, rows: Sequence[Evidence], facts: Facts) -> list[float]:
        """For each row the share of such values that are right, as far as the letters with gold tell."""
        around = Surroundings(rows, facts)
        of, ratings, remembered = around.of, facts.ratings, self._remembered
        shared = {group: self._sum(of_letter(facts, group)) for group in GROUPS}
        sources: dict[tuple[str, int | None], list[tuple[int | None, float]]] = {}
        rated: list[float] = []
        unmeasured: list[int] = []
        for number, row in enumerate(rows):
            try:
                known = self._known[row.table, row.field, row.method, row.confidence]
            except KeyError:
                known = self._fixed(row)
            if known is None:
                rated.append(1.0)
                continue
            base, features = shared[known.group], of(number, row)
            key = (known.number, base, features)
            sure = remembered.get(key)
            if sure is None:
                sure = self._sure(known, base, features)
                ordinary = number not in ratings and facts.quality is None  # else of numbers that are each row's own
                if ordinary and known.number is not None and len(remembered) < _REMEMBERED:
                    remembered[key] = sure
            rated.append(sure)
            if known.unmeasured:
                unmeasured.append(number)
            elif known.source:
                sources.setdefault((row.field, row.issue_number), []).append((row.start, sure))
        for number in unmeasured:
            rated[number] = min([rated[number], *_sources(rows[number], sources)])
        return rated

    def _sure(self, known: _Fixed, base: float, features: Iterable[Feature]) -> float:
        """The confidence of a row; of one that no gold speaks of, the most that may be claimed."""
        odds, weight = known.odds + base, self.weights.get
        bound = INFERRED if known.unmeasured else known.bound
        for name, x in features:
            odds += weight(name, 0.0) * x
            if name.startswith(BOUNDING):
                bound = min(bound, self.bound(name))
        return bound if known.unmeasured else round(min(_chance(odds), bound), PLACES)

    def bound(self, name: str) -> float:
        """The most that may be claimed of a field or under a warning, by the letters that stand behind it."""
        n = self.letters.get(name, 0)
        return math.floor(10**PLACES * (n + 1) / (n + 2)) / 10**PLACES

    def _sum(self, features: Iterable[Feature]) -> float:
        return sum(self.weights.get(name, 0.0) * x for name, x in features)

    def _fixed(self, row: Evidence) -> _Fixed | None:
        """What a row has by itself, from now on remembered; None for facts of the file."""
        key = (row.table, row.field, row.method, row.confidence)
        known = self._look_up(*key)
        if len(self._known) < _REMEMBERED:
            self._known[key] = known
        return known

    def _look_up(self, table: str, name: str, method: str, confidence: float) -> _Fixed | None:
        cell = (table, name)
        if cell in FACTS:
            return None
        features = fixed(table, name, method, confidence)
        odds = self.weights.get(START, 0.0) + self._sum(features)
        method = next((n for n, _ in features if n.startswith(METHOD)), "")
        bound = min(self.bound(f"field:{table}.{name}"), max(self.bound(method), NEW))
        group = group_of(table, name)
        number = len(self._known) if len(self._known) < _REMEMBERED else None
        return _Fixed(number, odds, bound, group, source=name in _SOURCES, unmeasured=cell in UNMEASURED)


def load_calibration(path: Path | None) -> Calibration | None:
    """The calibration of a file; None for no file, and where the package has none.

    Raises CalibrationError for a file of your own that is none, and for a damaged one.
    """
    return None if path is None or (path == HOME and not path.exists()) else Calibration.load(path)


def is_low(row: Evidence, *, calibrated: bool) -> bool:
    """True for a value that gets its row the flag ``low_confidence``; values that cannot be measured never do."""
    if not calibrated:
        return row.confidence < LOW_RAW and row.table != "citations"
    return is_low_cell(row.table, row.field, row.confidence)


def is_low_cell(table: str, name: str, confidence: float) -> bool:
    """As ``is_low`` for a calibrated confidence."""
    return confidence < LOW and (table, name) not in UNMEASURED


def _sources(row: Evidence, rated: Mapping[tuple[str, int | None], Sequence[tuple[int | None, float]]]) -> list[float]:
    """How sure those values are that a value without gold was made from: of the same words, else of the same cell."""
    sources = rated.get((DERIVED.get((row.table, row.field), ""), row.issue_number), ())
    return [c for start, c in sources if start == row.start] or [c for _, c in sources]


def _chance(odds: float) -> float:
    # comparisons, since calls of min and max take longer than all the rest
    steep = -_STEEPEST if odds < -_STEEPEST else _STEEPEST if odds > _STEEPEST else odds
    return 1 / (1 + math.exp(-steep))
