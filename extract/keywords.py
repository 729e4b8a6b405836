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
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import accumulate
from operator import itemgetter, or_
from typing import Any, Final, NamedTuple

import regex
from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from extract.effort import is_tame
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
SHORT: Final = 200
"""Characters up to which a text is a short one."""
TABLED: Final = 1500
"""Words up to which a table of what follows each of their letters is made."""
_REMEMBERED: Final = 4
"""Texts whose words are remembered: several rules read the same few texts in turn."""

_FREQUENT: Final = frozenset(". , a an the in on of to he it is at as and".split())


_SIGNS: Final = frozenset("/-.,#$")

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


def _in_word(char: str) -> bool:
    """True for a character that words are made of."""
    return char.isalpha() or char.isdecimal() or char == "_"


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
_APART: Final = bytes(code if code >= 128 or _in_word(chr(code)) else ord(" ") for code in range(256))


def _bare(small: str) -> str:
    """A folded text with all that is no letter of a word as spaces, so that a space tells where a word ends."""
    raw = small.encode("utf-8", "surrogatepass").translate(_APART)
    bare = raw.decode("utf-8", "surrogatepass")
    if not small.isascii():
        for char in set(raw.translate(None, _ASCII).decode("utf-8", "surrogatepass")):
            if not _in_word(char):
                bare = bare.replace(char, " ")
    return bare


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
        if bare in {"", ".", ","} or (bare.isalpha() and letters[0] == bare):
            total += EVERYWHERE  # or what any word may begin with
        elif bare in _FREQUENT:
            total += 3
        elif len(bare) == 1 and bare.isalnum():
            total += 1
        else:
            total += math.prod(0.04 if c.isdigit() else 0.1 for c in bare)
    return total


