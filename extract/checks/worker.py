"""The injured worker: what the letter says twice, and differently."""

from __future__ import annotations

from collections.abc import Iterator

from extract.checks.facts import Facts, Sign


def age_conflict(facts: Facts) -> Iterator[Sign]:
    """The case summary gives two ages of the worker."""
    if len(facts.person.ages) > 1:
        yield Sign("age_conflict", facts.at("age"))
