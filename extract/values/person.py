"""The injured worker in the case summary: age, sex, and the date of injury stated there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.keywords import Reading
from extract.patterns import Patterns, Rule
from extract.values.dates import DateFinder, parse_date
from extract.values.numbers import count

OPENING: Final = 300
"""Characters of a summary in which the accident is told."""
YOUNGEST, OLDEST = 14, 99
"""Ages in years that a worker may have: Labor Code 1290 ff. lets children of 14 work in places."""
BARE: Final = 2
"""Rank of a bare number among the ways to say an age, behind "is now 52" and full phrases."""
_FEMALE: Final = frozenset("female females woman women lady ladies girl f she her hers herself mrs ms miss".split(" "))
_RELATIVES = (
    r"son|daughter|wife|husband|mother|father|brother|sister|spouse|child(?:ren)?|parent|uncle|aunt|cousin|grand\w+"
)
_OTHERS = r"co-?workers?|colleagues?|supervisors?|foreman|residents?|students?|customers?|inmates?|suspects?"
_FAMILY = regex.compile(rf"\b(?:{_RELATIVES}|{_OTHERS})\b", regex.IGNORECASE)
_RELATIVE_NEXT = regex.compile(rf"\W*(?:{_RELATIVES})\b", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Person:
    """What the summary says of the worker; ``ages`` and ``sexes``: all that full phrases say, each once."""

    age: Found[int] | None = None
    sex: Found[str] | None = None
    injury: Found[date] | None = None
    injury_end: Found[date] | None = None
    ages: tuple[Found[int], ...] = ()
    sexes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """An age that a rule found: how strong its kind is, where it stands, the rule's rank among its kind."""

    tier: int
    start: int
    order: int
    age: int
    rule: Rule
    match: regex.Match[str]


class PersonReader:
    """Reads the worker's age, sex and injury date from a case summary."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._family = patterns.family("person")
        self._with_sex = tuple(
            patterns.rule("person", n) for n in ("age_sex_of_worker", "age_sex_short", "age_of_years", "sex_before_age")
        )
        self._years = patterns.rule("person", "age_in_years")
        self._begun = frozenset(
            patterns.rule("person", n) for n in ("age_sex_of_worker", "age_before_worker", "age_opening")
        )
        """Rules that begin as ``_years`` does."""
        self._now = patterns.rule("person", "age_now")
        self._age = tuple(
            patterns.rule("person", n) for n in ("age_of_worker", "age_before_worker", "age_labelled", "age_opening")
        )
        self._bare = tuple(patterns.rule("person", n) for n in ("age_of_worker_behind", "age_bare", "age_apposition"))
        self._sex = tuple(patterns.rule("person", n) for n in ("sex_noun", "sex_title", "sex_labelled"))
        self._pronoun = patterns.rule("person", "sex_pronoun")
        self._not_injury = patterns.rule("person", "not_the_injury")
        self._dates = DateFinder(patterns=patterns)
        self._injury = tuple(
            patterns.rule("person", n) for n in ("injury_cumulative", "injury_stated", "injury_date_first")
        )

    def read(self, summary: str) -> Person:
        """Age, sex and injury date of a summary; what it does not say is None."""
        said = self._said(summary)
        age, sex = self._age_and_sex(summary, said)
        injury, end = self._injury_date(summary)
        ages: dict[int, Found[int]] = {}
        for each in (each for each in said if each.tier < BARE):
            ages.setdefault(each.age, Found(each.age, Span(*each.match.span("age")), each.rule.name))
        sexes = {sex_of(each.match.group("sex")) for each in said if each.rule in self._with_sex}
        return Person(age, sex, injury, end, tuple(ages.values()), tuple(sorted(sexes)))

    def _said(self, text: str) -> list[_Said]:
        """The ages said of the worker, not of others: "is now 52" first, then full phrases, else bare numbers."""
        tiers: tuple[tuple[Rule, ...], ...] = ((self._now,), (*self._with_sex, *self._age), self._bare)
        said: list[_Said] = []
        reading = self._family.reading(text)
        live = frozenset(reading.numbers(0, len(text)))
        years = [m.start() for m in self._family.within(reading, self._years.number, 0, len(text))]
        for tier, rules in enumerate(tiers):
            if tier == BARE and said:
                break
            for order, rule in enumerate(rules):
                if rule.number not in live:
                    continue
                for match in self._matches(reading, rule, years):
                    number = _age(match)
                    if number is not None and not _of_family(text, match.start(), match.end()):
                        said.append(_Said(tier, match.start("age"), order, number, rule, match))
        return said

    def _matches(self, reading: Reading, rule: Rule, years: Sequence[int]) -> Iterator[regex.Match[str]]:
        """The matches of a rule; of one that begins with an age in ``years`` at these places, which are few."""
        text = reading.text
        if rule not in self._begun:
            yield from self._family.within(reading, rule.number, 0, len(text))
            return
        end = 0
        for place in years:
            match = rule.alone.match(text, place, len(text), tame=reading.tame) if place >= end else None
            if match is not None:
                yield match
                end = match.end()

    def _age_and_sex(self, text: str, every: Sequence[_Said]) -> tuple[Found[int] | None, Found[str] | None]:
        """The first age said; its own noun for the sex, else what tells the sex elsewhere."""
        said = min(every, key=lambda s: (s.tier, s.start, s.order), default=None)
        if said is None:
            return None, self._sex_alone(text)
        sure = 0.98 if said.rule in self._with_sex else min(said.rule.data.confidence, 0.95)
        age = Found(said.age, Span(*said.match.span("age")), said.rule.name, sure)
        if said.rule in self._with_sex:
            return age, Found(sex_of(said.match.group("sex")), Span(*said.match.span("sex")), said.rule.name, 0.98)
        return age, self._sex_alone(text)

    def _sex_alone(self, text: str) -> Found[str] | None:
        for rule in self._sex:
            for match in rule.finditer(text):
                if not _of_family(text, match.start(), match.end()):
                    return Found(sex_of(match.group("sex")), Span(*match.span("sex")), rule.name, rule.data.confidence)
        votes: dict[str, list[regex.Match[str]]] = {"female": [], "male": []}
        for match in self._pronoun.finditer(text):
            votes[sex_of(match.group("sex"))].append(match)
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


def sex_of(word: str) -> str:
    """``female`` or ``male`` by a noun, title or pronoun that a rule of the sex found."""
    return "female" if word.lower() in _FEMALE else "male"


def _of_family(text: str, start: int, end: int) -> bool:
    """True where a word for a relative or another person stands just before or inside a match, or a relative behind."""
    return bool(_FAMILY.search(text[max(start - 25, 0) : end]) or _RELATIVE_NEXT.match(text, end))
