"""Header fields from wherever a layout prints them: the table, a lone line, a footer, or prose."""

from __future__ import annotations

from datetime import date

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
        self._history = patterns.rules("history")

    def read(self, text: LetterText, sections: Sections) -> HeaderValues:
        """The header\'s fields; those it lacks, from a line that is a date or from prose, where the layout has them."""
        fields = sections.layout.data.header
        values = HeaderValues({}, {})
        for span in (*sections.all("header", "cover"), *sections.all("closing", "reviewer")):
            found = self._header.read(text, span.content, fields)
            for field, day in found.dates.items():
                values.dates.setdefault(field, day)
            for field, words in found.words.items():
                values.words.setdefault(field, words)
        if "case_number" not in values.words:
            number = self._header.case_number(text.clean, Span(0, len(text.clean)))
            if number is not None:
                values.words["case_number"] = number
            else:
                footer = self._header.case_number(text.raw, Span(0, len(text.raw)))
                if footer is not None:  # printed only in a running footer, which the clean text leaves out
                    values.footer = footer
        if "decision_date" not in values.dates:
            lone = _lone_date(text, sections)
            if lone is not None:
                values.dates["decision_date"] = lone
        names = {f.field for f in fields}
        for rule in self._history:
            if rule.name in names and rule.name not in values.dates:
                told = _told_date(rule, text, sections)
                if told is not None:
                    values.dates[rule.name] = told
        return values


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


def _told_date(rule: Rule, text: LetterText, sections: Sections) -> Found[date] | None:
    """A date of the dispute that stands in prose, for letters without a header table."""
    for section in sections.all("header", "decisions", "case_summary", "documents"):
        for match in rule.finditer(text.clean, section.content.start, section.content.end):
            day = parse_date(fold(match.group("date")))
            if day is not None:
                return Found(day, Span(*match.span("date")), f"history:{rule.name}", 0.85)
    return None
