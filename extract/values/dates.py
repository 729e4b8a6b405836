"""Dates as the letters write them: 10/13/2016, 10-13-16, 1/4/10, October 13, 2016."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.patterns import Patterns

PIVOT: Final = 40
"""Two-digit years from here on are of the last century: claims reach back to the 1970s, letters to 2013."""
FIRST_YEAR, LAST_YEAR = 1900, 2099
"""Years that a letter can tell; a scan may show any four digits."""
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_NUMBER: Final = {name: number for number, month in enumerate(_MONTHS, start=1) for name in (month, month[:3])} | {
    "sept": 9
}
_NUMERIC = regex.compile(r"(\d{1,4})\s?[/-]\s?(\d{1,2})\s?[/-]\s?(\d{4}|\d{2})")
_NAMED = regex.compile(r"(\p{L}{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", regex.IGNORECASE)
_NAMED_END = r"(?P<named>\d(?:st|nd|rd|th)?,?\s{1,2}\d{4})"
"""How a date with a month's name ends: where this does not stand, months need not be looked for."""
_MONTH: Final = 20
"""Characters before the last digit of a day within which its month's name begins."""
_LETTER = regex.compile(r"(?<!\\)\p{L}")


@lru_cache(maxsize=8192)
def parse_date(words: str) -> date | None:
    """The day that some words name, or None where there is no such day.

    US order (month first) unless the first number has four digits. Remembered, since letters of the same years name
    the same days, and a letter most of its own more than once.
    """
    numeric = _NUMERIC.fullmatch(words.strip())
    if numeric:
        first, second, third = numeric.groups()
        if len(first) == 4:
            year, month, day = int(first), int(second), int(third)
        else:
            month, day, year = int(first), int(second), int(third)
            if len(third) == 2:
                year += 1900 if year >= PIVOT else 2000
    else:
        named = _NAMED.fullmatch(words.strip())
        if not named or named.group(1).lower() not in _NUMBER:
            return None
        month, day, year = _NUMBER[named.group(1).lower()], int(named.group(2)), int(named.group(3))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


class DateFinder:
    """Finds dates in a text."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._pattern = patterns.alternatives(r"{{date}}").whole
        kinds = [kind.source for kind in patterns.alternatives(patterns.fragments["date"]).branches]
        figures = [kind for kind in kinds if not _LETTER.search(kind)] or [r"(?!)"]
        # the digit is asked for first, which a search runs ahead to; no text is run through as fast for months
        self._figures = patterns.alternatives(rf"(?=\d)(?:{'|'.join((*figures, _NAMED_END))})").whole
        named = [kind for kind in kinds if _LETTER.search(kind)] or [r"(?!)"]
        self._named = patterns.alternatives(f"(?:{'|'.join(named)})").whole

    def all(self, text: str, start: int = 0, end: int | None = None) -> list[Found[date]]:
        """Every date within ``text[start:end]``, in order."""
        found = []
        for span in self._spans(text, start, len(text) if end is None else end):
            day = parse_date(span.of(text))
            if day is not None:
                found.append(Found(day, span, "date"))
        return found

    def _spans(self, text: str, start: int, stop: int) -> list[Span]:
        spans: list[Span] = []
        for match in self._figures.finditer(text, start, stop):
            at, after = match.span()
            if match["named"] is not None:
                before = spans[-1].end if spans else start
                named = self._named.search(text, max(at - _MONTH, before), after)
                if named is None:  # figures of something else, which may hide the start of a date
                    return [Span(*m.span()) for m in self._pattern.finditer(text, start, stop)]
                at = named.start()
            spans.append(Span(at, after))
        return spans
