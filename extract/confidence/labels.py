"""Which values of a record are right, held against the gold of its letter as ``evaluate`` does; for learning.

A label belongs to a row of evidence: a member of a list cell has its own. Values that no gold speaks of
(paragraphs, documents reviewed, inferred codes) have none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from extract import metrics
from extract.evaluate import GoldFile, GoldIssue, GoldLetter
from extract.metrics import Citation
from extract.record import CitationRecord, Evidence, IssueRecord, LetterRecord

Place = tuple[str, str, int | None, int | None]
"""Table, field, item and citation of a cell."""

_LISTS: Final = ("body_parts", *metrics.LETTER_LISTS)
_ONE_ASPECT: Final = {
    "cited_by": "guideline",
    "guideline": "guideline",
    "chapter": "guideline+chapter",
    "text": "guideline+chapter",
    "sections": "sections",
    "edition": "edition",
    "pages": "pages",
}
"""The aspect of a citation that tells whether a column of it is right; of its words, that of its chapter."""


@dataclass(frozen=True, slots=True)
class Label:
    """Whether a value is right: as the gold words it, and as ``evaluate`` scores it leniently."""

    right: bool
    about_right: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """A value of the gold that the record lacks. ``empty``: its whole cell is empty."""

    table: str
    field: str
    empty: bool


def _same(right: bool) -> Label:
    return Label(right, right)


class Judge:
    """Labels the evidence of one record."""

    def __init__(self, record: LetterRecord, gold: GoldFile, layout: str | None) -> None:
        """``layout``: the name that the letter's layout should have, None where it is not known."""
        self._record, self._gold, self._layout = record, gold, layout
        wanted = [issue.requested_treatment for issue in gold.issues]
        partners = metrics.align(wanted, [issue.requested_treatment for issue in record.issues])
        self._pairs = {got: n for n, got in enumerate(partners) if got is not None}

    def labels(self) -> list[Label | None]:
        """One for each row of the record's evidence, in order; None where the gold says nothing of it."""
        known: dict[tuple[Place, str], Label] = {}
        for place, value, label in self._judged():
            known[place, value] = label
        return [known.get((place_of(row), row.value)) for row in self._record.evidence]

    def _judged(self) -> Iterator[tuple[Place, str, Label]]:
        """Every value of the record that the gold speaks of."""
        by_place: dict[Place, list[str]] = {}
        for row in self._record.evidence:
            values = by_place.setdefault(place_of(row), [])
            if row.value not in values:
                values.append(row.value)
        numbers = {issue.issue_number: n for n, issue in enumerate(self._record.issues)}
        for place, values in by_place.items():
            table, field, number, citation = place
            labels: Iterable[Label | None]
            if table == "letters":
                labels = _letter_labels(field, values, self._gold, self._layout)
            else:
                at = numbers[number or 0]
                gold = self._gold.issues[self._pairs[at]] if at in self._pairs else None
                issue = self._record.issues[at]
                if table == "issues":
                    labels = _item_labels(field, values, issue, gold)
                else:
                    labels = _citation_labels(field, values, citation or 0, issue, gold)
            for value, label in zip(values, tuple(labels), strict=True):
                if label is not None:
                    yield place, value, label

    def missed(self) -> list[Missed]:
        """Values of the gold that the record lacks: empty cells, and members of lists that nothing stands for."""
        record, gold = self._record, self._gold
        lost = list(_missed_cells("letters", _LETTER_CELLS, gold.letter, record))
        if record.case_number is None and gold.case_number:
            lost.append(Missed("letters", "case_number", empty=True))
        for field in ("diagnoses", *_LISTS):
            lost += _missed_members("letters", field, getattr(gold.letter, field), getattr(record, field))
        paired = {n: got for got, n in self._pairs.items()}
        for n, issue in enumerate(gold.issues):
            if n not in paired:
                lost.append(Missed("issues", "requested_treatment", empty=True))
                continue
            item = record.issues[paired[n]]
            lost += _missed_cells("issues", _ITEM_CELLS, issue, item)
            lost += _missed_members("issues", "body_parts", issue.body_parts, item.body_parts)
            lost += _missed_citations(issue, item)
        return lost


_LETTER_CELLS: Final = ("age", *metrics.LETTER_WORDS)
_ITEM_CELLS: Final = (*metrics.SPLIT_REQUESTS, *metrics.ITEM_WORDS, *metrics.ITEM_NUMBERS, *metrics.DRUG_WORDS)


def place_of(row: Evidence) -> Place:
    """The cell that a row of evidence belongs to."""
    return row.table, row.field, row.issue_number, row.citation_number


def _letter_labels(field: str, values: Sequence[str], gold: GoldFile, layout: str | None) -> Iterable[Label | None]:
    letter = gold.letter
    decisions = [issue.decision for issue in gold.issues]
    words = {name: getattr(letter, name) for name in metrics.LETTER_WORDS}
    words |= {"case_number": gold.case_number, "cover_determination": letter.decision}
    if layout is not None:
        words["layout"] = layout
    numbers = {"age": letter.age, "issue_count": len(decisions)}
    numbers |= {f"{kind}_count": decisions.count(kind) for kind in ("upheld", "overturned")}
    if field in words:
        return [_words(words[field], v) for v in values]
    if field in numbers:
        return [_number(numbers[field], v) for v in values]
    if field == "diagnoses":
        return _diagnoses(letter, values)
    if field == "body_parts":
        return _parts(letter.body_parts, values)
    if field in metrics.LETTER_LISTS:
        wanted = {metrics.normal(v) for v in getattr(letter, field)}
        return [_same(metrics.normal(v) in wanted) for v in values]
    return [None] * len(values)


