"""The injured worker: what the letter says twice and differently, or what cannot be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from extract.checks.facts import Facts, Place, Sign
from extract.evidence import Span
from extract.folding import words_of
from extract.needs import EDGE, needs
from extract.patterns import Patterns
from extract.values.person import Person, sex_of

YOUNGEST, OLDEST = 14, 90
"""Years that a worker may have had at the injury (Labor Code 1290 ff.)."""
YEAR: Final = 365.25
PRONOUNS: Final = 2
"""Pronouns of the other sex that contradict it, where they outnumber its own."""
AROUND: Final = 60
"""Characters around an age in which it is told whether it was of an earlier day."""


class AgeConflict:
    """The case summary gives two ages of the worker."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._then = patterns.rule("checks", "age_then")

    def __call__(self, facts: Facts) -> Iterator[Sign]:
        """Two ages in full phrases, neither of them of an earlier day ("was 43 when injured")."""
        if len(facts.person.ages) < 2:
            return
        prose = facts.prose
        now = [age for age in facts.person.ages if not self._of_then(prose, age.span)]
        if len(now) > 1:
            yield Sign("age_conflict", tuple(facts.in_summary(age.span) for age in now))

    def _of_then(self, prose: str, at: Span) -> bool:
        """True where the words around an age say that it is of an earlier day."""
        return any(
            match.start() <= at.start and at.end <= match.end()
            for match in self._then.finditer(prose, max(at.start - AROUND, 0), at.end + AROUND)
        )


def age_at_injury(facts: Facts) -> Iterator[Sign]:
    """The age at the decision, less the years since the injury, is no worker's age."""
    letter = facts.letter
    if letter.age is None or letter.injury_date is None or letter.decision_date is None:
        return
    then = letter.age - (letter.decision_date - letter.injury_date).days / YEAR
    if not YOUNGEST <= then <= OLDEST:
        yield Sign("age_at_injury", facts.at("age", "injury_date", "decision_date"))


class SexConflict:
    """The summary calls the worker by nouns and pronouns of both sexes."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._pronoun = patterns.rule("person", "sex_pronoun")
        self._other = patterns.rule("checks", "other_person")
        starts = needs(self._pronoun.alone.source, verbose=True).starts or frozenset()
        pronouns = {word.strip(EDGE) for word in starts}
        self._others = {sex: frozenset(w for w in pronouns if sex_of(w) != sex) for sex in ("female", "male")}
        """For each sex the pronouns of the other, as they stand in a folded text."""

    def __call__(self, facts: Facts) -> Iterator[Sign]:
        """Two nouns that disagree, or pronouns of the other sex that outnumber its own.

        A pronoun whose sentence has named a clinician or a relative before it may be theirs and does not count.
        """
        person: Person = facts.person
        if person.sex is None:
            return
        if len(person.sexes) > 1:
            yield Sign("sex_conflict", facts.at("sex"))
            return
        prose = facts.prose
        others = self._others.get(person.sex.value)
        if others and others.isdisjoint(words_of(prose)):
            return  # as in most letters, told at once
        said = [(match, sex_of(match["sex"])) for match in self._pronoun.finditer(prose)]
        if sum(sex != person.sex.value for _, sex in said) < PRONOUNS:
            return  # whose they are need not be asked
        votes: Counter[str] = Counter()
        contrary: list[Place] = []
        for match, sex in said:
            start = max(prose.rfind(mark, 0, match.start()) for mark in (". ", "; ")) + 1
            if self._other.search(prose, max(start, 0), match.start()):
                continue
            votes[sex] += 1
            if sex != person.sex.value:
                contrary.append(facts.in_summary(Span(*match.span("sex"))))
        if PRONOUNS <= len(contrary) > votes[person.sex.value]:
            yield Sign("sex_conflict", (*facts.at("sex"), *contrary))
