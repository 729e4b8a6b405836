"""Letters' texts with labelled spans, for annotation tools: what the evidence says of places in the text.

Offsets count characters (Unicode code points) of ``texts/<letter_id>.txt``, as the evidence does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from extract.export.dataset import Dataset, ExportError
from extract.tables import LIST_MARK

LABELS: Final[dict[tuple[str, str], str]] = {
    ("letters", "case_number"): "case_number",
    ("letters", "priority"): "priority",
    ("letters", "injury_date"): "injury_date",
    ("letters", "injury_date_end"): "injury_date_end",
    ("letters", "ur_denial_date"): "ur_denial_date",
    ("letters", "application_received_date"): "application_received_date",
    ("letters", "assigned_date"): "assigned_date",
    ("letters", "decision_date"): "decision_date",
    ("letters", "age"): "age",
    ("letters", "sex"): "sex",
    ("letters", "body_parts"): "body_part",
    ("letters", "diagnoses"): "diagnosis",
    ("letters", "icd_codes"): "icd_code",
    ("letters", "reviewer_license_states"): "license_state",
    ("letters", "reviewer_specialties"): "specialty",
    ("letters", "cover_determination"): "cover_determination",
    ("issues", "requested_treatment"): "request",
    ("issues", "original_request"): "original_request",
    ("issues", "authorized_request"): "authorized_request",
    ("issues", "disputed_request"): "disputed_request",
    ("issues", "body_parts"): "request_body_part",
    ("issues", "sessions_requested"): "visits",
    ("issues", "sessions_authorized"): "visits",
    ("issues", "sessions_disputed"): "visits",
    ("issues", "frequency_min"): "frequency",
    ("issues", "frequency_max"): "frequency",
    ("issues", "weeks_min"): "duration",
    ("issues", "weeks_max"): "duration",
    ("issues", "drug"): "drug",
    ("issues", "strength"): "strength",
    ("issues", "quantity"): "quantity",
    ("issues", "refills"): "refills",
    ("issues", "decision"): "decision",
    ("citations", "text"): "citation",
    ("citations", "chapter"): "chapter",
    ("citations", "edition"): "edition",
    ("citations", "sections"): "section",
    ("citations", "pages"): "page",
}
"""Labels by table and column. Left out: paragraphs, counts, and what is inferred from another value's words."""
PRIOR_CARE: Final = "prior_care"
ALL_LABELS: Final = (*dict.fromkeys(LABELS.values()), PRIOR_CARE)
_EVIDENCE: Final = (
    "letter_id",
    "table",
    "issue_number",
    "field",
    "value",
    "text",
    "start",
    "end",
    "method",
    "confidence",
)
_CARE: Final = ("letter_id", "treatment", "text", "start", "end", "method", "confidence")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (behind the last one) with their label.

    ``value`` is what the tables hold; ``confidence`` is 0 to 1. ``issue`` is the item's number, if it has one.
    """

    start: int
    end: int
    label: str
    value: str
    method: str
    confidence: float
    issue: int | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter's text with its spans in the order of the text, the longer one first."""

    letter_id: str
    source: str
    case_number: str | None
    text: str
    spans: tuple[Span, ...]


def letters(dataset: Dataset) -> Iterator[Letter]:
    """All letters, one at a time. Raises ExportError where there are no texts or they do not fit the evidence."""
    if dataset.deidentified:
        raise ExportError(
            f"{dataset.home} is de-identified and holds no texts, which this format is made of. "
            "Export a dataset that was made without --deidentify, or choose sqlite, duckdb, excel or stata."
        )
    values = _Groups(dataset, "evidence", _EVIDENCE)
    care = _Groups(dataset, "prior_care", _CARE)
    for row in dataset.rows(dataset.table("letters"), ("letter_id", "source", "case_number")):
        letter_id = row["letter_id"]
        text = dataset.text(letter_id)
        placed = [r for r in values.of(letter_id) if r["start"] is not None]
        told = [r for r in care.of(letter_id) if r["start"] is not None]
        if any(text[r["start"] : r["end"]] != r["text"] for r in (*placed, *told)):
            raise ExportError(
                f"The text of {letter_id} is not the one that its evidence counts: "
                "run imr extract again with --overwrite."
            )
        spans = [_span(r) for r in placed if (r["table"], r["field"]) in LABELS and r["text"]]
        spans += [_care(r) for r in told if r["text"]]
        yield Letter(letter_id, row["source"], row["case_number"], text, tuple(_merged(spans)))
    values.check_all_used()
    care.check_all_used()


class _Groups:
    """Rows of a table by letter. They stand in the order of the letters, so that one pass will do."""

    def __init__(self, dataset: Dataset, name: str, columns: tuple[str, ...]) -> None:
        self._name = name
        rows = dataset.rows(dataset.table(name), columns)
        self._groups = groupby(rows, key=lambda row: str(row["letter_id"]))
        self._next = next(self._groups, None)

    def of(self, letter_id: str) -> list[dict[str, Any]]:
        if self._next is None or self._next[0] != letter_id:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows

    def check_all_used(self) -> None:
        if self._next is not None:
            raise ExportError(f"{self._name} is not in the order of letters: run imr extract again with --overwrite.")


def _span(row: dict[str, Any]) -> Span:
    label = LABELS[row["table"], row["field"]]
    return Span(
        row["start"], row["end"], label, row["value"] or "", row["method"], row["confidence"], row["issue_number"]
    )


def _care(row: dict[str, Any]) -> Span:
    return Span(row["start"], row["end"], PRIOR_CARE, row["treatment"] or "", row["method"], row["confidence"])


def _merged(spans: list[Span]) -> Iterator[Span]:
    """Spans in order; equal places with an equal label are one, as of a frequency from 3 to 3."""
    kept: dict[tuple[int, int, str], Span] = {}
    for span in spans:
        place = (span.start, span.end, span.label)
        known = kept.get(place)
        if known is None:
            kept[place] = span
            continue
        values = dict.fromkeys([*known.value.split(LIST_MARK), span.value])
        kept[place] = Span(
            *place,
            LIST_MARK.join(values),
            known.method,
            min(known.confidence, span.confidence),
            known.issue,
        )
    for start, end, label in list(kept):
        if label == "disputed_request" and (start, end, "request") in kept:
            del kept[start, end, label]  # without a split the same words as the request
    yield from sorted(kept.values(), key=lambda s: (s.start, -s.end, ALL_LABELS.index(s.label)))
