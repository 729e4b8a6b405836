"""A spaCy component that knows the words of a vocabulary: phrases, shapes of a word, numbers before a unit.

What spaCy's own ``span_ruler`` does, without its token patterns, which cost thirty times as much as
all phrases together: each word of the language is looked at once, and whether something of the vocabulary may
begin with it is kept beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import regex

from extract.evidence import Span
from extract.tokens import FLAGS, Tokens, text_of, tokens_of

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

REMEMBERED: Final = 50_000
"""Words that are remembered; a hostile archive must not fill the memory with new ones."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a word is: ``label`` and ``id`` as in spaCy's rulers."""

    label: str
    id: str


class Words(NamedTuple):
    """Words of a text that a vocabulary knows: the tokens ``[start, end)`` and their characters."""

    start: int
    end: int
    span: Span
    """Where they stand in the text."""
    label_: str
    id_: str
    lower: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of word told by an expression that its letters must hold, in small letters unless ``cased``."""

    pattern: regex.Pattern[str]
    kind: Kind
    cased: bool = False

    def fits(self, word: str, lower: str) -> bool:
        """True for a word, which is in small letters ``lower``."""
        return self.pattern.search(word if self.cased else lower) is not None


class _Phrase(NamedTuple):
    """A phrase of several words."""

    rest: list[str]
    """Those behind the first two, in small letters."""
    length: int
    rank: int


class _Look(NamedTuple):
    """What a word may be: something by itself, the first one of phrases (by the second), a unit."""

    alone: tuple[int, ...]
    phrases: Mapping[str, Sequence[_Phrase]]
    unit: bool


@dataclass(frozen=True, slots=True)
class _Opens:
    """Tells the words with which something of a vocabulary may begin; for spaCy, which asks once for each word."""

    words: frozenset[str]
    shapes: tuple[Shape, ...]

    def __call__(self, word: str) -> bool:
        lower = word.lower()
        return lower in self.words or any(shape.fits(word, lower) for shape in self.shapes)


class VocabularyRuler:
    """Knows words: of those that overlap the longest, then the first.

    In the pipeline it leaves itself in ``doc.user_data[key]``, for whoever asks for the words of the text.
    """

    def __init__(self, *, key: str) -> None:
        self._key = key
        self._flag = 0
        """spaCy's number for the words with which something may begin: one in ten, the others are not looked at."""
        self._alone: dict[str, list[int]] = {}
        """The ranks of phrases of one word."""
        self._phrases: dict[str, dict[str, list[_Phrase]]] = {}
        """The others by their first word and their second."""
        self._ordered: tuple[Kind, ...] = ()
        self._shapes: tuple[tuple[Shape, int], ...] = ()
        self._units: frozenset[str] = frozenset()
        self._unit = -1
        self._looks: dict[str, _Look] = {}

    def add(
        self,
        nlp: Language,
        *,
        phrases: Mapping[str, Kind],
        shapes: Sequence[Shape] = (),
        units: Sequence[str] = (),
        unit: Kind | None = None,
    ) -> None:
        """Fill the vocabulary. ``units``: words that are ``unit`` behind a number ("6 feet", "6-feet")."""
        kinds = {*phrases.values(), *(shape.kind for shape in shapes), *(() if unit is None else (unit,))}
        hashes = nlp.vocab.strings  # kinds of the same words are ordered as in spaCy's rulers
        self._ordered = tuple(sorted(kinds, key=lambda kind: (hashes[kind.label], hashes[kind.id])))
        ranks = {kind: rank for rank, kind in enumerate(self._ordered)}
        for phrase, kind in phrases.items():
            first, *others = (token.lower_ for token in nlp.make_doc(phrase))
            if others:
                behind = self._phrases.setdefault(first, {}).setdefault(others[0], [])
                behind.append(_Phrase(others[1:], len(others) + 1, ranks[kind]))
            else:
                self._alone.setdefault(first, []).append(ranks[kind])
        self._shapes = tuple((shape, ranks[shape.kind]) for shape in shapes)
        if unit is not None:
            self._units, self._unit = frozenset(units), ranks[unit]
        self._flag = nlp.vocab.add_flag(_Opens(self._units.union(self._alone, self._phrases), tuple(shapes)))

    def __call__(self, doc: Doc) -> Doc:
        """Pipeline component: be at hand for those who ask for the words of a text."""
        doc.user_data[self._key] = self
        doc.user_data.setdefault(FLAGS, []).append(self._flag)
        return doc

    def words(self, doc: Doc) -> list[Words]:
        """The words of a text that it knows, in order."""
        tokens = tokens_of(doc)
        opening = tokens.flagged[self._flag]
        if not opening:
            return []
        lowers = tokens.lowers
        # plain tuples that sort by themselves: the longest first, then the first of the text, then by kind
        found: list[tuple[int, int, int]] = []
        last = len(lowers) - 1
        for i in opening:
            alone, phrases, unit = self._looks.get(tokens.texts[i]) or self._look(tokens.texts[i])
            for rank in alone:
                found.append((-1, i, rank))  # noqa: PERF401 - there is one at most
            if phrases and i < last and lowers[i + 1] in phrases:
                for rest, length, rank in phrases[lowers[i + 1]]:
                    if lowers[i + 2 : i + length] == rest:
                        found.append((-length, i, rank))
            if unit:
                found += [(start - i - 1, start, self._unit) for start in self._measures(doc, tokens, i)]
        text, starts, ends = text_of(doc), tokens.starts, tokens.ends
        marked = []
        for start, end, rank in _longest(found):
            a, b, kind = starts[start], ends[end - 1], self._ordered[rank]
            marked.append(Words(start, end, Span(a, b), kind.label, kind.id, text[a:b].lower()))
        return marked

    def _measures(self, doc: Doc, tokens: Tokens, i: int) -> Iterator[int]:
        """The first tokens of numbers with the unit at ``i``, with or without a hyphen between."""
        if i > 0 and doc[i - 1].like_num:
            yield i - 1
        if i > 1 and tokens.texts[i - 1] == "-" and doc[i - 2].like_num:
            yield i - 2

    def _look(self, word: str) -> _Look:
        """What a word may be, remembered."""
        if len(self._looks) >= REMEMBERED:
            self._looks.clear()
        lower = word.lower()
        alone = [*self._alone.get(lower, ()), *(rank for shape, rank in self._shapes if shape.fits(word, lower))]
        look = self._looks[word] = _Look(tuple(alone), self._phrases.get(lower, {}), lower in self._units)
        return look


def _longest(found: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Of ``(minus the length, first token, rank)`` those that overlap no earlier one, by their place."""
    found.sort()
    taken: set[int] = set()
    kept = []
    for less, start, rank in found:
        end = start - less
        if start not in taken and end - 1 not in taken:
            kept.append((start, end, rank))
            taken.update(range(start, end))
    kept.sort()
    return kept