def _item_labels(
    field: str, values: Sequence[str], item: IssueRecord, gold: GoldIssue | None
) -> Iterable[Label | None]:
    """An item without a partner in the gold is wrong as a whole."""
    if field == "disputed_request" and item.original_request is None:
        field = "requested_treatment"
    if field not in {"requested_treatment", "body_parts", *_ITEM_CELLS}:
        return [None] * len(values)
    if gold is None:
        return [_same(False)] * len(values)
    if field == "body_parts":
        return _parts(gold.body_parts, values)
    wanted: Any = getattr(gold, field)
    if field == "treatment_subcategory" and not wanted:
        return [None] * len(values)  # some categories have none, and what stands there does no harm
    if field in metrics.DRUG_WORDS:
        return [_same(metrics.compact(wanted) == metrics.compact(v)) for v in values]
    return [(_number if field in metrics.ITEM_NUMBERS else _words)(wanted, v) for v in values]


def _citation_labels(
    field: str, values: Sequence[str], number: int, item: IssueRecord, gold: GoldIssue | None
) -> list[Label | None]:
    """A citation's part is right where the gold has as many of its key as stand up to it in the record."""
    aspect = _ONE_ASPECT[field]
    wanted = Counter(key for c in gold.citations for key in c.keys(aspect)) if gold else Counter()
    before: Counter[tuple[str, ...]] = Counter()
    for record in item.citations:
        if record.citation_number >= number:
            break
        before.update(_cited(record).keys(aspect))
    labels: list[Label | None] = []
    own = _cited(next(c for c in item.citations if c.citation_number == number))
    for value in values:
        part = {"sections": (value,)} if field == "sections" else {"pages": (value,)} if field == "pages" else {}
        (key,) = Citation(**{**_fields(own), **part}).keys(aspect)
        before[key] += 1
        labels.append(_same(before[key] <= wanted[key]))
    return labels


def _cited(record: CitationRecord) -> Citation:
    return Citation(record.cited_by, record.guideline, record.chapter, record.edition, record.sections, record.pages)


def _fields(citation: Citation) -> dict[str, Any]:
    return {name: getattr(citation, name) for name in Citation.__dataclass_fields__}


def _parts(wanted: Iterable[str], values: Sequence[str]) -> Iterator[Label]:
    gold = {metrics.normal(v) for v in wanted}
    sideless = {metrics.sideless(v) for v in gold}
    for value in map(metrics.normal, values):
        yield Label(value in gold, metrics.sideless(value) in sideless)


def _diagnoses(letter: GoldLetter, values: Sequence[str]) -> Iterator[Label]:
    exact = {metrics.normal(v) for v in letter.diagnoses}
    free = list(values)
    for text in letter.diagnoses:
        best = metrics.nearest(text, free, least=metrics.SAME_DIAGNOSIS)
        if best is not None:
            del free[best]
    for value in values:
        right = metrics.normal(value) in exact
        yield Label(right, right or value not in free)


def _words(wanted: str | None, value: str) -> Label:
    return _same(metrics.normal(wanted) == metrics.normal(value))


def _number(wanted: float | str | None, value: str) -> Label:
    return _same(metrics.number(wanted) == metrics.number(value))


def _missed_cells(table: str, fields: Iterable[str], gold: object, record: object) -> Iterator[Missed]:
    for field in fields:
        wanted, got = getattr(gold, field), getattr(record, field)
        if wanted not in (None, "") and got in (None, ""):
            yield Missed(table, field, empty=True)


def _missed_members(table: str, field: str, wanted: Sequence[str], got: Sequence[str]) -> Iterator[Missed]:
    """Members that no value stands for; a value that is worded otherwise stands for one."""
    if field == "diagnoses":
        outcome = metrics.compare_wordings(field, "", wanted, got)
        lost = outcome.lost
    elif field == "body_parts":
        lost = len({metrics.sideless(w) for w in wanted} - {metrics.sideless(g) for g in got})
    else:
        lost = len({metrics.normal(w) for w in wanted} - {metrics.normal(g) for g in got})
    yield from (Missed(table, field, empty=not got) for _ in range(lost))


def _missed_citations(gold: GoldIssue, item: IssueRecord) -> Iterator[Missed]:
    for field, aspect in (
        ("guideline", "guideline"),
        ("sections", "sections"),
        ("edition", "edition"),
        ("pages", "pages"),
    ):
        wanted = Counter(key for c in gold.citations for key in c.keys(aspect))
        got = Counter(key for c in item.citations for key in _cited(c).keys(aspect))
        yield from (Missed("citations", field, empty=not got) for _ in range((wanted - got).total()))
