"""Shares with their intervals, medians with theirs.

A share's 95 % interval is Wilson's score interval (Wilson 1927), which holds up for small counts and for
shares near 0 and 1, as ``scipy.stats.binomtest(...).proportion_ci(method="wilson")`` gives it. A median's
is the one by order statistics: it needs no assumption about how values are spread, and at least six of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

LEVEL: Final = 0.95
SPREAD: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles that tell how values are spread."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of ``n``, 0 to 1, with its interval."""

    count: int
    n: int
    share: float
    low: float
    high: float


def share_of(count: int, n: int) -> Share | None:
    """``count`` of ``n`` as a share with its 95 % interval; None of nothing."""
    from scipy.stats import binomtest  # type: ignore[import-untyped]

    if n == 0:
        return None
    found = binomtest(int(count), int(n)).proportion_ci(confidence_level=LEVEL, method="wilson")
    return Share(count, n, count / n, float(found.low), float(found.high))


def with_share(frame: pd.DataFrame, *, count: str, n: str, name: str) -> pd.DataFrame:
    """The frame with columns ``<name>``, ``<name>_low`` and ``<name>_high``: column ``count`` of column ``n``."""
    import pandas as pd

    shares = [share_of(int(c), int(t)) for c, t in zip(frame[count], frame[n], strict=True)]
    values = {
        name: [None if s is None else s.share for s in shares],
        f"{name}_low": [None if s is None else s.low for s in shares],
        f"{name}_high": [None if s is None else s.high for s in shares],
    }
    return frame.assign(**{k: pd.Series(v, index=frame.index, dtype="Float64") for k, v in values.items()})


def median_ranks(n: int) -> tuple[int, int] | None:
    """Ranks, from 1, of the values that bound the median with at least 95 % confidence; None for n < 6.

    The number of values below the median is binomial (n, 1/2): Conover, Practical Nonparametric Statistics, 3.2.
    """
    from scipy.stats import binom

    low = int(binom.ppf((1 - LEVEL) / 2, n, 0.5))
    if low < 1 or 1 - 2 * binom.cdf(low - 1, n, 0.5) < LEVEL:
        return None
    return low, n - low + 1


def spread_of(counts: pd.Series) -> dict[str, float | int | None]:
    """How values are spread: n, five quantiles, the median's interval, the largest.

    ``counts`` holds how often each value (its index) occurs. A quantile q is the value at rank ceil(q·n), so it
    is always a value that occurs.
    """
    ordered = counts[counts > 0].sort_index()
    n = int(ordered.sum())
    out: dict[str, float | int | None] = {"n": n}
    running = ordered.cumsum()

    def at(rank: int) -> float:
        return float(running.index[int((running >= rank).to_numpy().argmax())])

    ranks = median_ranks(n) if n else None
    for q in SPREAD:
        out[f"q{round(q * 100):02d}"] = at(max(1, math.ceil(q * n))) if n else None
    out["median_low"], out["median_high"] = (at(ranks[0]), at(ranks[1])) if ranks else (None, None)
    out["largest"] = float(ordered.index[-1]) if n else None
    return out
