"""How much work an expression can be at worst: where that is little, no clock need watch it.

A clock that runs beside every match costs more than most matches do. What an expression costs is bounded
from how it is written: for each part in how many ways it can match from one place, and how many steps
that takes. Ways multiply, unless the character behind a part tells where the part must have ended.
Where this room does not understand an expression, or has doubts, its work is without bound.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, lru_cache, reduce
from operator import or_
from typing import Any, Final, NamedTuple

import regex

from extract.syntax import REPEATS, kinds, tree_of

LENGTH: Final = 16_384
"""Characters of a text for which the work is bounded."""
GAP: Final = " " * 8
"""White space that such a text does not hold, once all of it is spaces: few texts do."""
LITTLE: Final = 2_000_000
"""Steps that need no clock: less than a tenth of a second."""
_SIZES: Final = (64, 256, 2048, LENGTH // 2, LENGTH)
"""Sizes of windows that are told apart, up to ``LENGTH``."""

_LETTER: Final = "\ue000"
"""Stands for a property of letters, which ``re`` does not know."""
_LETTERS = regex.compile(r"\\p\{L[ulto]?\}")
_STRANGE = regex.compile(r"\\[pPRXKGhNL]|(?<!(?<!\\)\\)\(\?[|&R(]")

# sets of characters are bits: one for each that is ASCII, and one for each kind of the others
_PLAIN: Final = 128
_WORD, _SPACE, _DIGIT, _OTHER = (1 << _PLAIN + n for n in range(4))
_ALL: Final = (1 << _PLAIN + 4) - 1


def _plain(characters: str) -> int:
    return sum(1 << n for n in range(_PLAIN) if regex.match(characters, chr(n)))


_WORDS: Final = _plain(r"\w") | _WORD | _DIGIT
_SPACES: Final = _plain(r"\s") | _SPACE
_DIGITS: Final = _plain(r"\d") | _DIGIT
_SETS: Final = {
    kinds.CATEGORY_DIGIT: _DIGITS,
    kinds.CATEGORY_NOT_DIGIT: _ALL & ~_DIGITS,
    kinds.CATEGORY_SPACE: _SPACES,
    kinds.CATEGORY_NOT_SPACE: _ALL & ~_SPACES,
    kinds.CATEGORY_WORD: _WORDS,
    kinds.CATEGORY_NOT_WORD: _ALL & ~_WORDS,
}
_SINGLE: Final = (kinds.LITERAL, kinds.NOT_LITERAL, kinds.ANY, kinds.IN)

Items = Sequence[tuple[Any, Any]]


class Reach(NamedTuple):
    """Characters of a window up to which an expression is little work; what stands before it has up to ``LENGTH``."""

    match: int = 0
    """Where it is tried at one place."""
    search: int = 0
    """Where it is tried at every place."""


def is_little(pattern: str, *, verbose: bool = False) -> bool:
    """True where to try an expression at one place takes little work in every text of ``LENGTH`` without a ``GAP``."""
    tree = _tree(pattern, verbose=verbose)
    return tree is not None and _Bound(LENGTH, tame=True).sequence(tree, _END).steps <= LITTLE


def reach(pattern: str, *, verbose: bool = False, tame: bool = False) -> Reach:
    """How far an expression is little work: in all texts, or in ``tame`` ones."""
    tree = _tree(pattern, verbose=verbose)
    if tree is None:
        return Reach()
    steps = cache(lambda size: _Bound(size, tame=tame).sequence(tree, _END).steps)
    match = bisect_left(_SIZES, True, key=lambda size: steps(size) > LITTLE)
    search = bisect_left(_SIZES[:match], True, key=lambda size: steps(size) * size > LITTLE)
    return Reach(*(_SIZES[found - 1] if found else 0 for found in (match, search)))


def _tree(pattern: str, *, verbose: bool) -> Any:
    if _STRANGE.search(_LETTERS.sub("", pattern)):
        return None
    return tree_of(_LETTERS.sub(_LETTER, pattern), verbose=verbose)


def is_tame(text: str) -> bool:
    """True for a text, its white space as spaces, in which ``is_little`` holds."""
    return len(text) <= LENGTH and GAP not in text


class _Head(NamedTuple):
    """What a part may begin with, the steps to see that it does not, and whether it may be empty."""

    first: int
    probe: float
    empty: bool = False


class _Work(NamedTuple):
    """In how many ways a part can match from one place, so that the rest may too, and the steps of all."""

    ways: float
    steps: float


_END: Final = _Head(_ALL, 0)
_ENDLESS: Final = _Work(math.inf, math.inf)


class _Bound:
    """The work of expressions in a window of ``length`` characters; in a ``tame`` text without a ``GAP``."""

    def __init__(self, length: int, *, tame: bool, forward: bool = True) -> None:
        """``forward``: the character behind a part can tell where it ended; a look back reads it before the part."""
        self._length, self._tame, self._forward = length, tame, forward

    def sequence(self, items: Items, rest: _Head) -> _Work:
        """The work of parts one behind another, from the last that is read to the first; ``rest`` stands behind."""
        read = _listed(items) if self._forward else _listed(items)[::-1]
        ways, steps = 1.0, 1.0
        for number in range(len(read) - 1, -1, -1):
            kind, value = read[number]
            if kind in _SINGLE or kind is kinds.AT:  # most parts are single letters
                steps += 1
                continue
            work = self._part(kind, value, _then(self._head_of(read[number + 1 :]), rest))
            ways, steps = ways * work.ways, work.steps + work.ways * steps
        return _Work(ways, steps)

    def _part(self, kind: Any, value: Any, rest: _Head) -> _Work:
        if kind is kinds.SUBPATTERN:
            return self.sequence(value[3], rest)
        if kind is kinds.BRANCH:
            return self._branches(value[1], rest)
        if kind in REPEATS:
            work = self._repeated(value[0], value[1], value[2], rest)
            return _Work(1, work.steps) if kind is kinds.POSSESSIVE_REPEAT else work
        return _Work(1, self._closed(kind, value))

    def _branches(self, branches: Sequence[Items], rest: _Head) -> _Work:
        """Ways of branches add up where they may begin alike."""
        works = [self.sequence(branch, rest) for branch in branches]
        steps = sum(work.steps for work in works) + len(works)
        if not self._forward:
            return _Work(sum(work.ways for work in works), steps)
        firsts = [_then(self._head_of(branch), rest).first for branch in branches]
        alike = ([work.ways for work, other in zip(works, firsts, strict=True) if other & first] for first in firsts)
        return _Work(max(map(sum, alike)), steps)

    def _repeated(self, low: int, high: int, body: Items, rest: _Head) -> _Work:
        own = self._head_of(body)
        most = max(low, min(high, len(GAP) if self._tame and not own.first & ~_SPACES else self._length))
        if own.empty:
            return _ENDLESS
        work = self.sequence(body, _Head(own.first | rest.first, own.probe + rest.probe))
        once = low == most or (self._forward and not own.first & rest.first)
        try:
            power = work.ways**most
        except OverflowError:
            return _ENDLESS
        ways = power if once else most - low + 1 if work.ways == 1 else power * (most - low + 1)
        return _Work(ways, power * most * (work.steps + rest.probe) + rest.probe + 1)

    def _closed(self, kind: Any, value: Any) -> float:
        """The steps of a part of which one way is tried and no other."""
        if kind is kinds.ATOMIC_GROUP:
            return _Bound(self._length, tame=self._tame).sequence(value, _END).steps
        if kind not in (kinds.ASSERT, kinds.ASSERT_NOT):
            return math.inf
        ahead = value[0] > 0
        bound = _Bound(self._length if ahead else LENGTH, tame=self._tame, forward=ahead)
        return 1 + bound.sequence(value[1], _END).steps

    def _head_of(self, items: Items) -> _Head:
        head = _Head(0, 0, empty=True)
        for kind, value in _listed(items):
            head = _then(head, self._head(kind, value))
            if not head.empty:
                break
        return head

    def _head(self, kind: Any, value: Any) -> _Head:
        if kind in _SINGLE:
            return _Head(_characters(kind, value), 1)
        if kind is kinds.SUBPATTERN:
            return self._head_of(value[3])
        if kind is kinds.ATOMIC_GROUP:
            return self._head_of(value)
        if kind is kinds.BRANCH:
            heads = [self._head_of(branch) for branch in value[1]]
            probe = sum(head.probe for head in heads) + len(heads)
            return _Head(reduce(or_, (head.first for head in heads)), probe, any(head.empty for head in heads))
        if kind in REPEATS:
            head = self._head_of(value[2])
            return head if value[0] else head._replace(empty=True)
        return _Head(0, 1 if kind is kinds.AT else self._closed(kind, value), empty=True)


def _listed(items: Items) -> list[tuple[Any, Any]]:
    """Parts as a list, which is gone through much faster than a tree is."""
    return getattr(items, "data", None) or list(items)


def _then(head: _Head, rest: _Head) -> _Head:
    """The head of a part and what stands behind it."""
    return _Head(head.first | rest.first, head.probe + rest.probe, rest.empty) if head.empty else head


def _characters(kind: Any, value: Any) -> int:
    """The characters that one matches, and perhaps more."""
    if kind is kinds.LITERAL:
        return _either_case(value)
    if kind is kinds.NOT_LITERAL:
        return _ALL & ~_exactly(value)
    if kind is kinds.ANY:
        return _ALL
    members = list(value)
    if members[0][0] is kinds.NEGATE:
        return _ALL & ~_sure(members[1:])
    found = 0
    for member, inner in members:
        if member is kinds.LITERAL:
            found |= _either_case(inner)
        elif member is kinds.RANGE and inner[1] < _PLAIN:
            for code in range(inner[0], inner[1] + 1):
                found |= _either_case(code)
        else:
            found |= _SETS.get(inner, _ALL) if member is kinds.CATEGORY else _ALL
    return found


def _sure(members: Items) -> int:
    """The characters that a set surely holds, in any case of letters."""
    found = 0
    for member, inner in members:
        if member is kinds.LITERAL:
            found |= _exactly(inner)
        elif member is kinds.RANGE:
            for code in range(inner[0], min(inner[1] + 1, _PLAIN)):
                found |= _exactly(code)
        elif member is kinds.CATEGORY:
            found |= _SETS.get(inner, 0)
    return found


def _exactly(code: int) -> int:
    return 1 << code if code < _PLAIN else 0


@lru_cache(maxsize=1024)
def _either_case(code: int) -> int:
    char = chr(code)
    if char == _LETTER:
        return _WORDS
    found = 0
    for form in {char, *char.lower(), *char.upper(), *char.casefold(), *char.casefold().upper()}:
        found |= _exactly(ord(form)) or _kind(form)
    return found | (_WORD if char.lower() in "iks" else 0)  # as are the Turkish letters, the Kelvin sign, the long s


def _kind(char: str) -> int:
    if char.isspace():
        return _SPACE
    if char.isdecimal():
        return _DIGIT
    return _WORD if char.isalpha() else _WORD | _OTHER
