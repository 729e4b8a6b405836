"""Guideline paragraphs → citations: guideline, chapter, edition, sections and pages.

A paragraph is cut into statements ("Decision based on MTUS …", "Decision based on Non-MTUS
Citation …", 8 CCR 9792.10.6 asks both sides to name what they relied on). Within a MTUS
statement the known chapter names cut it further, so that commas inside names do no harm;
a Non-MTUS statement is free text, cut at the names of documents and of ODG chapters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from string import whitespace
from typing import Final

import regex

from extract.effort import is_tame
from extract.evidence import Span
from extract.expressions import TIME_LIMIT
from extract.folding import folded
from extract.layout import compile_words, sought
from extract.patterns import Patterns
from extract.values.guidelines import Guideline, Guidelines
from extract.values.remembered import Remembered
from extract.values.sections import LINK_AT_END, Sections, split_sections, tidy
from extract.values.titles import AUTHORS, TitleFinder

_KIND: Final = r"(?P<kind>Non-?\s?MTUS(?: Citations?)?|MTUS\b)[ ,:]*"
_STATEMENT: Final = compile_words(r"Decisions? (?:is |was )?based on " + _KIND)
_FIRST_STATEMENT: Final = compile_words(_KIND)
_NOTHING: Final = sought(
    r"(?:did not|does not|didn't|failed to) (?:cite|provide|reference|give)"
    r"|no (?:medical )?(?:evidence|guidelines?) (?:was|were|is) cited"
)
_OUTSIDE: Final = compile_words(r"recommendation\(?s?\)? outside of the MTUS(?: Guidelines?)?[ .]*")
_YEAR: Final = compile_words(
    r"[ ,]*\(?(?:(?:revised|rev\.?|updated?|effective|adopted|published|version|edition)(?: in| of)?[ ,]*)?"
    r"(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\.?,? )?(?P<year>(?:19|20)\d\d)\b\)?"
)
_PAGES: Final = regex.compile(
    r"[(\[]?\b(?:pages?|pgs?|pp?)\b\.?\s*(?:\(s\))?\.?\s*:?\s*(?P<pages>\d{1,4}(?:\s*(?:-|–|to|,|;|&|and)\s*\d{1,4}(?!\w))*)[)\]]?",
    regex.IGNORECASE,
)
_SECTIONS: Final = sought(r"[ ,:;(.–-]*(?:Sections?(?:\(s\))? ?:|(?:Section|Topic)s?\b)")
_CHAPTER_NUMBER: Final = compile_words(
    r"(?:ACOEM)?[ ,:(]*(?:(?:Practice|Medicine|Occupational) )*(?:Guidelines?)?[ ,:(–-]*"
    r"(?:\d\w\w Edition)?[ ,:;(]*(?:20\d\d)?[ ,:;)–-]*\(?Chapters? ?:? ?\(?\d{1,2}\)?[ ,:)–-]*$"
)
_LIST_OPENS: Final = regex.compile(r"Sections?(?:\(s\))?\s*:", regex.IGNORECASE)
_LIST_ENDS: Final = regex.compile(r"(?<!\d)\.\s+\p{Lu}", regex.IGNORECASE)
"""Where a list of sections begins, and with which sentence it is over."""
_ACOEM: Final = sought(r"\b(?:ACOEM|American College of Occupational)")
_PROSE: Final = compile_words(r"\W*MTUS (?!.{0,60}Section)(?:does|is|was|did|and|or|guidelines)")
_UNNAMED: Final = compile_words(
    r"(?<!(?:part|sections?) of (?:the )?(?:California )?)\bMTUS\b"
    r"(?! (?:was|were|is|are|does|did|do|has|that|having|nor|antedates|predates|silent|page|deals?))|"
    r"(?<!(?:part|sections?) of (?:the )?(?:California )?)Medical Treatment Utilization Schedule"
)
_NOT_MTUS: Final = compile_words(r"(?:not|outside)(?: a)?(?: part)? of the (?:California )?(?:MTUS|Medical Treatment)")
_CLAUSE: Final = compile_words(
    r"(?=[,;.\s])(?:"  # said first, since an expression that may begin with a comma is else tried at every letter
    r"[,;]? (?:"  # and this once for all words that may follow it
    r"(?:which|because|since|and (?:did|does|found|finds|determined|noted|stated|held)|but|however) |"
    r"(?:although|whereas) |"
    r"(?:and )?(?:was|were) (?:also )?consulted|"
    r"(?:the )?(?:MTUS|ODG) (?:is )?silent"
    r")|,? (?:"
    r"(?:without|with no) (?:an? )?(?:page|section|chapter)|"
    r"not (?:a )?part of|"
    r"(?:n?either|both|all|none) of which|(?:the )?MTUS having|"
    r"that (?:is|are) |(?:were|was|are|is) (?:used|found|cited|relied|considered|applied|relevant|too) |"
    r"(?:as )?(?:relevant|applicable) (?:and|to) |a Medical Treatment Guideline |"
    r"(?:is |are |and |also )*(?:a )?part of the (?:California )?(?:MTUS|Medical Treatment Utilization Schedule)"
    r")|"
    r"[,;] (?-i:as|that|so|saying|who|where|when) |(?<!\d)\.\s+(?=\p{Lu})|"
    r"\. (?=(?:an?|it|the|this|that|these|he|she|in|as|pain|time|six|none) ))"
)
"""Where prose leaves the list of a chapter's sections and pages."""
_REFERENCE: Final = compile_words(
    r"(?: (?:Chapter|Section)\b(?! ?\d))?[ ,(]*(?:(?:the )?(?:American College[^()]{0,60}\(ACOEM\)|ACOEM)"
    r"(?: (?:Practice|Occupational|Medicine))* ?(?:Guidelines?)?[ ,]*(?:\d\w\w ed(?:ition|\.)?)?[ ,]*"
    r"(?:\(?(?P<year>(?:19|20)\d\d)\)?)?)?[ ,:]*(?:Chapter ?\d{1,2}\b)?[ )]*"
)
"""The document, edition and number of a chapter, named behind the chapter."""
_OPENS: Final = regex.compile(r"\s+Chapter\b|\s*\((?:ACOEM|American College)")
_FULL_NAME: Final = regex.compile(r"complaints?|conditions|disorders|guidelines?|treatment", regex.IGNORECASE)
_NEW_CLAUSE: Final = regex.compile(r"(?<!\d)[;.]\s*$")
_ACOEM_BEFORE: Final = regex.compile(r"ACOEM\W*$")
_AND_NAME: Final = regex.compile(r"(?<=[\p{Ll})])\s+and\s+(?=\p{Lu}\p{Ll}+(?:\s\p{Ll}|\s?\(|,|$))")
TITLE: Final = "title"
"""Method of a citation that is a title as printed."""
BLANK: Final = " "
"""What stands in the place of a title that has been read."""
LOOK_BACK: Final = 110
"""Characters before a chapter's name in which its document's edition may stand."""
_JOIN: Final = compile_words(r"[ ,;.]*\b(?:and|&)?[ ,;.(:–-]*$")
_OF_JOIN: Final = whitespace + "+,;.(:–-&andAND"
"""The characters that what joins two citations is made of: before the last of others it need not be looked for."""
_LINK_ENDS: Final = frozenset(("nd", "or", "on", "he", "as"))
"""How the words of a link end."""
_ANY_YEAR: Final = regex.compile(r"(?:19|20)\d\d")
_ANY_PAGE: Final = regex.compile(r"\bp(?:ages?|gs?|p)?\b", regex.IGNORECASE)
_REFERENCE_HEAD: Final = compile_words(r" (?:Chapter|Section)|[ ,(]*(?:the|American|ACOEM)|[ ,:(]*Chapter")
"""What is asked before expressions that must run beside a clock, which takes longer than they do."""
_REFERENCE_MARKS: Final = compile_words(r"[ ,(]*[ ,:]*[ )]*")
"""What a reference without its head matches."""
_YEAR_ALONE: Final = regex.compile(r"\(?\b((?:19|20)\d\d)\b\)?")
_YEARS: Final = regex.compile(r"\b(?:19|20)\d\d\b")
_PAGES_APART: Final = regex.compile(r"[,;&]|\band\b")
_BLANKS: Final = regex.compile(r"\s")
_LINKS: Final = regex.compile(r"^(?:and|&)\s+|\s+(?:and|&)$")
_ADDRESS: Final = regex.compile(r"(?:https?://|www\.)\S+")
_YEAR_IN_TITLE: Final = regex.compile(r"(?<![/\d])((?:19|20)\d\d)\b(?![/\d])")
_EDITION: Final = regex.compile(r"\b(\d{1,2}(?:st|nd|rd|th))\s+ed(?:ition)?\b", regex.IGNORECASE)
_SENTENCES: Final = regex.compile(r"(?<=[\p{Ll})])\.\s+(?=\p{Lu})")
_CHAPTERS: Final = regex.compile(r"Chapter\s+\d+:?[^,;]*")
_PUBLISHER: Final = regex.compile(
    r",?\s+accessed\b|,\s*\d{1,2}(?:st|nd|rd|th)\s+[Ee]d|\s*(?:https?://|www\.)|\s*\(?(?:19|20)\d\d\b"
    r"|,?\s+(?:pages?|pp?\.)\s*\d"
)
"""Where the publisher's data begin behind a title."""


