"""Injured body parts of a case summary, and the parts that a request names.

Words that name a part come from ``patterns/vocab/body_parts.yaml`` through the
pipeline; what a stretch of the summary talks about comes from ``context.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import regex

from extract.evidence import Found, Span
from extract.nlp import BODY_PARTS, CONDITION, CONDITIONS, JOIN, LEVEL, NO_PART, NOUN, OPERATION, SIDED, body_part_file
from extract.patterns import Patterns
from extract.values.context import Context, ContextReader, Segment
from extract.values.diagnoses import DiagnosisFinder

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.tokens import Span as Words

IN_DIAGNOSIS, IN_STATEMENT, IN_PASSING, IN_REQUEST = 0.95, 0.9, 0.75, 0.97
"""Confidence by where the part is named; in passing: a sentence without a cue of its own."""
REACH_LEFT, NEAR = 14, 6
"""Tokens that a side may stand before the last part of its list; tokens that count as near."""
STRANGERS = 1
"""Words outside the vocabulary that may stand between a side and its part."""
LEVEL_SIDE = regex.compile(r"(?i)\blevel,\s(?:left|right)\s$")
"""ICD titles name the side of the part before ("at upper arm level, right arm")."""
GENERAL, ITS_PARTS = "back", frozenset({"upper back", "lower back"})


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that names a part: the side it says (None where it says none) and the words."""

    part: str
    side: str | None
    span: Span
    condition: bool

    @property
    def value(self) -> str:
        """The part with its side, as the dataset writes it."""
        return f"{self.side} {self.part}" if self.side else self.part


