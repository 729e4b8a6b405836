"""Letters of no known layout: whether a text is a determination at all, and where it tells of the worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import regex

from extract.evidence import Span
from extract.header import HeaderValues
from extract.items import Item
from extract.layout import Sections
from extract.reading import Limits
from extract.values.person import Person, PersonReader
from extract.words import one_line

_IMR: Final = regex.compile(r"\bindependent\s+medical\s+review\b", regex.IGNORECASE)
_NECESSITY: Final = regex.compile(r"\bmedical(?:ly)?\s+necess|\b(?:upheld|overturned)\b", regex.IGNORECASE)
_GUIDELINE: Final = regex.compile(r"\b(?:MTUS|ACOEM|ODG)\b|Official\s+Disability\s+Guidelines")
GUIDELINES: Final = frozenset({"claims_administrator_guideline", "reviewer_guideline", "guidelines"})
PARTS: Final = 3
"""Kinds of headings, of those that a determination has, that show one without an item that is decided."""
HEAD: Final = 600
"""Characters at a letter's head that name what it is."""


class UnknownReader:
    """What is asked of a letter that no layout fits."""

    def __init__(self, *, person: PersonReader) -> None:
        self._person = person

    def is_letter(self, text: str, sections: Sections, items: Sequence[Item], header: HeaderValues) -> bool:
        """True for a determination of the IMR: by its parts, or by what it tells.

        A denial by utilization review tells how to ask for an IMR but has no case number; a notice of assignment or
        of termination has one, decides nothing and tells of no worker.
        """
        numbered = "case_number" in header.words or header.footer is not None
        decided = any(item.decision is not None and GUIDELINES & item.parts.keys() for item in items)
        kinds = {s.name for s in sections.spans if s.heading.end} - {"closing", "header", "cover"}
        told = "case_summary" in kinds and len(kinds) >= PARTS
        if numbered:
            return decided or told or self._judges_a_worker(text)
        return decided and told and _IMR.search(text, 0, HEAD) is not None

    def summary(self, text: str) -> Span | None:
        """The paragraph that tells the worker's age, where no heading names the case summary."""
        age = self._read(text).age
        if age is None:
            return None
        end = text.find("\n", age.span.end)
        return Span(text.rfind("\n", 0, age.span.start) + 1, end if end >= 0 else len(text))

    def _judges_a_worker(self, text: str) -> bool:
        """True where a text speaks of necessity, of a guideline, and of a worker's age."""
        judged = _NECESSITY.search(text) and _GUIDELINE.search(text)
        return bool(judged) and self._read(text).age is not None

    def _read(self, text: str) -> Person:
        return self._person.read(one_line(text[: Limits.summary_characters]))
