"""Letter → record: opens a file, hands it from room to room, and checks the result.

One ``LetterReader`` holds the patterns and the spaCy pipeline and reads any number of files, one by one or side
by side (``abreast.py``). It can be pickled; a process that reads files in parallel makes its own.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

import regex

from extract.abreast import Steps, alone
from extract.book import EvidenceBook
from extract.checks.checker import Checker
from extract.checks.facts import Facts, ItemFacts
from extract.confidence.apply import HOME as CALIBRATION
from extract.confidence.apply import INFERRED, Rater, load_calibration
from extract.confidence.features import Facts as Around
from extract.evidence import Found, Span
from extract.failures import LetterError, Reason
from extract.header import HeaderReader, HeaderValues
from extract.issue import IssueReader
from extract.items import Item, find_items
from extract.layout import UNKNOWN, LayoutReader, Sections
from extract.learned.component import load_model
from extract.learned.weights import HOME
from extract.letterhead import LetterheadReader
from extract.nlp import BODY_PARTS, CONDITIONS, Parser, build_nlp, sentences_of, words_of
from extract.patterns import Patterns
from extract.reading import Document, Engine, Limits, Page, open_letter, read_bytes
from extract.record import FailureRecord, LetterRecord, PriorCareRecord
from extract.text import LetterText
from extract.unknown import UnknownReader
from extract.values.body_parts import BodyPartFinder
from extract.values.dates import DateFinder
from extract.values.diagnoses import DiagnosisFinder
from extract.values.icd10 import CategoryFinder
from extract.values.person import Person, PersonReader
from extract.values.prior_care import PriorCareFinder
from extract.values.reviewer import ReviewerReader
from extract.words import fold, one_line

TABLE: Final = "letters"
_ENTRY: Final = regex.compile(r"\s*[;•]\s*")
ID_DIGITS: Final = 16
BESIDE: Final = 100_000
"""Weight of a file, ten letters' worth, up to which it is kept open while others are read."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: where it is, what the tables call it, its bytes and their hash."""

    path: PurePath
    name: str
    sha256: str
    data: bytes = dataclasses.field(repr=False)

    @classmethod
    def of(cls, path: Path, name: str | None = None) -> Source:
        """Read and hash a file. Raises LetterError (``unreadable``, ``too_large``) where it cannot be read."""
        return cls.of_bytes(read_bytes(path), path, name)

    @classmethod
    def of_bytes(cls, data: bytes, path: PurePath, name: str | None = None) -> Source:
        """A file whose bytes are at hand; ``path`` tells its kind by its suffix."""
        return cls(path, path.name if name is None else name, hashlib.sha256(data).hexdigest(), data)


