"""What the page knows of the fields: names, kinds, closed vocabularies, suggestions, and what flags mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from extract.annotation import CITATION_FIELDS, ISSUE_FIELDS, LETTER_FIELDS, column
from extract.patterns import Patterns
from extract.schema import CITATIONS, FLAGS, ISSUES, LETTERS, Table

CASE_NUMBER: Final = "case_number"
SIDES: Final = ("left", "right", "bilateral")
_ALWAYS: Final = frozenset(
    {CASE_NUMBER, *LETTER_FIELDS}
    | {"requested_treatment", "treatment_category", "treatment_subcategory", "body_parts"}
    | {"decision", "cited_by", "guideline", "chapter"}
)
"""Fields that are shown when they are empty too; the others of an item are folded away."""
_LONG: Final = frozenset({"requested_treatment", "original_request", "authorized_request"})
_WORDS: Final = {"ur": "UR", "icd": "ICD"}
MOST_YEARS: Final = 120


def fields(patterns: Patterns) -> dict[str, Any]:
    """Everything the page has to know before it sees a letter, as JSON data."""
    known = _vocabularies(patterns)
    return {
        "letter": [_field(LETTERS, f, known) for f in (CASE_NUMBER, *LETTER_FIELDS)],
        "issue": [_field(ISSUES, f, known) for f in ISSUE_FIELDS if f != "issue_number"],
        "citation": [_field(CITATIONS, f, known) for f in CITATION_FIELDS],
        "flags": FLAGS,
        "meanings": {f"{t.name}.{c.name}": c.meaning for t in (LETTERS, ISSUES, CITATIONS) for c in t.columns},
    }


def label(field: str) -> str:
    """A column's name as words."""
    words = [_WORDS.get(word, word) for word in field.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _field(table: Table, name: str, known: dict[str, list[str]]) -> dict[str, Any]:
    of = column(table, name)
    out: dict[str, Any] = {"name": name, "label": label(name), "kind": of.type, "meaning": of.meaning}
    if of.values:
        out["choices"] = list(of.values)
    elif name == "treatment_category":
        out["choices"] = known[name]
    elif name in known:
        out["suggest"] = known[name]
        out["closed"] = name == "body_parts"  # a part of another name can never be right
    if name == "age":
        out["most"] = MOST_YEARS
    if name in _LONG:
        out["long"] = True
    if name in _ALWAYS:
        out["always"] = True
    return out


def _vocabularies(patterns: Patterns) -> dict[str, list[str]]:
    from extract.nlp import body_part_file
    from extract.values.drug_names import COLUMNS
    from extract.values.treatments import PHARMACEUTICALS, TreatmentFile

    groups = patterns.parse(TreatmentFile, "vocab/treatments.yaml").groups
    classes = {row["drug_class"] for row in patterns.table("drugs.csv", COLUMNS)}
    parts = body_part_file(patterns).parts
    return {
        "treatment_category": _sorted({g.category for g in groups} | {PHARMACEUTICALS}),
        "treatment_subcategory": _sorted({g.subcategory or "" for g in groups} | classes),
        "body_parts": [
            name
            for part in dict.fromkeys((p.part, p.paired) for p in parts)
            for name in (part[0], *(f"{side} {part[0]}" for side in SIDES if part[1]))
        ],
        "reviewer_license_states": [row["state"] for row in patterns.table("states.csv", ("state",))],
        "reviewer_specialties": _sorted(
            row["specialty"] for row in patterns.table("specialties.csv", ("specialty", "source"))
        ),
    }


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted({n for n in names if n})
