"""A spaCy component that marks the words of a vocabulary: phrases, shapes of a word, numbers before a unit.

What spaCy's own ``span_ruler`` does, without its token patterns, which cost thirty times as much as
all phrases together: the shape of a word is looked at once for each word of the language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import regex

from extract.evidence import Span
from extract.tokens import Tokens, text_of, tokens_of

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

REMEMBERED: Final = 50_000
"""Words whose shape is remembered; a hostile archive must not fill the memory with new ones."""


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


class VocabularyRuler:
    """Knows words: of those that overlap the longest, then the first.

    In the pipeline it leaves itself in ``doc.user_data[key]``, for whoever asks for the words of the text.
    """

    def __init__(self, nlp: Language, *, key: str) -> None:
        from spacy.matcher import PhraseMatcher

        self._vocab = nlp.vocab
        self._key = key
        self._phrases = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._kinds: dict[int, Kind] = {}
        self._ordered: tuple[Kind, ...] = ()
        self._ranks: dict[int, int] = {}
        self._shapes: tuple[tuple[Shape, int], ...] = ()
        self._shaped: dict[str, tuple[int, ...]] = {}
        self._shapeless: set[str] = set()
        self._units: frozenset[str] = frozenset()
        self._unit = -1

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
        for phrase, kind in phrases.items():
            self._phrases.add(self._name(kind), [nlp.make_doc(phrase)])
        names = [self._name(shape.kind) for shape in shapes]
        named = None if unit is None else self._name(unit)
        strings = self._vocab.strings
        order = sorted(self._kinds, key=lambda name: self._hashes(self._kinds[name]))
        self._ranks = {name: rank for rank, name in enumerate(order)}
        self._ordered = tuple(self._kinds[name] for name in order)
        if named is not None:
            self._units, self._unit = frozenset(units), self._ranks[strings[named]]
        self._shapes = tuple((shape, self._ranks[strings[name]]) for shape, name in zip(shapes, names, strict=True))

    def _name(self, kind: Kind) -> str:
        name = repr((kind.label, kind.id))
        self._kinds[self._vocab.strings.add(name)] = kind
        return name

    def _hashes(self, kind: Kind) -> tuple[int, int]:
        """What kinds of the same words are ordered by, as in spaCy's rulers."""
        strings = self._vocab.strings
        return strings[kind.label], strings[kind.id]

    def __call__(self, doc: Doc) -> Doc:
        """Pipeline component: be at hand for those who ask for the words of a text."""
        doc.user_data[self._key] = self
        return doc

    def words(self, doc: Doc) -> list[Words]:
        """The words of a text that it knows, in order."""
        tokens = tokens_of(doc)
        texts = tokens.texts
        # plain tuples that sort by themselves: the longest first, then the first of the text, then by kind
        found = [(start - end, start, self._ranks[name]) for name, start, end in self._phrases(doc)]
        if shaped := self._shaped_among(tokens.distinct):
            found += [(-1, i, rank) for i, word in enumerate(texts) if word in shaped for rank in shaped[word]]
        if self._units and not self._units.isdisjoint(tokens.lowers):
            found += [(start - end, start, self._unit) for start, end in self._measures(doc, tokens)]
        text = text_of(doc)
        marked = []
        for start, end, rank in _longest(found):
            span, kind = Span(tokens.starts[start], tokens.ends[end - 1]), self._ordered[rank]
            marked.append(Words(start, end, span, kind.label, kind.id, span.of(text).lower()))
        return marked

    def _measures(self, doc: Doc, tokens: Tokens) -> Iterator[tuple[int, int]]:
        """The tokens of numbers with their unit, with or without a hyphen between."""
        for i, word in enumerate(tokens.lowers):
            if word in self._units:
                if i > 0 and doc[i - 1].like_num:
                    yield i - 1, i + 1
                if i > 1 and tokens.texts[i - 1] == "-" and doc[i - 2].like_num:
                    yield i - 2, i + 1

    def _shaped_among(self, words: frozenset[str]) -> dict[str, tuple[int, ...]]:
        """The words that have a shape, each with the ranks of its kinds."""
        if not self._shapes:
            return {}
        shaped = {}
        for word in words - self._shapeless:
            ranks = self._shaped.get(word)
            if ranks is None:
                ranks = self._shapes_of(word)
            if ranks:
                shaped[word] = ranks
        return shaped

    def _shapes_of(self, word: str) -> tuple[int, ...]:
        """The ranks of a word's kinds, remembered."""
        if len(self._shapeless) + len(self._shaped) >= REMEMBERED:
            self._shapeless.clear()
            self._shaped.clear()
        lower = word.lower()
        ranks = tuple(rank for shape, rank in self._shapes if shape.pattern.search(word if shape.cased else lower))
        if ranks:
            self._shaped[word] = ranks
        else:
            self._shapeless.add(word)
        return ranks


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
