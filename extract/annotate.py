"""Letters as pre-filled annotation files, those that need a person most first.

Beside each file (``annotation.py`` has its form) goes a worksheet, ``review/<letter>.csv``: the values in the
order of their confidence, each with the words and the page it came from. The annotation itself holds no words
but its values, so that it may be passed on where the letter may not.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from extract.annotation import (
    CITATION_FIELDS,
    ISSUE_FIELDS,
    LETTER_FIELDS,
    annotation_of,
    as_json,
    file_name,
)
from extract.record import Evidence, LetterRecord
from extract.schema import CITATIONS, ISSUES, LETTERS
from extract.tables import csv_cell
from extract.words import fold

WORKSHEETS: Final = "review"
"""Folder of the worksheets: below the annotations, so that nobody takes them for annotations."""
HEAD: Final = ("field", "item", "citation", "value", "confidence", "page", "words", "method")
UNSURE: Final = 0.9
"""Values below this confidence are counted as unsure."""
_ANNOTATED: Final = {
    LETTERS.name: frozenset(LETTER_FIELDS) | {"case_number"},
    ISSUES.name: frozenset(ISSUE_FIELDS),
    CITATIONS.name: frozenset(CITATION_FIELDS),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter's annotation before a person has looked at it."""

    name: str
    """Stem of its file, by which ``imr evaluate`` finds the letter."""
    text: str
    rows: tuple[Evidence, ...]
    """Evidence of the annotated values, the least sure first."""
    empty: tuple[str, ...]
    """Fields of the letter in which nothing was found: what a letter does not say, or what was missed."""
    flags: tuple[str, ...]

    @property
    def least(self) -> float:
        """The lowest confidence of a value, 0 where nothing was found."""
        return self.rows[0].confidence if self.rows else 0.0

    @property
    def unsure(self) -> int:
        """Values below UNSURE."""
        return sum(row.confidence < UNSURE for row in self.rows)


def draft_of(letter: LetterRecord, name: str) -> Draft:
    """The pre-filled annotation of a letter; equal confidences stay in the order of the letter."""
    rows = [row for row in letter.evidence if row.field in _ANNOTATED.get(row.table, frozenset())]
    annotation = annotation_of(letter)
    empty = [field for field in LETTER_FIELDS if annotation["letter"][field] in (None, [])]
    return Draft(
        name=name,
        text=as_json(annotation),
        rows=tuple(sorted(rows, key=lambda row: row.confidence)),
        empty=tuple(empty),
        flags=letter.flags,
    )


def drafts(letters: Iterable[LetterRecord]) -> list[Draft]:
    """The drafts of letters, those with the least sure value first, of equals those with more unsure ones.

    A letter is named as its file. Where two have one name (a file with several letters) the second takes its
    case number, or a number.
    """
    found: dict[str, Draft] = {}
    for letter in letters:
        stem = file_name(letter.source).removesuffix(".json")
        names = [stem, *([letter.case_number] if letter.case_number else []), *(f"{stem}-{n}" for n in range(2, 1000))]
        name = next(n for n in names if n not in found)
        found[name] = draft_of(letter, name)
    return sorted(found.values(), key=lambda draft: (draft.least, -draft.unsure, draft.name))


def write(draft: Draft, folder: Path, *, overwrite: bool) -> bool:
    """Write annotation and worksheet; gives False and writes nothing where the annotation is there already.

    ``overwrite`` replaces what is there. Raises OSError where a file cannot be written.
    """
    path = folder / f"{draft.name}.json"
    sheets = folder / WORKSHEETS
    sheets.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8") as stream:
            stream.write(draft.text)
    except FileExistsError:
        return False
    with (sheets / f"{draft.name}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEAD)
        writer.writerows([csv_cell(cell) for cell in row] for row in sheet(draft))
    return True


def sheet(draft: Draft) -> Iterator[Sequence[object]]:
    """The rows of the worksheet: flags of the letter, its values by confidence, and what is empty."""
    for flag in draft.flags:
        yield "flag", None, None, flag, None, None, "", ""
    for row in draft.rows:
        yield (
            row.field,
            row.issue_number,
            row.citation_number,
            row.value,
            row.confidence,
            row.page,
            fold(row.text),
            row.method,
        )
    for field in draft.empty:
        yield field, None, None, None, None, None, "", "nothing found"
