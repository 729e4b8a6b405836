"""Readings of texts that many letters print in the same words: a formula of citation, a reviewer's statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

LONGEST: Final = 1200
"""Characters of a text beyond which it is no formula, and is read anew each time."""
MOST: Final = 2000
"""Texts that are remembered; then all are forgotten, so that a year's formulas make room for the next year's."""


class Remembered(Generic[T]):
    """A reader that reads a short text once, however many letters print it. What it gives must not be changed.

    It can be pickled where the reader can; what it remembers is left behind.
    """

    def __init__(self, read: Callable[[str], T]) -> None:
        self._read = read
        self._known: dict[str, T] = {}

    def __call__(self, text: str) -> T:
        """What the reader makes of ``text``. Raises what the reader raises."""
        if len(text) > LONGEST:
            return self._read(text)
        try:
            return self._known[text]
        except KeyError:
            pass
        found = self._read(text)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[text] = found
        return found

    def forget(self) -> None:
        """Read every text anew."""
        self._known.clear()

    def __getstate__(self) -> Callable[[str], T]:
        return self._read

    def __setstate__(self, state: Callable[[str], T]) -> None:
        self._read = state
        self._known = {}
