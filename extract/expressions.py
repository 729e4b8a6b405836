"""Families of regular expressions that search a text together: only what may match is tried, and compiled.

An expression is a list of branches, the alternatives at its top. A branch is tried where the words that it
needs stand (``keywords.py``), by itself: a plain branch is searched many times faster than a long
alternation. The matches are those of the whole expression, first the one that begins first, then the
first of the branches, with ``POSIX`` the longest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import itemgetter
from typing import Final

import regex

from extract.effort import LENGTH, Reach, is_little, reach
from extract.keywords import KeywordIndex, Reading
from extract.needs import Needs, needs
from extract.syntax import is_beyond, is_numbered, tree_of

TIME_LIMIT: Final = 2.0
"""Seconds that one rule may search one text; a hostile text ends as a failure, not a hang."""
FEW: Final = 4
"""Branches up to which each is searched by itself, and beyond which the whole expression is."""
OFTEN: Final = 20
"""Times that an expression is asked until it is learnt where it needs no clock: as much work as to compile it."""
UNKNOWN: Final = Reach()
_SETTINGS = regex.compile(r"\(\?[aiLmsuxwbefprV]+\)|(?<!(?<!\\)\\)\(\?[|&R(]|\\[gGK1-9]|\(\?P[=>]")
_NAMES = regex.compile(r"\(\?P?<([^=!>][^>]*)>")
_REPEATED = regex.compile(r"\s*+(?:[*+?]|\{[\d,]*\})?[?+]?")
_NOTHING: Final = iter(())

Matcher = Callable[[str, int, int], "regex.Match[str] | None"]


class Expression:
    """One expression, compiled when it is first used. What it finds in a hostile text ends as a TimeoutError.

    A clock takes longer than most searches do, and runs only where ``effort.py`` does not bound the work.
    ``tame`` tells that a text is one of those for which it bounds more.
    """

    __slots__ = ("_asked", "_compiled", "_head", "_reaches", "flags", "source")

    def __init__(self, source: str, flags: int = 0) -> None:
        self.source, self.flags = source, flags
        self._compiled: regex.Pattern[str] | None = None
        self._head: regex.Pattern[str] | None = None
        """What every match begins with, as far as it is little work; once that is worth to be known."""
        self._reaches: list[Reach | None] = [None, None]
        """How far it is little work, in all texts and in tame ones; once that is worth to be known."""
        self._asked = [0, 0]

    @property
    def compiled(self) -> regex.Pattern[str]:
        """The compiled expression. Raises regex.error for a bad one."""
        if self._compiled is None:
            self._compiled = regex.compile(self.source, self.flags)
        return self._compiled

    def search(self, text: str, start: int, stop: int, *, tame: bool = False) -> regex.Match[str] | None:
        """First match within ``text[start:stop]``. Raises TimeoutError past the limit."""
        compiled, known = self._compiled or self.compiled, self._reaches[tame] or self._ask(tame)
        if stop - start <= known.search and start <= LENGTH:
            return compiled.search(text, start, stop)
        return compiled.search(text, start, stop, timeout=TIME_LIMIT)

    def match(self, text: str, at: int, stop: int, *, tame: bool = False) -> regex.Match[str] | None:
        """The match in ``text[at:stop]`` that begins at ``at``. Raises TimeoutError past the limit."""
        compiled, known = self._compiled or self.compiled, self._reaches[tame] or self._ask(tame)
        if stop - at <= known.match and at <= LENGTH:
            return compiled.match(text, at, stop)
        if tame and self._head is not None and self._head.match(text, at, stop) is None:
            return None
        return compiled.match(text, at, stop, timeout=TIME_LIMIT)

    def matcher(self, start: int, stop: int, *, tame: bool) -> Matcher:
        """``match`` for many places of the window ``start:stop`` of a text, asked as ``matcher(text, at, stop)``."""
        compiled, known = self._compiled or self.compiled, self._reaches[tame] or self._ask(tame)
        if stop - start <= known.match and start <= LENGTH:
            return compiled.match
        return partial(self.match, tame=tame)

    def finditer(self, text: str, start: int, stop: int, *, tame: bool = False) -> Iterator[regex.Match[str]]:
        """All matches within ``text[start:stop]``. Raises TimeoutError past the limit."""
        compiled, known = self._compiled or self.compiled, self._reaches[tame] or self._ask(tame)
        if stop - start <= known.search and start <= LENGTH:
            return iter(compiled.finditer(text, start, stop))
        return iter(compiled.finditer(text, start, stop, timeout=TIME_LIMIT))

    def _ask(self, tame: bool) -> Reach:
        """How far it is little work, from when that has been asked often."""
        self._asked[tame] += 1
        if self._asked[tame] < OFTEN:
            return UNKNOWN
        verbose = bool(self.flags & regex.VERBOSE)
        self._reaches[tame] = found = reach(self.source, verbose=verbose, tame=tame)
        if tame and found.match < LENGTH:
            head = head_of(self.source, verbose=verbose)
            self._head = regex.compile(head, self.flags) if head is not None and head != self.source else None
        return found

    def __getstate__(self) -> tuple[str, int]:
        return self.source, self.flags

    def __setstate__(self, state: tuple[str, int]) -> None:
        self.__init__(*state)  # type: ignore[misc]


@dataclass(slots=True)
class _Seeker:
    """One branch at work in a window of a text, beside others of which it is not known where they may begin."""

    branch: Expression
    places: Sequence[int] | None
    """Where it may begin in the window; None for anywhere."""
    text: str
    tame: bool
    stop: int

    def after(self, position: int) -> regex.Match[str] | None:
        """The first match that begins at ``position`` or behind it."""
        text, tame = self.text, self.tame
        if self.places is None:
            return self.branch.search(text, position, self.stop, tame=tame)
        places = self.places
        for n in range(bisect_left(places, position), len(places)):
            match = self.branch.match(text, places[n], self.stop, tame=tame)
            if match is not None:
                return match
        return None


class Alternatives:
    """An expression as a whole and branch by branch."""

    def __init__(
        self,
        source: str,
        flags: int = 0,
        *,
        branches: Sequence[str] | None = None,
        words: Sequence[Needs] | None = None,
    ) -> None:
        """``branches``: the alternatives, and ``words`` what they need, where the caller knows them.

        Else both are read off ``source``.
        """
        self.words = words
        self.whole = Expression(source, flags)
        self._parts = branches
        self._longest = bool(flags & regex.POSIX)

    @cached_property
    def branches(self) -> list[Expression]:
        """The branches, told apart when they are first asked for."""
        source, flags = self.whole.source, self.whole.flags
        parts = self._parts if self._parts is not None else alternatives(source)
        return [Expression(part, flags) for part in parts] if len(parts) > 1 else [self.whole]

    def finditer(self, reading: Reading, number: int, start: int, stop: int) -> Iterator[regex.Match[str]]:
        """All matches in a window of a text, of whose family this is expression ``number``."""
        asked = reading.places(number, start, stop)
        if not asked:
            return _NOTHING
        text, tame = reading.text, reading.tame
        found = [(self.branches[n], places) for n, places in asked]
        branch, places = found[0]
        if len(found) == 1 and places and len(places) == 1:  # as nearly always in a sentence
            match = branch.match(text, places[0], stop, tame=tame)
            return _NOTHING if match is None else iter((match,))
        if None not in [places for _, places in found]:
            return self._tried(found, reading, start, stop)
        if len(found) == 1:
            return branch.finditer(text, start, stop, tame=tame)
        if len(found) > FEW:
            return self.whole.finditer(text, start, stop, tame=tame)
        return self._merged([_Seeker(branch, places, text, tame, stop) for branch, places in found], start)

    def finditer_apart(self, text: str, start: int, stop: int, *, tame: bool) -> Iterator[regex.Match[str]]:
        """All matches in a window of a text, each branch searched by itself.

        No words of a family are looked for first: that does not pay where each branch begins with a word of its own.
        """
        if len(self.branches) == 1:
            return self.branches[0].finditer(text, start, stop, tame=tame)
        return self._merged([_Seeker(branch, None, text, tame, stop) for branch in self.branches], start)

    def search(self, reading: Reading, number: int, start: int, stop: int) -> regex.Match[str] | None:
        """The first match in a window of a text, of whose family this is expression ``number``."""
        return next(self.finditer(reading, number, start, stop), None)

    def _tried(
        self, found: Sequence[tuple[Expression, list[int] | None]], reading: Reading, start: int, stop: int
    ) -> Iterator[regex.Match[str]]:
        """All matches of branches of which it is known where they may begin."""
        text, tame = reading.text, reading.tame
        tried: list[tuple[int, Matcher]] = []
        for branch, places in found:
            match_at = branch.matcher(start, stop, tame=tame)
            tried += [(place, match_at) for place in places or ()]
        if len(found) > 1:
            tried.sort(key=itemgetter(0))  # the first of the branches stays first
        for place, match_at in tried:
            if place < start:
                continue
            match = match_at(text, place, stop)
            if match is None:
                continue
            if self._longest and len(found) > 1:
                others = (other(text, place, stop) for at, other in tried if at == place)
                match = max((m for m in others if m is not None), key=lambda m: m.end())
            yield match
            start = match.end()

    def _merged(self, seekers: Sequence[_Seeker], start: int) -> Iterator[regex.Match[str]]:
        heads = [seeker.after(start) for seeker in seekers]
        while (first := self._first(heads)) is not None:
            yield first
            end = first.end()
            for n, head in enumerate(heads):
                if head is not None and head.start() < end:
                    heads[n] = seekers[n].after(end)

    def _first(self, heads: Sequence[regex.Match[str] | None]) -> regex.Match[str] | None:
        best: regex.Match[str] | None = None
        for head in heads:
            if head is None:
                continue
            if (
                best is None
                or head.start() < best.start()
                or (self._longest and head.start() == best.start() and head.end() > best.end())
            ):
                best = head
        return best


class Family:
    """Expressions that are asked of the same texts. It can be pickled."""

    def __init__(self, members: Sequence[Alternatives]) -> None:
        self.members = tuple(members)

    @cached_property
    def _index(self) -> KeywordIndex:
        """The words that the expressions need, read off them when the family is first asked."""
        return KeywordIndex(
            [
                member.words or [needs(b.source, verbose=bool(b.flags & regex.VERBOSE)) for b in member.branches]
                for member in self.members
            ]
        )

    def prepare(self) -> None:
        """Read the words off the expressions now, so that processes that part from this one need not."""
        self._index  # noqa: B018

    def search(self, number: int, text: str, start: int = 0, stop: int | None = None) -> regex.Match[str] | None:
        """First match of one expression within ``text[start:stop]``. Raises TimeoutError past the limit."""
        end = len(text) if stop is None else stop
        return self.members[number].search(self._index.read(text), number, start, end)

    def finditer(self, number: int, text: str, start: int = 0, stop: int | None = None) -> Iterator[regex.Match[str]]:
        """All matches of one expression within ``text[start:stop]``. Raises TimeoutError past the limit."""
        end = len(text) if stop is None else stop
        return self.within(self._index.read(text), number, start, end)

    def reading(self, text: str) -> Reading:
        """What stands in a text, for whoever asks the members of many windows of it (``within``)."""
        return self._index.read(text)

    def within(self, reading: Reading, number: int, start: int, stop: int) -> Iterator[regex.Match[str]]:
        """As ``finditer``, of a text that was read already."""
        return self.members[number].finditer(reading, number, start, stop)

    def live(self, text: str, start: int = 0, stop: int | None = None) -> list[int]:
        """The expressions that may match within ``text[start:stop]``, in order."""
        return self._index.read(text).numbers(start, len(text) if stop is None else stop)


def alternatives(source: str) -> list[str]:
    """The branches of a verbose expression at its top; the expression itself where they do not stand alone.

    Not parted: branches with different groups (the reader of a match asks for all), with references, settings
    within, or that may match no character at all.
    """
    if _SETTINGS.search(source) or is_numbered(source, verbose=True):
        return [source]
    parts = _parted(source)
    names = [set(_NAMES.findall(part)) for part in parts]
    if len(parts) < 2 or any(n != names[0] for n in names) or not all(_has_text(part) for part in parts):
        return [source]
    return parts


def _has_text(part: str) -> bool:
    """True where a branch surely matches no empty text."""
    tree = tree_of(part, verbose=True)
    return tree is not None and tree.getwidth()[0] > 0


def _parted(source: str) -> list[str]:
    """``source`` cut at the bars outside of groups, sets and comments."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at = _set_end(source, at)
        elif char == "#":
            at = source.find("\n", at) if "\n" in source[at:] else len(source)
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "|" and depth == 0:
            parts.append(source[start:at])
            start = at + 1
        at += 1
    return [*parts, source[start:]]