class MentionFinder:
    """Finds the words that name parts, and their sides."""

    def __init__(self, patterns: Patterns) -> None:
        data = body_part_file(patterns)
        self._paired = frozenset(p.part for p in data.parts if p.paired)
        self._wcio = {p.part: p.wcio for p in data.parts}
        words = {tuple(w.split()): side for side, forms in data.sides.items() for w in forms}
        self._sides = dict(sorted(words.items(), key=lambda item: -len(item[0])))
        self._between = frozenset(data.modifiers) | frozenset(data.joiners)
        self._joiners = frozenset(data.joiners)
        self._yielding = frozenset(data.yields.words)
        self._yield_to = frozenset(data.yields.to)
        self._level_hosts = frozenset(data.level_counts_for)

    def wcio(self, value: str) -> str | None:
        """The WCIO part-of-body code of a part with or without its side; None for no known part."""
        part = regex.sub(r"^(?:left|right|bilateral) ", "", value)
        return self._wcio.get(part)

    def mentions(self, doc: Doc, diagnoses: Sequence[Span] = ()) -> list[Mention]:
        """All mentions in the order of the text; no side crosses the bounds of a diagnosis."""
        words = [w for w in doc.spans[BODY_PARTS]]
        inside = {i for w in words if w.id_ != NO_PART for i in range(w.start, w.end)}
        result: list[Mention] = []
        for word in words:
            if word.label_ == NO_PART or (word.id_ == LEVEL and self._counts_ribs(doc, word)):
                continue
            if self._describes(doc, word) or self._yields(doc, word) or LEVEL_SIDE.search(doc.text[: word.start_char][-20:]):
                continue
            span = Span(word.start_char, word.end_char)
            if word.id_ == SIDED:
                side, part = word.label_.split(" ", 1)
                result.append(Mention(part, side, span, False))
                continue
            found = self._side(doc, word, inside)
            for part in word.label_.split(JOIN):
                side_of = found if part in self._paired else None
                result.append(Mention(part, side_of, span, word.id_ == CONDITION))
        return result

    def _counts_ribs(self, doc: Doc, level: Words) -> bool:
        """True where a level stands a few words after a rib."""
        return any(
            w.label_ in self._level_hosts and 0 <= level.start - w.end <= 4 for w in doc.spans[BODY_PARTS]
        )

    def _yields(self, doc: Doc, word: Words) -> bool:
        """True for "phalanx" and the like near a thumb or a toe."""
        return word.text.lower() in self._yielding and any(
            w.label_ in self._yield_to and abs(w.start - word.start) <= NEAR for w in doc.spans[BODY_PARTS]
        )

    def _describes(self, doc: Doc, word: Words) -> bool:
        """True for the first of two nouns that stand together ("hand fingers")."""
        return any(
            w.start == word.end and w.id_ == NOUN and w.label_ != word.label_
            for w in doc.spans[BODY_PARTS]
            if word.id_ == NOUN
        )

    def _side(self, doc: Doc, word: Words, inside: set[int]) -> str | None:
        """The side of one mention: before it, at the head of its list, or behind it."""
        return self._before(doc, word, inside) or self._behind(doc, word)

    def _before(self, doc: Doc, word: Words, inside: set[int]) -> str | None:
        i, strangers = word.start - 1, 0
        condition = word.id_ == CONDITION
        first = max(word.sent.start, word.start - REACH_LEFT)
        while i >= first:
            token = doc[i]
            if found := self._side_ending(doc, i):
                side, begin = found
                other = self._coordinated(doc, begin, side)
                return other or side
            if condition and token.text == ",":
                return None
            if i in inside or token.lower_ in self._between:
                i -= 1
                continue
            if token.is_alpha and not token.is_stop and strangers < STRANGERS and not self._is_condition(doc, i):
                strangers += 1
                i -= 1
                continue
            return None
        return None

    def _is_condition(self, doc: Doc, i: int) -> bool:
        return any(w.start <= i < w.end for w in doc.spans[CONDITIONS])

    def _side_ending(self, doc: Doc, i: int) -> tuple[str, int] | None:
        """The side word that ends at token ``i`` and the token it begins with."""
        for words, side in self._sides.items():
            begin = i - len(words) + 1
            if begin >= 0 and all(doc[begin + k].lower_ == w for k, w in enumerate(words)):
                return side, begin
        return None

    def _coordinated(self, doc: Doc, begin: int, side: str) -> str | None:
        """``bilateral`` for "left and right-sided", where another side stands just before."""
        i = begin - 1
        while i >= 0 and i >= begin - 2 and (doc[i].lower_ in self._joiners or doc[i].lower_ == "sided"):
            i -= 1
        if i < 0 or i == begin - 1 or doc[i + 1].text == ",":
            return None
        found = self._side_ending(doc, i)
        return "bilateral" if found and found[0] != side else None

    def _behind(self, doc: Doc, word: Words) -> str | None:
        """A side behind its part: "bilaterally", "on the right", "(left)", ", left"."""
        text = doc.text[word.end_char : word.sent.end_char]
        m = regex.match(
            r"(?i)(?:\s(?:pain|ache|area|region|joint|muscles?|symptoms?|sprain|strain|sprain/strain|tear|injury|syndrome|"
            r"swelling|numbness|fracture|stiffness|discomfort))?"
            r"(?:\slevel,\s(?P<level>left|right)\s\w+|\s?[,-]?\s?\(?(?P<both>bilateral(?:ly)?|b/l)\b|\s(?:on|of|to|at)\sthe\s(?P<on>left|right)\b(?!\s(?!side)\w+\s?(?:pain|and))"
            r"|\son\sboth\s(?P<each>sides)|\s?[,-]?\s?\((?P<mark>left|right|lt|rt|l|r)\)"
            r"|\s?[,-]\s(?P<after>left|right)(?=\s?(?:[.;,)]|$|side)))",
            text,
        )
        if m is None:
            return None
        if m["both"] or m["each"]:
            return "bilateral"
        return {"l": "left", "r": "right"}[(m["level"] or m["on"] or m["mark"] or m["after"])[0].lower()]


