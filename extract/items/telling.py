"""Where a heading's decision may stand: told by its words, before its expression is tried at every character."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import regex

from extract.effort import GAP, is_tame
from extract.folding import folded
from extract.layout import spaced
from extract.needs import needed_words
from extract.syntax import kinds, tree_of

_SPACE: Final = regex.compile(r"\\s[*+]")
_UNSURE: Final = ("(?=", "(?!", "(?<=", "(?<!", r"\\", r"\X", r"\K", r"\p", r"\P")
"""What may look beyond a match, or be more of it than it says."""


def first_place(decision: str, text: str, start: int, stop: int) -> int | None:
    """From where in ``text[start:stop]`` a decision need be looked for; None where there is none.

    A match holds one of its words, and is no longer than its expression lets it be: few characters, so that
    nearly all of a paragraph that stands before is never tried.
    """
    words, longest = needed_words(spaced(decision)), _longest(decision)
    if not words:
        return start
    within = folded(text[start:stop])
    first = min((at for word in words if (at := within.find(word)) >= 0), default=None)
    if first is None:
        return None
    return start if longest is None or not is_tame(within) else start + max(first - longest, 0)


@lru_cache(maxsize=32)
def _longest(decision: str) -> int | None:
    """The most characters of a decision in a tame text; None where they have no bound, or none that is sure."""
    if any(mark in decision for mark in _UNSURE):
        return None
    tree = tree_of(_SPACE.sub(rf"\\s{{0,{len(GAP)}}}", spaced(decision)), verbose=False)
    most = None if tree is None else tree.getwidth()[1]
    return None if most is None or most >= kinds.MAXREPEAT else int(most)
