"""What the rest of a letter says of each of its values: warnings, second readings, neighbours, wording."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final, NamedTuple

import regex

from extract.confidence.features import DOUBTED, PRACTISED, Facts, Feature, poverty
from extract.confidence.warnings import CONCERNS, Cell
from extract.record import Evidence

LEAST_RATED, MOST_RATED = -6.0, 5.0
"""Log-odds of the learnt component beyond which more says nothing more."""
MOST_WORDS: Final = 60
"""Words of a value beyond which more are no likelier to hold a misread one."""
LONG: Final = 8
"""Words from which a diagnosis is long."""
_CASE: Final = regex.compile(r"C[MR]\d{2}-\d{7}", regex.IGNORECASE)
_JOINED: Final = regex.compile(r"[,;/]")
_AND: Final = regex.compile(r"\b(?:and|with|including)\b", regex.IGNORECASE)
_ODD: Final = regex.compile(r"\b(?:19|20)\d\d\b|[.:?]|\b(?:was|were|is|has|had|include|status)\b", regex.IGNORECASE)
_PROSE: Final = regex.compile(
    r"^(?:[a-z]|\S{1,3}$)|\b(?:is|are|was|were|has|does|the (?:first|second|page|other)|its|when)\b"
)
_WORDED: Final = frozenset({"sections", "chapter", "text"})
_SIDES: Final = ("left ", "right ", "bilateral ")

_CITED: Final = frozenset({"guideline", "chapter", "cited_by"})
_PRODUCT: Final = ("frequency_min", "frequency_max", "weeks_min", "weeks_max")
_VISITS: Final = tuple(("issues", name) for name in ("sessions_requested", *_PRODUCT))
_CITATION: Final = tuple(("citations", name) for name in ("guideline", "chapter", "text"))
_ASKED: Final = frozenset({"drug_class", "treatment_subcategory", "sessions_requested", *_PRODUCT})


_GATHERED: Final = frozenset(
    {
        *(
            ("letters", name)
            for name in ("body_parts", "diagnoses", "diagnosis_codes", "decision", "cover_determination")
        ),
        *(("issues", name) for name in ("body_parts", *_ASKED)),
    }
)
Place = tuple[int | None, int | None]
"""Item and citation of a row, or the offsets of its words."""


class _Cited(NamedTuple):
    """The citations of a letter: what read each; those of a chapter that both sides of an item cite, and those that
    name a chapter; the words that several items stand on; rows with a sentence for a title, their citations and items.
    """

    by: Mapping[Place, Feature]
    twice: frozenset[Place]
    chapters: frozenset[Place]
    shared: frozenset[Place]
    prose_rows: frozenset[int]
    prose: frozenset[Place]
    prose_items: frozenset[int | None]


class _Read(NamedTuple):
    """Values of a letter that others are held against."""

    parts: frozenset[str]
    asked: frozenset[str]
    coded: frozenset[tuple[int | None, int | None]]
    classes: Mapping[int | None, tuple[str, str]]
    subcategories: Mapping[int | None, tuple[str, str]]
    visits: Mapping[int | None, bool]
    split: frozenset[int]
    decision: str | None
    cover: str | None


class Surroundings:
    """What the rest of a letter says of each of its values."""

    def __init__(self, rows: Sequence[Evidence], facts: Facts) -> None:
        self._facts = facts
        self._cells = [(row.table, row.field) for row in rows]
        self._read, self._cited = _gather(rows, self._cells), _gather_citations(rows)
        self._warnings: dict[Cell, list[Feature]] = {}
        for flag in sorted(facts.flags & CONCERNS.keys()):
            for cell in CONCERNS[flag]:
                self._warnings.setdefault(cell, []).append((f"flag:{flag}", 1.0))
        self._told = {(table, name) for table, name, _ in facts.second}
        self._spoken_of = _CHECKS.keys() | self._warnings.keys() | self._told
        """Cells outside of the citations that something else in the letter speaks of."""
        cited_again = any(table == "citations" for table, _ in self._told)
        self._ordinary = facts.quality is None and not self._warnings and not cited_again
        """Whether it is a letter of which no more is said than that."""

    def of(self, number: int, row: Evidence) -> tuple[Feature, ...]:
        """Features of a row from what stands elsewhere in the letter. ``number``: of the row in the book."""
        cell, facts = self._cells[number], self._facts
        rating, quality = facts.ratings.get(number), facts.quality
        cites = row.table == "citations"
        if rating is None and self._ordinary:  # as nearly all rows
            if cites:
                twice = cell in _CHECKS and (row.issue_number, row.citation_number) in self._cited.twice
                return (*_said(*cell, True), *self._citation(number, row)) if twice else self._citation(number, row)
            if cell not in self._spoken_of:
                return ()
        found: list[Feature] = []
        if self._warnings:
            found += self._warnings.get(cell, ())
        verdict = self._verdict(cell, row)
        if verdict is not None:
            found += _said(*cell, verdict)
        if quality is not None:
            words = min(row.value.count(" ") + 1, MOST_WORDS)
            found.append(("ocr misread", poverty(quality) * words / 10))
        if rating is not None:
            found.append((f"rating:{row.field}", max(LEAST_RATED, min(MOST_RATED, rating))))
            if "summary" in facts.practised:
                found.append((f"practised:{row.field}", PRACTISED))
        if cites:
            found += self._citation(number, row)
        elif row.field == "diagnoses":
            found += _wording(row.value)
            if row.start in self._read.split or row.end in self._read.split:
                found.append(("diagnosis: split", 1.0))
        return tuple(found)

    def _citation(self, number: int, row: Evidence) -> tuple[Feature, ...]:
        """What makes a citation doubtful: one paragraph for several items, no chapter, words that are no title."""
        cited, key = self._cited, (row.issue_number, row.citation_number)
        by = cited.by.get(key)
        if by is not None and not cited.shared and not cited.prose and key in cited.chapters:
            return (by,)
        found = [] if by is None else [by]
        if cited.shared and (row.start, row.end) in cited.shared:
            found.append(("citation: shared", 1.0))
        if key not in cited.chapters and row.field != "sections":
            found.append(("citation: no chapter", 1.0))
        if cited.prose:
            if number in cited.prose_rows:
                found.append(("citation: prose", 1.0))
            elif key in cited.prose:
                found.append(("citation: prose in it", 1.0))
            elif row.issue_number in cited.prose_items:
                found.append(("citation: prose beside", 1.0))
        return tuple(found)

    def _verdict(self, cell: Cell, row: Evidence) -> bool | None:
        """True where an independent finder agrees with a value, False where one says otherwise, else None."""
        if cell in self._told:
            told = self._facts.second.get((*cell, row.issue_number))
            if told is not None:
                return told
        check = _CHECKS.get(cell)
        return None if check is None else check(self, row)

    def _case_number(self, row: Evidence) -> bool | None:
        """The DWC names a letter's file by its case."""
        if row.method == "file_name":
            return None
        case = _CASE.search(PurePosixPath(self._facts.source).stem)
        return None if case is None else case.group().upper() == row.value

    def _decision(self, row: Evidence) -> bool | None:
        """The decision over the items, and the one that a cover letter prints."""
        cover, decision = self._read.cover, self._read.decision
        return None if cover is None or decision is None else cover == decision

    def _diagnosis(self, row: Evidence) -> bool | None:
        """The learnt component's doubt; and whether the classification's names tell a category for the words."""
        if row.method.endswith(DOUBTED):
            return False
        return True if (row.start, row.end) in self._read.coded else None

    def _drug(self, row: Evidence) -> bool | None:
        """The class by the vocabulary of drugs, and the one that the words of the treatment tell."""
        one, other = self._read.classes.get(row.issue_number), self._read.subcategories.get(row.issue_number)
        return None if one is None or other is None or one[1] == other[1] else one[0] == other[0]

    def _cited_twice(self, row: Evidence) -> bool | None:
        """Both sides of an item cite the same chapter."""
        return True if (row.issue_number, row.citation_number) in self._cited.twice else None

    def _part(self, row: Evidence) -> bool | None:
        """A body part of the summary among those of the items."""
        return _beside(row.value, self._read.asked)

    def _asked_part(self, row: Evidence) -> bool | None:
        """A body part of an item among those of the summary."""
        return _beside(row.value, self._read.parts)

    def _plan(self, row: Evidence) -> bool | None:
        """An item's total of visits, and its frequency with the weeks."""
        return self._read.visits.get(row.issue_number)


