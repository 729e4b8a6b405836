"""Earlier care that a case summary tells: visits that were requested, authorized or completed.

Apart from the disputed item, since earlier visits are why most therapy is denied. Rules:
``patterns/rules/prior_care.yaml``. The status is told by the nearest words of the same sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast

import regex

from extract.evidence import Found, Span
from extract.expressions import Alternatives, Family
from extract.patterns import Patterns, Rule
from extract.values.dates import DateFinder
from extract.values.numbers import count
from extract.values.sides import sentences
from extract.words import fold

Status = Literal["requested", "authorized", "completed"]
FINDERS: Final = ("of_approved", "visits_of", "treatment_visits", "treatment_times")
MOST: Final = 300
"""Visits above which a count is taken for something else."""
WITHIN: Final = 60
"""Characters before a count in which a word of its status may stand, and behind it half as many."""
_OTHER: Final = regex.compile(r"[,;.]|\band\b")
SURE, NO_STATUS = 0.85, 0.6
_FAMILY: Final = regex.compile(r"\b(?:wife|husband|mother|father|brother|sister|son|daughter)\b", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PriorCare:
    """One stretch of earlier care. ``status`` and ``day`` are None where the sentence does not tell them."""

    treatment: str
    sessions: int
    status: Status | None
    day: date | None
    found: Found[int]
    """The count, with the span of the whole statement."""


class PriorCareFinder:
    """Finds earlier care in a summary."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._finders = tuple(patterns.rule("prior_care", name) for name in FINDERS)
        self._family = Family([_told_apart(patterns, rule) for rule in self._finders])
        self._status = tuple(r for r in patterns.rules("prior_care") if r.name.startswith("status_"))
        self._given = patterns.rule("prior_care", "status_completed")
        self._dates = DateFinder(patterns=patterns)

    def in_summary(self, text: str) -> list[PriorCare]:
        """Earlier care in the order of the text. Raises TimeoutError where a rule runs out of time."""
        found: list[PriorCare] = []
        reading = self._family.reading(text)
        for sentence in sentences(text) if reading.numbers(0, len(text)) else ():
            taken: list[Span] = []
            for number in reading.numbers(sentence.start, sentence.end):
                rule = self._finders[number]
                for match in self._family.within(reading, number, sentence.start, sentence.end):
                    if _FAMILY.search(sentence.of(text)):
                        break
                    span = Span(*match.span())
                    visits = count(match["count"])
                    if visits is None or visits > MOST or any(span.overlaps(other) for other in taken):
                        continue
                    taken.append(span)
                    found.append(self._read(text, sentence, rule, match["treatment"], visits, span))
        return sorted(found, key=lambda care: care.found.span)

    def _read(self, text: str, sentence: Span, rule: Rule, treatment: str, number: int, span: Span) -> PriorCare:
        told = cast(Status | None, rule.data.value)
        status = told or self._nearest(text, sentence, span)
        day = self._date_behind(text, span, sentence.end)
        sure = SURE if status else NO_STATUS
        return PriorCare(fold(treatment), number, status, day, Found(number, span, f"prior_care:{rule.name}", sure))

    def _date_behind(self, text: str, span: Span, end: int) -> date | None:
        """A date right behind the statement, before anything else is told: "(4/15/13-5/15/13)", "on 3/4/12"."""
        days = self._dates.all(text, span.end, min(end, span.end + WITHIN))
        if not days or _OTHER.search(text, span.end, days[0].span.start):
            return None
        return days[0].value

    def _nearest(self, text: str, sentence: Span, span: Span) -> Status | None:
        """The status whose words stand nearest; in a list of treatments, what its head says."""
        best: tuple[int, str] | None = None
        start, end = max(sentence.start, span.start - WITHIN), min(sentence.end, span.end + WITHIN // 2)
        for rule in self._status:
            for match in rule.finditer(text, start, end):
                far = max(span.start - match.end(), match.start() - span.end, 0)
                if best is None or far < best[0]:
                    best = (far, rule.data.value or "")
        if best is None and self._given.search(text, sentence.start, span.start):
            return "completed"
        return cast(Status, best[1]) if best else None


def _told_apart(patterns: Patterns, rule: Rule) -> Alternatives:
    """The expression of a rule by the kind of its count: digits, or words, which are sought much faster alone."""
    kinds = [kind.source for kind in patterns.alternatives(patterns.fragments["count"]).branches]
    return patterns.alternatives("|".join(rule.data.pattern.replace("{{count}}", f"(?:{kind})") for kind in kinds))