class BodyPartFinder:
    """Finds the injured parts of a summary and the parts named by a request."""

    def __init__(self, *, nlp: Language, patterns: Patterns) -> None:
        self._nlp = nlp
        self._mentions = MentionFinder(patterns)
        self._context = ContextReader(patterns)
        self._diagnoses = DiagnosisFinder(nlp=nlp, patterns=patterns)
        self._drug = patterns.rule("context", "drug strength")

    def wcio(self, value: str) -> str | None:
        """The WCIO part-of-body code of a value of this finder."""
        return self._mentions.wcio(value)

    def in_summary(self, text: str) -> list[Found[str]]:
        """Injured parts, each once with its side, in the order of their first mention.

        From injury statements, stated diagnoses and complaints; see shared/ANNOTATION.md for what
        does not count. Raises TimeoutError where a rule runs out of time.
        """
        doc = self._nlp(text)
        context = self._context.read(text, [Span(s.start_char, s.end_char) for s in doc.sents])
        diagnoses = [d.span for d in self._diagnoses.in_doc(doc)]
        found = []
        for mention in self._mentions.mentions(doc):
            verdict = self._counts(doc, context, diagnoses, mention)
            if verdict is not None:
                found.append((mention, *verdict))
        return merge(found)

    def in_request(self, text: str) -> list[Found[str]]:
        """Parts that a request names, in order; of a drug's heading not the illness it is for."""
        doc = self._nlp(text)
        drug = self._drug.search(text) is not None
        named = [m for m in self._mentions.mentions(doc) if not (drug and m.condition)]
        return merge((m, "body_part:request", IN_REQUEST) for m in named)

    def _counts(
        self, doc: Doc, context: Context, diagnoses: list[Span], mention: Mention
    ) -> tuple[str, float] | None:
        """Why a mention counts and how surely, or None."""
        drop = context.drop_at(mention.span)
        diagnosis = next((d for d in diagnoses if d.contains(mention.span)), None)
        if diagnosis is not None:
            outside = drop is None or drop.span.start < diagnosis.start
            return ("body_part:diagnosis", IN_DIAGNOSIS) if outside else None
        if drop is not None and not self._own_symptom(doc, mention, drop.cue):
            return None
        segment = context.segment_of(mention.span)
        if segment is None:
            return None
        match segment.topic:
            case "injury" | "complaint" if segment.cue is not None:
                return f"body_part:{segment.cue}", IN_STATEMENT
            case "complaint" | "plain" if mention.condition or self._symptom_in(doc, segment):
                return f"body_part:{segment.topic}", IN_PASSING
            case _:
                return None

    def _symptom_in(self, doc: Doc, segment: Segment) -> bool:
        """True where the segment names a symptom or an injury."""
        return any(
            w.label_ != OPERATION and segment.span.start <= w.start_char < segment.span.end
            for w in doc.spans[CONDITIONS]
        )

    def _own_symptom(self, doc: Doc, mention: Mention, cue: str) -> bool:
        """True for "... radiating to the leg, hip pain": the part has a symptom of its own."""
        return cue == "radiating to" and any(
            w.start_char - mention.span.end in {0, 1} and w.label_ == "symptom" for w in doc.spans[CONDITIONS]
        )


def merge(found: Iterable[tuple[Mention, str, float]]) -> list[Found[str]]:
    """Each part once: the side of any mention, both sides as bilateral, plain back only by itself."""
    groups: dict[str, list[tuple[Mention, str, float]]] = {}
    for item in found:
        groups.setdefault(item[0].part, []).append(item)
    if GENERAL in groups and ITS_PARTS & set(groups):
        del groups[GENERAL]
    merged = []
    for part, items in groups.items():
        sides = {m.side for m, _, _ in items if m.side}
        side = next(iter(sides)) if len(sides) == 1 else "bilateral" if sides else None
        first = next((i for i in items if i[0].side), items[0])
        best = max(confidence for _, _, confidence in items)
        merged.append(Found(f"{side} {part}" if side else part, first[0].span, first[1], best))
    return merged
