"""Diagnoses and ICD codes that a case summary states for the patient.

A cue opens a list ("diagnosed with", "is being treated for"), the list is cut into
chunks at commas, "and", numbers and semicolons, and chunks are joined again where
they cannot stand alone: the words on both sides decide, by the heads of diagnoses
in ``patterns/vocab/conditions.yaml``. Rules: ``patterns/rules/diagnosis_cues.yaml``,
and ``diagnosis_items.yaml`` for the items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import regex

from extract.evidence import Found, Span
from extract.learned.component import SURE, UNSURE
from extract.nlp import OPERATION, condition_file
from extract.patterns import Patterns, Rule
from extract.values.chunks import PREPOSITIONS, Chunk, Chunker, Page
from extract.values.places import Places

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from extract.learned.component import LearntModel
    from extract.nlp import Parser

STATED, VISITED, IMPLIED = 0.95, 0.8, 0.7
"""Confidence of a diagnosis the letter calls one, of a visit's reason, of one in an injury statement."""
_BRACKET = regex.compile(r"[(\[][^()\[\]]*$")
_ICD = regex.compile(r"\bICD\b", regex.IGNORECASE)
NUMBERED = regex.compile(r"\s*(?:\(?\d{1,2}[.)]\s?[A-Za-z]|Axis\s[IV])")
"""How the next item of a numbered list begins, or the next axis."""
HALF = regex.compile(r"(?<!\d)1[.)].*\s\d{1,2}\.\s*$", regex.DOTALL)
"""A numbered list that stops at the number of its next item, taken for the end of a sentence."""
ITEM = regex.compile(
    r"\s*(?!(?:Plan|Treatment|Exam|He|She|The|There|His|Her|On|In|At|MRI|X-?ray|Request)\b)[A-Z](?:(?!\b(?:is|are|was|were|has|had|have|he"
    r"|she|who|reports?|reported|complains?|denie[sd]|denies|states?|requested|continues?|with\sa\sdate)\b)[^.:;?!]){2,80}\.(?!\d)"
)
"""A short sentence without a verb: the next item of a list that a colon opened."""
PAIRS = (
    (regex.compile(r"\b[CTLS]\d{1,2}(?:\s?-\s?[CTLS]?\d{1,2})?$"), regex.compile(r"[CTLS]\d{1,2}")),
    (regex.compile(r"#\s?\d{1,2}$"), regex.compile(r"#\s?\d{1,2}")),
)
"""Ends and beginnings of chunks that belong together: levels of the spine, numbers of teeth."""
FOUND = "letter_diagnoses"
"""With the model beside the rules the key of ``doc.user_data`` for the diagnoses found: two finders ask for them."""
LONGEST = 60
"""Words beyond which an item is a misread sentence rather than a diagnosis."""


