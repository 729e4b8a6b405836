"""What a check is given, and what it gives: the finished letter, and a sign with the places it points at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from extract.evidence import Found, Span
from extract.header import HeaderValues
from extract.items import Item
from extract.items.matching import tokens
from extract.layout import Sections
from extract.reading import Limits
from extract.record import Evidence, IssueRecord, LetterRecord
from extract.text import LetterText
from extract.values.dates import DateFinder
from extract.values.person import Person
from extract.values.sessions import Sessions
from extract.words import one_line


@dataclass(frozen=True, slots=True)
class Place:
    """Words that a flag points at: a span of the saved text, and the letter's section that holds it."""

    raw: Span
    section: str


@dataclass(frozen=True, slots=True)
class Sign:
    """A flag that is raised, the words it points at (none where something is missing), and the item it is about."""

    flag: str
    places: tuple[Place, ...] = ()
    issue: int | None = None


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A disputed item: where it stands, its record, and what was read of it that no table holds.

    ``conclusion``: what its rationale concludes, in offsets of the clean text. ``asked``: the visits of its first
    request.
    """

    item: Item
    issue: IssueRecord
    conclusion: Found[str] | None
    asked: Sessions


@dataclass(frozen=True)
class Facts:
    """A letter that has been read, before its flags. ``summary`` is a span of the clean text."""

    letter: LetterRecord
    text: LetterText
    sections: Sections
    header: HeaderValues
    person: Person
    summary: Span | None
    items: tuple[ItemFacts, ...]
    several: bool
    """True where the file held more than one letter."""
    ocr_quality: float | None
    """Of the worst page that was read as an image, the share of words read with confidence."""
    dates: DateFinder

    @cached_property
    def prose(self) -> str:
        """The case summary on one line, as far as values are read from it; '' where there is none."""
        if self.summary is None:
            return ""
        return one_line(self.summary.of(self.text.clean))[: Limits.summary_characters]

    @cached_property
    def days(self) -> list[Found[date]]:
        """The dates in ``prose``: several checks ask for them."""
        return self.dates.all(self.prose)

    @cached_property
    def requests(self) -> list[list[str]]:
        """The words of each item's request, in small letters, in the order of the items."""
        return [tokens(each.issue.requested_treatment) for each in self.items]

    def place(self, clean: Span) -> Place:
        """The place of a span of the clean text."""
        return Place(self.text.to_raw(clean), self.sections.name_at(clean.start))

    def in_summary(self, span: Span) -> Place:
        """The place of a span of ``prose``."""
        return self.place(span.shift(self.summary.start if self.summary else 0))

    def rows(self, field: str, *, issue: int | None = None) -> list[Evidence]:
        """The evidence of a value of the letter, or of an item, that stands in the letter."""
        return self._index.get(("letters" if issue is None else "issues", field, issue), [])

    @cached_property
    def _index(self) -> dict[tuple[str, str, int | None], list[Evidence]]:
        """Evidence that stands in the letter, by table, field and item: a hostile letter has thousands of items."""
        index: defaultdict[tuple[str, str, int | None], list[Evidence]] = defaultdict(list)
        for row in self.letter.evidence:
            if row.start is not None:
                index[row.table, row.field, row.issue_number].append(row)
        return dict(index)

    def at(self, *fields: str, issue: int | None = None) -> tuple[Place, ...]:
        """Where values stand: the first place of each field that has one."""
        found = (next(iter(self.rows(field, issue=issue)), None) for field in fields)
        return tuple(place for row in found if row is not None and (place := place_of(row)) is not None)


Check = Callable[[Facts], Iterator[Sign]]
"""A check: the signs that it sees in a letter, in the letter's order."""


def place_of(row: Evidence) -> Place | None:
    """The place of an evidence row; None for what is known of the file alone."""
    return None if row.start is None or row.end is None else Place(Span(row.start, row.end), row.section)


def once(places: Sequence[Place]) -> tuple[Place, ...]:
    """Places in their order, each once."""
    return tuple(dict.fromkeys(places))