class Reading:
    """What stands in a text: where each word ends and who needs it, where who may begin; what was asked last.

    Branches are bits, those of one expression side by side: many words are one sum.
    """

    __slots__ = ("_cut", "_ends", "_hits", "_inside", "_live", "_small", "_window", "index", "tame", "text")

    def __init__(self, text: str, index: KeywordIndex) -> None:
        self.text, self.index = text, index
        self._small = small = folded(text)
        self.tame = is_tame(small)
        """Whether the work of expressions is bounded in it."""
        self._hits = self._inside = index.hits(small)
        """The words that are met, in order of where they end; and those of the window that was asked last."""
        self._ends: list[int] = []
        """One or two characters behind where they end, once a part of the text is asked."""
        self._window = (-1, -1)
        self._live = self._cut = 0
        """Who may match in that window; who needs a word that its end cuts, and that for an expression ends there."""

    def numbers(self, start: int, end: int) -> list[int]:
        """The expressions that may match within ``text[start:end]``, in order."""
        if self._window != (start, end):
            self._ask(start, end)
        owner, behind, rest, found = self.index.owner, self.index.behind, self._live, []
        while rest:
            number = owner[(rest & -rest).bit_length() - 1]
            found.append(number)
            rest &= behind[number]
        return found

    def places(self, number: int, start: int, end: int) -> list[tuple[int, list[int] | None]]:
        """The branches of an expression that may match within ``text[start:end]``, in order, and where they may begin.

        In order, too; None where that is not known.
        """
        if self._window != (start, end):
            self._ask(start, end)
        index = self.index
        first = index.first[number]
        found: list[tuple[int, list[int] | None]] = []
        for branch in _bits(self._live >> first & index.full[number]):
            if self._cut or not index.starters[first + branch]:
                found.append((branch, None))
            elif places := self._starts(first + branch, start, end):
                found.append((branch, places))
        return found

    def _ask(self, start: int, end: int) -> None:
        index, text, hits, cut = self.index, self.text, self._hits, 0
        if start > 0 or end < len(text):
            ends = self._ends = self._ends or [stop for _, _, stop in hits]
            hits = hits[bisect_right(ends, start + 1) : bisect_right(ends, end + 2)]
            if end and end < len(text) and _in_word(text[end - 1]) and _in_word(text[end]):
                cut = index.cut_at(text, end)
        users, told = index.users, cut
        for word, _, _ in hits:
            told |= users[word]
        self._live = (told | index.always) & (told >> index.count | index.floating)
        self._window, self._inside, self._cut = (start, end), hits, cut

    def _starts(self, which: int, start: int, end: int) -> list[int]:
        """Where a branch may begin in the window that was asked last, ``text[start:end]``."""
        index, inside = self.index, self._inside
        starters, shift = index.starters[which], index.shift
        places = [p for word, at, _ in inside if word in starters and start <= (p := at - shift[word]) < end]
        if places and (never := index.never_behind[which]):
            small = self._small
            places = [place for place in places if not place or small[place - 1] not in never]
        if len(places) > 1:
            places = sorted(set(places))
            if needed := index.trimmed.get(which):
                # behind the last word that a match must hold none begins: an age near the head, dates all over the text
                ends = [stop for word, _, stop in inside if word in needed]
                del places[bisect_left(places, ends[-1] - 1 if ends else 0) :]
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
        self.count = self.first[-1]
        self.full = [(1 << len(branches)) - 1 for branches in self._sets]
        self.behind = [-1 << bit for bit in self.first[1:]]
        """For each expression the bits behind its own."""
        self.owner = [number for number, branches in enumerate(self._sets) for _ in branches]
        self.never_behind = [need.never_behind for branches in self._sets for need in branches]
        """For each branch the characters behind which it never begins."""
        self.always = self.floating = 0
        """Branches that need no word; and those of which it is not known with what they begin."""
        forms: dict[_Form, int] = defaultdict(int)
        begun: list[set[_Form]] = []
        behind: dict[int, set[_Form]] = {}
        for which, need in enumerate(need for branches in self._sets for need in branches):
            starts, needed = need.starts or frozenset(), need.words or need.starts or frozenset()
            self.always |= 0 if needed else 1 << which
            self.floating |= 0 if starts else 1 << which
            begun.append(_forms(starts))
            if needed != starts and starts:
                behind[which] = _forms(needed)
            for bit, words in ((which, behind.get(which) or _forms(needed)), (self.count + which, begun[-1])):
                for form in words:
                    forms[form] |= 1 << bit
        order = sorted(forms)  # signs behind words
        numbers = {form: number for number, form in enumerate(order)}
        self.starters = [{numbers[form] for form in words} for words in begun]
        """For each branch the numbers of the words that it begins with."""
        self.trimmed = {which: {numbers[form] for form in words} for which, words in behind.items()}
        """For branches that need another word behind the one that they begin with those words."""
        self.users = [forms[form] for form in order]
        """For each word its users, and those that begin with it as many bits higher as there are branches."""
        self.shift = [0 if form.opens else 1 for form in order]
        """For each word how far behind its place it is met: a space stands before each text."""
        self._words = _automaton([form.letters for form in order if not form.sign])
        self._signs = _automaton([form.letters for form in order if form.sign])
        self._first_sign = sum(not form.sign for form in order)
        self._longest = max((len(form.letters) for form in order), default=0)
        self._memory: tuple[list[Reading], list[Reading]] = ([], [])
        """Short and long texts, so that a run of short ones does not push out the summary they come from."""
        self._last: Reading | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_sets": self._sets}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._sets = state["_sets"]
        self._prepare()

    def read(self, text: str) -> Reading:
        """The words of a text; the last few texts are remembered."""
        last = self._last
        if last is not None and last.text is text:
            return last
        memory = self._memory[len(text) > SHORT]
        for read in memory:
            if read.text == text:
                break
        else:
            read = Reading(text, self)
            memory.append(read)
            if len(memory) > _REMEMBERED:
                del memory[0]
        self._last = read
        return read

    def hits(self, small: str) -> list[tuple[int, int, int]]:
        """The words of a folded text, each with its number and its span in the text between two spaces."""
        found: list[tuple[int, int, int]] = []
        bare = _bare(small)
        if self._words is not None:
            found = self._words.find_matches_as_indexes(f" {bare} ", overlapping=True)
        # a few words in a row hold no signs at all
        if (
            self._signs is not None
            and bare != small
            and (signs := self._signs.find_matches_as_indexes(f" {small}", overlapping=True))
        ):
            first = self._first_sign
            found += [(first + number, start, end) for number, start, end in signs]
            found.sort(key=itemgetter(2))
        return found

    def cut_at(self, text: str, end: int) -> int:
        """The users of words that end at ``end`` if the text does."""
        tail = text[max(end - self._longest, 0) : end]
        return reduce(or_, (self.users[n] for n, _, stop in self.hits(folded(tail)) if stop == len(tail) + 2), 0)


class _Form(NamedTuple):
    """A word as it is sought: one with signs in a folded text, any other between the spaces of a bare one."""

    sign: bool
    letters: str
    opens: bool
    """Whether a space was put before it: a word begins there."""


def _forms(words: Iterable[str]) -> set[_Form]:
    """How words are sought; not those that begin with another."""
    forms = {_form(word) for word in words}
    return {f for f in forms if not any(f._replace(letters=f.letters[:n]) in forms for n in range(1, len(f.letters)))}


def _form(word: str) -> _Form:
    letters = word.strip(EDGE)
    if _bare(letters) != letters:
        return _Form(True, letters, False)
    opens = word.startswith(EDGE) and letters[0] != " "
    closes = word.endswith(EDGE) and letters[-1] != " "
    return _Form(False, f"{' ' if opens else ''}{letters}{' ' if closes else ''}", opens)


def _automaton(words: Sequence[str]) -> AhoCorasick | None:
    if not words:
        return None
    # a table of all steps is up to twice as fast, and needs more room
    kind = Implementation.DFA if len(words) <= TABLED else None
    return AhoCorasick(words, matchkind=MatchKind.Standard, implementation=kind)
