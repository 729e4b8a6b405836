"""Visits in a request: the stated total, else visits a week times weeks.

A month counts as four weeks; of a range the upper end gives the total (ANNOTATION rules).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.patterns import Patterns, Rule
from extract.values.numbers import count

WEEKS_A_MONTH: Final = 4
MOST: Final = 400
"""Visits above which a count is taken for something else (a code, a dose)."""
_AND = regex.compile(r"\b(?:and|plus)\s*$|[+&]\s*$", regex.IGNORECASE)
_PLANS: Final = (
    "weekly_for_weeks",
    "weekly_times",
    "weekly_alone_for_weeks",
    "for_weeks_weekly",
    "compact",
    "every_weeks",
    "frequency",
    "weeks",
)
_ONCE_UNDERSTOOD: Final = frozenset({"weekly_alone_for_weeks", "every_weeks"})
"""Plans in which one visit is understood where no number stands."""
_TOTALS: Final = ("total", "total_in_brackets", "total_of", "total_equals", "times_total")


@dataclass(frozen=True, slots=True)
class Sessions:
    """Visits of one request, offsets in the request. ``conflict``: total and arithmetic disagree."""

    total: Found[int] | None = None
    frequency_min: Found[float] | None = None
    frequency_max: Found[float] | None = None
    weeks_min: Found[float] | None = None
    weeks_max: Found[float] | None = None
    conflict: bool = False


class SessionReader:
    """Reads counts of visits."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._plans = tuple(patterns.rule("sessions", n) for n in _PLANS)
        self._totals = tuple(patterns.rule("sessions", n) for n in _TOTALS)
        self._family = patterns.family("sessions")

    def read(self, request: str) -> Sessions:
        """The visits that a request asks for; empty where it tells none."""
        hidden = request
        low_f = high_f = low_w = high_w = None
        may = self._family.live(hidden)
        if not may:
            return Sessions()
        for rule in self._plans:
            match = rule.search(hidden) if rule.number in may else None
            if match is None:
                continue
            groups = match.groupdict()
            low_f, high_f = (low_f, high_f) if low_f else self._frequency(match, rule.name)
            low_w, high_w = (low_w, high_w) if low_w or not groups.get("w1") else self._weeks(match, rule.name)
            hidden = hidden[: match.start()] + "~" * (match.end() - match.start()) + hidden[match.end() :]
            may = self._family.live(hidden)
            if low_f and low_w:
                break
        total = self._total(hidden, may)
        conflict = False
        if low_f and high_f and low_w and high_w:
            least, most = low_f.value * low_w.value, high_f.value * high_w.value
            if total is None and most == int(most):
                span = Span(min(low_f.span.start, low_w.span.start), max(high_f.span.end, high_w.span.end))
                total = Found(int(most), span, "frequency_times_weeks", 0.95)
            elif total is not None:
                conflict = not least <= total.value <= most
        return Sessions(total, low_f, high_f, low_w, high_w, conflict)

    @staticmethod
    def _frequency(match: regex.Match[str], method: str) -> tuple[Found[float] | None, Found[float] | None]:
        groups = match.groupdict()
        words, per = groups.get("f1"), (groups.get("per") or "").lower()
        if words is None and method not in _ONCE_UNDERSTOOD:
            return None, None
        group = "f1" if words is not None else "per"
        low = count(words) if words is not None else 1
        if low is None:
            return None, None
        share = WEEKS_A_MONTH if "mo" in per else 1
        gap = groups.get("gap")
        if gap is not None:
            share = (2 if gap.lower() == "other" else count(gap)) or 1
        first = Found(low / share, Span(*match.span(group)), method, 0.97)
        upper = count(groups["f2"]) if groups.get("f2") else None
        return first, Found(upper / share, Span(*match.span("f2")), method, 0.97) if upper else first

    @staticmethod
    def _weeks(match: regex.Match[str], method: str) -> tuple[Found[float] | None, Found[float] | None]:
        groups = match.groupdict()
        low = count(groups["w1"])
        if low is None:
            return None, None
        share = WEEKS_A_MONTH if (groups.get("unit") or "").lower().startswith("mo") else 1
        first = Found(float(low * share), Span(*match.span("w1")), method, 0.97)
        upper = count(groups["w2"]) if groups.get("w2") else None
        return first, Found(float(upper * share), Span(*match.span("w2")), method, 0.97) if upper else first

    @staticmethod
    def _with_others(text: str, rule: Rule, first: Found[int]) -> Found[int]:
        """The sum where a request counts two treatments: "two sessions of A and six sessions of B"."""
        total, end = first.value, first.span.end
        for match in rule.finditer(text, first.span.end):
            number = count(match.group("n1"))
            if number is None or not _AND.search(text[end : match.start()]):
                break
            total, end = total + number, match.end()
        return first if end == first.span.end else Found(total, Span(first.span.start, end), "sessions_sum", 0.85)

    def _total(self, text: str, may: Sequence[int]) -> Found[int] | None:
        """The total that a request states; ``may``: the rules whose words stand in it, as few do."""
        for rule in self._totals:
            match = rule.search(text) if rule.number in may else None
            if match is None:
                continue
            groups = match.groupdict()
            group = "n2" if groups.get("n2") else "n1"
            number = count(groups[group])
            if number is not None and number <= MOST:
                found = Found(number, Span(match.start(), match.end()), f"sessions_{rule.name}", 0.97)
                return self._with_others(text, rule, found) if rule.name == "total" else found
        return None
