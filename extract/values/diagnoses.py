"""Diagnoses and ICD codes that a case summary states for the patient.

A cue opens a list ("diagnosed with", "is being treated for"), the list is cut into
chunks at commas, "and", numbers and semicolons, and chunks are joined again where
they cannot stand alone: the words on both sides decide, by the heads of diagnoses
in ``patterns/vocab/conditions.yaml``. Rules: ``patterns/rules/diagnosis_cues.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import regex

from extract.evidence import Found, Span
from extract.nlp import ADJECTIVE, ALONE, BODY_PARTS, CONDITIONS, OPERATION, body_part_file, condition_file
from extract.patterns import Patterns, Rule

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

STATED, VISITED, IMPLIED = 0.95, 0.8, 0.7
"""Confidence of a diagnosis that the letter calls one, of the reason of a visit, of one in an injury statement."""
LONGEST = 60
"""Words beyond which an item is a misread sentence rather than a diagnosis."""

PREPOSITIONS = frozenset("of to in at involving over on about with from without due affecting into".split())


@dataclass(frozen=True)
class _Chunk:
    """A stretch between two separators."""

    span: Span
    separator: str
    tokens: tuple[Token, ...]
    heads: tuple[Span, ...]
    alone: bool
    symptom: bool
    operation: bool
    named: bool
    adjectives: bool
    dangling: bool

    @property
    def hard(self) -> bool:
        """True where the separator before the chunk always parts two diagnoses."""
        return bool(self.separator.strip()) and not regex.fullmatch(r"[\s,&a-z]*", self.separator.lower())

    @property
    def bare(self) -> bool:
        """True where the chunk is heads and nothing else: no diagnosis by itself after "and"."""
        return bool(self.heads) and all(
            any(h.start <= t.idx < h.end for h in self.heads) for t in self.tokens if t.is_alpha
        )

    @property
    def post_nominal(self) -> bool:
        """True where an object follows the head ("strain of the neck")."""
        return bool(self.heads) and any(
            t.lower_ in PREPOSITIONS and t.idx >= self.heads[0].end for t in self.tokens
        )

    @property
    def open_with(self) -> bool:
        """True where the last "with" has no head yet ("protrusion with lateral recess and ... stenosis")."""
        withs = [t.idx for t in self.tokens if t.lower_ == "with"]
        return bool(withs) and bool(self.heads) and self.heads[-1].end <= withs[-1]


class DiagnosisFinder:
    """Finds the stated diagnoses of a summary."""

    def __init__(self, *, nlp: Language, patterns: Patterns) -> None:
        self._nlp = nlp
        self._rules: dict[str, list[Rule]] = {}
        for rule in patterns.rules("diagnosis_cues"):
            self._rules.setdefault(rule.data.value or "", []).append(rule)
        data = body_part_file(patterns)
        self._sides = frozenset(w for words in data.sides.values() for w in words)
        self._fillers = frozenset(data.modifiers)
        conditions = condition_file(patterns)
        self._qualifiers = frozenset(conditions.qualifiers)
        self._generic = frozenset(conditions.generic)

    def in_summary(self, text: str) -> list[Found[str]]:
        """Diagnoses in the order of the text, each wording once.

        The value is the words under the span. Raises TimeoutError where a rule runs out of time.
        """
        return self.in_doc(self._nlp(text))

    def in_doc(self, doc: Doc) -> list[Found[str]]:
        """As ``in_summary`` for a text that the pipeline has parsed."""
        found = [
            Found(item.of(doc.text), item, f"diagnosis:{rule.name}", STATED)
            for rule, span in self._lists(doc)
            for item in self._items(doc, span)
        ]
        found += [
            Found(item.of(doc.text), item, f"diagnosis:{rule.name}", VISITED)
            for rule, span in self._statements(doc, "visit")
            for item in self._items(doc, span)
            if self._names_a_condition(doc, item)
        ]
        if not found:
            found = [
                Found(item.of(doc.text), item, f"diagnosis:{rule.name}", IMPLIED)
                for rule, span in self._statements(doc, "injury")
                for item in self._items(doc, span)
                if self._names_a_condition(doc, item)
            ]
        seen: set[str] = set()
        kept = []
        for f in sorted(found, key=lambda f: f.span):
            if f.value.lower() not in seen and not any(k.span.overlaps(f.span) for k in kept):
                seen.add(f.value.lower())
                kept.append(f)
        return kept

    def icd_codes(self, text: str) -> list[Found[str]]:
        """ICD-9 and ICD-10 codes in the order of the text, each once.

        A bare ICD-9 number counts only in brackets, behind the word ICD, or in a list of diagnoses.
        """
        doc = self._nlp(text)
        lists = [Span(s.start, self._sentence_end(doc, s.start, s.end)) for _, s in self._lists(doc)]
        kept: dict[str, Found[str]] = {}
        for rule in self._rules["icd"]:
            for m in rule.finditer(text):
                before = text[max(0, m.start() - 25) : m.start()]
                bracketed = regex.search(r"[(\[][^()\[\]]*$", before) is not None
                named = regex.search(r"\bICD\b", before, regex.IGNORECASE) is not None
                listed = any(s.start <= m.start() < s.end for s in lists)
                if rule.name != "icd 9" or bracketed or named or listed:
                    kept.setdefault(
                        m.group().upper(), Found(m.group().upper(), Span(*m.span()), f"diagnosis:{rule.name}")
                    )
        return sorted(kept.values(), key=lambda f: f.span)

    def _sentence_end(self, doc: Doc, start: int, end: int) -> int:
        """Where the sentence that holds ``start`` ends, at least ``end``."""
        for sentence in doc.sents:
            if start < sentence.end_char:
                return max(sentence.end_char, end)
        return max(len(doc.text), end)

    def _lists(self, doc: Doc) -> list[tuple[Rule, Span]]:
        """The stretches that hold lists of diagnoses."""
        text = doc.text
        cues = sorted(
            ((m.start(), m.end(), rule) for rule in self._rules["list"] for m in rule.finditer(text)),
            key=lambda c: (c[0], -c[1]),
        )
        lists: list[tuple[Rule, Span]] = []
        for i, (start, end, rule) in enumerate(cues):
            sentence_start = max((s.start_char for s in doc.sents if s.start_char <= start), default=0)
            before = text[max(sentence_start, start - 40) : start]
            if any(refuse.search(before) for refuse in self._rules["refuse"]):
                continue
            stop = min((c[0] for c in cues[i + 1 :] if c[0] >= end), default=len(text))
            lists.append((rule, self._ended(doc, end, stop)))
        return [(rule, span) for rule, span in lists if span.end > span.start]

    def _ended(self, doc: Doc, start: int, stop: int) -> Span:
        """From ``start`` to the end of the list: of the sentence, or of the numbered sentences."""
        text = doc.text
        end = len(text)
        for sentence in doc.sents:
            if start > sentence.end_char - 1:
                continue
            end = sentence.end_char
            if not regex.match(r"\s*\(?\d{1,2}[.)]\s?[A-Za-z]", text[end : end + 8]):
                break
        end = min(end, stop)
        ends = [m.start() for rule in self._rules["end"] if (m := rule.search(text, start, end))]
        return Span(start, max(start, min([end, *ends])))

    def _statements(self, doc: Doc, use: str) -> Iterator[tuple[Rule, Span]]:
        """What follows the cues of one use, each up to the end of its sentence."""
        for rule in self._rules[use]:
            for m in rule.finditer(doc.text):
                span = self._ended(doc, m.end(), len(doc.text))
                if span.end > span.start:
                    yield rule, span

    def _names_a_condition(self, doc: Doc, item: Span) -> bool:
        """True for a condition that is neither a bare complaint nor just "injury"."""
        heads = [
            h for h in doc.spans[CONDITIONS] if item.start <= h.start_char < item.end and h.label_ != OPERATION
        ]
        return any(h.label_ != "symptom" and h.text.lower() not in self._generic for h in heads)

    def _items(self, doc: Doc, span: Span) -> Iterator[Span]:
        """The diagnoses in one list, without lead-in, remarks and codes."""
        for raw in self._join(self._chunks(doc, span)):
            item = self._trim(doc.text, raw)
            if item is None or any(rule.search(item.of(doc.text)) for rule in self._rules["drop"]):
                continue
            if len(item.of(doc.text).split()) <= LONGEST and self._chunk(doc, item, "").heads:
                yield item

    def _trim(self, text: str, span: Span) -> Span | None:
        """The item without what precedes and follows its words; None where nothing is left."""
        start, end = span.start, span.end
        for rule in self._rules["lead"]:
            if m := rule.match(text[start:end]):
                start += m.end()
        for rule in self._rules["cut"]:
            if (m := rule.search(text[start:end])) and m.start() > 0:
                end = start + m.start()
        for rule in self._rules["tail"]:
            if m := rule.search(text[start:end]):
                end = start + m.start()
        words = text[start:end]
        if words.endswith(")") and "(" not in words:
            end -= 1
        if "(" in words and ")" not in words:
            end = start + len(words[: words.rindex("(")].rstrip())
        return Span(start, end) if end > start else None

    def _chunks(self, doc: Doc, span: Span) -> list[_Chunk]:
        """The stretches of a list between its separators."""
        edges, separator = [], ""
        position = span.start
        for rule in self._rules["separator"]:
            for m in rule.finditer(doc.text, span.start, span.end):
                edges.append((position, m.start(), separator))
                position, separator = m.end(), m.group()
        edges.append((position, span.end, separator))
        chunks: list[_Chunk] = []
        carried = ""
        for start, end, before in edges:
            if not doc.text[start:end].strip(" .,;"):
                carried += before
                continue
            chunks.append(self._chunk(doc, Span(start, end), carried + before))
            carried = ""
        return chunks

    def _chunk(self, doc: Doc, span: Span, separator: str) -> _Chunk:
        """One chunk with what the vocabularies say of its words."""
        tokens = tuple(t for t in doc if span.start <= t.idx < span.end and not t.is_space)
        heads = [
            h for h in doc.spans[CONDITIONS] if span.start <= h.start_char and h.end_char <= span.end
        ]
        parts = [p for p in doc.spans[BODY_PARTS] if span.start <= p.start_char and p.end_char <= span.end]
        operations = [h for h in heads if h.label_ == OPERATION]
        after = regex.match(r"(?i)\s*(?:status[\s-]post|s/p)\b", doc.text[span.start : span.end])
        if not (after and operations):
            heads = [h for h in heads if h.label_ != OPERATION]
        adjectives = {i for p in parts if p.id_ == ADJECTIVE for i in range(p.start, p.end)}
        return _Chunk(
            span=span,
            separator=separator,
            tokens=tokens,
            heads=tuple(Span(h.start_char, h.end_char) for h in heads),
            alone=any(h.id_ == ALONE for h in heads),
            symptom=bool(heads) and all(h.label_ == "symptom" for h in heads),
            operation=bool(operations) and not after,
            named=bool(parts) or any(t.lower_ in self._qualifiers for t in tokens),
            adjectives=bool(tokens)
            and all(
                t.i in adjectives or t.lower_ in self._sides or t.lower_ in self._fillers or not t.is_alpha
                for t in tokens
            ),
            dangling=bool(tokens) and (tokens[-1].i in adjectives or tokens[-1].lower_ in self._fillers),
        )

    def _join(self, chunks: list[_Chunk]) -> list[Span]:
        """Join chunks that cannot stand alone; see the module's text."""
        items: list[_Chunk] = []
        pending: _Chunk | None = None
        closed = True
        for i, chunk in enumerate(chunks):
            if chunk.hard:
                closed, pending = True, None
            last = items[-1] if items and not closed else None
            if not chunk.heads:
                ahead = self._head_ahead(chunks, i)
                if chunk.operation:
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
            start = pending.span.start if pending else chunk.span.start
            items.append(replace(chunk, span=Span(start, chunk.span.end)))
            closed, pending = False, None
        return [item.span for item in items]

    def _head_ahead(self, chunks: list[_Chunk], i: int) -> bool:
        """True where a chunk with a head follows before the next hard separator."""
        for chunk in chunks[i + 1 :]:
            if chunk.hard:
                return False
            if chunk.heads:
                return True
        return False

    def _leads_on(self, last: _Chunk, chunk: _Chunk) -> bool:
        """True where a chunk without a head describes what follows rather than what precedes."""
        if not last.post_nominal:
            return True
        return chunk.adjectives and not last.dangling

    def _belongs(self, last: _Chunk, chunk: _Chunk) -> bool:
        """True where a chunk with a head is still part of the diagnosis before it."""
        joined = "," not in chunk.separator
        first = chunk.tokens[0].lower_ if chunk.tokens else ""
        if first in PREPOSITIONS:
            return True
        if joined and last.open_with:
            return True
        return joined and chunk.bare and not chunk.alone

    def _extend(self, last: _Chunk, chunk: _Chunk) -> _Chunk:
        """The item with one more chunk at its end."""
        return replace(
            last,
            span=Span(last.span.start, chunk.span.end),
            tokens=last.tokens + chunk.tokens,
            heads=last.heads + chunk.heads,
            adjectives=chunk.adjectives,
            dangling=chunk.dangling,
        )
