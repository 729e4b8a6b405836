"""Where the words stand that expressions need: what need not be searched is not.

An expression that must hold one of the words "denied", "denies", "no" (``needs.py``) need not be tried on a sentence
that holds none of them. All words of a family of rules are sought in one pass (Aho and Corasick 1975).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache, reduce
from itertools import accumulate
from operator import itemgetter, or_
from typing import Any, Final, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from extract.effort import is_tame
from extract.folding import bare, folded, in_word
from extract.needs import EDGE, Needs

SHORT: Final = 200
"""Characters up to which a text is a short one."""
TABLED: Final = 50
"""Words up to which a table of all steps is made: one of many words no longer stays in the processor's cache."""
_REMEMBERED: Final = 4
"""Texts whose words are remembered: several rules read the same few texts in turn."""


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
            if end and end < len(text) and in_word(text[end - 1]) and in_word(text[end]):
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
        plain = bare(small)
        if self._words is not None:
            found = self._words.find_matches_as_indexes(f" {plain} ", overlapping=True)
        # a few words in a row hold no signs at all
        if (
            self._signs is not None
            and plain != small
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
    if bare(letters) != letters:
        return _Form(True, letters, False)
    opens = word.startswith(EDGE) and letters[0] != " "
    closes = word.endswith(EDGE) and letters[-1] != " "
    return _Form(False, f"{' ' if opens else ''}{letters}{' ' if closes else ''}", opens)


def _automaton(words: Sequence[str]) -> AhoCorasick | None:
    if not words:
        return None
    kind = Implementation.DFA if len(words) <= TABLED else None
    return AhoCorasick(words, matchkind=MatchKind.Standard, implementation=kind)