_CHECKS: Final[Mapping[Cell, Callable[[Surroundings, Evidence], bool | None]]] = {
    ("letters", "case_number"): Surroundings._case_number,
    ("letters", "decision"): Surroundings._decision,
    ("letters", "cover_determination"): Surroundings._decision,
    ("letters", "body_parts"): Surroundings._part,
    ("letters", "diagnoses"): Surroundings._diagnosis,
    ("issues", "body_parts"): Surroundings._asked_part,
    ("issues", "drug"): Surroundings._drug,
    ("issues", "treatment_subcategory"): Surroundings._drug,
    **dict.fromkeys(_VISITS, Surroundings._plan),
    **dict.fromkeys(_CITATION, Surroundings._cited_twice),
}
"""What holds a cell against the rest of the letter."""


@lru_cache(maxsize=200)
def _said(table: str, name: str, verdict: bool) -> tuple[Feature, Feature]:
    """Features of a verdict. Remembered: there are two for each of a few cells."""
    kind = "agreed" if verdict else "apart"
    return (kind, 1.0), (f"{kind}:{table}.{name}", 1.0)


@lru_cache(maxsize=200)
def _cited_by(method: str) -> Feature:
    return f"citation by:{method}", 1.0


def _gather(rows: Sequence[Evidence], cells: Sequence[Cell]) -> _Read:
    """What other rows are held against, as far as it stands in the letter's own fields and its items."""
    by_field: defaultdict[Cell, list[Evidence]] = defaultdict(list)
    for row, cell in zip(rows, cells, strict=True):
        if cell in _GATHERED:
            by_field[cell].append(row)
    decision, cover = (by_field["letters", name] for name in ("decision", "cover_determination"))
    asked = [row for (_, name), found in by_field.items() if name in _ASKED for row in found]
    items = {(r.issue_number, r.field): (r.value, r.method) for r in asked}
    diagnoses = by_field["letters", "diagnoses"]
    return _Read(
        parts=frozenset([r.value for r in by_field["letters", "body_parts"]]),
        asked=frozenset([r.value for r in by_field["issues", "body_parts"]]),
        coded=frozenset([(r.start, r.end) for r in by_field["letters", "diagnosis_codes"]]),
        classes={n: v for (n, name), v in items.items() if name == "drug_class"},
        subcategories={n: v for (n, name), v in items.items() if name == "treatment_subcategory"},
        visits=dict(_visits(items)),
        split=frozenset(_split([(r.start, r.end) for r in diagnoses if r.start is not None and r.end is not None])),
        decision=decision[0].value if decision else None,
        cover=cover[0].value if cover else None,
    )


