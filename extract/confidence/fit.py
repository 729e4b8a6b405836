"""Learns a calibration: logistic regression over the features of values that are known to be right or wrong.

The pull of every weight towards 0 (ridge) makes it a hierarchy: a method's weight is what it differs by from its
field, a field's what it differs by from its kind, and a handful of letters moves neither far. Some features may only
speak in one direction; where the letters say otherwise, chance is the likelier reason, and the feature says nothing.
scikit-learn is needed here and nowhere at run time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from sklearn.feature_extraction import DictVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from extract.confidence.apply import BOUNDING, METHOD, START, Calibration
from extract.confidence.examples import Reading
from extract.learned.gold import FOLDS

STRENGTH: Final = 1.0
"""Inverse of the ridge (scikit-learn's C), chosen by cross-validated log loss."""
RAISES: Final = ("raw", "agreed", "rating:", "practised")
LOWERS: Final = ("apart", "flag:", "doubted", "ocr ", "text:", "rules alone", "diagnosis:", "citation: ")
"""Beginnings of the names of features that may only raise or only lower confidence."""
ENOUGH: Final = 3
"""Letters in which a feature must have stood by a wrong value before it may lower confidence."""
OTHER: Final = 0.3
"""What a reading as plain text, as a scan or by the rules alone counts beside the printed letter, which it repeats."""
LEAST: Final = 1e-6
"""Weights nearer to 0 are left out."""


def fit(readings: Iterable[Reading], *, strength: float = STRENGTH) -> Calibration:
    """A calibration of labelled readings. Deterministic. Raises ValueError without right and wrong values."""
    readings = list(readings)
    examples = [e for r in readings for e in r.examples if e.label is not None]
    right = np.array([e.label is not None and e.label.right for e in examples], dtype=bool)
    share = np.array(
        [1.0 if r.condition == "printed" else OTHER for r in readings for e in r.examples if e.label is not None]
    )
    told = _told(readings)
    vectors = DictVectorizer(sparse=True)
    matrix = vectors.fit_transform([{n: x for n, x in e.features if n != START} for e in examples])
    names = np.array(vectors.get_feature_names_out())
    heard = np.array([not n.startswith(LOWERS) or n in told for n in names], dtype=bool)
    names, matrix = names[heard], matrix[:, heard]
    model = LogisticRegression(C=strength, max_iter=5000, tol=1e-6)
    while True:
        model.fit(matrix, right, sample_weight=share)
        weights = model.coef_[0]
        astray = np.array([_astray(n, w) for n, w in zip(names, weights, strict=True)], dtype=bool)
        if not astray.any():
            break
        names, matrix = names[~astray], matrix[:, ~astray]
    kept = {str(n): round(float(w), 6) for n, w in zip(names, weights, strict=True) if abs(w) > LEAST}
    return Calibration({START: round(float(model.intercept_[0]), 6), **kept}, letters_behind(readings))


def _told(readings: Iterable[Reading]) -> set[str]:
    """Features that stand by a wrong value in enough letters: one letter's misfortune is no rule."""
    cases: defaultdict[str, set[str]] = defaultdict(set)
    for reading in readings:
        for example in reading.examples:
            if example.label is not None and not example.label.right:
                for name, _ in example.features:
                    cases[name].add(reading.case)
    return {name for name, found in cases.items() if len(found) >= ENOUGH}


def _astray(name: str, weight: float) -> bool:
    """True for a weight of the direction that its feature may not speak in."""
    return (weight < 0 and name.startswith(RAISES)) or (weight > 0 and name.startswith(LOWERS))


def letters_behind(readings: Iterable[Reading]) -> dict[str, int]:
    """For each field, method and kind of warning, the letters with gold in which a value of it could be judged.

    Fields by the printed letters alone; methods and warnings by all readings, because some stand on scans or in plain
    text only.
    """
    cases: defaultdict[str, set[str]] = defaultdict(set)
    for reading in readings:
        counted = (METHOD, *BOUNDING) if reading.condition != "printed" else ("field:", METHOD, *BOUNDING)
        for example in reading.examples:
            if example.label is not None:
                for name, _ in example.features:
                    if name.startswith(counted):
                        cases[name].add(reading.case)
    return {name: len(found) for name, found in sorted(cases.items())}


@dataclass(frozen=True, slots=True)
class Rated:
    """Confidences of one reading by a calibration that has not learnt from it.

    ``known`` takes a letter for what it is, one that the rules were mended on or not; ``shipped`` takes every letter
    for a new one, as is done outside of this room.
    """

    known: tuple[float, ...]
    shipped: tuple[float, ...]


def held_out(readings: Sequence[Reading], *, strength: float = STRENGTH) -> list[Rated]:
    """For each reading the confidences by a calibration that has not learnt from its worker's letters.

    The invented letters kept aside are in no fit at all.
    """
    rated: dict[int, Rated] = {}
    for fold in (*range(FOLDS), None):
        calibration = fit([r for r in readings if not r.spared and r.fold != fold], strength=strength)
        for n, reading in enumerate(readings):
            if (fold is None) if reading.spared else (reading.fold == fold):
                rated[n] = rate(calibration, reading)
    return [rated[n] for n in range(len(readings))]


def rate(calibration: Calibration, reading: Reading) -> Rated:
    """Both ratings of a reading."""
    new = replace(reading.facts, practised=frozenset())
    return Rated(tuple(calibration.rate(reading.rows, reading.facts)), tuple(calibration.rate(reading.rows, new)))
