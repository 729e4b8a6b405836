"""What the learnt component sees of each word of a parsed summary: row numbers of a table of weights.

A feature (the word, the kind of the next word, the topic of the stretch ...) is hashed to a row;
no word is kept, so a model holds nothing that could be read back. All is done on whole columns
of words at a time, because word by word it would cost more than the rules do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_args
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from extract.evidence import Span
from extract.nlp import (
    ADJECTIVE,
    ALONE,
    BODY_PARTS,
    CONDITION,
    CONDITIONS,
    JOINED,
    LEVEL,
    NO_PART,
    NOUN,
    OPERATION,
    SIDED,
    TECHNIQUE,
    Condition,
    sentence_starts,
    words_of,
)
from extract.tokens import tokens_of
from extract.values.context import Context, Topic

if TYPE_CHECKING:
    from spacy.tokens import Doc

Rows = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

VERSION: Final = 1
"""Counts up with every change of the features: weights of another version are refused."""
ROWS: Final = 1 << 18
"""Rows of the table, a power of two; the letters at hand have about 150,000 different features."""
FAR: Final = 6
"""Words from which a distance counts as far."""
SMALL_WORDS: Final = tuple("and or of the a an with right left bilateral to in his her at on chronic acute".split())
"""Words that stand inside lists of diagnoses and tell nothing of what the list is."""

_PART_KINDS = {k: n for n, k in enumerate((NOUN, ADJECTIVE, CONDITION, LEVEL, SIDED, TECHNIQUE, NO_PART), start=1)}
_CONDITION_KINDS = {
    (label, identity): n
    for n, (label, identity) in enumerate(
        ((label, identity) for label in (*get_args(Condition), OPERATION) for identity in (ALONE, JOINED, OPERATION)),
        start=1,
    )
}
_TOPICS = {topic: n for n, topic in enumerate(get_args(Topic), start=1)}
_ALONE = tuple(
    "nothing w-4 w-3 w-2 w-1 w0 w1 w2 w3 k-3 k-2 k-1 k0 k1 k2 k3 ending-1 ending0 ending1 shape-1 shape0 shape1".split()
)
_COLUMNS: Final = tuple(
    tuple(names.split())
    for names in (
        *_ALONE,
        "w-1 w0", "w0 w1", "w-2 w-1", "w-1 k0", "k0 w1",
        "k-1 k0 k1", "k-2 k-1 k0", "k0 k1 k2", "w-1 k0 k1", "w-2 w-1 k0",
        "v1", "v2", "v3", "v1 v2", "v1 k0", "v1 distance", "v1 w-1 k0", "v1 v2 known", "position",
        "told", "told k0", "told w-1", "dropped", "dropped k0",
    )
)  # fmt: skip
"""What each feature is made of: the word so many places on, its kind, ending and shape; the three nearest words
before it that no vocabulary knows and the distance of the first; its place in the sentence; what is said there."""
_OTHERS = tuple("v1 v2 v3 distance known position told dropped".split())
_VALUES = {name: n for n, name in enumerate((*_ALONE, *_OTHERS))}
_SEED, _MULTIPLIER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xFF51AFD7ED558CCD)
_SAID = _SEED ^ np.array([[900], [901]], dtype=np.uint64)
"""Groups of what words say to others, behind those of ``_COLUMNS``."""
_HALF, _LAST_ROW = np.uint64(32), np.uint64(ROWS - 1)
_MOST: Final = 4
"""Words around a word that are looked at."""
_BACK: Final = np.array([[1], [2], [3]])
_STRANGERS: Final = slice(_VALUES["v1"], _VALUES["v3"] + 1)
"""How many words back that no vocabulary knows, and the values that these give."""
_NONE: Final = np.full(len(_BACK), -1)


class _Plan:
    """How the columns of features are hashed all at once: those of several values first, then put in order."""

    def __init__(self) -> None:
        widest = sorted(range(len(_COLUMNS)), key=lambda n: -len(_COLUMNS[n]))
        self.seeds = (_SEED ^ np.array(widest, dtype=np.uint64))[:, np.newaxis]
        self.values = [
            np.array([_VALUES[_COLUMNS[n][k]] for n in widest if len(_COLUMNS[n]) > k])
            for k in range(len(_COLUMNS[widest[0]]))
        ]
        self.order = np.argsort(widest)
        looks = [_look(name) for name in _ALONE[1:]]
        self.of, self.places = (np.array([look[k] for look in looks])[:, np.newaxis] for k in (0, 1))


def _look(name: str) -> tuple[int, int]:
    """The row of ``Sight.looks`` and the distance that a name of one value stands for."""
    of = name.rstrip("-0123456789")
    return ("w", "ending", "shape", "k").index(of), int(name.removeprefix(of))


_PLAN: Final = _Plan()


@dataclass(frozen=True)
class Features:
    """Features of the words of one or more summaries.

    ``asked`` are the words that are rated, in order, and ``near`` has a row for each of these.
    ``before`` and ``previous`` hold one row number a word: what the word says to those behind it in
    its sentence, and to the next sentence. ``starts`` are the first words of the sentences, ``first``
    is true for sentences that begin a summary.
    """

    asked: Rows
    near: Rows
    before: Rows
    previous: Rows
    starts: Rows
    first: Flags

    def __len__(self) -> int:
        return len(self.before)

    @classmethod
    def together(cls, parts: Sequence[Features]) -> Features:
        """The features of several summaries as one."""
        offsets = np.cumsum([0, *(len(p) for p in parts)])
        return cls(
            np.concatenate([p.asked + n for p, n in zip(parts, offsets, strict=False)]),
            np.concatenate([p.near for p in parts]),
            np.concatenate([p.before for p in parts]),
            np.concatenate([p.previous for p in parts]),
            np.concatenate([p.starts + n for p, n in zip(parts, offsets, strict=False)]),
            np.concatenate([p.first for p in parts]),
        )


def features_of(doc: Doc, context: Context) -> Features:
    """Features of all words of a summary that the pipeline has parsed; an empty one has none."""
    return Sight(doc, context).features(np.arange(len(doc)))


class Sight:
    """What is seen of a whole summary before single words are asked for: most are never."""

    def __init__(self, doc: Doc, context: Context) -> None:
        size = len(doc)
        table: Any = doc.to_array(["LOWER", "SUFFIX", "SHAPE", "IS_ALPHA"])
        looks = np.zeros((4, size + 2 * _MOST), dtype=np.uint64)  # 0 beyond the ends
        looks[:3, _MOST : size + _MOST] = table.T[:3]
        looks[3, _MOST : size + _MOST] = _kinds(doc)
        word, kind = looks[0, _MOST : size + _MOST], looks[3, _MOST : size + _MOST]
        small = _small()
        telling = (table[:, 3] == 1) & (kind == 0) & (small[small.searchsorted(word)] != word)
        self._looks, self._word = looks, word
        self._telling = np.concatenate((_NONE, telling.nonzero()[0]))
        """The words that the ones behind them look back to, in order; first none."""
        self._context, self._places = context, tokens_of(doc).starts
        self._told, self._dropped = np.zeros((2, size), dtype=np.uint64)
        """Topic of the stretch, and the cue by which it does not count (0: it does), of each word."""
        self._read: set[int] = set()
        """Sentences of which these are known."""
        self._starts = np.array(sentence_starts(doc), dtype=np.int64)
        self._before, self._previous = _rows_of(word)
        self._first = np.zeros(len(self._starts), dtype=bool)
        self._first[:1] = True
        self.parts = [i for w in words_of(doc, BODY_PARTS) if w.id_ != NO_PART for i in range(w.start, w.end)]
        """The words that may name a part."""

    def features(self, asked: Rows) -> Features:
        """The features by which the words numbered ``asked``, in order, are rated."""
        return Features(asked, self._near(asked), self._before, self._previous, self._starts, self._first)

    def _near(self, asked: Rows) -> Rows:
        values = np.zeros((len(_VALUES), len(asked)), dtype=np.uint64)
        values[1 : len(_ALONE)] = self._looks[_PLAN.of, asked + (_PLAN.places + _MOST)]
        sentence = self._starts.searchsorted(asked, "right") - 1
        begin = self._starts[sentence]
        position = asked - begin
        self._read_context(set(sentence.tolist()) - self._read)
        at = self._telling[self._telling.searchsorted(asked) - _BACK]
        values[_VALUES["distance"]] = np.minimum(asked - at[0], FAR)
        values[_STRANGERS] = np.where(at >= begin, self._word[at], np.uint64(1))  # of -1 nothing is taken
        values[_VALUES["known"]] = values[_VALUES["k0"]] != 0
        values[_VALUES["position"]] = np.minimum(position, FAR)
        values[_VALUES["told"]] = self._told[asked]
        values[_VALUES["dropped"]] = self._dropped[asked]
        mixed = _mixed(_PLAN.seeds ^ values[_PLAN.values[0]])
        for rows in _PLAN.values[1:]:
            mixed[: len(rows)] = _mixed(mixed[: len(rows)] ^ values[rows])
        mixed &= _LAST_ROW
        return mixed.T.take(_PLAN.order, axis=1).view(np.int64)

    def _read_context(self, sentences: set[int]) -> None:
        """What is said in some sentences that were not asked for yet."""
        for number in sorted(sentences):
            segments, drops = self._context.sentence(number)
            for segment in segments:
                self._told[self._under(segment.span)] = 2 * _TOPICS[segment.topic] + (segment.cue is not None)
            for drop in drops:
                self._dropped[self._under(drop.span)] = crc32(drop.cue.encode())
        self._read |= sentences

    def _under(self, span: Span) -> slice:
        """The words that begin under ``span``."""
        return slice(bisect_left(self._places, span.start), bisect_left(self._places, span.end))


def _kinds(doc: Doc) -> list[int]:
    """What the vocabularies call each word; 0 where they do not know it."""
    kinds = [0] * len(doc)
    for words in words_of(doc, BODY_PARTS):
        for i in range(words.start, words.end):
            kinds[i] += _PART_KINDS[words.id_]
    for words in words_of(doc, CONDITIONS):
        for i in range(words.start, words.end):
            kinds[i] += 16 * _CONDITION_KINDS[words.label_, words.id_]
    return kinds


@cache
def _small() -> Hashes:
    """The small words in the order of their hashes, with a last one that no word is behind."""
    from spacy.strings import get_string_id

    return np.array([*sorted(map(get_string_id, SMALL_WORDS)), np.iinfo(np.uint64).max], dtype=np.uint64)


def _rows_of(word: Hashes) -> Rows:
    """The rows of what each word says to those behind it, and to the next sentence."""
    return (_mixed(_SAID ^ word) & _LAST_ROW).view(np.int64)


def _mixed(values: Hashes) -> Hashes:
    """Hashes into which one more value was taken, with its bits spread over all of them."""
    values *= _MULTIPLIER
    values ^= values >> _HALF
    return values