class LetterReader:
    """Reads letters into records."""

    def __init__(
        self,
        *,
        patterns: Patterns | None = None,
        engine: Engine = "pdfium",
        model: Path | None = HOME,
        calibration: Path | None = CALIBRATION,
    ) -> None:
        """``model``: folder of the learnt component; None reads by the rules alone, as does a package without it.

        ``calibration``: file of the numbers that make confidences; None leaves those of the rules, which only
        order values by how direct their cue is. Raises PatternError, ModelError for a folder without a model,
        CalibrationError for a file that is no calibration.
        """
        self.patterns = patterns or Patterns()
        self.engine = engine
        self._layouts = LayoutReader(patterns=self.patterns)
        self._header = HeaderReader(patterns=self.patterns)
        self._letterhead = LetterheadReader(patterns=self.patterns, header=self._header)
        self._person = PersonReader(patterns=self.patterns)
        self._unknown = UnknownReader(person=self._person)
        self._reviewer = ReviewerReader(patterns=self.patterns)
        nlp = self._nlp = Parser(build_nlp(self.patterns))
        self._dates = DateFinder(patterns=self.patterns)
        self._icd10 = CategoryFinder(patterns=self.patterns)
        self._care = PriorCareFinder(patterns=self.patterns)
        learnt = load_model(model, patterns=self.patterns)
        self.model_digest = learnt.digest if learnt else None
        calibrated = load_calibration(calibration)
        self.calibration_digest = calibrated.digest if calibrated else None
        self.rater: Rater | None = calibrated
        """Gives values their confidence; learning a calibration puts a listener in its place."""
        self._diagnoses = DiagnosisFinder(nlp=nlp, patterns=self.patterns, model=learnt)
        self._parts = BodyPartFinder(nlp=nlp, patterns=self.patterns, model=learnt)
        self._issues = IssueReader(patterns=self.patterns, body_parts=self._parts)
        self._checker = Checker(patterns=self.patterns, calibrated=calibrated is not None)

    def read(self, source: Source) -> list[LetterRecord]:
        """The letters of a file, nearly always one. Raises LetterError where there is none."""
        return alone(self.reading(source))

    def reading(self, source: Source) -> Steps[list[LetterRecord]]:
        """As ``read``, with a pause at the door of each room, for letters that are read side by side.

        The file stays open from the first step to the last; one that takes much memory meanwhile has a single step.
        """
        with open_letter(source.path, engine=self.engine, data=source.data) as document:
            if not any(page.lines for page in document.pages):
                raise LetterError(Reason.NO_TEXT)
            letters = self._read_document(source, document)
            if document.weight > BESIDE or document.text_source == "ocr":
                return alone(letters)
            yield
            return (yield from letters)

    def _read_document(self, source: Source, document: Document) -> Steps[list[LetterRecord]]:
        groups = self._letters_in(document.pages)
        records = []
        for number, pages in enumerate(groups, start=1):
            yield
            part = source if len(groups) == 1 else _part(source, number)
            record = yield from self._read_pages(part, pages, document.text_source, several=len(groups) > 1)
            records.append(record)
        yield
        return records

    def summary(self, source: Source) -> str:
        """The case summary of a file's first letter as its values are read from it, '' where it has none.

        Raises LetterError where the file cannot be read.
        """
        with open_letter(source.path, engine=self.engine) as document:
            pages = self._letters_in(document.pages)[0]
            text = LetterText(pages, is_furniture=self._layouts.is_furniture)
            section = self._layouts.split(text).first("case_summary")
            prose = one_line(section.content.of(text.clean)) if section else ""
            return prose[: Limits.summary_characters]

    def try_read(self, source: Source) -> list[LetterRecord] | FailureRecord:
        """As ``read``, with every fault of the file as a failure record instead of an exception."""
        return alone(self.try_reading(source))

    def try_reading(self, source: Source) -> Steps[list[LetterRecord] | FailureRecord]:
        """As ``try_read``, with a pause at the door of each room."""
        try:
            return (yield from self.reading(source))
        except LetterError as error:
            return FailureRecord(source.name, source.sha256, error.reason, error.detail)
        except TimeoutError:
            return FailureRecord(source.name, source.sha256, Reason.PATTERN_TIMEOUT, Reason.PATTERN_TIMEOUT.meaning)
        except MemoryError:
            return FailureRecord(source.name, source.sha256, Reason.OUT_OF_MEMORY, Reason.OUT_OF_MEMORY.meaning)
        except Exception as error:  # a hostile file must not end the run; the type says where to look
            where = fault(error)
            return FailureRecord(source.name, source.sha256, Reason.INTERNAL_ERROR, where)

    def _letters_in(self, pages: Sequence[Page]) -> list[list[Page]]:
        """Pages of each letter: a new one begins where a page's head names another case and opens a determination."""
        named = {n for page in pages if (n := self._case_named(page)) is not None}
        if len(named) < 2:
            return [list(pages)]
        groups: list[list[Page]] = []
        current: str | None = None
        for page in pages:
            text = LetterText([page]) if page.lines else None
            case = self._header.case_number(text.clean, Span(0, len(text.clean))) if text else None
            opens = (
                text is not None
                and case is not None
                and self._layouts.opens_letter(text, case.span.start)
                and current is not None
                and case.value != current
            )
            if case is not None and (current is None or opens):
                current = case.value
            if opens or not groups:
                groups.append([])
            groups[-1].append(page)
        return groups

    def _case_named(self, page: Page) -> str | None:
        """The first case number on a page, by its printed lines alone."""
        words = "\n".join(line.text for line in page.lines)
        found = self._header.case_number(words, Span(0, len(words)))
        return None if found is None else found.value

    def _read_pages(
        self, source: Source, pages: Sequence[Page], text_source: str, *, several: bool
    ) -> Steps[LetterRecord]:
        text = LetterText(pages, is_furniture=self._layouts.is_furniture)
        yield
        sections = self._layouts.split(text)
        yield
        items = find_items(text, sections)
        book = EvidenceBook(text, sections)
        yield
        header = self._letterhead.read(text, sections)
        if not sections.known and not self._unknown.is_letter(text.clean, sections, items, header):
            raise LetterError(Reason.NOT_A_LETTER)
        values: dict[str, Any] = {
            "letter_id": source.sha256[:ID_DIGITS],
            "source": source.name,
            "layout": sections.layout.name if sections.known else UNKNOWN,
            "text_source": text_source,
            "pages": len(pages),
        }
        for field in ("source", "text_source", "pages"):
            book.add_file(TABLE, field, values[field], "reading")
        first = next((s.heading for s in sections.spans if s.heading.end), Span(0, 0))
        book.add(TABLE, "layout", Found(values["layout"], first, "layout", 1.0 if sections.known else 0.5))
        section = sections.first("case_summary")
        summary = section.content if section else None
        if summary is None and not sections.known:
            summary = self._unknown.summary(text.clean)
        yield
        person = Person()
        base = 0
        if summary is not None:
            base = summary.start
            prose = one_line(summary.of(text.clean))[: Limits.summary_characters]
            person = self._person.read(prose)
            yield
            yield from self._summary_fields(prose, base, person, values, book)
            yield
            values["prior_care"] = self._prior_care(text, prose, base)
        yield
        self._header_fields(header, person, base, values, book)
        self._reviewer_fields(text, sections, values, book)
        yield
        read = self._item_fields(text, items, values, book)
        yield
        self._documents(text, sections, values, book)
        raw_sections = tuple(
            (s.name, *_bounds(text.to_raw(Span(s.heading.start, s.content.end)))) for s in sections.spans
        )
        evidence = tuple(book.rows)
        letter = LetterRecord(**values, evidence=evidence, text=text.raw, sections=raw_sections)
        yield
        quality = min((p.ocr_quality for p in pages if p.ocr_quality is not None), default=None)
        facts = Facts(letter, text, sections, header, person, summary, read, several, quality, self._dates)
        signs = self._checker.signs(facts)
        yield
        self._rate(facts, frozenset(sign.flag for sign in signs), book)
        yield
        return self._checker.flagged(facts, signs, book)

    def _rate(self, facts: Facts, flags: frozenset[str], book: EvidenceBook) -> None:
        """Turn the rules' own confidences into calibrated ones."""
        if self.rater is None:
            return
        letter = facts.letter
        around = Around(
            layout=letter.layout,
            text_source=letter.text_source,
            source=letter.source,
            quality=facts.ocr_quality,
            flags=flags,
            learnt=self.model_digest is not None,
            ratings=book.ratings,
            second=book.second,
        )
        book.settle(self.rater.rate(book.rows, around))

    def _prior_care(self, text: LetterText, prose: str, base: int) -> tuple[PriorCareRecord, ...]:
        rows: list[PriorCareRecord] = []
        for number, care in enumerate(self._care.in_summary(prose), start=1):
            found = care.found.shift(base)
            raw = text.to_raw(found.span)
            rows.append(
                PriorCareRecord(
                    number, care.treatment, care.sessions, care.status, care.day, raw.of(text.raw), raw.start, raw.end,
                    text.place(raw).page, found.method, found.confidence,
                )
            )  # fmt: skip
        return tuple(rows)

    # -- fields

    def _summary_fields(
        self, prose: str, base: int, person: Person, values: dict[str, Any], book: EvidenceBook
    ) -> Steps[None]:
        for field, found in (("age", person.age), ("sex", person.sex)):
            if found is not None:
                values[field] = found.value
                book.add(TABLE, field, found.shift(base))
        doc = self._nlp(prose)
        yield
        for known in (BODY_PARTS, CONDITIONS):  # kept with the text, for all who ask
            words_of(doc, known)
        sentences_of(doc)
        yield
        diagnoses = self._diagnoses.in_doc(doc)
        yield
        parts = self._parts.in_doc(doc)
        yield
        codes = self._diagnoses.codes_in(doc)
        yield
        for field, many in (("body_parts", parts), ("diagnoses", diagnoses), ("icd_codes", codes)):
            values[field] = tuple(dict.fromkeys(f.value for f in many))
            book.add_all(TABLE, field, (f.shift(base) for f in many))
            self._codes(field, many, base, values, book)

    def _codes(
        self, field: str, many: Sequence[Found[str]], base: int, values: dict[str, Any], book: EvidenceBook
    ) -> None:
        """Codes that are inferred from values, each with the words of its value as evidence."""
        kinds = {
            "body_parts": ("body_part_codes", "wcio", self._parts.wcio),
            "diagnoses": ("diagnosis_codes", "icd10_category", self._icd10.category),
        }
        if field not in kinds:
            return
        name, method, code_of = kinds[field]
        coded = [(f, code) for f in many if (code := code_of(f.value)) is not None]
        values[name] = tuple(dict.fromkeys(code for _, code in coded))
        for found, code in coded:
            sure = min(found.confidence, INFERRED)
            book.add(TABLE, name, Found(code, found.span, f"inferred:{method}", sure).shift(base))

    def _header_fields(
        self,
        header: HeaderValues,
        person: Person,
        base: int,
        values: dict[str, Any],
        book: EvidenceBook,
    ) -> None:
        if not header.words.get("case_number") and header.footer is None:
            named = self._header.case_number(values["source"], Span(0, len(values["source"])))
            if named is not None:  # the DWC names a letter's file by its case
                values["case_number"] = named.value
                book.add_file(TABLE, "case_number", named.value, "file_name")
        if header.footer is not None:
            values["case_number"] = header.footer.value
            book.add_raw(TABLE, "case_number", header.footer, section="footer")
        for field, words in header.words.items():
            if field in ("case_number", "priority", "cover_determination"):
                values[field] = words.value
                book.add(TABLE, field, words)
        for field, day in header.dates.items():
            values[field] = day.value
            book.add(TABLE, field, day)
        if "injury_date" not in values:
            for field, found in (("injury_date", person.injury), ("injury_date_end", person.injury_end)):
                if found is not None:
                    values[field] = found.value
                    book.add(TABLE, field, found.shift(base))
        elif (
            "injury_date_end" not in values
            and person.injury is not None
            and person.injury_end is not None
            and values["injury_date"] in (person.injury.value, person.injury_end.value)
        ):
            values["injury_date_end"] = person.injury_end.value
            book.add(TABLE, "injury_date_end", person.injury_end.shift(base))
        known = {values.get("injury_date"), values.get("injury_date_end")}
        told = {d.value for d in (person.injury, person.injury_end) if d is not None}
        if told and "injury_date" in header.dates:
            book.second[TABLE, "injury_date", None] = bool(told & known)

    def _reviewer_fields(
        self, text: LetterText, sections: Sections, values: dict[str, Any], book: EvidenceBook
    ) -> None:
        places = [section.content for section in (*sections.all("reviewer"), *sections.all("how_made"))]
        if not sections.known:
            places.append(Span(0, len(text.clean)))
        for place in places:
            read = self._reviewer.read(one_line(place.of(text.clean)))
            for field, found in (
                ("reviewer_license_states", read.states),
                ("reviewer_specialties", read.specialties),
            ):
                if found and not values.get(field):
                    values[field] = tuple(f.value for f in found)
                    book.add_all(TABLE, field, (f.shift(place.start) for f in found))

    @staticmethod
    def _documents(text: LetterText, sections: Sections, values: dict[str, Any], book: EvidenceBook) -> None:
        """The documents reviewed: a line or a semicolon ends an entry; a lead-in that ends in a colon is none."""
        section = sections.first("documents")
        if section is None:
            return
        printed = [text.clean_lines[n].line.text for n in text.lines_in(section.content)]
        one_each = len(printed) > 1 and not any(line[:1].islower() for line in printed)
        pieces = printed if one_each else section.content.of(text.clean).split("\n")
        lines = [fold(line).lstrip("•-–·* ").rstrip(";., ") for line in pieces]
        entries = [part.strip() for line in lines if line and not line.endswith(":") for part in _ENTRY.split(line)]
        entries = [e for e in entries if e]
        values["documents_reviewed_count"] = len(entries)
        values["documents_reviewed"] = "; ".join(entries)
        for field in ("documents_reviewed_count", "documents_reviewed"):
            book.add(TABLE, field, Found(values[field], section.content, "section", 0.8))

    def _item_fields(
        self, text: LetterText, items: Sequence[Item], values: dict[str, Any], book: EvidenceBook
    ) -> tuple[ItemFacts, ...]:
        read = tuple(self._issues.read(text.clean, item, book) for item in items)
        decisions = [each.issue.decision for each in read]
        values["issue_count"] = len(read)
        values["upheld_count"] = decisions.count("upheld")
        values["overturned_count"] = decisions.count("overturned")
        if items:
            whole = Span(min(i.request.start for i in items), max(i.request.end for i in items))
            for field in ("issue_count", "upheld_count", "overturned_count"):
                book.add(TABLE, field, Found(values[field], whole, "count_of_items", 0.99))
            decision = overall(decisions)
            if decision is not None:
                values["decision"] = decision
                stated = items[-1].decision or items[0].decision
                at = whole if stated is None else stated.span  # else the rationales tell it
                book.add(TABLE, "decision", Found(decision, at, "from_items", 0.99))
        else:
            for field in ("issue_count", "upheld_count", "overturned_count"):
                book.add_file(TABLE, field, 0, "count_of_items")
        return read


def overall(decisions: Sequence[str | None]) -> str | None:
    """The decision on a letter: of all items, or partial; None where an item has none."""
    if not decisions or None in decisions:
        return None
    kinds = set(decisions)
    return decisions[0] if len(kinds) == 1 and kinds <= {"upheld", "overturned"} else "partially_overturned"


def _part(source: Source, number: int) -> Source:
    """The n-th letter of a file: the first keeps the file's name, the next are named below it."""
    if number == 1:
        return source
    digest = hashlib.sha256(f"{source.sha256}/{number}".encode()).hexdigest()
    return Source(source.path, f"{source.name}/{number}", digest, source.data)


def _bounds(span: Span) -> tuple[int, int]:
    return span.start, span.end


def fault(error: Exception) -> str:
    """Type and place of a fault, without any text of the letter."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{Path(code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {place}"
