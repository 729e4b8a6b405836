"""The typed record of one letter: plain data, no open files, safe to pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from extract.reading import Box


@dataclass(slots=True)
class Evidence:
    """Where a value stands. Offsets count characters of the letter's saved text; the box is in points.

    Not frozen, since a letter has ninety of them and a frozen dataclass takes five times as long.
    """

    table: str
    field: str
    value: str
    text: str
    section: str
    start: int | None
    end: int | None
    page: int | None
    box: Box | None
    method: str
    confidence: float
    issue_number: int | None = None
    citation_number: int | None = None


@dataclass(frozen=True, slots=True)
class CitationRecord:
    """One guideline cited for an item (table citations)."""

    citation_number: int
    cited_by: str
    guideline: str
    chapter: str | None
    edition: str | None
    sections: tuple[str, ...]
    pages: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class IssueRecord:
    """One disputed item (table issues). Frequencies are visits a week."""

    issue_number: int
    requested_treatment: str
    disputed_request: str
    original_request: str | None = None
    authorized_request: str | None = None
    treatment_category: str | None = None
    treatment_subcategory: str | None = None
    body_parts: tuple[str, ...] = ()
    sessions_requested: int | None = None
    sessions_authorized: int | None = None
    sessions_disputed: int | None = None
    frequency_min: float | None = None
    frequency_max: float | None = None
    weeks_min: float | None = None
    weeks_max: float | None = None
    drug: str | None = None
    strength: str | None = None
    quantity: float | None = None
    refills: int | None = None
    drug_ingredient: str | None = None
    drug_class: str | None = None
    decision: str | None = None
    claims_administrator_guideline: str | None = None
    reviewer_guideline: str | None = None
    rationale: str | None = None
    item_flags: tuple[str, ...] = ()
    citations: tuple[CitationRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class PriorCareRecord:
    """Earlier care that the summary tells (table prior_care). Offsets count the letter's saved text."""

    care_number: int
    treatment: str
    sessions: int
    status: str | None
    date: date | None
    text: str
    start: int
    end: int
    page: int | None
    method: str
    confidence: float


@dataclass(slots=True)
class LetterRecord:
    """One letter: the columns of table letters, its items, the evidence, and the text that offsets count.

    Not frozen, since its flags are told when all else is known, and a second record would cost as much again.
    """

    letter_id: str
    source: str
    layout: str
    text_source: str
    pages: int
    case_number: str | None = None
    priority: str | None = None
    injury_date: date | None = None
    injury_date_end: date | None = None
    ur_denial_date: date | None = None
    application_received_date: date | None = None
    assigned_date: date | None = None
    decision_date: date | None = None
    age: int | None = None
    sex: str | None = None
    body_parts: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    icd_codes: tuple[str, ...] = ()
    body_part_codes: tuple[str, ...] = ()
    diagnosis_codes: tuple[str, ...] = ()
    reviewer_license_states: tuple[str, ...] = ()
    reviewer_specialties: tuple[str, ...] = ()
    decision: str | None = None
    issue_count: int = 0
    upheld_count: int = 0
    overturned_count: int = 0
    cover_determination: str | None = None
    documents_reviewed_count: int | None = None
    documents_reviewed: str | None = None
    flags: tuple[str, ...] = ()
    issues: tuple[IssueRecord, ...] = ()
    prior_care: tuple[PriorCareRecord, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    text: str = field(default="", repr=False)
    sections: tuple[tuple[str, int, int], ...] = ()
    """Name and raw offsets of each section of the letter."""


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """A file that gave no letter (table failures)."""

    source: str
    sha256: str
    reason: str
    detail: str
