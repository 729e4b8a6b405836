"""Words without which an expression cannot match: what need not be searched is not.

An expression that must hold one of the words "denied", "denies", "no" need not be tried on a sentence
that holds none of them. The words are read off the expression itself, so that nobody has to keep them
beside it; all words of a family of rules are sought in one pass (Aho and Corasick 1975). Where the
expression tells no words, or is written in a way that this room does not understand, it is always tried.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from itertools import accumulate
from operator import or_
from typing import Any, Final

import regex
from ahocorasick_rs import AhoCorasick, MatchKind

from extract.effort import is_tame
from extract.syntax import REPEATS, kinds, tree_of

MOST: Final = 512
"""Words of one expression beyond which it is simply tried."""
SMALL_SET: Final = 10
"""Characters of a set up to which each is a choice of its own."""
TOO_COMMON: Final = 0.5
"""``_commonness`` from which it does not pay to look for the words."""
EDGE: Final = "\0"
"""In a word: here a word must begin or end."""
SHORT: Final = 200
"""Characters up to which a text is a short one."""
_APART: Final = frozenset(" .,;:()/-\n")
"""Characters between words."""
_REMEMBERED: Final = 4
"""Texts whose words are remembered: several rules read the same few texts in turn."""

_FREQUENT: Final = frozenset(". , a an the in on of to he it is at as and".split())


_FUZZY = regex.compile(r"\((?:[^()\\]|\\.)*\)\{[^}]*[a-z][^}]*\}")
"""A part that may hold errors: it may be anything."""


def folded(text: str) -> str:
    """The text in one case, character for character, as ``regex.IGNORECASE`` compares them; white space as spaces."""
    if text.isascii():
        return text.encode("ascii").translate(_ASCII_FOLDING).decode("ascii")  # three times as fast as by a dictionary
    # other characters are left as they are until then: a letter has few different ones
    raw = text.encode("utf-8", "surrogatepass")
    small = raw.translate(_ASCII_FOLDING).decode("utf-8", "surrogatepass")
    for char in set(raw.translate(None, _ASCII).decode("utf-8", "surrogatepass")):
        if (fold := _FOLDING[ord(char)]) != char:
            small = small.replace(char, fold)
    return small


def _fold(char: str) -> str:
    if char in "İı":  # the Turkish letters match I and i
        return "i"
    if char.isspace():
        return " "
    if char.isdecimal():
        return str(int(char))
    small = char.casefold()
    return small if len(small) == 1 else char


class _Folding(dict[int, str]):
    """Characters and what they fold to, filled as they are met."""

    def __missing__(self, code: int) -> str:
        self[code] = _fold(chr(code))
        return self[code]


_FOLDING: Final = _Folding()
_ASCII: Final = bytes(range(128))
_ASCII_FOLDING: Final = bytes(ord(_fold(chr(code))) if code < 128 else code for code in range(256))


@dataclass(frozen=True, slots=True)
class Needs:
    """Words, folded, with ``EDGE`` where a word must begin or end; None where there are none, or too many.

    Every match holds one of ``words`` and begins with one of ``starts``.
    """

    words: frozenset[str] | None = None
    starts: frozenset[str] | None = None


@lru_cache(maxsize=4096)
def needs(pattern: str, *, verbose: bool = False) -> Needs:
    """What every match of an expression needs; nothing for one that this room does not understand."""
    tree = tree_of(_FUZZY.sub(".*", pattern), verbose=verbose)
    if tree is None:
        return Needs()
    words, starts = _needed(tree), _starts(tree)
    return Needs(
        frozenset(words) if words and len(words) <= MOST and _commonness(words) < TOO_COMMON else None,
        frozenset(starts) if starts and len(starts) <= MOST and _commonness(starts) < TOO_COMMON else None,
    )


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
        return [_fold(chr(value))]
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
            found.add(_fold(chr(value)))
        elif kind is kinds.RANGE and value[1] - value[0] < SMALL_SET:
            found.update(_fold(chr(c)) for c in range(value[0], value[1] + 1))
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
        if bare in _FREQUENT or not bare or (len(bare) == 1 and bare.isalnum()):
            total += 1
        else:
            total += math.prod(0.04 if c.isdigit() else 0.1 for c in bare)
    return total


@dataclass(slots=True)
class Reading:
    """What stands in a text: where each word ends and who needs it, where who may begin; what was asked last.

    Branches are bits, those of one expression side by side: many words are one sum, made without a loop.
    """

    text: str
    index: KeywordIndex
    ends: list[int] = field(default_factory=list)
    users: list[int] = field(default_factory=list)
    begins: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By the number of its bit: where a branch may begin, as the words were met."""
    places: dict[int, list[int]] = field(default_factory=dict)
    """The same as it was asked for: in order, once each."""
    cut: dict[int, int] = field(default_factory=dict)
    """Who needs a word that goes on there: a window that ends there cuts it, and for an expression it ends."""
    tame: bool = False
    """Whether the work of expressions is bounded in it."""
    window: tuple[int, int] = (-1, -1)
    live: int = 0

    def branches(self, number: int, start: int, end: int) -> tuple[int, ...]:
        """The branches of an expression that may match within ``text[start:end]``, in order."""
        if self.window != (start, end):
            self._ask(start, end)
        index = self.index
        return _bits(self.live >> index.first[number] & index.full[number])

    def numbers(self, start: int, end: int) -> list[int]:
        """The expressions that may match within ``text[start:end]``, in order."""
        if self.window != (start, end):
            self._ask(start, end)
        rest, found = self.live, []
        while rest:
            number = self.index.owner[(rest & -rest).bit_length() - 1]
            found.append(number)
            past = self.index.first[number + 1]
            rest = rest >> past << past
        return found

    def _ask(self, start: int, end: int) -> None:
        users = self.users
        if start > 0 or end < len(self.text):
            users = users[bisect_right(self.ends, start) : bisect_right(self.ends, end)]
        self.live = reduce(or_, users, self.index.always | self.cut.get(end, 0))
        self.window = (start, end)

    def starts(self, number: int, branch: int, end: int) -> list[int] | None:
        """Where a branch may begin to match in ``text[:end]``, in order; None where that is not known."""
        which = self.index.first[number] + branch
        if which not in self.index.anchored or end in self.cut:
            return None
        places = self.places.get(which)
        if places is None:
            places = self.places[which] = sorted(set(self.begins.get(which, ())))
            if len(places) > 1 and which in self.index.trimmed:
                # behind the last word that a match must hold none begins: an age near the head, dates all over the text
                bit = 1 << which
                hits = zip(reversed(self.ends), reversed(self.users), strict=True)
                last = next((end for end, users in hits if users & bit), 0)
                del places[bisect_left(places, last) :]
        return places


