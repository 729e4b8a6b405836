"""A disputed item's words → its record: requests, category, visits, drug, decision, citations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from extract.book import EvidenceBook
from extract.checks.facts import ItemFacts
from extract.evidence import Found, Span
from extract.items import Item
from extract.items.listed import BY_HEADING
from extract.layout import Part, compile_words
from extract.patterns import Patterns
from extract.record import CitationRecord, IssueRecord
from extract.values.body_parts import BodyPartFinder
from extract.values.citations import Citation, CitationReader
from extract.values.conclusion import ConclusionReader
from extract.values.drugs import DrugRequest
from extract.values.remembered import Remembered
from extract.values.requests import Requests, RequestSplitter
from extract.values.sessions import SessionReader, Sessions
from extract.values.sides import Side, SideSplitter
from extract.values.treatments import OF_DRUGS, TreatmentClassifier
from extract.words import fold, one_line

TABLE: Final = "issues"
VISIT_CATEGORIES: Final = frozenset({"Rehabilitation", "Psych Services", "Programs", "Evaluation & Management"})
"""Categories whose counts are visits unless the words say otherwise."""
NO_VISITS: Final = frozenset({"Pharmaceuticals", "DMEPOS", "Diagnostic Testing", "Injection", "Transportation"})
_SIDES: Final[tuple[tuple[str, Part], ...]] = (
    ("claims_administrator", "claims_administrator_guideline"),
    ("reviewer", "reviewer_guideline"),
)


_Keep = Callable[[str, Found[Any] | None], None]
"""Notes a field with what it is read from, if it is told."""
_PROSE_PARTS: Final[tuple[tuple[Part, Side], ...]] = (
    ("claims_administrator_guideline", "claims_administrator"),
    ("guidelines", "reviewer"),
    ("reviewer_guideline", "reviewer"),
)
"""Parts in prose, and the side that their first sentence speaks for unless it says otherwise."""


class _Asked(NamedTuple):
    """What a heading asks for: fields of the record, what each is read from in the heading, and the visits."""

    values: dict[str, Any]
    found: tuple[tuple[str, Found[Any]], ...]
    visits: Sessions


class IssueReader:
    """Reads one disputed item."""

    def __init__(self, *, patterns: Patterns, body_parts: BodyPartFinder) -> None:
        self._split = RequestSplitter(patterns=patterns)
        self._classify = TreatmentClassifier(patterns=patterns)
        self._sessions = SessionReader(patterns=patterns)
        self._citations = CitationReader(patterns=patterns)
        self._conclusion = ConclusionReader(patterns=patterns)
        self._split_sides = SideSplitter(patterns=patterns)
        self._formula = compile_words(r"Decisions? based on |outside of the MTUS Guidelines|did not cite any")
        self._prose = compile_words(
            r"The (?:Claims Administrator|(?:Physician|Expert|Professional|Medical) Reviewer) (?!did not cite)"
        )
        self._parts = body_parts
        self._visits = patterns.rule("visits", "visit_treatment")
        self._not_visits = patterns.rule("visits", "not_visits")
        self._asked = Remembered(self._ask)
        """A heading in twelve is that of another letter: the same drug in the same amount."""

    def read(self, clean: str, item: Item, book: EvidenceBook) -> ItemFacts:
        """An item of the clean text: its record, its evidence written into the book, and what checks ask of it."""
        number = item.number
        heading = fold(item.request.of(clean))
        start = item.request.start
        asked = self._asked(heading)
        values: dict[str, Any] = {"issue_number": number, "requested_treatment": heading, **asked.values}
        book.add(TABLE, "requested_treatment", Found(heading, item.request, "heading", 0.99), issue=number)
        for field, found in asked.found:
            book.add(TABLE, field, found.shift(start), issue=number)
        decision = self._decision(clean, item)
        if decision is not None:
            values["decision"] = decision.value
            book.add(TABLE, "decision", decision, issue=number)
        sides, same = self._sides(clean, item)
        paragraphs = {part: Span(found[0].start, found[-1].end) for part, found in sides.items()}
        if same and "claims_administrator_guideline" in paragraphs:
            paragraphs.setdefault(
                "reviewer_guideline", item.parts.get("guidelines") or paragraphs["claims_administrator_guideline"]
            )
        if "rationale" in item.parts:
            paragraphs["rationale"] = item.parts["rationale"]
        for part, span in paragraphs.items():
            if span.end > span.start:
                values[part] = fold(span.of(clean))
                book.add(TABLE, part, Found(values[part], span, "label", 0.99), issue=number)
        values["citations"] = self._cited(clean, item, sides, same, book)
        concluded = self._concluded(clean, item)
        agrees = _agrees(item, decision, concluded)
        if agrees is not None:
            book.second[TABLE, "decision", number] = agrees
        return ItemFacts(item, IssueRecord(**values), concluded, asked.visits)

    def _ask(self, heading: str) -> _Asked:
        requests = self._split.split(heading)
        first = requests.first
        offset = first.span.start
        values: dict[str, Any] = {}
        rows: list[tuple[str, Found[Any]]] = []

        def keep(field: str, found: Found[Any] | None) -> None:
            if found is not None:
                values[field] = found.value
                rows.append((field, found))

        keep("original_request", requests.original)
        keep("authorized_request", requests.authorized)
        keep("disputed_request", requests.disputed)
        kind = self._classify.classify(first.value)
        category = kind.category.value if kind.category else None
        keep("treatment_category", _shift(kind.category, offset))
        keep("treatment_subcategory", _shift(kind.subcategory, offset))
        parts = self._parts.in_request(first.value)
        values["body_parts"] = tuple(dict.fromkeys(part.value for part in parts))
        rows += [("body_parts", part.shift(offset)) for part in parts]
        visits = self._visit_fields(requests, category, keep)
        _drug_fields(kind.drug, offset, category, keep)
        return _Asked(values, tuple(rows), visits)

    def _visit_fields(self, requests: Requests, category: str | None, keep: _Keep) -> Sessions:
        first, authorized, disputed = requests.first, requests.authorized, requests.disputed
        if not self._counts_visits(first.value, category):
            return Sessions()
        asked = self._sessions.read(first.value)
        if asked.total is None and asked.frequency_max is None and not self._visits.search(first.value):
            return Sessions()  # a duration alone, as of a weight loss program, is no count of visits
        keep("sessions_requested", _shift(asked.total, first.span.start))
        for field in ("frequency_min", "frequency_max", "weeks_min", "weeks_max"):
            keep(field, _shift(getattr(asked, field), first.span.start))
        if authorized is not None:
            keep(
                "sessions_authorized",
                _shift(self._sessions.read(authorized.value).total, authorized.span.start),
            )
        left = asked if requests.original is None else self._sessions.read(disputed.value)
        keep("sessions_disputed", _shift(left.total, disputed.span.start))
        return asked

    def _counts_visits(self, request: str, category: str | None) -> bool:
        if category in NO_VISITS or self._not_visits.search(request):
            return False
        return category in VISIT_CATEGORIES or self._visits.search(request) is not None

    def _cited(
        self, clean: str, item: Item, sides: dict[Part, list[Span]], same: bool, book: EvidenceBook
    ) -> tuple[CitationRecord, ...]:
        records: list[CitationRecord] = []
        administrator: list[tuple[Citation, Span]] = []
        for side, part in _SIDES:
            cited = [
                (citation, span)
                for span in sides.get(part, [])
                for citation in self._citations.read(one_line(span.of(clean)))
            ]
            if side == "claims_administrator":
                administrator = cited
            elif same:
                cited = administrator + cited
            for citation, span in cited:
                record = _citation_record(len(records) + 1, side, citation, clean, span)
                records.append(record)
                _citation_evidence(record, citation, item.number, span, clean, book)
        return tuple(records)

    def _sides(self, clean: str, item: Item) -> tuple[dict[Part, list[Span]], bool]:
        """The spans that speak for each side; prose about both is told apart by its sentences."""
        spans: dict[Part, list[Span]] = {}
        same = False
        for part, start_with in _PROSE_PARTS:
            span = item.parts.get(part)
            if span is None:
                continue
            words = span.of(clean)
            if part != "guidelines" and (self._formula.search(words) or not self._prose.search(words)):
                spans.setdefault(part, []).append(span)
                continue
            read = self._split_sides.split(words, start_with=start_with)
            same = same or read.same
            spans.setdefault("claims_administrator_guideline", []).extend(
                s.shift(span.start) for s in read.claims_administrator
            )
            spans.setdefault("reviewer_guideline", []).extend(s.shift(span.start) for s in read.reviewer)
        return {part: found for part, found in spans.items() if found}, same

    def _decision(self, clean: str, item: Item) -> Found[str] | None:
        """The decision stated of the item; where a heading decides all items or none is stated, the rationale's own."""
        span = item.parts.get("rationale")
        if (item.decision is not None and item.decision.method != BY_HEADING) or span is None:
            return item.decision
        conclusion = self._conclusion.read_loosely(one_line(span.of(clean)))
        return item.decision if conclusion is None else conclusion.shift(span.start)

    def _concluded(self, clean: str, item: Item) -> Found[str] | None:
        """What the rationale concludes."""
        span = item.parts.get("rationale")
        conclusion = None if span is None else self._conclusion.read(one_line(span.of(clean)))
        return None if conclusion is None or span is None else conclusion.shift(span.start)


