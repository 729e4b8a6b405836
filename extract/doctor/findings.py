"""What an examination of a dataset finds, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag with the letters behind it; ``items`` counts the disputed items that it is about, 0 where of none."""

    flag: str
    letters: int
    items: int
    meaning: str
    advice: str
    doubts: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A reason why files gave no letter."""

    reason: str
    files: int
    meaning: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A field that is missing more often than is usual for letters of a layout; shares are 0 to 1."""

    field: str
    layout: str
    missing: int
    letters: int
    usual: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Strange:
    """Values that cannot be, or tables that disagree: ``what`` says how."""

    what: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Twice:
    """Letters that share what should be one letter's alone: a case number, or all dates and requests."""

    what: str
    letters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A letter behind a flag: its items that it is about, and the words that it points at."""

    letter_id: str
    source: str
    case_number: str | None
    flag: str
    items: tuple[int, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found in a dataset."""

    letters: int
    issues: int
    failed: int
    flagged: int
    flags: tuple[Flagged, ...]
    failures: tuple[Failed, ...]
    gaps: tuple[Gap, ...]
    strange: tuple[Strange, ...]
    twice: tuple[Twice, ...]
    twice_in_all: int
    """Groups of ``twice``, of which a part may be listed."""

    @property
    def unsound(self) -> bool:
        """True where something is wrong that is not a matter of single letters: what ``--strict`` asks."""
        return bool(self.gaps or self.strange or self.twice or self.failures)