def head_of(source: str, *, verbose: bool) -> str | None:
    """A beginning of an expression that is little work to match, the longer the better; None where there is none.

    Where the beginning does not match, nor does the expression.
    """
    if is_little(source, verbose=verbose):
        return source
    if is_beyond(source) or _SETTINGS.search(source):
        return None  # what stands behind may change what stands before
    cuts = _cuts(source)
    little = bisect_left(cuts, True, key=lambda cut: not is_little(source[:cut], verbose=verbose))
    return source[: cuts[little - 1]] if little and cuts[little - 1] else None


def _cuts(source: str) -> list[int]:
    """Where an expression can be cut at its top: behind groups and sets with what repeats them, before escapes.

    Nowhere if it has branches, or what may be a comment.
    """
    cuts: list[int] = []
    depth = at = 0
    while at < len(source):
        char = source[at]
        if char == "#" or (char == "|" and depth == 0):
            return []
        if char == "\\":
            if depth == 0:
                cuts.append(at)
            at += 1
        elif char == "[":
            at = _set_end(source, at)
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        at += 1
        if char in ")[" and depth == 0:
            if repeated := _REPEATED.match(source, at):
                at = repeated.end()
            cuts.append(at)
    return cuts


def _set_end(source: str, at: int) -> int:
    """Where the set that opens at ``at`` closes."""
    at += 1
    if source[at : at + 1] == "^":
        at += 1
    if source[at : at + 1] == "]":
        at += 1
    while at < len(source) and source[at] != "]":
        at += 2 if source[at] == "\\" else 1
    return at
