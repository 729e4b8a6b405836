"""The vocabulary of guidelines: documents, chapters, and how they are named in letters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import regex
from pydantic import Field

from extract.expressions import Alternatives, Expression, Family
from extract.layout import compile_words, sought, spaced
from extract.patterns import Patterns, Strict

Guideline = Literal[
    "mtus_acoem", "mtus_chronic_pain", "mtus_opioids", "mtus_postsurgical", "mtus_acupuncture", "mtus", "acoem",
    "odg", "other",
]  # fmt: skip


class ChapterData(Strict):
    """Chapter names of one MTUS guideline."""

    guideline: Guideline
    about: str
    names: list[str] = Field(min_length=1)


class SourceData(Strict):
    """Names under which a document outside the MTUS is cited."""

    guideline: Guideline
    names: list[str] = Field(min_length=1)


class GuidelineData(Strict):
    """``patterns/vocab/guidelines.yaml``."""

    about: str
    chapters: list[ChapterData]
    odg_chapters: list[str]
    sections_with_commas: list[str]
    sources: list[SourceData]
    title_words: list[str]
    """Expressions, case matters, that show the title or publisher of another document."""


def _either(names: list[str]) -> str:
    """One expression for several names, each with ``&`` or "and"."""
    return "|".join(f"(?:{n.replace(' &', ' ?(?:&|and)')})" for n in names)


@dataclass(frozen=True)
class Guidelines:
    """The vocabulary with its expressions compiled."""

    data: GuidelineData

    @classmethod
    def load(cls, patterns: Patterns) -> Guidelines:
        """Load it from ``patterns``."""
        return cls(patterns.parse(GuidelineData, "vocab/guidelines.yaml"))

    @cached_property
    def chapters(self) -> tuple[tuple[Guideline, ...], Family]:
        """The guidelines of names of MTUS chapters, and the names."""
        named = [(c.guideline, n.replace(" &", " ?(?:&|and)")) for c in self.data.chapters for n in c.names]
        names = [Alternatives(spaced(rf"\b(?:{n})(?!\w)"), int(regex.IGNORECASE)) for _, n in named]
        return tuple(guideline for guideline, _ in named), Family(names)

    @cached_property
    def odg_chapter(self) -> Expression:
        """A chapter of the ODG."""
        names = sorted(self.data.odg_chapters, key=len, reverse=True)
        return sought(rf"(?:{_either(names)})(?!\w)")

    @cached_property
    def sources(self) -> regex.Pattern[str]:
        """A document outside the MTUS; the group that matched is its guideline."""
        kinds = "|".join(f"(?P<{s.guideline}>{_either(s.names)})" for s in self.data.sources)
        return compile_words(rf"(?<!\w)(?:{kinds})(?!\w)")