class DiagnosisFinder:
    """Finds the stated diagnoses of a summary."""

    def __init__(self, *, nlp: Language | Parser, patterns: Patterns, model: LearntModel | None = None) -> None:
        self._nlp = nlp
        self._model = model
        self._rules: dict[str, list[Rule]] = {}
        for rule in (*patterns.rules("diagnosis_cues"), *patterns.rules("diagnosis_items")):
            self._rules.setdefault(rule.data.value or "", []).append(rule)
        self._chunker = Chunker(separators=self._rules["separator"], patterns=patterns)
        conditions = condition_file(patterns)
        self._generic = frozenset(conditions.generic)
        self._pairing = frozenset(conditions.pairing)

    def in_summary(self, text: str) -> list[Found[str]]:
        """Diagnoses in the order of the text, each wording once.

        The value is the words under the span. Raises TimeoutError where a rule runs out of time.
        """
        return self.in_doc(self._nlp(text))

    def in_doc(self, doc: Doc) -> list[Found[str]]:
        """As ``in_summary`` for a text that the pipeline has parsed, read from it once."""
        known: dict[Any, list[Found[str]]] = doc.user_data
        key = FOUND, self._model
        if key not in known:
            known[key] = self._find(doc)
        return known[key]

    def _find(self, doc: Doc) -> list[Found[str]]:
        page = Page.of(doc)
        lists = self._lists(page)
        found = [
            Found(item.of(page.text), item, f"diagnosis:{rule.name}", STATED)
            for rule, span, _ in lists
            for item in self._items(page, span)
        ]
        found += [
            Found(item.of(page.text), item, f"diagnosis:{rule.name}", VISITED)
            for rule, span in self._statements(page, "visit", [start for _, _, start in lists])
            for item in self._items(page, span)
            if self._names_a_condition(page, item)
        ]
        found += [
            Found(item.of(page.text), item, f"diagnosis:{rule.name}", VISITED)
            for rule in self._rules["before"]
            for m in rule.finditer(page.text)
            for item in self._items(page, Span(*m.span("item")))
            if self._names_a_condition(page, item)
        ]
        found = self._reviewed(doc, found)
        if not found:
            found = [
                Found(item.of(page.text), item, f"diagnosis:{rule.name}", IMPLIED)
                for rule, span in self._statements(page, "injury")
                for item in self._items(page, span)
                if self._names_a_condition(page, item)
            ]
            found = self._reviewed(doc, found) or self._learnt(doc)
        seen: set[str] = set()
        kept: list[Found[str]] = []
        for f in sorted(found, key=lambda f: f.span):
            if f.value.lower() not in seen and not (kept and kept[-1].span.overlaps(f.span)):
                seen.add(f.value.lower())
                kept.append(f)
        return kept

    def items_in(self, doc: Doc, stretches: Iterable[Span], *, complaints: bool = False) -> list[Span]:
        """What stretches of a text would give if they were lists of diagnoses; bare complaints on demand."""
        page = Page.of(doc)
        items = (item for span in stretches for item in self._items(page, span))
        return [item for item in items if complaints or self._names_a_condition(page, item)]

    def _reviewed(self, doc: Doc, found: list[Found[str]]) -> list[Found[str]]:
        """What the learnt component leaves of the rules' diagnoses."""
        return found if self._model is None else self._model.review(doc, found)

    def _learnt(self, doc: Doc) -> list[Found[str]]:
        """What the learnt component finds by itself, for a summary that no rule reads."""
        if self._model is None:
            return []
        return [
            Found(item.of(doc.text), item, f"diagnosis:{self._model.name}", UNSURE)
            for item in self.items_in(doc, self._model.stretches(doc))
            if self._model.rate(doc, "statements", item) >= SURE
        ]

    def icd_codes(self, text: str) -> list[Found[str]]:
        """ICD-9 and ICD-10 codes in the order of the text, each once.

        A bare ICD-9 number counts only in brackets, behind the word ICD, or in a list of diagnoses.
        """
        return self.codes_in(self._nlp(text))

    def codes_in(self, doc: Doc) -> list[Found[str]]:
        """As ``icd_codes`` for a text that the pipeline has parsed."""
        page = Page.of(doc)
        text = page.text
        kept: dict[str, Found[str]] = {}
        numbers = [
            (rule, Span(*m.span("code" if "code" in m.re.groupindex else 0)))
            for rule in self._rules["icd"]
            for m in rule.finditer(text)
        ]
        stretches = self._lists(page) if numbers else []
        lists = Places((self._whole(page, span) for _, span, _ in stretches), lambda span: span)
        for rule, span in numbers:
            before = text[max(0, span.start - 25) : span.start]
            bracketed = _BRACKET.search(before) is not None
            named = _ICD.search(before) is not None
            listed = lists.at(span.start) is not None
            if rule.name != "icd 9" or bracketed or named or listed:
                code = span.of(text).upper()
                kept.setdefault(code, Found(code, span, f"diagnosis:{rule.name}"))
        return sorted(kept.values(), key=lambda f: f.span)

    def _whole(self, page: Page, span: Span) -> Span:
        """A list up to the end of its sentence, whatever ended the diagnoses before."""
        sentence = page.sentences.at(span.start)
        return Span(span.start, max(span.end, sentence.end if sentence else 0))

    def _lists(self, page: Page) -> list[tuple[Rule, Span, int]]:
        """The stretches that hold lists of diagnoses, each with its rule and the start of its cue."""
        text = page.text
        cues = sorted(
            ((m.start(), m.end(), rule) for rule in self._rules["list"] for m in rule.finditer(text)),
            key=lambda c: (c[0], -c[1]),
        )
        lists: list[tuple[Rule, Span, int]] = []
        covered = 0
        for i, (start, end, rule) in enumerate(cues):
            if start < covered or self._refused(page, start):
                continue
            covered = end
            stop = next((c[0] for c in cues[i + 1 : i + 9] if c[0] >= end), len(text))
            lists.append((rule, self._ended(page, end, stop), start))
        return [found for found in lists if found[1].end > found[1].start]

    def _refused(self, page: Page, start: int) -> bool:
        """True where the words before a cue make it no statement about this patient."""
        sentence = page.sentences.at(start)
        before = page.text[max(sentence.start if sentence else 0, start - 40) : start]
        return any(refuse.search_alone(before) for refuse in self._rules["refuse"])

    def _ended(self, page: Page, start: int, stop: int) -> Span:
        """From ``start`` to the end of the list: of the sentence, or of the numbered sentences."""
        text = page.text
        first = page.sentences.index(start)
        end = start
        for sentence in page.sentences.things[first:] if first is not None else ():
            end = sentence.end
            goes_on = NUMBERED.match(text, end) or HALF.search(text, start, end)
            if end >= stop or not (goes_on or (text[:start].rstrip().endswith(":") and ITEM.match(text, end))):
                break
        end = min(end, stop)
        ends = [m.start() for rule in self._rules["end"] if (m := rule.search(text, start, end))]
        return Span(start, max(start, min([end, *ends])))

    def _statements(self, page: Page, use: str, stops: Sequence[int] = ()) -> Iterator[tuple[Rule, Span]]:
        """What follows the cues of one use, each up to the end of its sentence or the next of ``stops``."""
        for rule in self._rules[use]:
            for m in rule.finditer(page.text):
                span = self._ended(page, m.end(), min((s for s in stops if s >= m.end()), default=len(page.text)))
                # "pain attributed to a tear": what refuses a list does not refuse an injury
                refused = use == "visit" and self._refused(page, m.start())
                if span.end > span.start and not refused:
                    yield rule, span

    def _names_a_condition(self, page: Page, item: Span) -> bool:
        """True for a condition that is neither a bare complaint nor just "injury"."""
        return any(
            h.label_ not in {OPERATION, "symptom"} and h.lower not in self._generic
            for h in page.conditions.inside(item)
        )

    def _items(self, page: Page, span: Span) -> Iterator[Span]:
        """The diagnoses in one list, without lead-in, remarks and codes."""
        for raw in self._join(page, self._chunker.chunks(page, span)):
            item = self._trim(page.text, raw)
            # before the cut: "gout was ruled out" must not become "gout"
            said = {raw.of(page.text), item.of(page.text) if item else ""}
            if item is None or any(rule.search(words) for rule in self._rules["drop"] for words in said):
                continue
            if len(item.of(page.text).split()) <= LONGEST and self._chunker.has_head(page, item):
                yield item

    def _trim(self, text: str, span: Span) -> Span | None:
        """The item without what precedes and follows its words; None where nothing is left."""
        start, end = span.start, span.end
        for rule in self._rules["lead"]:
            if m := rule.match(text[start:end]):
                start += m.end()
        for rule in self._rules["cut"]:
            if (m := rule.search_alone(text[start:end])) and m.start() > 0:
                end = start + m.start()
        for rule in self._rules["tail"]:
            if m := rule.search_alone(text[start:end]):
                end = start + m.start()
        words = text[start:end]
        if words.endswith(")") and "(" not in words:
            end -= 1
        if "(" in words and ")" not in words:
            end = start + len(words[: words.rindex("(")].rstrip())
        return Span(start, end) if end > start else None

    def _join(self, page: Page, chunks: list[Chunk]) -> list[Span]:
        """Join chunks that cannot stand alone; see the module's text."""
        items: list[Chunk] = []
        pending: Chunk | None = None
        closed = True
        for i, chunk in enumerate(chunks):
            if chunk.hard:
                closed, pending = True, None
            last = items[-1] if items and not closed else None
            if last is not None and any(rule.match(page.text, chunk.span.start) for rule in self._rules["continues"]):
                items[-1], pending = self._extend(last, chunk), None
                continue
            if last is not None and not chunk.heads and self._pairs(last, chunk):
                items[-1] = self._extend(last, chunk)
                continue
            if not chunk.heads:
                ahead = self._head_ahead(chunks, i)
                if chunk.operation and last is not None and last.operated and "," not in chunk.separator:
                    items[-1] = self._extend(last, chunk)
                elif chunk.operation:
                    closed, pending = True, None
                elif last is not None and not (ahead and self._leads_on(last, chunk)):
                    if chunk.named:
                        items[-1] = self._extend(last, chunk)
                    else:
                        closed = True
                elif ahead and pending is None:
                    pending = chunk
                continue
            if last is not None and pending is None and self._belongs(last, chunk):
                items[-1] = self._extend(last, chunk)
                continue
            items.append(replace(chunk, span=Span(pending.span.start, chunk.span.end)) if pending else chunk)
            closed, pending = False, None
        return [item.span for item in items]

    def _head_ahead(self, chunks: list[Chunk], i: int) -> bool:
        """True where a chunk with a head follows before the next hard separator."""
        for chunk in chunks[i + 1 :]:
            if chunk.hard:
                return False
            if chunk.heads:
                return True
        return False

    def _leads_on(self, last: Chunk, chunk: Chunk) -> bool:
        """True where a chunk without a head describes what follows rather than what precedes."""
        if not last.post_nominal:
            return True
        return chunk.adjectives and not last.dangling

    def _belongs(self, last: Chunk, chunk: Chunk) -> bool:
        """True where a chunk with a head is still part of the diagnosis before it."""
        joined = "," not in chunk.separator
        first = chunk.tokens[0].lower_ if chunk.tokens else ""
        if first in PREPOSITIONS:
            return True
        if joined and (last.open_with or self._pairs(last, chunk)):
            return True
        if chunk.operated and not (last.operated or chunk.named or "and" in chunk.separator):
            return True  # "a torn tendon, status post repair"
        return joined and chunk.bare and not chunk.alone

    def _pairs(self, last: Chunk, chunk: Chunk) -> bool:
        """True where "and" joins two levels, two teeth or two fingers: "at C5-6 and C6-7", "#8 and #9"."""
        if not (last.tokens and chunk.tokens):
            return False
        before, after = last.tokens[-1].lower_, chunk.tokens[0].lower_
        if before in self._pairing and after in self._pairing:
            return True
        ends, starts = last.text.rstrip(), chunk.text.lstrip()
        return any(end.search(ends) and start.match(starts) for end, start in PAIRS)

    def _extend(self, last: Chunk, chunk: Chunk) -> Chunk:
        """The item with one more chunk at its end."""
        return replace(
            last,
            span=Span(last.span.start, chunk.span.end),
            text=last.text + chunk.separator + chunk.text,
            tokens=last.tokens + chunk.tokens,
            heads=last.heads + chunk.heads,
            adjectives=chunk.adjectives,
            dangling=chunk.dangling,
        )
