"""The model: for each question one weight for every row of features, from letters by logistic regression.

A straight line rather than a network: with the few letters at hand spaCy's convolutional ``ner``
found less (docs/ablation.md), and this is quick, has one best answer and no chance in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from extract.learned.features import ROWS, VERSION, Features

Numbers = NDArray[np.float64]
Task = Literal["statements", "parts"]
"""What is asked of a word: does it stand in a statement of diagnoses, does the part that it names count."""

HOME: Final = Path(__file__).parent.parent / "model"
"""The model that ships with the package."""
ABOUT: Final = "model.json"
ROUNDS: Final = 100
STEP: Final = 0.05
SHRINK: Final = 3e-7
"""Pull of every weight towards 0, against learning single letters by heart."""
_MEAN, _SQUARE, _TINY = 0.9, 0.99, 1e-8
_STEEPEST = 30.0


class ModelError(ValueError):
    """A folder that holds no model for these features; the message says which and why."""


@dataclass(frozen=True)
class Weights:
    """A weight for every row of the table of features; with one more axis in front, of several questions."""

    table: Numbers

    def logits(self, features: Features) -> Numbers:
        """For each word that is asked for the log-odds that the answer is yes; of several questions one after another.

        All on the last axis, which is that of the words.
        """
        asked, table = features.asked, self.table
        if not len(asked):
            return np.zeros((*table.shape[:-1], 0))
        sums: Numbers = table.take(features.near, axis=-1).sum(axis=-1)
        behind = table.take(features.before, axis=-1)
        running = behind.cumsum(axis=-1) - behind
        sentence, begin = _sentences(features)
        sums += (running.take(asked, axis=-1) - running.take(begin, axis=-1)) * _evened(features, begin)
        said = np.add.reduceat(table.take(features.previous, axis=-1), features.starts, axis=-1) / _lengths(features)
        sums += np.where(features.first[sentence], 0.0, said.take(sentence - 1, axis=-1))
        return sums

    @property
    def digest(self) -> str:
        """Hash of the weights as they are stored."""
        return hashlib.sha256(self.table.astype(np.float16).tobytes()).hexdigest()[:16]


def save(model: Mapping[Task, Weights], folder: Path, **about: object) -> None:
    """Write a table for each task and ``model.json``; half precision is plenty for sums of log-odds."""
    folder.mkdir(parents=True, exist_ok=True)
    for task, weights in model.items():
        np.save(folder / f"{task}.npy", weights.table.astype(np.float16), allow_pickle=False)
    digests = {task: weights.digest for task, weights in model.items()}
    facts = {"features": VERSION, "rows": ROWS, "digests": digests, **about}
    (folder / ABOUT).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def load(folder: Path) -> dict[Task, Weights]:
    """Read a model; nothing in its files is run. Raises ModelError where there is none that fits."""
    model: dict[Task, Weights] = {}
    try:
        facts = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        for task in get_args(Task):
            table = np.load(folder / f"{task}.npy", allow_pickle=False)
            if facts["features"] != VERSION or table.shape != (ROWS,):
                raise ModelError(f"{folder}: a model for other features; make it anew with `make train`")
            model[task] = Weights(table.astype(np.float64))
            if model[task].digest != facts["digests"][task]:
                raise ModelError(f"{folder}: {task}.npy is not the file that {ABOUT} describes")
    except ModelError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise ModelError(f"{folder}: no readable model ({type(error).__name__}: {error})") from error
    return model


def digest_of(model: Mapping[Task, Weights]) -> str:
    """One hash for the whole model, to tell which one made a dataset."""
    return hashlib.sha256("".join(model[task].digest for task in sorted(model)).encode()).hexdigest()[:16]


def fit(features: Features, wanted: Numbers, *, rounds: int = ROUNDS) -> Weights:
    """Weights by logistic regression: whole-batch steps (Adam, Kingma and Ba 2014) from zero.

    ``wanted`` is 1 for words inside, 0 for words outside and NaN for words that are not to be learnt
    from. No random number is drawn: equal data give equal weights. Raises ValueError without words.
    """
    known = ~np.isnan(wanted)
    if not known.any():
        raise ValueError("no words to learn from")
    share = known / known.sum()
    target = np.nan_to_num(wanted)
    table, mean, square = (np.zeros(ROWS) for _ in range(3))
    for n in range(1, rounds + 1):
        slope = (_chance(Weights(table).logits(features)) - target) * share
        gradient = _gradient(features, slope) + SHRINK * table
        mean = _MEAN * mean + (1 - _MEAN) * gradient
        square = _SQUARE * square + (1 - _SQUARE) * gradient**2
        table = table - STEP * (mean / (1 - _MEAN**n)) / (np.sqrt(square / (1 - _SQUARE**n)) + _TINY)
    return Weights(table)


def fit_all(parts: Sequence[tuple[Features, Numbers]], *, rounds: int = ROUNDS) -> Weights:
    """As ``fit`` for several summaries."""
    return fit(Features.together([f for f, _ in parts]), np.concatenate([w for _, w in parts]), rounds=rounds)


def _gradient(features: Features, slope: Numbers) -> Numbers:
    """How the loss rises with each weight, where it rises by ``slope`` with each word's logit."""
    sentence, begin = _sentences(features)
    by_row: Numbers = np.bincount(
        features.near.ravel(), np.repeat(slope, features.near.shape[1]), minlength=ROWS
    ).astype(np.float64)
    scaled = slope * _evened(features, begin)
    running = np.cumsum(scaled)
    so_far = running - (running - scaled)[begin]
    behind = np.add.reduceat(scaled, features.starts)[sentence] - so_far
    by_row += np.bincount(features.before, behind, minlength=ROWS)
    following = np.concatenate([np.add.reduceat(slope, features.starts)[1:], [0.0]])
    following[np.concatenate([features.first[1:], [True]])] = 0
    by_row += np.bincount(features.previous, (following / _lengths(features))[sentence], minlength=ROWS)
    return by_row


def _sentences(features: Features) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each word that is asked for the number of its sentence and the sentence's first word."""
    sentence = features.starts.searchsorted(features.asked, "right") - 1
    return sentence, features.starts[sentence]


def _evened(features: Features, begin: NDArray[np.int64]) -> Numbers:
    """Many words before a word must not count more than one telling one."""
    result: Numbers = 1.0 / np.sqrt(1.0 + features.asked - begin)
    return result


def _lengths(features: Features) -> Numbers:
    """Square root of the number of words of each sentence."""
    ends = np.concatenate((features.starts[1:], (len(features),)))
    result: Numbers = np.sqrt(ends - features.starts)
    return result


def _chance(logits: Numbers) -> Numbers:
    result: Numbers = 1.0 / (1.0 + np.exp(-np.clip(logits, -_STEEPEST, _STEEPEST)))
    return result
