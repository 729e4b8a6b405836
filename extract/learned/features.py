"""What the learnt component sees of each word of a parsed summary: row numbers of a table of weights.

A feature (the word, the kind of the next word, the topic of the stretch ...) is hashed to a row;
no word is kept, so a model holds nothing that could be read back. All is done on whole columns
of words at a time, because word by word it would cost more than the rules do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

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
    STARTS,
    TECHNIQUE,
    Condition,
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
"""Rows of the table; the letters at hand have about 150,000 different features."""
WORDS_AROUND: Final = range(-4, 4)
KINDS_AROUND: Final = range(-3, 4)
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
_BEFORE, _PREVIOUS = 900, 901
_SEED, _MULTIPLIER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xFF51AFD7ED558CCD)


@dataclass(frozen=True)
class Features:
    """Features of the words of one or more summaries, one row of ``near`` a word.

    ``before`` and ``previous`` hold one row number a word: what the word says to those behind it in
    its sentence, and to the next sentence. ``starts`` are the first words of the sentences, ``first``
    is true for sentences that begin a summary.
    """

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
            np.concatenate([p.near for p in parts]),
            np.concatenate([p.before for p in parts]),
            np.concatenate([p.previous for p in parts]),
            np.concatenate([p.starts + n for p, n in zip(parts, offsets, strict=False)]),
            np.concatenate([p.first for p in parts]),
        )


def features_of(doc: Doc, context: Context) -> Features:
    """Features of a summary that the pipeline has parsed; an empty one has none."""
    if not len(doc):
        none = np.zeros(0, dtype=np.int64)
        return Features(none.reshape(0, 1), none, none, none, none.astype(bool))
    table: Any = doc.to_array(["LOWER", "SUFFIX", "SHAPE", "IS_ALPHA"])
    word, ending, shape = (table[:, n].astype(np.uint64) for n in range(3))
    starts = np.array(doc.user_data[STARTS], dtype=np.int64)
    opens = np.zeros(len(doc), dtype=bool)
    opens[starts] = True
    kind = _kinds(doc)
    told, dropped = _context(doc, context)
    position = np.arange(len(doc))
    begin = starts[np.cumsum(opens) - 1]
    small = np.array([doc.vocab.strings[w] for w in SMALL_WORDS], dtype=np.uint64)
    verbs = _Verbs(word, begin, (table[:, 3] == 1) & (kind == 0) & ~np.isin(word, small))

    w, t = _around(word, WORDS_AROUND), _around(kind, KINDS_AROUND)
    v1, v2, v3 = verbs.words
    columns: list[tuple[Hashes, ...]] = [(np.zeros(len(doc), dtype=np.uint64),)]
    columns += [(w[k],) for k in WORDS_AROUND]
    columns += [(t[k],) for k in KINDS_AROUND]
    columns += [(column,) for of in (ending, shape) for column in _around(of, range(-1, 2)).values()]
    columns += [(w[-1], w[0]), (w[0], w[1]), (w[-2], w[-1]), (w[-1], t[0]), (t[0], w[1])]
    columns += [(t[-1], t[0], t[1]), (t[-2], t[-1], t[0]), (t[0], t[1], t[2])]
    columns += [(w[-1], t[0], t[1]), (w[-2], w[-1], t[0])]
    columns += [(v1,), (v2,), (v3,), (v1, v2), (v1, kind), (v1, verbs.distance), (v1, w[-1], kind)]
    columns += [(v1, v2, (kind != 0).astype(np.uint64)), (np.minimum(position - begin, FAR).astype(np.uint64),)]
    columns += [(told,), (told, kind), (told, w[-1]), (dropped,), (dropped, kind)]
    near = _rows(columns)
    first = np.zeros(len(starts), dtype=bool)
    first[0] = True
    return Features(near, _row(_BEFORE, word), _row(_PREVIOUS, word), starts, first)


class _Verbs:
    """The nearest words before each word that no vocabulary knows: mostly what is said of the list."""

    def __init__(self, word: Hashes, begin: Rows, telling: Flags) -> None:
        position = np.arange(len(word))
        last = np.maximum.accumulate(np.where(telling, position, -1))
        before = np.concatenate([[-1], last[:-1]])
        at, words, place = before, [], []
        for _ in range(3):
            inside = at >= begin
            words.append(np.where(inside, word[np.maximum(at, 0)], np.uint64(1)))
            place.append(at)
            at = np.where(inside, before[np.maximum(at, 0)], -1)
        self.words: list[Hashes] = words
        self.distance: Hashes = np.minimum(position - place[0], FAR).astype(np.uint64)


def _kinds(doc: Doc) -> Hashes:
    """What the vocabularies call each word; 0 where they do not know it."""
    kinds = np.zeros(len(doc), dtype=np.uint64)
    for span in words_of(doc, BODY_PARTS):
        kinds[span.start : span.end] += np.uint64(_PART_KINDS[span.id_])
    for span in words_of(doc, CONDITIONS):
        kinds[span.start : span.end] += np.uint64(16 * _CONDITION_KINDS[span.label_, span.id_])
    return kinds


def _context(doc: Doc, context: Context) -> tuple[Hashes, Hashes]:
    """Topic of the stretch, and the cue by which it does not count (0: it does), of each word."""
    places = np.array(tokens_of(doc).starts)
    told, dropped = np.zeros(len(doc), dtype=np.uint64), np.zeros(len(doc), dtype=np.uint64)
    for sentence in context.sentences:
        for segment in sentence.segments:
            a, b = np.searchsorted(places, (segment.span.start, segment.span.end))
            told[a:b] = 2 * _TOPICS[segment.topic] + (segment.cue is not None)
        for drop in sentence.drops:
            a, b = np.searchsorted(places, (drop.span.start, drop.span.end))
            dropped[a:b] = crc32(drop.cue.encode())
    return told, dropped


def _around(column: Hashes, places: range) -> dict[int, Hashes]:
    """For each of some distances the value of the word so many places on, 0 beyond the ends."""
    size, most = len(column), max(-places[0], places[-1])
    padded = np.zeros(size + 2 * most, dtype=np.uint64)
    padded[most : most + size] = column
    return {k: padded[most + k : most + k + size] for k in places}


def _row(group: int, *columns: Hashes) -> Rows:
    """The row of each word's feature: a hash of its values and of the group they belong to."""
    return _hashed(np.full(len(columns[0]), _SEED ^ np.uint64(group), dtype=np.uint64), columns)


def _hashed(mixed: Hashes, columns: Sequence[Hashes]) -> Rows:
    for column in columns:
        mixed = (mixed ^ column) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(32)
    return (mixed % np.uint64(ROWS)).astype(np.int64)


def _rows(columns: Sequence[tuple[Hashes, ...]]) -> Rows:
    """One column of rows for each of ``columns``, its group being its number; those of one width at once."""
    rows = np.empty((len(columns[0][0]), len(columns)), dtype=np.int64)
    for width in sorted({len(c) for c in columns}):
        groups = [n for n, c in enumerate(columns) if len(c) == width]
        seeds = (_SEED ^ np.array(groups, dtype=np.uint64))[:, np.newaxis]
        parts = [np.stack([columns[n][k] for n in groups]) for k in range(width)]
        rows[:, groups] = _hashed(np.broadcast_to(seeds, parts[0].shape), parts).T
    return rows
