"""Regular expressions taken apart: the tree that ``re`` makes of an expression of the ``regex`` module."""

from __future__ import annotations

import re
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final

import regex

__all__ = ["REPEATS", "is_beyond", "is_numbered", "kinds", "tree_of"]

REPEATS: Final = (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT)
"""Parts that repeat another."""

_GROUP = regex.compile(r"\(\?P?<(?![=!])\w+>")
_BEYOND = regex.compile(r"\{[^}\d,{]*[a-z]|\[\[:|\(\?\|")
"""Fuzzy matches, POSIX classes and resets, which ``re`` would read as something else."""
_CLASS = regex.compile(r"\\[pPhR](?:\{[^}]*\})?")


def is_beyond(pattern: str) -> bool:
    """True for an expression that ``re`` would read as something else."""
    return _BEYOND.search(_CLASS.sub(r"\\w", pattern)) is not None


def is_numbered(pattern: str, *, verbose: bool) -> bool:
    """True for an expression with a group without a name, or one that ``re`` does not know."""
    tree = tree_of(pattern, verbose=verbose)
    return tree is None or tree.state.groups > 1


def tree_of(pattern: str, *, verbose: bool) -> Any:
    """The tree, groups without names and classes of Unicode as ``\\w``; None where ``re`` knows none."""
    plain = _CLASS.sub(r"\\w", _GROUP.sub("(?:", pattern))
    if _BEYOND.search(plain):
        return None
    try:
        return parser.parse(plain, re.VERBOSE if verbose else 0)
    except (re.error, RecursionError, OverflowError):
        return None
