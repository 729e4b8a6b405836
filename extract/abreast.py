"""Several letters side by side: each room is gone through by one letter after the other.

A processor is quick with what it has just used. A letter that goes through all rooms by itself finds each room's
code, expressions and words gone cold, and spends up to half of its time there on waiting for memory; the second letter
that comes through the same door finds them warm. So whoever reads many letters takes all of them into a room before the
next one. A reading is a generator that pauses at the doors; what it reads does not depend on who goes beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TypeVar

K = TypeVar("K")
T = TypeVar("T")

Steps = Generator[None, None, T]
"""Work with pauses: gives T at its end."""


def alone(steps: Steps[T]) -> T:
    """Take one to its end. Raises what it raises."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


def abreast(many: Mapping[K, Steps[T]], *, at: Callable[[K], object]) -> dict[K, T]:
    """Take all to their ends, in turns of one step each; ``at`` is told before each step whose it is.

    Raises what one of them raises, and leaves the others where they are.
    """
    found: dict[K, T] = {}
    going = list(many.items())
    while going:
        left = []
        for key, steps in going:
            at(key)
            try:
                next(steps)
            except StopIteration as end:
                found[key] = end.value
            else:
                left.append((key, steps))
        going = left
    return found
