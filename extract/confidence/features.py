"""What tells how sure a value is: named features of each row of evidence, the same for learning and for reading.

A feature is a name with a number; the calibration has a weight for each name and adds them up. What depends on
the row alone (field, method, the rule's own confidence) is ``fixed`` and can be remembered; what depends on the letter
around it (the layout, a second reading that agrees) is ``around``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from extract.confidence.warnings import Cell

Feature = tuple[str, float]
Group = str

VERSION: Final = 2
"""Counts up with every change of the features: a calibration of another version is refused."""
FACTS: Final = frozenset(("letters", name) for name in ("source", "text_source", "pages", "flags"))
"""Fields that are known of the file or of the run, not read from words: their confidence is 1."""
DERIVED: Final[Mapping[Cell, str]] = {
    ("letters", "body_part_codes"): "body_parts",
    ("letters", "diagnosis_codes"): "diagnoses",
    ("issues", "drug_ingredient"): "drug",
    ("issues", "drug_class"): "drug",
    ("issues", "claims_administrator_guideline"): "requested_treatment",
    ("issues", "reviewer_guideline"): "requested_treatment",
    ("issues", "rationale"): "requested_treatment",
}
"""Fields without gold that are made from another field of the same letter or item, or cut beside it."""
UNMEASURED: Final = frozenset({*DERIVED, ("letters", "documents_reviewed"), ("letters", "documents_reviewed_count")})
"""Fields that no gold speaks of."""
DOUBTED: Final = ", doubted by model"
PRACTISED: Final = 3.0
"""How much a letter that rules were mended on counts: what it hides is the difference to all letters to come."""
SURE: Final = 0.999
"""A rule's own confidence is cut here before its odds are taken."""
_HEADER: Final = frozenset(
    "case_number priority injury_date injury_date_end ur_denial_date application_received_date assigned_date"
    " decision_date cover_determination layout".split()
)
_SUMMARY: Final = frozenset("age sex body_parts diagnoses icd_codes".split())


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a letter beside its evidence.

    ``quality`` is the share of words read with confidence on its worst scanned page, None without scanned pages.
    ``ratings`` are the learnt component's log-odds by the number of the row. ``second`` tells of cells (table, field,
    item) that were read a second time from other words whether the two readings agree. ``practised`` are
    the kinds of field whose rules were mended on this very letter; none outside of learning.
    """

    layout: str
    text_source: str
    source: str
    quality: float | None = None
    flags: frozenset[str] = frozenset()
    learnt: bool = True
    ratings: Mapping[int, float] = field(default_factory=dict)
    second: Mapping[tuple[str, str, int | None], bool] = field(default_factory=dict)
    practised: frozenset[Group] = frozenset()


GROUPS: Final = frozenset({"header", "summary", "reviewer", "outcome", "item", "citation"})


def group_of(table: str, name: str) -> Group:
    """The kind of a field: fields of one kind share what they have learnt."""
    if table == "citations":
        return "citation"
    if table == "issues":
        return "item"
    if name in _HEADER:
        return "header"
    if name in _SUMMARY:
        return "summary"
    return "reviewer" if name.startswith("reviewer_") else "outcome"


def fixed(table: str, name: str, method: str, confidence: float) -> list[Feature]:
    """Features of a row by itself: its field, what found it, and how sure that was."""
    plain = method.removesuffix(DOUBTED)
    sure = min(max(confidence, 1 - SURE), SURE)
    found = [
        (f"group:{group_of(table, name)}", 1.0),
        (f"field:{table}.{name}", 1.0),
        (f"method:{table}.{name}:{plain}", 1.0),
        ("raw", math.log(sure / (1 - sure))),
    ]
    if plain != method:
        found.append(("doubted", 1.0))
    return found


def of_letter(facts: Facts, group: Group) -> list[Feature]:
    """Features that all values of one kind of field in a letter share."""
    found = [(f"layout:{facts.layout}", 1.0), (f"layout:{facts.layout}:{group}", 1.0)]
    if facts.text_source != "pdf_text":
        found += [(f"text:{facts.text_source}", 1.0), (f"text:{facts.text_source}:{group}", 1.0)]
    if facts.quality is not None:
        poor = poverty(facts.quality)
        found += [("ocr poor", poor), (f"ocr poor:{group}", poor)]
    if not facts.learnt:
        found.append((f"rules alone:{group}", 1.0))
    if group in facts.practised:
        found += [("practised", PRACTISED), (f"practised:{group}", PRACTISED)]
    return found


def poverty(quality: float) -> float:
    """Badly read words in ten."""
    return 10 * (1 - quality)
