"""The injured worker in the case summary: age, sex, and the date of injury stated there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.patterns import Patterns, Rule
from extract.values.dates import DateFinder, parse_date
from extract.values.numbers import count

OPENING: Final = 300
"""Characters of a summary in which the accident is told."""
YOUNGEST, OLDEST = 14, 99
"""Ages in years that a worker may have: Labor Code 1290 ff. lets children of 14 work in places."""
_FEMALE: Final = frozenset("female females woman women lady ladies girl f she her hers herself mrs ms miss".split(" "))
_FAMILY = regex.compile(
    r"\b(?:son|daughter|wife|husband|mother|father|brother|sister|spouse|child(?:ren)?|parent|uncle|aunt|cousin|grand\w+)\b",
    regex.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Person:
    """What the summary says of the worker; ``ages`` are all ages said, to tell a conflict."""

    age: Found[int] | None = None
    sex: Found[str] | None = None
    injury: Found[date] | None = None
    injury_end: Found[date] | None = None
    ages: tuple[int, ...] = ()


class PersonReader:
    """Reads the worker's age, sex and injury date from a case summary."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._with_sex = tuple(
            patterns.rule("person", n) for n in ("age_sex_of_worker", "age_sex_short", "age_of_years", "sex_before_age")
        )
        self._age = tuple(
            patterns.rule("person", n)
            for n in (
                "age_of_worker",
                "age_before_worker",
                "age_labelled",
                "age_of_worker_behind",
                "age_bare",
                "age_apposition",
                "age_opening",
            )
        )
        self._sex = tuple(patterns.rule("person", n) for n in ("sex_noun", "sex_title", "sex_labelled"))
        self._pronoun = patterns.rule("person", "sex_pronoun")
        self._not_injury = patterns.rule("person", "not_the_injury")
        self._dates = DateFinder(patterns=patterns)
        self._injury = tuple(
            patterns.rule("person", n) for n in ("injury_cumulative", "injury_stated", "injury_date_first")
        )

    def read(self, summary: str) -> Person:
        """Age, sex and injury date of a summary; what it does not say is None."""
        age, sex = self._age_and_sex(summary)
        injury, end = self._injury_date(summary)
        ages = {
            n
            for rule in (*self._with_sex, *self._age)
            for m in rule.finditer(summary)
            if (n := _age(m)) is not None and not _of_family(summary, m.start(), m.end())
        }
        return Person(age, sex, injury, end, tuple(sorted(ages)))

    def _age_and_sex(self, text: str) -> tuple[Found[int] | None, Found[str] | None]:
        for rule in self._with_sex:
            for match in rule.finditer(text):
                number = _age(match)
                if number is not None and not _of_family(text, match.start(), match.end()):
                    sex = Found(_sex(match.group("sex")), Span(*match.span("sex")), rule.name, 0.98)
                    return Found(number, Span(*match.span("age")), rule.name, 0.98), sex
        age = next(
            (
                Found(number, Span(*m.span("age")), rule.name, min(rule.data.confidence, 0.95))
                for rule in self._age
                for m in rule.finditer(text)
                if (number := _age(m)) is not None and not _of_family(text, m.start(), m.end())
            ),
            None,
        )
        return age, self._sex_alone(text)

    def _sex_alone(self, text: str) -> Found[str] | None:
        for rule in self._sex:
            for match in rule.finditer(text):
                if not _of_family(text, match.start(), match.end()):
                    return Found(_sex(match.group("sex")), Span(*match.span("sex")), rule.name, rule.data.confidence)
        votes: dict[str, list[regex.Match[str]]] = {"female": [], "male": []}
        for match in self._pronoun.finditer(text):
            votes[_sex(match.group("sex"))].append(match)
        best = max(votes, key=lambda k: len(votes[k]))
        others = sum(len(v) for k, v in votes.items() if k != best)
        if not votes[best] or others * 2 >= len(votes[best]):  # both sexes are spoken of: do not guess
            return None
        first = votes[best][0]
        return Found(best, Span(*first.span("sex")), self._pronoun.name, 0.85 if not others else 0.6)

    def _injury_date(self, text: str) -> tuple[Found[date] | None, Found[date] | None]:
        for rule in self._injury:
            for match in rule.finditer(text):
                day = parse_date(match.group("date"))
                if day is None:
                    continue
                first = Found(day, Span(*match.span("date")), rule.name, min(rule.data.confidence, 0.9))
                return first, _end(match, rule, day)
        return self._opening_date(text), None

    def _opening_date(self, text: str) -> Found[date] | None:
        """The first date of the opening, where no later one in the text is before it: uncertain, and flagged."""
        days = self._dates.all(text)
        if not days or days[0].span.start > OPENING or any(d.value < days[0].value for d in days):
            return None
        start = max(text.rfind(". ", 0, days[0].span.start), 0)
        stop = text.find(". ", days[0].span.end)
        if self._not_injury.search(text, start, stop if stop >= 0 else len(text)):
            return None
        return Found(days[0].value, days[0].span, "injury_opening_date", 0.55)


def _end(match: regex.Match[str], rule: Rule, start: date) -> Found[date] | None:
    words = match.groupdict().get("end")
    last = parse_date(words) if words else None
    return Found(last, Span(*match.span("end")), rule.name, 0.9) if last is not None and last > start else None


def _age(match: regex.Match[str]) -> int | None:
    number = count(match.group("age"))
    return number if number is not None and YOUNGEST <= number <= OLDEST else None


def _sex(word: str) -> str:
    return "female" if word.lower() in _FEMALE else "male"


def _of_family(text: str, start: int, end: int) -> bool:
    """True where a word for a relative stands just before or inside a match."""
    return bool(_FAMILY.search(text[max(start - 25, 0) : end]))
