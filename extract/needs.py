"""Words without which an expression cannot match, and those that it begins with, read off the expression itself.

So nobody has to keep them beside it. Where an expression tells no words, or is written in a way that this room does not
understand, it needs none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import regex

from extract.folding import fold_character
from extract.syntax import REPEATS, kinds, tree_of

MOST: Final = 512
"""Words of one expression beyond which it is simply tried."""
SMALL_SET: Final = 12
"""Characters of a set up to which each is a choice of its own."""
TOO_COMMON: Final = 0.5
"""``_commonness`` from which it does not pay to look for the words."""
EVERYWHERE: Final = 13.0
"""``_commonness`` from which it does not pay to know where a match may begin: at any digit or one of a few words."""
EDGE: Final = "\0"
"""In a word: here a word must begin or end."""

_FREQUENT: Final = frozenset(". , a an the in on of to he it is at as and".split())
_SIGNS: Final = frozenset("/-.,#$")
_FUZZY = regex.compile(r"\((?:[^()\\]|\\.)*\)\{[^}]*[a-z][^}]*\}")
"""A part that may hold errors: it may be anything."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Words, folded, with ``EDGE`` where a word must begin or end; None where there are none, or too many.

    Every match holds one of ``words`` and begins with one of ``starts``.
    """

    words: frozenset[str] | None = None
    starts: frozenset[str] | None = None
    never_behind: frozenset[str] = frozenset()
    """Signs and digits behind which no match begins."""


@lru_cache(maxsize=4096)
def needs(pattern: str, *, verbose: bool = False) -> Needs:
    """What every match of an expression needs; nothing for one that this room does not understand."""
    tree = tree_of(_FUZZY.sub(".*", pattern), verbose=verbose)
    if tree is None:
        return Needs()
    words, starts = _needed(tree), _starts(tree)
    return Needs(
        frozenset(words) if words and len(words) <= MOST and _commonness(words) < TOO_COMMON else None,
        frozenset(starts) if starts and len(starts) <= MOST and _commonness(starts) < EVERYWHERE else None,
        _never_behind(tree),
    )


@lru_cache(maxsize=4096)
def needed_words(pattern: str, *, verbose: bool = False) -> tuple[str, ...]:
    """Words, folded, of which any match holds one, those left out that hold another; none where it needs no word."""
    words = {word.strip(EDGE) for word in needs(pattern, verbose=verbose).words or ()}
    return tuple(sorted(word for word in words if not any(other in word for other in words - {word})))


def may_match(pattern: str, small: str, start: int = 0, end: int | None = None, *, verbose: bool = False) -> bool:
    """Whether one of the words that an expression needs stands in ``small[start:end]``, of a folded text.

    True for one that needs no word.
    """
    words = needed_words(pattern, verbose=verbose)
    return not words or any(small.find(word, start, end) >= 0 for word in words)


def _needed(items: Iterable[tuple[Any, Any]]) -> set[str] | None:
    """The best set of words for a sequence: of its parts, the one that is rarest."""
    found: list[set[str]] = []
    run = [""]

    def close() -> None:
        nonlocal run
        if all(word.strip(EDGE) for word in run):
            found.append(set(run))
        run = [""]

    for kind, value in items:
        whole = _whole([(kind, value)])
        if whole is not None and len(whole) * len(run) <= MOST:
            run = [_joined(a, b) for a in run for b in whole]
            continue
        before = run
        close()
        if whole is not None:
            run = whole
            continue
        if kind in REPEATS and value[0] >= 1 and (once := _whole(value[2])) is not None:
            # what stands before it goes on with its first, and its last with what stands behind
            if len(once) * len(before) <= MOST:
                found.append({_joined(a, b) for a in before for b in once})
            run = once
            continue
        inner = _inside(kind, value)
        if inner:
            found.append(inner)
    close()
    return min(found, key=_commonness, default=None)


def _starts(items: Sequence[tuple[Any, Any]]) -> set[str] | None:
    """Words of which every match begins with one; None where it may begin otherwise."""
    run = [""]
    for number, (kind, value) in enumerate(items, start=1):
        if kind in (kinds.ASSERT, kinds.ASSERT_NOT):
            continue
        if kind is kinds.AT and value is not kinds.AT_BOUNDARY:
            return None
        whole = _whole([(kind, value)])
        if whole is not None and len(whole) * len(run) <= MOST:
            run = [_joined(a, b) for a in run for b in whole]
            continue
        if all(word.strip(EDGE) for word in run):
            break
        edge = all(word == EDGE for word in run)
        inner = _starts_inside(kind, value, items[number:]) if edge or run == [""] else None
        return inner if inner is None or not edge else {_joined(EDGE, word) for word in inner}
    return set(run) if all(word.strip(EDGE) for word in run) else None


def _never_behind(items: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """Signs and digits that must not stand before a sequence, as far as it begins with looks at them."""
    found: set[str] = set()
    for kind, value in items:
        if kind not in (kinds.ASSERT, kinds.ASSERT_NOT, kinds.AT):
            break
        if kind is kinds.ASSERT_NOT and value[0] < 0 and len(value[1]) == 1:
            seen, members = value[1][0]
            for member, inner in members if seen is kinds.IN else [(seen, members)]:
                if member is kinds.NEGATE:
                    break
                if member is kinds.LITERAL and chr(inner) in _SIGNS:
                    found.add(chr(inner))
                elif inner is kinds.CATEGORY_DIGIT:
                    found.update("0123456789")
    return frozenset(found)


def _starts_inside(kind: Any, value: Any, behind: Sequence[tuple[Any, Any]]) -> set[str] | None:
    """As ``_starts`` for a part of an expression and what stands behind it."""
    if kind is kinds.SUBPATTERN:
        return _starts(value[3])
    if kind is kinds.ATOMIC_GROUP:
        return _starts(value)
    if kind is kinds.BRANCH:
        return _either([_starts(branch) for branch in value[1]])
    if kind in REPEATS:
        parts = [_starts(value[2]), *([] if value[0] else [_starts(behind)])]  # one that may be missing: either begins
        return _either(parts)
    return None


def _either(parts: Sequence[set[str] | None]) -> set[str] | None:
    """The words of parts of which one must match; None where one has none."""
    found: set[str] = set()
    for part in parts:
        if part is None:
            return None
        found |= part
    return found


def _joined(a: str, b: str) -> str:
    if not b or not a:
        return a + b
    if b == EDGE:
        return a if a.endswith(EDGE) else a + b
    # an edge within a word says nothing that its letters do not say
    return (
        (EDGE if a.startswith(EDGE) else "") + a.strip(EDGE) + b.lstrip(EDGE)
        if a.strip(EDGE)
        else EDGE + b.lstrip(EDGE)
    )


def _inside(kind: Any, value: Any) -> set[str] | None:
    """Words that a part of an expression needs, which is not itself a list of words."""
    if kind is kinds.SUBPATTERN:
        return _needed(value[3])
    if kind is kinds.ATOMIC_GROUP:
        return _needed(value)
    if kind is kinds.BRANCH:
        return _either([_needed(branch) for branch in value[1]])
    if kind in REPEATS and value[0] >= 1:
        return _needed(value[2])
    if kind is kinds.ASSERT and value[0] > 0:
        return _needed(value[1])
    return None


def _whole(items: Iterable[tuple[Any, Any]]) -> list[str] | None:
    """All words that a sequence can match, where they are few; None elsewhere."""
    run = [""]
    for kind, value in items:
        part = _choices(kind, value)
        if part is None or len(part) * len(run) > MOST:
            return None
        run = [_joined(a, b) for a in run for b in part]
    return run


def _choices(kind: Any, value: Any) -> list[str] | None:
    if kind is kinds.LITERAL:
        return [fold_character(chr(value))]
    if kind is kinds.AT:
        return [EDGE] if value is kinds.AT_BOUNDARY else [""]
    if kind is kinds.IN:
        return _characters(value)
    if kind is kinds.SUBPATTERN:
        return _whole(value[3])
    if kind is kinds.BRANCH:
        parts = [_whole(branch) for branch in value[1]]
        return None if any(p is None for p in parts) else [w for p in parts if p is not None for w in p]
    return _repeated(kind, value)


def _repeated(kind: Any, value: Any) -> list[str] | None:
    """What an optional part, or one that stands a fixed number of times, can match."""
    if kind not in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) or value[1] > 2:
        return None
    part, low = _whole(value[2]), value[0]
    if part is None or not (value[:2] == (0, 1) or low == value[1]):
        return None
    return [*part, ""] if low == 0 else part if low == 1 else [_joined(a, b) for a in part for b in part]


def _characters(members: Any) -> list[str] | None:
    """The characters of a small set, and of digits."""
    found: set[str] = set()
    for kind, value in members:
        if kind is kinds.LITERAL:
            found.add(fold_character(chr(value)))
        elif kind is kinds.RANGE and value[1] - value[0] < SMALL_SET:
            found.update(fold_character(chr(c)) for c in range(value[0], value[1] + 1))
        elif kind is kinds.CATEGORY and value is kinds.CATEGORY_DIGIT:
            found.update("0123456789")
        elif kind is kinds.CATEGORY and value is kinds.CATEGORY_SPACE:
            found.add(" ")
        else:
            return None
    return sorted(found) if len(found) <= SMALL_SET else None


def _commonness(words: set[str]) -> float:
    """How often one of the words will stand in a text, roughly: short ones do."""
    total = 0.0
    for word in words:
        letters = word.strip(EDGE)
        if not letters:
            return math.inf
        bare = letters.strip()
        if bare in {"", ".", ","} or (bare.isalpha() and letters[0] == bare):
            total += EVERYWHERE  # or what any word may begin with
        elif bare in _FREQUENT:
            total += 3
        elif len(bare) == 1 and bare.isalnum():
            total += 1
        else:
            total += math.prod(0.04 if c.isdigit() else 0.1 for c in bare)
    return total
