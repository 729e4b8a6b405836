"""The ICD-10-CM category of a diagnosis, inferred from its words; none where they do not tell one.

Two sources in turn: how letters name common conditions (``patterns/vocab/icd10.yaml``, by words and body part),
and the classification's own names (``icd10_terms.csv``, made by ``docs/build_icd10.py``).
"""

from __future__ import annotations

from typing import Final

import regex
from pydantic import Field

from extract.expressions import TIME_LIMIT, Family
from extract.patterns import Patterns, Strict
from extract.values.remembered import Remembered

COLUMNS: Final = ("name", "category")
_WORD: Final = regex.compile(r"[a-z]+|\d+")
_HISTORY: Final = regex.compile(r"\b(?:status[\s-]post|s/p|history\s+of)\b", regex.IGNORECASE)
_DROP: Final = frozenset(
    "left right bilateral bilaterally both unspecified other acute chronic subacute moderate mild severe initial"
    " subsequent encounter episode single current the of and or in at to with without due a an industrial site"
    " side type part not elsewhere classified specified primary region level nec nos as".split(" ")
)
"""Words that do not tell one category from another."""


def fold_name(name: str) -> str:
    """The telling words of a name, small letters, in alphabetical order, each once."""
    return " ".join(sorted({w for w in _WORD.findall(name.lower().replace("'s", "")) if w not in _DROP}))


class Condition(Strict):
    """How letters name a condition: an expression, and its category, or one for each expression of a part."""

    pattern: str
    category: str | None = None
    parts: dict[str, str] = Field(default_factory=dict)


class CategoryData(Strict):
    """``patterns/vocab/icd10.yaml``."""

    about: str
    regions: dict[str, str]
    conditions: list[Condition]


class CategoryFinder:
    """Finds the category of a diagnosis."""

    def __init__(self, *, patterns: Patterns) -> None:
        data = patterns.parse(CategoryData, "vocab/icd10.yaml")
        self._regions = [(name, patterns.compile(words)) for name, words in data.regions.items()]
        self._places = Family([patterns.alternatives(words) for words in data.regions.values()])
        self._conditions = tuple(data.conditions)
        self._words = Family([patterns.alternatives(c.pattern) for c in data.conditions])
        self._names = {row["name"]: row["category"] for row in patterns.table("icd10_terms.csv", COLUMNS)}
        self._remembered = Remembered(self._read)

    def category(self, diagnosis: str) -> str | None:
        """The category, three characters, or None. Raises TimeoutError where a rule runs out of time."""
        return self._remembered(diagnosis)

    def _read(self, diagnosis: str) -> str | None:
        if _HISTORY.search(diagnosis):
            return None  # an operation or an old illness is no category of what the patient has
        for number in self._words.live(diagnosis):
            condition = self._conditions[number]
            # as a whole, since in a few words no branch is worth looking for
            if self._words.members[number].whole.search(diagnosis, 0, len(diagnosis)):
                return condition.category or self._by_part(diagnosis, condition)
        return self._names.get(fold_name(diagnosis))

    def _by_part(self, diagnosis: str, condition: Condition) -> str | None:
        """The category of the one part that is named; None where none or several are that differ in it."""
        regions = (self._regions[number] for number in self._places.live(diagnosis))
        named = {
            condition.parts[name]
            for name, pattern in regions
            if name in condition.parts and pattern.search(diagnosis, timeout=TIME_LIMIT)
        }
        return next(iter(named)) if len(named) == 1 else None
