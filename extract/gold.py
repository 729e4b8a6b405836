"""Annotation files (ANNOTATION.md): their form, and a folder of them read."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from extract.metrics import Citation

Number = float | str | None


class EvaluationError(Exception):
    """A dataset or gold folder that cannot be scored; the message says which file and why."""


class _Gold(BaseModel):
    # Unknown keys pass: annotators may keep notes beside the values.
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class GoldIssue(_Gold):
    """One disputed item."""

    issue_number: int
    requested_treatment: str
    original_request: str | None = None
    authorized_request: str | None = None
    decision: str | None = None
    treatment_category: str | None = None
    treatment_subcategory: str | None = None
    body_parts: tuple[str, ...]
    sessions_requested: Number = None
    sessions_authorized: Number = None
    sessions_disputed: Number = None
    frequency_min: Number = None
    frequency_max: Number = None
    weeks_min: Number = None
    weeks_max: Number = None
    drug: str | None = None
    strength: str | None = None
    quantity: Number = None
    refills: Number = None
    citations: tuple[Citation, ...]


class GoldLetter(_Gold):
    """The values of the whole letter."""

    priority: str | None = None
    injury_date: str | None = None
    injury_date_end: str | None = None
    ur_denial_date: str | None = None
    application_received_date: str | None = None
    assigned_date: str | None = None
    decision_date: str | None = None
    sex: str | None = None
    decision: str | None = None
    age: Number
    body_parts: tuple[str, ...]
    diagnoses: tuple[str, ...]
    icd_codes: tuple[str, ...]
    reviewer_license_states: tuple[str, ...]
    reviewer_specialties: tuple[str, ...]


class GoldFile(_Gold):
    """One annotated letter, as its JSON file has it."""

    case_number: str | None = None
    letter: GoldLetter
    issues: tuple[GoldIssue, ...]


def read_gold(folder: Path, only: Collection[str] | None = None) -> dict[str, GoldFile]:
    """The gold files of a folder by case number. Raises EvaluationError where one cannot be read."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise EvaluationError(f"no gold files (*.json) in {folder}")
    if only is not None:
        paths = [path for path in paths if path.stem in only]
        if not paths:
            raise EvaluationError(f"none of the {len(only)} letters asked for has a gold file in {folder}")
    return {path.stem: _read_gold_file(path) for path in paths}


def _read_gold_file(path: Path) -> GoldFile:
    try:
        return GoldFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise EvaluationError(f"gold file {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise EvaluationError(f"gold file {path}: {where + ': ' if where else ''}{first['msg']}") from error
