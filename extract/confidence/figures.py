"""How far confidences can be trusted, counted on letters with gold: plain numbers, for the page and to be stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped]

from extract.confidence.apply import Calibration, is_low_cell
from extract.confidence.examples import Example, Reading
from extract.confidence.fit import Rated
from extract.confidence.warnings import warned
from extract.schema import CITATIONS, ISSUES, LETTERS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TRUSTED: Final = 0.9
"""Confidence from which a value without a warning counts as vouched for."""
THRESHOLDS: Final = (0.8, 0.9, 0.95, 0.98, 0.99)
PRECISION: Final = 0.99
RESAMPLES: Final = 2000
SEED: Final = 0
BIN: Final = 50
"""Fewest values in a bin of the calibration error."""
BINS: Final = 10
EDGES: Final = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
"""Of the bins of the plot."""


@dataclass(frozen=True)
class Cells:
    """Values of several readings as columns; ``letter`` numbers the readings that they are of."""

    letter: NDArray[np.int64]
    known: Floats
    shipped: Floats
    right: Flags
    about_right: Flags
    warned: Flags
    flagged: Flags
    field: NDArray[np.str_]
    letters: int

    @property
    def vouched(self) -> Flags:
        """No flag of the row concerns the field, and the confidence is high."""
        return (self.shipped >= TRUSTED) & ~self.warned

    def only(self, chosen: Flags) -> Cells:
        """Some of the values."""
        return Cells(
            self.letter[chosen], self.known[chosen], self.shipped[chosen], self.right[chosen],
            self.about_right[chosen], self.warned[chosen], self.flagged[chosen], self.field[chosen], self.letters,
        )  # fmt: skip


Part = tuple[Reading, Rated]


def cells_of(parts: Sequence[Part]) -> Cells:
    """The values that could be judged."""
    letter: list[int] = []
    sure: list[tuple[float, float]] = []
    told: list[tuple[bool, bool, bool, bool]] = []
    field: list[str] = []
    for number, (reading, rated) in enumerate(parts):
        cells = warned(reading.flags)
        flagged = bool(reading.flags) or is_flagged(reading, rated)
        for example, known, shipped in zip(reading.examples, rated.known, rated.shipped, strict=True):
            label = example.label
            if label is not None:
                letter.append(number)
                sure.append((known, shipped))
                told.append((label.right, label.about_right, (example.table, example.field) in cells, flagged))
                field.append(f"{example.table}.{example.field}")
    confidences = np.array(sure, dtype=np.float64).reshape(-1, 2)
    right, about_right, warned_of, on_flagged = np.array(told, dtype=np.bool_).reshape(-1, 4).T
    return Cells(
        np.array(letter, dtype=np.int64), confidences[:, 0], confidences[:, 1], right, about_right, warned_of,
        on_flagged, np.array(field, dtype=np.str_), len(parts),
    )  # fmt: skip


def is_flagged(reading: Reading, rated: Rated) -> bool:
    """Whether ``low_confidence`` is raised."""
    return any(is_low_cell(e.table, e.field, c) for e, c in zip(reading.examples, rated.shipped, strict=True))


def silent(cells: Cells) -> dict[str, Any]:
    """The silent-error figure: of the values vouched for the share that is wrong, and what share they are of all."""
    vouched = cells.vouched
    by_row = (cells.shipped >= TRUSTED) & ~cells.flagged
    wrong, kept = _interval(cells, vouched & ~cells.right, vouched), _interval(cells, vouched, vouched | True)
    return {
        "letters": cells.letters,
        "cells": len(cells.right),
        "wrong": int((~cells.right).sum()),
        "kept": _share(vouched, len(vouched)),
        "kept_interval": kept,
        "silent": int((vouched & ~cells.right).sum()),
        "silent_share": _share(vouched & ~cells.right, int(vouched.sum())),
        "silent_interval": wrong,
        "silent_lenient": _share(vouched & ~cells.about_right, int(vouched.sum())),
        "by_row_kept": _share(by_row, len(by_row)),
        "by_row_silent": _share(by_row & ~cells.right, int(by_row.sum())),
        "mean": _rounded(float(cells.known.mean())),
        "right": _share(cells.right, len(cells.right)),
        "thresholds": [
            [
                t,
                _share(_above(cells, t), len(vouched)),
                _share(_above(cells, t) & ~cells.right, int(_above(cells, t).sum())),
            ]
            for t in THRESHOLDS
        ],
    }


def _above(cells: Cells, least: float) -> Flags:
    return (cells.shipped >= least) & ~cells.warned


def by_field(cells: Cells, calibration: Calibration) -> list[dict[str, Any]]:
    """Calibration error, coverage and silent errors of each field, in the order of the tables."""
    order = [f"{t.name}.{c}" for t in (LETTERS, ISSUES, CITATIONS) for c in t.names]
    rows = []
    for name in sorted(set(cells.field.tolist()), key=order.index):
        own = cells.only(cells.field == name)
        vouched = own.vouched
        behind = calibration.letters.get(f"field:{name}", 0)
        wrong = int((vouched & ~own.right).sum())
        rows.append(
            {
                "field": name,
                "values": len(own.right),
                "letters": behind,
                "right": _share(own.right, len(own.right)),
                "mean": _rounded(float(own.known.mean())),
                "ece": _rounded(calibration_error(own.known, own.right)),
                "covered": _rounded(coverage(own.shipped, own.right)),
                "kept": _share(vouched, len(vouched)),
                "silent": wrong,
                "silent_share": _share(vouched & ~own.right, int(vouched.sum())),
                "silent_interval": _interval(own, vouched & ~own.right, vouched),
                "at_most": _rounded(float(stats.beta.ppf(0.95, wrong + 1, max(int(vouched.sum()) - wrong, 1)))),
                "bound": _rounded(calibration.bound(f"field:{name}")),
            }
        )
    return rows


def calibration_error(confidence: Floats, right: Flags) -> float:
    """Expected calibration error: the mean distance of confidence and share of right values, in bins of equal size."""
    order = np.argsort(confidence, kind="stable")
    bins = np.array_split(order, max(1, min(BINS, len(order) // BIN)))
    gaps = [abs(float(confidence[b].mean()) - float(right[b].mean())) * len(b) for b in bins if len(b)]
    return sum(gaps) / max(len(order), 1)


def coverage(confidence: Floats, right: Flags, *, precision: float = PRECISION) -> float:
    """The largest share of values, surest first, of which ``precision`` are right; equal confidences stay together."""
    order = np.argsort(-confidence, kind="stable")
    ranked, hits = confidence[order], np.cumsum(right[order])
    ends = [n for n in range(1, len(order) + 1) if n == len(order) or ranked[n] < ranked[n - 1]]
    good = [n for n in ends if hits[n - 1] >= precision * n]
    return max(good, default=0) / max(len(order), 1)


def reliability(cells: Cells) -> list[dict[str, float]]:
    """Bins of the plot: mean confidence, share of right values with its 95 % interval (Wilson), values."""
    rows = []
    for low, high in pairwise(EDGES):
        inside = (cells.known >= low) & ((cells.known < high) | (high == 1.0))
        n = int(inside.sum())
        if n:
            k = int(cells.right[inside].sum())
            interval = stats.binomtest(k, n).proportion_ci(method="wilson")
            rows.append(
                {
                    "mean": _rounded(float(cells.known[inside].mean())),
                    "right": _rounded(k / n),
                    "low": _rounded(float(interval.low)),
                    "high": _rounded(float(interval.high)),
                    "values": n,
                }
            )
    return rows


def misses(readings: Iterable[Reading]) -> dict[str, Any]:
    """Empty cells that should have a value, with and without a flag that says so, and members that lists lack."""
    count = {"warned": 0, "silent": 0, "members": 0}
    fields: dict[str, int] = {}
    for reading in readings:
        cells = warned(reading.flags)
        for missed in reading.missed:
            if not missed.empty:
                count["members"] += 1
            elif (missed.table, missed.field) in cells:
                count["warned"] += 1
            else:
                count["silent"] += 1
                name = f"{missed.table}.{missed.field}"
                fields[name] = fields.get(name, 0) + 1
    return {**count, "fields": dict(sorted(fields.items(), key=lambda item: (-item[1], item[0])))}


def flagged(parts: Sequence[Part]) -> dict[str, int]:
    """Letters that ``low_confidence`` is raised for, and how many of them hold a wrong value."""
    raised = [is_flagged(reading, rated) for reading, rated in parts]
    faulty = [any(_wrong(reading.examples)) for reading, _ in parts]
    return {
        "letters": len(parts),
        "flagged": sum(raised),
        "deserved": sum(r and f for r, f in zip(raised, faulty, strict=True)),
        "faulty": sum(faulty),
    }


def _wrong(examples: Iterable[Example]) -> Iterator[bool]:
    return (e.label is not None and not e.label.right for e in examples)


def _interval(cells: Cells, top: Flags, bottom: Flags) -> list[float]:
    """95 % interval of a share, by resampling letters with all their values."""
    tops = np.bincount(cells.letter[top], minlength=cells.letters).astype(np.float64)
    bottoms = np.bincount(cells.letter[bottom], minlength=cells.letters).astype(np.float64)
    random = np.random.default_rng(SEED)
    drawn = random.integers(cells.letters, size=(RESAMPLES, cells.letters))
    sums = bottoms[drawn].sum(axis=1)
    shares = np.divide(tops[drawn].sum(axis=1), sums, out=np.full(RESAMPLES, np.nan), where=sums > 0)
    low, high = np.nanquantile(shares, [0.025, 0.975]) if (sums > 0).any() else (0.0, 1.0)
    return [_rounded(float(low)), _rounded(float(high))]


def _share(chosen: Flags, of: int) -> float:
    return _rounded(float(chosen.sum()) / of) if of else 0.0


def _rounded(x: float) -> float:
    return round(x, 5)


def _is(condition: str, test: Callable[[Reading], bool] = lambda _: True) -> Callable[[Reading], bool]:
    return lambda reading: reading.condition == condition and test(reading)


SETS: Final[dict[str, Callable[[Reading], bool]]] = {
    "all letters": _is("printed"),
    "public": _is("printed", lambda r: r.origin == "public"),
    "public, kept aside": _is("printed", lambda r: r.origin == "public" and r.aside),
    "invented": _is("printed", lambda r: r.origin == "written"),
    "invented, kept aside": _is("printed", lambda r: r.spared),
    "by the rules alone": _is("rules alone"),
    "as plain text": _is("plain text"),
    "scans of 200 dpi": _is("200 dpi"),
    "scans of 150 dpi": _is("150 dpi"),
    "bad scans of 100 dpi": _is("100 dpi"),
}
"""The letters that figures are given for."""


def measure(parts: Sequence[Part], strict: Sequence[Part], calibration: Calibration) -> dict[str, Any]:
    """All figures. ``strict``: readings of letters kept aside, by a calibration that has learnt from none of them."""
    chosen = {name: [p for p in parts if test(p[0])] for name, test in SETS.items()}
    for origin, name in (("public", "public, kept aside, strictly"), ("written", "invented, kept aside, strictly")):
        chosen[name] = [p for p in strict if p[0].origin == origin and p[0].condition == "printed"]
    aside = [*chosen["public, kept aside"], *chosen["invented, kept aside"]]
    cells = {name: cells_of(own) for name, own in chosen.items()}
    return {
        "sets": {name: silent(own) for name, own in cells.items()},
        "fields": by_field(cells["all letters"], calibration),
        "fields_aside": by_field(cells_of(aside), calibration),
        "reliability": reliability(cells["all letters"]),
        "misses": {name: misses(r for r, _ in chosen[name]) for name in SETS},
        "flagged": {name: flagged(chosen[name]) for name in SETS},
    }  # fmt: skip
