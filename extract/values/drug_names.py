"""The drug vocabulary: which words of a text are the name of a drug.

Names stand in ``patterns/vocab/drugs.csv``, the words around them (salts, release
forms, forms of application) in ``patterns/vocab/drug_words.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import regex

from extract.evidence import Span
from extract.patterns import Patterns, Strict

COLUMNS: Final = ("name", "ingredient", "drug_class", "route", "note")
"""Columns of the vocabulary; ``drug_class`` is empty where the DWC has no class for the drug."""

_TOKEN = regex.compile(r"[a-z]+(?:['’]s\b)?|\d+", regex.IGNORECASE)
_RUN = regex.compile(r"[a-z]+|\d+")
_GAP = regex.compile(r"[\s\-/.,'’&+]{0,3}|\s?w/\s?|\s?\(?#\s?|\s?no\.?\s?", regex.IGNORECASE)
_LONG: Final = 10
_SHORT: Final = 6


class DrugForms(Strict):
    """Words that say how a drug is given."""

    topical: tuple[str, ...]
    patch: tuple[str, ...]
    oral: tuple[str, ...]
    other: tuple[str, ...]


class DrugWords(Strict):
    """``patterns/vocab/drug_words.yaml``."""

    about: str
    salts: tuple[str, ...]
    releases: tuple[str, ...]
    forms: DrugForms
    compound_words: tuple[str, ...]
    bases: tuple[str, ...]
    topical_from: tuple[str, ...]
    topical_from_except_patch: tuple[str, ...]
    topical_to: str
    brand_forms: tuple[str, ...]
    compound_to: str
    combination_order: tuple[str, ...]
    not_misspelt: tuple[str, ...]
    numbers: dict[str, int]


@dataclass(frozen=True, slots=True)
class Drug:
    """One row of the vocabulary. ``drug_class`` is None where the DWC has no class for it."""

    name: str
    ingredient: str
    drug_class: str | None
    route: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A drug named in a text. ``exact`` is False where the spelling had to be guessed."""

    drug: Drug
    span: Span
    exact: bool = True


def _tokens(text: str) -> list[tuple[str, Span]]:
    return [
        (m.group().lower().replace("’", "'").replace("'s", "s"), Span(m.start(), m.end()))
        for m in _TOKEN.finditer(text)
    ]


def _near(left: str, right: str, limit: int) -> bool:
    """True where at most ``limit`` insertions, deletions, changes or swaps turn one word into the other."""
    if abs(len(left) - len(right)) > limit:
        return False
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1] <= limit


def _letters(word: str) -> int:
    """The letters of a word as bits: a slip adds one and takes one away, so that words far apart are told at once."""
    bits = 0
    for char in word:
        bits |= 1 << (ord(char) & 31)
    return bits


class DrugNames:
    """Finds the vocabulary's names in a text, longest name first, misspelt ones where asked."""

    def __init__(self, *, patterns: Patterns) -> None:
        self.words = patterns.parse(DrugWords, "vocab/drug_words.yaml")
        self._by_tokens: dict[tuple[str, ...], Drug] = {}
        self._longest: dict[str, int] = {}
        for row in patterns.table("drugs.csv", COLUMNS):
            drug = Drug(row["name"], row["ingredient"], row["drug_class"] or None, row["route"])
            key = tuple(token for token, _ in _tokens(drug.name))
            self._by_tokens.setdefault(key, drug)
            self._longest[key[0]] = max(self._longest.get(key[0], 0), len(key))
        single = {key[0]: drug for key, drug in self._by_tokens.items() if len(key) == 1}
        self._spellings: dict[str, list[tuple[str, int, Drug]]] = {}
        for word, drug in single.items():
            if len(word) >= _SHORT:
                self._spellings.setdefault(word[0], []).append((word, _letters(word), drug))
        self._correct = frozenset(self.words.not_misspelt)

    def all(self, text: str) -> Iterator[Mention]:
        """Every exact name in ``text``, left to right, the longest at each place, none overlapping."""
        if not self._may_name(text):
            return
        tokens = _tokens(text)
        at = 0
        while at < len(tokens):
            found = self._longest_at(text, tokens, at)
            if found is None:
                at += 1
            else:
                mention, length = found
                yield mention
                at += length

    def _may_name(self, text: str) -> bool:
        """False where no word of a text begins a name, told without its tokens: most requests are for no drug."""
        small = text.lower()
        plain = small.isascii() and "'" not in small  # else a token may be more than a run of letters
        return not plain or not self._longest.keys().isdisjoint(_RUN.findall(small))

    def at(self, text: str, start: int) -> Mention | None:
        """The longest name that begins exactly at ``start``."""
        tokens = _tokens(text[start:])
        if not tokens or tokens[0][1].start:
            return None
        found = self._longest_at(text[start:], tokens, 0)
        return None if found is None else Mention(found[0].drug, found[0].span.shift(start))

    def misspelt(self, text: str) -> Mention | None:
        """The first word that differs from one single-word name by a slip or two."""
        for word, span in _tokens(text):
            if len(word) < _SHORT + 1 or word in self._correct:
                continue
            limit = 2 if len(word) >= _LONG else 1
            letters = _letters(word)
            near = [
                drug
                for known, bits, drug in self._spellings.get(word[0], ())
                if (letters ^ bits).bit_count() <= 2 * limit and _near(word, known, limit)
            ]
            if near and len({drug.drug_class for drug in near}) == 1:
                return Mention(near[0], span, exact=False)
        return None

    def _longest_at(self, text: str, tokens: Sequence[tuple[str, Span]], at: int) -> tuple[Mention, int] | None:
        first = tokens[at][0]
        for length in range(min(self._longest.get(first, 0), len(tokens) - at), 0, -1):
            part = tokens[at : at + length]
            drug = self._by_tokens.get(tuple(token for token, _ in part))
            if drug is not None and self._joined(text, part):
                return Mention(drug, Span(part[0][1].start, part[-1][1].end)), length
        return None

    @staticmethod
    def _joined(text: str, part: Sequence[tuple[str, Span]]) -> bool:
        """True where only signs of joining stand between the tokens and no word goes on at either end."""
        start, end = part[0][1].start, part[-1][1].end
        if (start and text[start - 1].isalnum() and text[start].isalpha() and text[start - 1].isalpha()) or (
            text[end : end + 1].isalpha()
        ):
            return False
        return all(_GAP.fullmatch(text, a[1].end, b[1].start) is not None for a, b in pairwise(part))