def _agrees(item: Item, decision: Found[str] | None, concluded: Found[str] | None) -> bool | None:
    """Whether the rationale ends on the side of the decision stated elsewhere; None where it does not say."""
    if concluded is None or decision is None or decision.value == "modified":
        return None
    if concluded.value not in (decision.value, "modified"):
        return False
    # a decision taken from there has no second reading
    return None if item.parts["rationale"].contains(decision.span) else True


def _drug_fields(read: DrugRequest, offset: int, category: str | None, keep: _Keep) -> None:
    if category not in OF_DRUGS or read.drug is None:
        return
    for field in ("drug", "strength", "quantity", "refills"):
        keep(field, _shift(getattr(read, field), offset))
    keep("drug_ingredient", _shift(read.ingredient, offset))
    keep("drug_class", _shift(read.drug_class, offset))


def _shift(found: Found[Any] | None, by: int) -> Found[Any] | None:
    return None if found is None else found.shift(by)


def _citation_record(number: int, side: str, citation: Citation, clean: str, span: Span) -> CitationRecord:
    return CitationRecord(
        number,
        side,
        citation.guideline,
        citation.chapter,
        citation.edition,
        tuple(dict.fromkeys(citation.sections)),
        tuple(dict.fromkeys(citation.pages)),
        fold(citation.span.shift(span.start).of(clean)),
    )


def _citation_evidence(
    record: CitationRecord, citation: Citation, issue: int, span: Span, clean: str, book: EvidenceBook
) -> None:
    whole = citation.span.shift(span.start)
    words = one_line(whole.of(clean))

    def note(field: str, value: str | None) -> None:
        if value is None:
            return
        at = words.find(value)
        place = Span(whole.start + at, whole.start + at + len(value)) if at >= 0 else whole
        found = Found(value, place, citation.method, citation.sure)
        book.add("citations", field, found, issue=issue, citation=record.citation_number)

    label = Found(record.cited_by, whole, "label", 0.99)
    book.add("citations", "cited_by", label, issue=issue, citation=record.citation_number)
    kind = Found(record.guideline, whole, citation.method, citation.sure)
    book.add("citations", "guideline", kind, issue=issue, citation=record.citation_number)
    note("chapter", record.chapter)
    note("edition", record.edition)
    for section in record.sections:
        note("sections", section)
    for page in record.pages:
        note("pages", page)
    text = Found(record.text, whole, citation.method, citation.sure)
    book.add("citations", "text", text, issue=issue, citation=record.citation_number)
