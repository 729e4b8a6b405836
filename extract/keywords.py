"""Words without which an expression cannot match: what need not be searched is not.

An expression that must hold one of the words "denied", "denies", "no" need not be tried on a sentence
that holds none of them. The words are read off the expression itself, so that nobody has to keep them
beside it; all words of a family of rules are sought in one pass (Aho and Corasick 1975). Where the
expression tells no words, or is written in a way that this room does not understand, it is always tried.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final

import regex
from ahocorasick_rs import AhoCorasick, MatchKind

MOST: Final = 96
"""Words of one expression beyond which it is simply tried."""
EDGE: Final = "\0"
"""In a word: here a word must begin or end."""
_REMEMBERED: Final = 4
"""Texts whose words are remembered: several rules read the same few texts in turn."""

_GROUP = regex.compile(r"\(\?P?<(?![=!])\w+>")
_BEYOND = regex.compile(r"\{[^}\d,{]*[a-z]|\[\[:|\(\?\|")
"""Fuzzy matches, POSIX classes and resets, which ``re`` would read as something else."""
_CLASS = regex.compile(r"\\[pPhR](?:\{[^}]*\})?")


def folded(text: str) -> str:
    """The text in one case, character for character, as ``regex.IGNORECASE`` compares them."""
    if text.isascii():
        return text.lower()
    return "".join(_fold(c) for c in text)


def _fold(char: str) -> str:
    if char in "İı":  # the Turkish letters match I and i
        return "i"
    small = char.casefold()
    return small if len(small) == 1 else char


def keywords(pattern: str, *, verbose: bool = False) -> frozenset[str] | None:
    """Words of which every match holds at least one, folded, with ``EDGE`` where a word must begin or end.

    None where there are none, too many, or where the expression cannot be understood.
    """
    if _BEYOND.search(pattern):
        return None
    plain = _CLASS.sub(r"\\w", _GROUP.sub("(?:", pattern))
    try:
        tree = parser.parse(plain, re.VERBOSE if verbose else 0)
    except (re.error, RecursionError, OverflowError):
        return None
    best = _needed(tree)
    if best is None or len(best) > MOST or any(not word.strip(EDGE) for word in best):
        return None
    return frozenset(best)


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
        close()
        if whole is not None:
            run = whole
            continue
        inner = _inside(kind, value)
        if inner:
            found.append(inner)
    close()
    return min(found, key=_commonness, default=None)


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
        parts = [_needed(branch) for branch in value[1]]
        return None if any(p is None for p in parts) else {w for p in parts if p is not None for w in p}
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT) and value[0] >= 1:
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
        return [_fold(chr(value))]
    if kind is kinds.AT:
        return [EDGE] if value is kinds.AT_BOUNDARY else [""]
    if kind is kinds.IN and len(value) <= 4 and all(k is kinds.LITERAL for k, _ in value):
        return sorted({_fold(chr(v)) for _, v in value})
    if kind is kinds.SUBPATTERN:
        return _whole(value[3])
    if kind is kinds.BRANCH:
        parts = [_whole(branch) for branch in value[1]]
        return None if any(p is None for p in parts) else [w for p in parts if p is not None for w in p]
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) and value[:2] == (0, 1):
        part = _whole(value[2])
        return None if part is None else [*part, ""]
    return None


def _commonness(words: set[str]) -> float:
    """How often one of the words will stand in a text, roughly: short ones do, those inside words do."""
    return sum(0.1 ** len(w.strip(EDGE)) * (0.3 if w.startswith(EDGE) else 1) for w in words)


@dataclass(slots=True)
class _Read:
    """The words that stand in a text: where each ends, and who needs it; and what was asked last."""

    text: str
    ends: list[int]
    users: list[tuple[tuple[int, int], ...]]
    window: tuple[int, int] = (-1, -1)
    live: dict[int, list[int]] = field(default_factory=dict)


class KeywordIndex:
    """Which branches of which expressions may match in a text. It can be pickled."""

    def __init__(self, sets: Sequence[Sequence[frozenset[str] | None]]) -> None:
        """``sets``: for each expression and each of its branches what ``keywords`` gave."""
        self._sets = tuple(tuple(branches) for branches in sets)
        self._prepare()

    def _prepare(self) -> None:
        users: dict[str, dict[str, list[tuple[int, int]]]] = {}
        self._always: dict[int, list[int]] = {}
        for number, branches in enumerate(self._sets):
            for branch, words in enumerate(branches):
                if words is None:
                    self._always.setdefault(number, []).append(branch)
                for word in words or ():
                    users.setdefault(word.strip(EDGE), {}).setdefault(word, []).append((number, branch))
        self._users = [
            [(w.startswith(EDGE), w.endswith(EDGE), tuple(n)) for w, n in forms.items()] for forms in users.values()
        ]
        self._automaton = AhoCorasick(list(users), matchkind=MatchKind.Standard) if users else None
        self._read: list[_Read] = []

    def __getstate__(self) -> dict[str, Any]:
        return {"_sets": self._sets}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._sets = state["_sets"]
        self._prepare()

    def live(self, text: str, start: int, end: int) -> dict[int, list[int]]:
        """The branches that may match within ``text[start:end]``, by the number of their expression, in order."""
        read = self._read_of(text)
        if read.window != (start, end):
            found: dict[int, set[int]] = {}
            first, last = bisect_right(read.ends, start), bisect_right(read.ends, end)
            for users in set(read.users[first:last]):
                for number, branch in users:
                    found.setdefault(number, set()).add(branch)
            for number, always in self._always.items():
                found.setdefault(number, set()).update(always)
            read.live = {number: sorted(branches) for number, branches in found.items()}
            read.window = (start, end)
        return read.live

    def _read_of(self, text: str) -> _Read:
        for read in self._read:
            if read.text is text or read.text == text:
                return read
        ends: list[int] = []
        whose: list[tuple[tuple[int, int], ...]] = []
        if self._automaton is not None:
            last = len(text)
            for word, start, end in self._automaton.find_matches_as_indexes(folded(text), overlapping=True):
                for opens, closes, users in self._users[word]:
                    if opens and start and _inside_word(text, start):
                        continue
                    if closes and end < last and _inside_word(text, end):
                        continue
                    ends.append(end)
                    whose.append(users)
        read = _Read(text, ends, whose)
        self._read.append(read)
        if len(self._read) > _REMEMBERED:
            del self._read[0]
        return read


def _inside_word(text: str, at: int) -> bool:
    """True where no word begins or ends at ``at``."""
    a, b = text[at - 1], text[at]
    return (a.isalnum() or a == "_") == (b.isalnum() or b == "_")