@lru_cache(maxsize=4096)
def _bits(number: int) -> tuple[int, ...]:
    """Where the bits of a number are set, in order."""
    return tuple(n for n in range(number.bit_length()) if number >> n & 1)


class KeywordIndex:
    """Which branches of which expressions may match in a text, and where. It can be pickled."""

    def __init__(self, sets: Sequence[Sequence[Needs]]) -> None:
        """``sets``: for each expression and each of its branches what ``needs`` gave."""
        self._sets = tuple(tuple(branches) for branches in sets)
        self._prepare()

    def _prepare(self) -> None:
        self.first: list[int] = [0, *accumulate(len(branches) for branches in self._sets)]
        """The bit of each expression's first branch, and one past the last."""
        self.full = [(1 << len(branches)) - 1 for branches in self._sets]
        self.owner = [number for number, branches in enumerate(self._sets) for _ in branches]
        self.always = 0
        """Branches that need no word."""
        self.anchored: set[int] = set()
        """Branches of which it is known with what they begin."""
        self.trimmed: set[int] = set()
        """Those of them that need another word behind it."""
        forms: dict[str, dict[str, tuple[list[int], list[int]]]] = {}
        for which, need in enumerate(need for branches in self._sets for need in branches):
            if need.words is None and need.starts is None:
                self.always |= 1 << which
            if need.starts is not None:
                self.anchored.add(which)
                if need.words is not None and need.words != need.starts:
                    self.trimmed.add(which)
            for words, role in ((need.words or need.starts, 0), (need.starts, 1)):
                for word in words or ():
                    forms.setdefault(word.strip(EDGE), {}).setdefault(word, ([], []))[role].append(which)
        self._forms = [
            [
                (
                    word.startswith(EDGE) and _in_word(letters[:1]),
                    word.endswith(EDGE) and _in_word(letters[-1:]),
                    sum(1 << n for n in users),
                    sum(1 << n for n in starters),
                    starters,
                )
                for word, (users, starters) in same.items()
            ]
            for letters, same in forms.items()
        ]
        """For each word and its forms: whether another letter may stand before and behind, and whom they serve."""
        self._automaton = AhoCorasick(list(forms), matchkind=MatchKind.Standard) if forms else None
        self._memory: tuple[list[Reading], list[Reading]] = ([], [])
        """Short and long texts, so that a run of short ones does not push out the summary they come from."""

    def __getstate__(self) -> dict[str, Any]:
        return {"_sets": self._sets}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._sets = state["_sets"]
        self._prepare()

    def read(self, text: str) -> Reading:
        """The words of a text; the last few texts are remembered."""
        memory = self._memory[len(text) > SHORT]
        for read in memory:
            if read.text is text or read.text == text:
                return read
        read = Reading(text, self)
        if self._automaton is not None:
            self._seek(read, self._automaton)
        memory.append(read)
        if len(memory) > _REMEMBERED:
            del memory[0]
        return read

    def _seek(self, read: Reading, automaton: AhoCorasick) -> None:
        text, last, forms = read.text, len(read.text), self._forms
        ends, masks, begins, cut = read.ends, read.users, read.begins, read.cut
        small = folded(text)
        read.tame = is_tame(small)
        for word, start, end in automaton.find_matches_as_indexes(small, overlapping=True):
            for opens, closes, users, starting, starters in forms[word]:
                # most words stand between spaces: one look in a set, before the character is asked what it is
                if opens and start and text[start - 1] not in _APART and _in_word(text[start - 1]):
                    continue
                if closes and end < last and text[end] not in _APART and _in_word(text[end]):
                    cut[end] = cut.get(end, 0) | users | starting
                    continue
                if users:
                    ends.append(end)
                    masks.append(users)
                for starter in starters:
                    begins[starter].append(start)


def _in_word(char: str) -> bool:
    """True for a character that words are made of."""
    return char.isalnum() or char == "_"
