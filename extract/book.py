"""Collects evidence: turns places in the clean text into rows of the saved text, with boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from extract.evidence import Found, Span
from extract.layout import Sections
from extract.reading import Box
from extract.record import Evidence
from extract.text import LetterText

FILE = "file"
"""Section of evidence for what is known of the file itself, not from its words."""


PLACES: Final = 4
"""Decimals of a confidence."""
_new: Final = tuple.__new__
"""At hand: to call the class of a named tuple takes twice as long."""


def plain(value: Any) -> str:
    """A value as the tables print it: ISO dates, whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


@lru_cache(maxsize=1000)
def _rounded(confidence: float) -> float:
    """Remembered, since rules know a dozen confidences and to round one takes as long as to write its row."""
    return round(confidence, PLACES)


class _Words(NamedTuple):
    """Words of the letter that values are read from, and where the saved text holds them."""

    section: str
    start: int
    end: int
    text: str
    page: int
    box: Box | None


class EvidenceBook:
    """The evidence rows of one letter, in the order they are written down."""

    def __init__(self, text: LetterText, sections: Sections) -> None:
        self._text, self._sections = text, sections
        self._words: dict[Span, _Words] = {}
        """By their span in the clean text: a third of the values share their words with others."""
        self.rows: list[Evidence] = []
        self.ratings: dict[int, float] = {}
        """The learnt component's log-odds of the rows that it was asked about, by their number."""
        self.second: dict[tuple[str, str, int | None], bool] = {}
        """Cells that were read a second time from other words, and whether the two readings agree."""

    def add(
        self,
        table: str,
        field: str,
        found: Found[Any] | None,
        *,
        value: Any = None,
        issue: int | None = None,
        citation: int | None = None,
    ) -> None:
        """Write down a value; nothing for None. ``value`` where the table holds another form of it."""
        if found is None:
            return
        span = found.span
        words = self._words.get(span)
        if words is None:
            words = self._words_at(self._text.to_raw(span), self._sections.name_at(span[0]))
            self._words[span] = words
        self._write(table, field, found, words, value, issue, citation)

    def add_raw(
        self,
        table: str,
        field: str,
        found: Found[Any],
        *,
        section: str,
        value: Any = None,
        issue: int | None = None,
        citation: int | None = None,
    ) -> None:
        """As ``add`` for a place that is counted in the saved text."""
        self._write(table, field, found, self._words_at(found.span, section), value, issue, citation)

    def _words_at(self, raw: Span, section: str) -> _Words:
        start, end = raw
        page, box = self._text.place(raw)
        return _new(_Words, (section, start, end, self._text.raw[start:end], page, box))

    def _write(
        self,
        table: str,
        field: str,
        found: Found[Any],
        words: _Words,
        value: Any,
        issue: int | None,
        citation: int | None,
    ) -> None:
        section, start, end, text, page, box = words
        if found.rating is not None:
            self.ratings[len(self.rows)] = found.rating
        known = found.value if value is None else value
        shown = known if isinstance(known, str) else plain(known)
        sure = _rounded(found.confidence)
        self.rows.append(
            Evidence(table, field, shown, text, section, start, end, page, box, found.method, sure, issue, citation)
        )

    def add_all(
        self,
        table: str,
        field: str,
        found: Iterable[Found[Any]],
        *,
        issue: int | None = None,
        citation: int | None = None,
    ) -> None:
        """Write down every member of a list."""
        for item in found:
            self.add(table, field, item, issue=issue, citation=citation)

    def settle(self, confidences: Sequence[float]) -> None:
        """Give the rows their final confidence, one each in order.

        In place: the rows are this book's own until a record takes them, and new ones would cost as much again.
        """
        for row, confidence in zip(self.rows, confidences, strict=True):
            row.confidence = confidence

    def add_file(self, table: str, field: str, value: Any, method: str, *, issue: int | None = None) -> None:
        """Write down what is known of the file and not from its words."""
        self.rows.append(Evidence(table, field, plain(value), "", FILE, None, None, None, None, method, 1.0, issue))
