"""A spaCy component that marks the words of a vocabulary: phrases, shapes of a word, numbers before a unit.

What spaCy's own ``span_ruler`` does, without its token patterns, which cost thirty times as much as
all phrases together: the shape of a word is looked at once for each word of the language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import regex

from extract.evidence import Span

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


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a text that a vocabulary knows: the tokens ``[start, end)`` and their characters."""

    start: int
    end: int
    start_char: int
    end_char: int
    label_: str
    id_: str
    lower: str

    @property
    def span(self) -> Span:
        """Where they stand in the text."""
        return Span(self.start_char, self.end_char)


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of word told by an expression that its letters must hold, in small letters unless ``cased``."""

    pattern: regex.Pattern[str]
    kind: Kind
    cased: bool = False


class VocabularyRuler:
    """Marks words in ``doc.user_data[key]``: of those that overlap the longest, then the first."""

    def __init__(self, nlp: Language, *, key: str) -> None:
        from spacy.matcher import Matcher, PhraseMatcher

        self._vocab = nlp.vocab
        self._key = key
        self._phrases = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._pairs = Matcher(nlp.vocab)
        self._kinds: dict[int, Kind] = {}
        self._shapes: tuple[Shape, ...] = ()
        self._seen: dict[int, tuple[Kind, ...]] = {}
        self._units: frozenset[int] = frozenset()

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
        strings = self._vocab.strings
        for phrase, kind in phrases.items():
            self._phrases.add(self._name(kind), [nlp.make_doc(phrase)])
        self._shapes = tuple(shapes)
        if unit is not None:
            number, behind = {"LIKE_NUM": True}, {"LOWER": {"IN": list(units)}}
            self._pairs.add(self._name(unit), [[number, behind], [number, {"TEXT": "-"}, behind]])
            self._units = frozenset(strings.add(word) for word in units)

    def _name(self, kind: Kind) -> str:
        name = repr((kind.label, kind.id))
        self._kinds[self._vocab.strings.add(name)] = kind
        return name

    def __call__(self, doc: Doc) -> Doc:
        """Mark the words of a text."""
        found = [(start, end, self._kinds[name]) for name, start, end in self._phrases(doc)]
        table: Any = doc.to_array(["LOWER", "ORTH", "IDX", "LENGTH"])
        words = table[:, 1].tolist()
        shaped = {orth: kinds for orth in set(words) if (kinds := self._shaped(orth))} if self._shapes else {}
        if shaped:
            found += [(i, i + 1, kind) for i, orth in enumerate(words) for kind in shaped.get(orth, ())]
        if self._units and not self._units.isdisjoint(table[:, 0].tolist()):
            found += [(start, end, self._kinds[name]) for name, start, end in self._pairs(doc)]
        text = doc.text if found else ""
        places = table[:, 2:].tolist() if found else []
        marked = []
        for start, end, kind in self._longest(found):
            a, b = places[start][0], sum(places[end - 1])
            marked.append(Words(start, end, a, b, kind.label, kind.id, text[a:b].lower()))
        doc.user_data[self._key] = marked
        return doc

    def _shaped(self, orth: int) -> tuple[Kind, ...]:
        kinds = self._seen.get(orth)
        if kinds is None:
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            word = self._vocab.strings[orth]
            lower = word.lower()
            kinds = tuple(s.kind for s in self._shapes if s.pattern.search(word if s.cased else lower))
            self._seen[orth] = kinds
        return kinds

    def _longest(self, found: list[tuple[int, int, Kind]]) -> list[tuple[int, int, Kind]]:
        strings = self._vocab.strings
        if len(found) > 1:
            found.sort(key=lambda f: (f[0] - f[1], f[0], strings[f[2].label], strings[f[2].id]))
        taken: set[int] = set()
        kept = []
        for start, end, kind in found:
            if start not in taken and end - 1 not in taken:
                kept.append((start, end, kind))
                taken.update(range(start, end))
        kept.sort(key=lambda f: f[0])
        return kept
