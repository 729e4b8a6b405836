"""The expert reviewer: states of licensure, board certifications and specialties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.patterns import Patterns, Rule
from extract.values.masks import Masks
from extract.values.remembered import Remembered
from extract.words import fold

_STATES_OF = r"(?:the\s+)?states?\s+of"
_JOINED = regex.compile(r",|&|and", regex.IGNORECASE)
_SPLIT = regex.compile(
    rf"\s*(?:,|;|/(?=\s*\p{{Lu}}\p{{L}}+\s)|\band(?:\s+(?:also\s+)?in|\s+{_STATES_OF})?\b|&|\b{_STATES_OF}\b)\s*"
)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """States and specialties, each with its place."""

    states: tuple[Found[str], ...] = ()
    specialties: tuple[Found[str], ...] = ()


class ReviewerReader:
    """Reads the reviewer's statement."""

    STATES: Final = "states.csv"
    SPECIALTIES: Final = "specialties.csv"

    def __init__(self, *, patterns: Patterns) -> None:
        self._states = frozenset(row["state"].lower() for row in patterns.table(self.STATES, ("state",)))
        names = [row["specialty"] for row in patterns.table(self.SPECIALTIES, ("specialty", "source"))]
        joined = sorted((n for n in names if regex.search(r",|&|\band\b", n)), key=len, reverse=True)
        self._whole = Masks([_flexible(n) for n in joined], int(regex.IGNORECASE))
        self._known = frozenset(n.lower() for n in names)
        self._state_rules = tuple(patterns.rule("reviewer", f"states_{k}") for k in ("labelled", "sentence"))
        self._labelled = patterns.rule("reviewer", "specialties_labelled")
        sentences = ("boards_sentence", "subspecialty_sentence")
        self._sentences = tuple(patterns.rule("reviewer", n) for n in sentences)
        self._profession = patterns.rule("reviewer", "profession")
        self._licensed = patterns.rule("reviewer", "licensed_specialty")
        self._remembered = Remembered(self._read)

    def read(self, text: str) -> Reviewer:
        """States and specialties named in a statement; an unknown state is left out."""
        return self._remembered(text)

    def _read(self, text: str) -> Reviewer:
        states: list[Found[str]] = []
        for rule in self._state_rules:
            states += [s for s in self._list(rule, text, None) if s.value.lower() in self._states]
            if states:
                break
        specialties = self._list(self._labelled, text, self._whole)
        if not specialties:
            for rule in self._sentences:
                specialties += self._list(rule, text, self._whole)
            specialties += self._known_only(self._licensed, text)
        specialties = specialties or self._known_only(self._profession, text)
        specialties.sort(key=lambda f: f.span)
        return Reviewer(_once(states), _once(specialties))

    def _known_only(self, rule: Rule, text: str) -> list[Found[str]]:
        return [f for f in self._list(rule, text, self._whole) if f.value.lower() in self._known]

    def _list(self, rule: Rule, text: str, whole: Masks | None) -> list[Found[str]]:
        found: list[Found[str]] = []
        for match in rule.finditer(text):
            at = match.start("value")
            for start, end in _pieces(match.group("value"), whole):
                words = text[at + start : at + end]
                sure = 0.99 if words.lower() in self._known or words.lower() in self._states else 0.85
                found.append(Found(fold(words), Span(at + start, at + end), rule.name, sure))
        return found


def _flexible(name: str) -> str:
    """An expression for a name, with "&" or "and"."""
    words = ("(?:&|and)" if w.lower() in ("&", "and") else regex.escape(w) for w in name.split())
    return r"\s+".join(words)


def _pieces(words: str, whole: Masks | None) -> list[tuple[int, int]]:
    """Ranges of a list's members; names of the vocabulary that hold "and" or "&" stay whole."""
    held = words
    if whole is not None and _JOINED.search(words):
        held = whole.hide(words, lambda name: "x" * len(name))
    ranges: list[tuple[int, int]] = []
    start = 0
    for cut in _SPLIT.finditer(held):
        ranges.append((start, cut.start()))
        start = cut.end()
    ranges.append((start, len(held)))
    return [(a, b) for a, b in (_strip(words, a, b) for a, b in ranges) if a < b]


def _strip(words: str, start: int, end: int) -> tuple[int, int]:
    while start < end and not words[start].isalnum():
        start += 1
    while end > start and not (words[end - 1].isalnum() or words[end - 1] == ")"):
        end -= 1
    return start, end


def _once(found: list[Found[str]]) -> tuple[Found[str], ...]:
    seen: dict[str, Found[str]] = {}
    for item in found:
        seen.setdefault(item.value.lower(), item)
    return tuple(seen.values())