def _gather_citations(rows: Sequence[Evidence]) -> _Cited:
    """What the citations of a letter are held against."""
    places: dict[Place, set[int | None]] = {}
    by: dict[Place, Feature] = {}
    chapters: dict[Place, dict[str, str]] = {}
    prose: set[Place] = set()
    prose_rows: set[int] = set()
    for number, row in enumerate(rows):
        if row.table != "citations":
            continue
        key, name = (row.issue_number, row.citation_number), row.field
        if name in _WORDED and _is_prose(row.value):
            prose.add(key)
            prose_rows.add(number)
        if name == "text":
            places.setdefault((row.start, row.end), set()).add(row.issue_number)
        elif name in _CITED:
            chapters.setdefault(key, {})[name] = row.value
            if name == "guideline":
                by[key] = _cited_by(row.method)
    sides: dict[tuple[int | None, str, str], list[Place]] = {}
    for key, cited in chapters.items():
        sides.setdefault((key[0], cited.get("guideline", ""), cited.get("chapter", "")), []).append(key)
    both = [keys for keys in sides.values() if len({chapters[key].get("cited_by", "") for key in keys}) > 1]
    return _Cited(
        by,
        frozenset([key for keys in both for key in keys]),
        frozenset([key for key, cited in chapters.items() if cited.get("chapter")]),
        frozenset([place for place, issues in places.items() if len(issues) > 1]),
        frozenset(prose_rows),
        frozenset(prose),
        frozenset([issue for issue, _ in prose]),
    )


@lru_cache(maxsize=2000)
def _is_prose(words: str) -> bool:
    """Whether a sentence stands where a title should. Remembered: letters cite the same few hundred titles."""
    return _PROSE.search(words) is not None


def _split(spans: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Where two diagnoses were cut apart at a bare "and": the end of one and the start of the next."""
    ordered = sorted(spans)
    for (_, end), (start, _) in itertools.pairwise(ordered):
        if start - end == len(" and "):
            yield end
            yield start


def _visits(items: Mapping[tuple[int | None, str], tuple[str, str]]) -> Iterator[tuple[int | None, bool]]:
    """Of items that state a total and a frequency with its weeks, whether the two agree."""
    for (number, name), (total, method) in items.items():
        if name != "sessions_requested" or method == "frequency_times_weeks":
            continue
        try:
            low, high, weeks_low, weeks_high = (float(items[number, f][0]) for f in _PRODUCT)
        except (KeyError, ValueError):
            continue
        yield number, low * weeks_low <= float(total) <= high * weeks_high


def _beside(value: str, others: frozenset[str]) -> bool | None:
    """Whether a part stands among others: with the same side, or only with another one."""
    if value in others:
        return True
    bare = _bare(value)
    return False if bare != value and any(o != bare and _bare(o) == bare for o in others) else None


def _bare(part: str) -> str:
    return part.split(" ", 1)[1] if part.startswith(_SIDES) else part


def _wording(value: str) -> Iterator[Feature]:
    """What makes the ends of a diagnosis doubtful."""
    if _JOINED.search(value):
        yield "diagnosis: joined", 1.0
    if _AND.search(value):
        yield "diagnosis: and", 1.0
    if _ODD.search(value):
        yield "diagnosis: odd", 1.0
    words = value.count(" ") + 1
    if words >= LONG:
        yield "diagnosis: long", 1.0
    elif words == 1:
        yield "diagnosis: one word", 1.0
