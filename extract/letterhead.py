"""Header fields from wherever a layout prints them: the table, a lone line, a footer, or prose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import regex

from extract.evidence import Found, Span
from extract.header import HeaderReader, HeaderValues
from extract.layout import Sections
from extract.patterns import Patterns, Rule
from extract.text import LetterText
from extract.values.dates import parse_date
from extract.words import fold


class LetterheadReader:
    """Reads the fields of a letter's head."""

    def __init__(self, *, patterns: Patterns, header: HeaderReader) -> None:
        self._header = header
        self._history = tuple(r for r in patterns.rules("history") if r.name != "priority")
        self._priority = patterns.rule("history", "priority")

    def read(self, text: LetterText, sections: Sections) -> HeaderValues:
        """The header's fields; those it lacks, from a line that is a date or from prose, where the layout has them."""
        fields = sections.layout.data.header
        values = HeaderValues({}, {})
        places = [s.content for s in (*sections.all("header", "cover"), *sections.all("closing", "reviewer"))]
        if not sections.known:  # where nothing is sure, a label counts wherever it stands
            places = [Span(0, len(text.clean))]
        for place in places:
            if all(f.field in values.dates or f.field in values.words for f in fields if f.kind != "determination"):
                break
            found = self._header.read(text, place, fields)
            for field, day in found.dates.items():
                values.dates.setdefault(field, day)
            for field, words in found.words.items():
                values.words.setdefault(field, words)
        self._case_number(text, values)
        if "decision_date" not in values.dates:
            lone = _lone_date(text, sections)
            if lone is not None:
                values.dates["decision_date"] = lone
        self._from_prose(text, sections, {f.field for f in fields}, values)
        return values

    def _case_number(self, text: LetterText, values: HeaderValues) -> None:
        """Without a label, the first case number of the letter, or one that stands only in a running footer."""
        if "case_number" in values.words:
            return
        number = self._header.case_number(text.clean, Span(0, len(text.clean)))
        if number is not None:
            values.words["case_number"] = number
        else:  # the clean text leaves footers out
            values.footer = self._header.case_number(text.raw, Span(0, len(text.raw)))

    def _from_prose(self, text: LetterText, sections: Sections, names: set[str], values: HeaderValues) -> None:
        for rule in self._history:
            if rule.name in names and rule.name not in values.dates:
                told = next((d for m in self._told(text, sections, rule) if (d := _day(rule, m)) is not None), None)
                if told is not None:
                    values.dates[rule.name] = told
        if "priority" in names and "priority" not in values.words:
            for match in self._told(text, sections, self._priority):
                value = Found(match["value"].lower(), Span(*match.span("value")), "history:priority", 0.8)
                values.words["priority"] = value
                break

    @staticmethod
    def _told(text: LetterText, sections: Sections, rule: Rule) -> Iterator[regex.Match[str]]:
        """What a rule finds in the parts of a letter that tell the course of the dispute."""
        for section in sections.all("header", "decisions", "case_summary", "documents"):
            yield from rule.finditer(text.clean, section.content.start, section.content.end)


def _lone_date(text: LetterText, sections: Sections) -> Found[date] | None:
    """A line that is nothing but a date, in the letterhead or at the letter's end: when it was decided."""
    last = sections.spans[-1].name
    for line in text.clean_lines:
        if line.clean is None or sections.name_at(line.clean.start) not in {"header", last, "closing"}:
            continue
        day = parse_date(line.line.text)
        if day is not None:
            return Found(day, line.clean, "lone_date", 0.7)
    return None


def _day(rule: Rule, match: regex.Match[str]) -> Found[date] | None:
    """A date of the dispute that stands in prose, for letters without a header table."""
    day = parse_date(fold(match["date"]))
    return None if day is None else Found(day, Span(*match.span("date")), f"history:{rule.name}", 0.85)
