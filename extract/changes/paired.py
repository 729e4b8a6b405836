"""Two sets of outcomes of the same letters: what each field gained and lost, and whether that is more than noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from extract import metrics
from extract.metrics import KINDS, Floats, Kind, Outcome

RESAMPLES: Final = 2000
SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Step:
    """How the score of a field changed over the same letters.

    ``old`` and ``new`` are None where that side has nothing to compare. ``low`` and ``high`` bound the
    paired bootstrap interval of new less old: letters are drawn, and both sides see the same draw, because
    most letters are read alike by both and only the others carry the difference (Efron and Tibshirani
    1993, chapter 16). None where there is no interval: fewer than two letters, no resamples.
    """

    field: str
    kind: Kind
    old: float | None
    new: float | None
    low: float | None
    high: float | None

    @property
    def fell(self) -> bool:
        """True where the whole interval of the change lies below zero: a drop beyond the noise of the letters."""
        return self.high is not None and self.high < 0


def steps(old: Floats, new: Floats, *, resamples: int = RESAMPLES, seed: int = SEED) -> dict[str, Step]:
    """The step of every field of KINDS from counts [letter, field of KINDS, (hit, lost, extra)] of the same letters.

    Fields with nothing to compare on either side are left out. Raises ValueError where the shapes differ.
    """
    if old.shape != new.shape:
        raise ValueError(f"counts of other letters or fields: {old.shape} and {new.shape}")
    width = len(KINDS)
    by_f1 = np.array([kind == "f1" for kind in KINDS.values()] * 2, dtype=bool)
    both = np.concatenate([old, new], axis=1)
    scores = metrics.rates(both.sum(axis=0), by_f1)
    draws = metrics.rates(metrics.resampled(both, resamples=resamples, seed=seed), by_f1)
    found = {}
    for at, (field, kind) in enumerate(KINDS.items()):
        pair = [None if np.isnan(s) else float(s) for s in (scores[at], scores[width + at])]
        if pair == [None, None]:
            continue
        low, high = metrics.interval(draws[:, width + at] - draws[:, at])
        found[field] = Step(field, kind, pair[0], pair[1], low, high)
    return found


@dataclass(frozen=True, slots=True)
class Tally:
    """Gains, losses, and values that were wrong and are otherwise wrong. Gains less losses are the errors fewer."""

    gains: int = 0
    losses: int = 0
    neutral: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.gains + other.gains, self.losses + other.losses, self.neutral + other.neutral)

    def __bool__(self) -> bool:
        return bool(self.gains or self.losses or self.neutral)


def tally(old: Outcome | None, new: Outcome | None) -> Tally:
    """What one comparison of a field at a place gained or lost; None where neither gold nor dataset have a value.

    Of a list each member counts: a member of the gold found or lost, a wrong one gone or come.
    """
    field = (old or new or _NOTHING).field
    if KINDS.get(field) == "f1":
        before, after = (_members(side) for side in (old, new))
        gone, come = before - after, after - before
        return Tally(gains=gone.total(), losses=come.total())
    was, now = (side is not None and side.missed for side in (old, new))
    if was and now:
        return Tally(neutral=int(old is not None and new is not None and old.got != new.got))
    return Tally(gains=int(was), losses=int(now))


def _members(outcome: Outcome | None) -> Counter[tuple[str, str]]:
    if outcome is None:
        return Counter()
    return Counter([*(("missing", m) for m in outcome.missing), *(("surplus", m) for m in outcome.surplus)])


_NOTHING: Final = Outcome("", "", 0, 0, 0)


def tallies(old: Mapping[str, Sequence[Outcome]], new: Mapping[str, Sequence[Outcome]]) -> dict[str, dict[str, Tally]]:
    """By field and letter what was gained and lost; letters and fields without any of it are left out."""
    found: dict[str, dict[str, Tally]] = {field: {} for field in KINDS}
    for letter in dict.fromkeys((*old, *new)):
        before, after = (by_place(side.get(letter, ())) for side in (old, new))
        for key in dict.fromkeys((*before, *after)):
            change = tally(before.get(key), after.get(key))
            if change:
                found[key[0]][letter] = found[key[0]].get(letter, Tally()) + change
    return {field: letters for field, letters in found.items() if letters}


def by_place(outcomes: Iterable[Outcome]) -> dict[tuple[str, str], Outcome]:
    """Outcomes by field and place."""
    return {(outcome.field, outcome.place): outcome for outcome in outcomes}
