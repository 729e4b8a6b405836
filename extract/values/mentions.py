"""Words of a text that name body parts, each with the side that the text gives it.

Which words name which part is data (``patterns/vocab/body_parts.yaml``); whether a
mention counts as an injured part is decided in ``body_parts.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import regex

from extract.evidence import Span
from extract.nlp import (
    BODY_PARTS,
    CONDITION,
    CONDITIONS,
    JOIN,
    LEVEL,
    NO_PART,
    NOUN,
    SIDED,
    TECHNIQUE,
    body_part_file,
    sentences_of,
    words_of,
)
from extract.patterns import Patterns
from extract.tokens import Tokens, text_of, tokens_of
from extract.values.places import Places
from extract.vocabulary import Words

if TYPE_CHECKING:
    from spacy.tokens import Doc

REACH, NEAR, RIBS = 14, 6, 4
"""Tokens: from a side to the last part of its list; that count as near; from a rib to its number."""
STRANGERS = 1
"""Words outside the vocabulary that may stand between a side and its part."""
BOTH = "bilateral"
_SIDE = regex.compile(r"^(?:left|right|bilateral) ")


class Mention(NamedTuple):
    """One place that names a part: the side it says (None where it says none) and the words.

    ``condition`` is true where an illness names the part ("carpal tunnel syndrome").
    """

    part: str
    side: str | None
    span: Span
    condition: bool

    @property
    def value(self) -> str:
        """The part with its side, as the dataset writes it."""
        return f"{self.side} {self.part}" if self.side else self.part


@dataclass(frozen=True)
class _Page:
    """A parsed text with its marked words, for one pass of the finder."""

    doc: Doc
    text: str
    tokens: Tokens
    words: list[Words]
    parts: dict[int, Words]
    """By their tokens the words that may name a part."""
    sentences: Places[Span]


class MentionFinder:
    """Finds the words that name parts, and their sides."""

    def __init__(self, patterns: Patterns) -> None:
        data = body_part_file(patterns)
        self._paired = frozenset(p.part for p in data.parts if p.paired)
        self._wcio = {p.part: p.wcio for p in data.parts}
        sides = {tuple(words.split()): side for side, forms in data.sides.items() for words in forms}
        self._sides: dict[str, list[tuple[list[str], str]]] = {}
        """By their last word, the longest first."""
        for words, side in sorted(sides.items(), key=lambda item: -len(item[0])):
            self._sides.setdefault(words[-1], []).append((list(words), side))
        self._joiners = frozenset(data.joiners)
        self._between = frozenset(data.modifiers) | self._joiners
        self._yielding, self._yield_to = frozenset(data.yields.words), frozenset(data.yields.to)
        self._level_hosts = frozenset(data.level_counts_for)
        self._hosts = {part: frozenset(hosts) for part, hosts in data.hosts.items()}
        self._side_behind = patterns.rule("mentions", "side behind")
        self._level_side = patterns.rule("mentions", "side of a level")
        self._host = patterns.rule("mentions", "host of a finger")

    def wcio(self, value: str) -> str | None:
        """The WCIO part-of-body code of a part with or without its side; None for no known part."""
        return self._wcio.get(_SIDE.sub("", value))

    def mentions(self, doc: Doc, diagnoses: Sequence[Span] = ()) -> list[Mention]:
        """All mentions in the order of the text; no side crosses the bounds of a diagnosis."""
        words = words_of(doc, BODY_PARTS).things
        if not words:
            return []
        parts = {i: w for w in words if w.id_ != NO_PART for i in range(w.start, w.end)}
        page = _Page(doc, text_of(doc), tokens_of(doc), words, parts, sentences_of(doc))
        bounds = Places(diagnoses, lambda span: span)
        result: list[Mention] = []
        for k, word in enumerate(words):
            if self._is_no_part(page, k):
                continue
            span = word.span
            if word.id_ == SIDED:
                side, part = word.label_.split(" ", 1)
                result.append(Mention(part, side, span, condition=False))
                continue
            found = self._side(page, k, bounds.at(span.start))
            for part in word.label_.split(JOIN):
                of_part = found if part in self._paired else None
                result.append(Mention(part, of_part, span, condition=word.id_ == CONDITION))
        return result

    def _is_no_part(self, page: _Page, k: int) -> bool:
        """True for words that the vocabulary lists but that name no part where they stand."""
        words = page.words
        word = words[k]
        if word.id_ == NO_PART:
            return True
        if word.id_ == TECHNIQUE:
            return not (word.start and self._side_ending(page.tokens.lowers, word.start - 1))
        if word.id_ == LEVEL:
            return self._counts_on(words, k)
        if word.lower in self._yielding and self._yields(words, k):
            return True
        return self._describes(page, k) or self._sides_a_level(page, word)

    def _sides_a_level(self, page: _Page, word: Words) -> bool:
        """True for the arm or leg that only tells on which side a level is: "at forearm level, left arm"."""
        if not word.start or page.tokens.lowers[word.start - 1] not in self._sides:
            return False
        before = page.text[max(0, word.span.start - 20) : word.span.start]
        return self._level_side.search_alone(before) is not None

    def _yields(self, words: list[Words], k: int) -> bool:
        """True where a part is named nearby that the word at ``k`` stands back for."""
        first = words[k].start
        near = words[max(0, k - NEAR) : k + NEAR + 1]
        return any(w.label_ in self._yield_to and abs(w.start - first) <= NEAR for w in near)

    def _counts_on(self, words: list[Words], k: int) -> bool:
        """True for a level that numbers a rib, and for the lower end of a range ("C7-T1")."""
        word, before = words[k], words[k - 1] if k else None
        if before is not None and before.id_ == LEVEL and before.label_ != word.label_:
            return word.start - before.end == 1
        return any(
            w.label_ in self._level_hosts and 0 <= word.start - w.end <= RIBS for w in words[max(0, k - RIBS) : k]
        )

    def _describes(self, page: _Page, k: int) -> bool:
        """True for a hand beside its finger: "hand fingers", "finger of the hand"."""
        words = page.words
        word = words[k]
        if k + 1 < len(words) and words[k + 1].start == word.end:
            ahead = words[k + 1]
            if word.id_ == NOUN == ahead.id_ and word.label_ in self._hosts.get(ahead.label_, ()):
                return True
        hosts = self._hosts.get(words[k - 1].label_, ()) if k else ()
        return word.label_ in hosts and self._hosted(page, k) is not None

    def _hosted(self, page: _Page, k: int) -> regex.Match[str] | None:
        """The words between a finger and the hand it belongs to, at ``words[k]``."""
        match = self._host.match(page.text, page.words[k - 1].span.end)
        return match if match is not None and match.end() == page.words[k].span.start else None

    def _side(self, page: _Page, k: int, diagnosis: Span | None) -> str | None:
        """The side of one mention: before it, at the head of its list, with its host, or behind it."""
        words = page.words
        sentence = page.sentences.at(words[k].span.start) or Span(0, len(page.text))
        begin = sentence.start if diagnosis is None else max(diagnosis.start, sentence.start)
        if side := self._before(page, k, begin):
            return side
        follows = k + 1 < len(words) and words[k + 1].label_ in self._hosts.get(words[k].label_, ())
        if follows and (host := self._hosted(page, k + 1)) is not None and host["side"]:
            return self._named(host["side"])
        # a side behind may stand outside the diagnosis ("strain of the knee, left")
        return self._behind(page.text, words[k], sentence)

    def _named(self, word: str) -> str:
        """The side that one word or letter of the text says."""
        return {"l": "left", "r": "right", "b": BOTH, "e": BOTH}[word[0].lower()]

    def _before(self, page: _Page, k: int, begin: int) -> str | None:
        """The side in front of mention ``k`` and behind ``begin``, over the words that may stand between."""
        tokens, word = page.tokens, page.words[k]
        starts, lowers = tokens.starts, tokens.lowers
        at = page.parts
        crossed: list[bool] = []
        strangers, i = 0, word.start - 1
        first = max(0, word.start - REACH)
        while i >= first and starts[i] >= begin:
            if lowers[i] in self._sides and (found := self._side_ending(lowers, i)):
                side, head = found
                # "bilateral hand, low back, and leg": the side held for the hand, the list went on without it
                if len(crossed) > 1 and crossed[-1] and not all(crossed):
                    return None
                return self._coordinated(lowers, head, side) or side
            if word.id_ == CONDITION and lowers[i] == ",":
                return None
            if i in at:
                crossed.append(at[i].label_ in self._paired)
                i = at[i].start - 1
                continue
            if lowers[i] not in self._between:
                if strangers == STRANGERS or not tokens.texts[i].isalpha() or page.doc[i].is_stop:
                    return None
                if words_of(page.doc, CONDITIONS).at(starts[i]) is not None:
                    return None
                strangers += 1
            i -= 1
        return None

    def _side_ending(self, lowers: list[str], i: int) -> tuple[str, int] | None:
        """The side that ends at token ``i`` and the token it begins with."""
        for words, side in self._sides.get(lowers[i], ()):
            begin = i - len(words) + 1
            if begin >= 0 and lowers[begin : i + 1] == words:
                return side, begin
        return None

    def _coordinated(self, lowers: list[str], begin: int, side: str) -> str | None:
        """Both sides for "left- and right-sided", where another side stands just before."""
        i = begin - 1
        while i >= max(0, begin - 3) and (lowers[i] in self._joiners or lowers[i] == "sided"):
            i -= 1
        if i < 0 or i == begin - 1 or lowers[i + 1] == ",":
            return None
        found = self._side_ending(lowers, i)
        return BOTH if found and found[0] != side else None

    def _behind(self, text: str, word: Words, sentence: Span) -> str | None:
        """A side behind its part: "bilaterally", "on the right", "(left)", ", left"."""
        match = self._side_behind.match(text, word.span.end, sentence.end)
        if match is None:
            return None
        return self._named(next(group for group in match.groups() if group))