@dataclass(frozen=True, slots=True)
class Citation:
    """One guideline cited. ``span`` covers its words in the paragraph; ``sure`` is between 0 and 1."""

    guideline: Guideline
    chapter: str | None
    edition: str | None
    sections: tuple[str, ...]
    pages: tuple[str, ...]
    span: Span
    method: str
    sure: float = 0.95


@dataclass
class _Draft:
    """A citation while its words are being read."""

    guideline: Guideline
    start: int
    end: int
    chapter: str | None = None
    edition: str | None = None
    sections: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    method: str = ""
    sure: float = 0.95

    def done(self, text: str) -> Citation:
        start, end = self.start, self.end
        while end > start and text[end - 1] in " ,;":
            end -= 1
        if folded(text[max(start, end - 2) : end]) in _LINK_ENDS:  # as one in ten does
            link = LINK_AT_END.search(text, start, end, timeout=TIME_LIMIT)
            end = link.start() if link else end
        return Citation(
            self.guideline, self.chapter, self.edition, tuple(self.sections), tuple(self.pages), Span(start, end),
            self.method, self.sure,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Name:
    guideline: Guideline
    start: int
    end: int


class CitationReader:
    """Reads one side's guideline paragraph."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._vocabulary = Guidelines.load(patterns)
        self._sections = Sections(self._vocabulary.data.sections_with_commas)
        self._titles = TitleFinder(guidelines=self._vocabulary)
        self._remembered = Remembered(self._read)

    def read(self, text: str) -> tuple[Citation, ...]:
        """The citations of a paragraph in its order; none where it says that nothing was cited."""
        return self._remembered(text)

    def _read(self, text: str) -> tuple[Citation, ...]:
        found: list[_Draft] = []
        for kind, span in self._statements(text):
            found += self._mtus(text, span) if kind == "mtus" else self._outside(text, span)
        if not found:
            found = self._prose(text)
        return tuple(draft.done(text) for draft in found)

    # -- statements

    def _statements(self, text: str) -> Iterator[tuple[str, Span]]:
        small = folded(text)
        if "mtus" not in small:
            return
        marks = list(_STATEMENT.finditer(text, timeout=TIME_LIMIT)) if "decision" in small else []
        if small.startswith(("mtus", "non")) and (not marks or marks[0].start()):  # what the heading led in
            first = _FIRST_STATEMENT.match(text, timeout=TIME_LIMIT)
            marks[:0] = [first] if first else []
        if marks and marks[0].start() == 0 and _PROSE.match(text):
            del marks[0]
        for index, mark in enumerate(marks):
            end = marks[index + 1].start() if index + 1 < len(marks) else len(text)
            kind = "other" if mark.group("kind").lower().startswith("non") else "mtus"
            yield kind, Span(mark.end(), end)

    def _prose(self, text: str) -> list[_Draft]:
        """The citations of sentences without the fixed lead-in: titles that nothing knows, and all that is known."""
        small = folded(text)
        if not text or _NOTHING.search(text, 0, len(text), tame=is_tame(small)):
            return []
        lead = _OUTSIDE.search(text, timeout=TIME_LIMIT) if "recommendation" in small else None
        found: list[_Draft] = []
        rest = text
        for title, whole in self._titles.in_prose(text):
            found.append(self._other(text, title))
            rest = rest[: whole.start] + BLANK * (whole.end - whole.start) + rest[whole.end :]
        for kind, span in self._free(rest, Span(lead.end() if lead else 0, len(rest))):
            found += self._mtus(rest, span, prose=True) if kind == "prose" else self._outside(rest, span, prose=True)
        for draft in found:  # a title that was read by itself is no part of the citation before it
            if draft.method != TITLE:
                draft.end = draft.start + len(rest[draft.start : draft.end].rstrip())
        return sorted(found, key=lambda draft: draft.start)

    def _free(self, text: str, span: Span) -> Iterator[tuple[str, Span]]:
        """Prose without the fixed lead-in, cut where it names the ODG or another document.

        What stands before is of the MTUS where it names the MTUS or one of its chapters.
        """
        marks = list(self._vocabulary.sources.finditer(text, span.start, span.end, timeout=TIME_LIMIT))
        cuts = [m.start() for m in marks if m.lastgroup != "acoem" or _NOT_MTUS.search(text, m.end(), m.end() + 200)]
        edges = [span.start, *cuts, span.end]
        for index, (start, end) in enumerate(pairwise(edges)):
            piece = Span(start, end)
            if index:
                yield "prose_other", piece
            elif next(self._names(text, piece), None) or _UNNAMED.search(text, piece.start, piece.end):
                yield "prose", piece

    # -- within the MTUS

    def _names(self, text: str, span: Span) -> Iterator[_Name]:
        """Chapter names in a statement, longest first where they overlap."""
        guidelines, names = self._vocabulary.chapters
        hits = [
            _Name(guidelines[number], m.start(), m.end())
            for number in sorted(names.live(text, span.start, span.end))
            for m in names.finditer(number, text, span.start, span.end)
        ]
        hits.sort(key=lambda n: (n.start, -(n.end - n.start)))
        end = span.start
        for hit in hits:
            if hit.start >= end:
                yield hit
                end = hit.end

    def _is_label(self, text: str, start: int, name: _Name, *, first: bool) -> bool:
        """A name opens a citation where a statement or a link begins, or a year or chapter number is beside it.

        Elsewhere it is a section that is called like a chapter ("Section(s): Shoulder").
        """
        before = text[start : name.start]
        if _OPENS.match(text, name.end):
            return not _in_sections(before)
        full = bool(_FULL_NAME.search(text[name.start : name.end]))
        if _YEAR.match(text, name.end) or _CHAPTER_NUMBER.search(before[-60:]):
            return True
        if _in_sections(before):
            return full and bool(_NEW_CLAUSE.search(before))
        return full or (first and not before.strip(" ,.(")) or bool(_ACOEM_BEFORE.search(before))

    def _mtus(self, text: str, span: Span, *, prose: bool = False) -> list[_Draft]:
        labels: list[_Name] = []
        at = span.start
        for name in self._names(text, span):
            if self._is_label(text, at, name, first=not labels):
                labels.append(name)
                at = name.end
        if not labels:
            return [] if prose and not _UNNAMED.search(text, span.start, span.end) else self._mtus_unnamed(text, span)
        drafts: list[_Draft] = []
        for index, name in enumerate(labels):
            stop = labels[index + 1].start if index + 1 < len(labels) else span.end
            draft = _Draft(name.guideline, name.start, stop, method="mtus_chapter", sure=0.98)
            draft.chapter = tidy(text[name.start : name.end])
            clause = _CLAUSE.search(text, name.end, stop, timeout=TIME_LIMIT)
            self._tail(text, name.end, clause.start() if clause else stop, draft, prose=prose)
            if draft.edition is None:
                draft.edition = _edition_before(text, at=labels[index - 1].end if index else span.start, name=name)
            drafts.append(draft)
        return drafts

    def _mtus_unnamed(self, text: str, span: Span) -> list[_Draft]:
        words = span.of(text).strip(" .")
        guideline: Guideline = "mtus_acoem" if _ACOEM.search(words, 0, len(words)) else "mtus"
        draft = _Draft(guideline, span.start, span.end, method="mtus_unnamed", sure=0.7)
        self._tail(text, span.start, span.end, draft, free=False)
        return [draft]

    def _tail(self, text: str, start: int, stop: int, draft: _Draft, *, free: bool = True, prose: bool = False) -> None:
        """What follows a chapter's name: year, sections, pages; up to the link to the next one."""
        if "chapter" in folded(text[start:stop]):
            link = _CHAPTER_NUMBER.search(text, start, stop, timeout=TIME_LIMIT)
            stop = link.start() if link else stop
        tail = start + len(text[start:stop].rstrip(_OF_JOIN))
        if tail < stop:
            joint = _JOIN.search(text, tail, stop, timeout=TIME_LIMIT)
            stop = joint.start() if joint else stop
        draft.end = max(stop, start)
        year = _YEAR.match(text, start, stop, timeout=TIME_LIMIT) if _ANY_YEAR.search(text, start, stop) else None
        if year:
            draft.edition = year.group("year")
            start = year.end()
        if _REFERENCE_HEAD.match(text, start, stop):
            reference = _REFERENCE.match(text, start, stop, timeout=TIME_LIMIT)
            if reference:
                draft.edition = draft.edition or reference.group("year")
        else:
            reference = _REFERENCE_MARKS.match(text, start, stop)
        start = reference.end() if reference else start
        words = text[start:stop]
        if _ANY_PAGE.search(words):
            for match in _PAGES.finditer(words, timeout=TIME_LIMIT):
                draft.pages += _page_numbers(match.group("pages"))
            words = _PAGES.sub(" ", words, timeout=TIME_LIMIT) if draft.pages else words
        named = _SECTIONS.match(words, 0, len(words))
        if named:
            words = words[named.end() :]
        elif not free:
            words = ""
        if prose and "and" in words:
            words = _AND_NAME.sub(", ", words, timeout=TIME_LIMIT)
        draft.sections = list(self._sections.split(words))

    # -- outside the MTUS

    def _outside(self, text: str, span: Span, *, prose: bool = False) -> list[_Draft]:
        marks = list(self._vocabulary.sources.finditer(text, span.start, span.end, timeout=TIME_LIMIT))
        drafts: list[_Draft] = []
        lead = text[span.start : marks[0].start()] if marks else span.of(text)
        if lead.strip(" ,.;:-–("):
            ahead = Span(span.start, marks[0].start() if marks else span.end)
            named = lead.lstrip()
            if (not marks or marks[0].lastgroup == "odg") and self._vocabulary.odg_chapter.match(named, 0, len(named)):
                drafts += self._odg(text, ahead)  # a chapter of the ODG named before the ODG itself
            else:
                drafts.append(self._other(text, ahead))
        for index, mark in enumerate(marks):
            end = marks[index + 1].start() if index + 1 < len(marks) else span.end
            clause = _CLAUSE.search(text, mark.end(), end, timeout=TIME_LIMIT) if prose else None
            tail = Span(mark.end(), clause.start() if clause else end)
            if mark.lastgroup == "odg":
                cut = self._titles.behind_topics(text, tail)
                topics = tail if cut is None else Span(tail.start, cut)
                drafts += self._odg(text, topics, start=mark.start(), prose=prose)
                if cut is not None:
                    drafts.append(self._other(text, Span(cut, tail.end)))
            elif mark.lastgroup == "acoem":
                drafts.append(self._acoem(text, mark.start(), tail))
            elif tail.of(text).strip(" ,.;:-–()"):
                drafts.append(self._other(text, tail))
        return drafts

    def _acoem(self, text: str, start: int, tail: Span) -> _Draft:
        draft = _Draft("acoem", start, tail.end, method="acoem", sure=0.9)
        name = next(self._names(text, tail), None)
        if name is not None:
            draft.chapter = tidy(text[name.start : name.end])
        year = _YEAR_ALONE.search(tail.of(text))
        draft.edition = year.group(1) if year else None
        for match in _PAGES.finditer(tail.of(text), timeout=TIME_LIMIT):
            draft.pages += _page_numbers(match.group("pages"))
        return draft

    def _odg(self, text: str, span: Span, *, start: int | None = None, prose: bool = False) -> list[_Draft]:
        words = span.of(text)
        if prose:
            words = _AND_NAME.sub(", ", words, timeout=TIME_LIMIT)
        return [
            _Draft(
                "odg", span.start if start is None else start, span.end, c.chapter, c.edition, c.sections, c.pages,
                "odg", 0.95 if c.chapter else 0.9,
            )
            for c in split_sections(words, self._vocabulary.odg_chapter, self._sections)
        ]  # fmt: skip

    def _other(self, text: str, span: Span) -> _Draft:
        """A title as printed: the address of a bare web page, else the words up to the publisher's data."""
        words = _LINKS.sub("", span.of(text).strip(" ,.;:-–()")).strip(" ,.;:")
        draft = _Draft("other", span.start, span.end, method=TITLE, sure=0.6)
        address = _ADDRESS.search(words)
        year = _YEAR_IN_TITLE.search(words)
        edition = _EDITION.search(words)
        draft.edition = edition.group(1) if edition else year.group(1) if year else None
        if address and not words[: address.start()].strip(" :,.("):
            draft.chapter = address.group().rstrip(".,;)")
            return draft
        head = _PUBLISHER.split(words)[0]
        parts = [p for p in _SENTENCES.split(head) if p.strip()]
        paper = AUTHORS.match(words)  # is named by its authors, title and journal
        title = head if paper or not parts else parts[1] if len(parts) >= 3 else parts[0]
        draft.chapter = tidy(title) or None
        for match in _PAGES.finditer(words, timeout=TIME_LIMIT):
            draft.pages += _page_numbers(match.group("pages"))
        chapters = _CHAPTERS.findall(words)
        draft.sections = [tidy(c) for c in chapters]
        return draft


def _in_sections(before: str) -> bool:
    """True where a list of sections that opens in the words before a name is not over yet."""
    if ":" not in before:
        return False
    last = max((end.start() for end in _LIST_ENDS.finditer(before, timeout=TIME_LIMIT)), default=-1)
    return _LIST_OPENS.search(before, last + 1, timeout=TIME_LIMIT) is not None


def _edition_before(text: str, *, at: int, name: _Name) -> str | None:
    """The year between a document's name and the chapter: "ACOEM Guidelines (2004), Chapter 12, Low Back …"."""
    before = text[max(at, name.start - LOOK_BACK) : name.start]
    if "dition" not in before and not _ACOEM.search(before, 0, len(before)):
        return None
    years = _YEARS.findall(before)
    return years[-1] if years else None


def _page_numbers(words: str) -> list[str]:
    """Numbers and ranges of a list of pages, as printed without blanks."""
    return [_BLANKS.sub("", p) for p in _PAGES_APART.split(words)]
