"""Collects evidence: turns places in the clean text into rows of the saved text, with boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from extract.evidence import Found
from extract.layout import Sections
from extract.record import Evidence
from extract.text import LetterText

FILE = "file"
"""Section of evidence for what is known of the file itself, not from its words."""


def plain(value: Any) -> str:
    """A value as the tables print it: ISO dates, whole numbers without a point."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


class EvidenceBook:
    """The evidence rows of one letter, in the order they are written down."""

    def __init__(self, text: LetterText, sections: Sections) -> None:
        self._text, self._sections = text, sections
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
        section = self._sections.name_at(found.span.start)
        located = Found(found.value, self._text.to_raw(found.span), found.method, found.confidence, found.rating)
        self.add_raw(table, field, located, section=section, value=value, issue=issue, citation=citation)

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
        raw = found.span
        place = self._text.place(raw)
        if found.rating is not None:
            self.ratings[len(self.rows)] = found.rating
        self.rows.append(
            Evidence(
                table,
                field,
                plain(found.value if value is None else value),
                raw.of(self._text.raw),
                section,
                raw.start,
                raw.end,
                place.page,
                place.box,
                found.method,
                round(found.confidence, 4),
                issue,
                citation,
            )
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
            object.__setattr__(row, "confidence", confidence)

    def add_file(self, table: str, field: str, value: Any, method: str, *, issue: int | None = None) -> None:
        """Write down what is known of the file and not from its words."""
        self.rows.append(Evidence(table, field, plain(value), "", FILE, None, None, None, None, method, 1.0, issue))
