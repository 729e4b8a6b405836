"""Injured body parts of a case summary, and the parts that a request names.

Words that name a part come from ``patterns/vocab/body_parts.yaml`` through the
pipeline; what a stretch of the summary talks about comes from ``context.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.evidence import Found, Span
from extract.nlp import CONDITIONS, OPERATION, words_of
from extract.patterns import Patterns
from extract.values.context import Context, ContextReader, Segment
from extract.values.diagnoses import DiagnosisFinder
from extract.values.mentions import BOTH, Mention, MentionFinder
from extract.values.places import Places
from extract.vocabulary import Words

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from extract.learned.component import LearntModel
    from extract.nlp import Parser

IN_DIAGNOSIS, IN_STATEMENT, IN_PASSING, IN_REQUEST = 0.95, 0.9, 0.75, 0.97
"""Confidence by where the part is named; in passing: a sentence without a cue of its own."""
SURVEYED = frozenset({"upper extremity", "lower extremity"})
MIND = "psyche"
"""A psychological evaluation is named after a specialist; depression names the psyche."""
GENERAL, ITS_PARTS = "back", frozenset({"upper back", "lower back"})


@dataclass(frozen=True)
class _Page:
    """What is known of one summary before its mentions are judged."""

    context: Context
    diagnoses: Places[Span]
    conditions: Places[Words]


class BodyPartFinder:
    """Finds the injured parts of a summary and the parts named by a request."""

    def __init__(self, *, nlp: Language | Parser, patterns: Patterns, model: LearntModel | None = None) -> None:
        self._nlp = nlp
        self._model = model
        self._mentions = MentionFinder(patterns)
        self._context = ContextReader(patterns)
        self._diagnoses = DiagnosisFinder(nlp=nlp, patterns=patterns, model=model)
        self._drug = patterns.rule("mentions", "drug strength")

    def wcio(self, value: str) -> str | None:
        """The WCIO part-of-body code of a value of this finder."""
        return self._mentions.wcio(value)

    def in_summary(self, text: str) -> list[Found[str]]:
        """Injured parts, each once with its side, in the order of their first mention.

        From injury statements, stated diagnoses and complaints; see shared/ANNOTATION.md for what
        does not count. Raises TimeoutError where a rule runs out of time.
        """
        return self.in_doc(self._nlp(text))

    def in_doc(self, doc: Doc) -> list[Found[str]]:
        """As ``in_summary`` for a text that the pipeline has parsed."""
        context = self._context.of(doc)
        diagnoses = [d.span for d in self._diagnoses.in_doc(doc)]
        page = _Page(context, Places(diagnoses, lambda span: span), words_of(doc, CONDITIONS))
        mentions = self._mentions.mentions(doc, diagnoses)
        rated = self._model.rates(doc, "parts", (m.span for m in mentions)) if self._model is not None else {}
        found, silent = [], []
        for mention in mentions:
            verdict = self._counts(page, mention)
            if self._model is not None:
                verdict = self._model.judge_part(rated[mention.span], verdict)
            if verdict is not None:
                found.append((mention, *verdict))
            elif self._sides_silently(page.context, mention):
                silent.append(mention)
        return merge(found, silent, rated=rated if self._model is not None else None)

    def in_request(self, text: str) -> list[Found[str]]:
        """Parts that a request names, in order; of a drug's heading not the illness it is for."""
        doc = self._nlp(text)
        named = self._mentions.mentions(doc)
        if not named:
            return []
        if any(m.condition for m in named) and self._drug.search_alone(text) is not None:
            named = [m for m in named if not m.condition]
        named = [m for m in named if m.condition or m.part != MIND]
        return merge((m, "body_part:request", IN_REQUEST) for m in named)

    def mentions(self, doc: Doc) -> list[Mention]:
        """Every mention of a part in a parsed summary, whether it counts or not."""
        return self._mentions.mentions(doc, [d.span for d in self._diagnoses.in_doc(doc)])

    def _counts(self, page: _Page, mention: Mention) -> tuple[str, float] | None:
        """Why a mention counts and how surely, or None."""
        drop = page.context.drop_at(mention.span)
        diagnosis = page.diagnoses.at(mention.span.start)
        if diagnosis is not None and diagnosis.contains(mention.span):
            outside = drop is None or drop.span.start < diagnosis.start
            return ("body_part:diagnosis", IN_DIAGNOSIS) if outside else None
        segment = page.context.segment_of(mention.span)
        if segment is None:
            return None
        # "hurt when he fell on his knee" tells how it happened, not what makes it worse
        cause = drop is not None and drop.cue == "brought on by" and segment.topic == "injury"
        if drop is not None and not cause and not self._own_symptom(page, mention, drop.cue):
            return None
        match segment.topic:
            case "injury" | "complaint" if segment.cue is not None:
                return f"body_part:{segment.cue}", IN_STATEMENT
            case "complaint" | "plain" if mention.condition or self._symptom_in(page, segment):
                return f"body_part:{segment.topic}", IN_PASSING
            case _:
                return None

    def _sides_silently(self, context: Context, mention: Mention) -> bool:
        """True for a mention that does not count, but whose side holds for one that does.

        An examination and a nerve study look at both sides as a routine: that says nothing of the complaint.
        """
        if mention.side is None or context.drop_at(mention.span) is not None:
            return False
        segment = context.segment_of(mention.span)
        routine = mention.part in SURVEYED or (segment is not None and segment.topic == "exam")
        return not (routine and mention.side == BOTH)

    def _symptom_in(self, page: _Page, segment: Segment) -> bool:
        """True where the segment names a symptom or an injury."""
        return any(w.label_ != OPERATION for w in page.conditions.inside(segment.span))

    def _own_symptom(self, page: _Page, mention: Mention, cue: str) -> bool:
        """True for "... radiating to the leg, hip pain": the part has a symptom of its own."""
        word = page.conditions.at(mention.span.end + 1)
        return cue == "radiating to" and word is not None and word.label_ == "symptom"


def merge(
    found: Iterable[tuple[Mention, str, float]],
    silent: Iterable[Mention] = (),
    *,
    rated: Mapping[Span, float] | None = None,
) -> list[Found[str]]:
    """Each part once: the side of any mention, both sides as bilateral, plain back only by itself.

    ``silent`` mentions add no part, but give the side of one that no counted mention sides. ``rated`` gives the
    learnt component's log-odds of each mention; a part has the best of its mentions.
    """
    groups: dict[str, list[tuple[Mention, str, float]]] = {}
    for item in found:
        groups.setdefault(item[0].part, []).append(item)
    if GENERAL in groups and ITS_PARTS & set(groups):
        del groups[GENERAL]
    others = list(silent)
    merged = []
    for part, items in groups.items():
        sides = {m.side for m, _, _ in items if m.side}
        sides = sides or {m.side for m in others if m.part == part and m.side}
        side = next(iter(sides)) if len(sides) == 1 else BOTH if sides else None
        mention, method, _ = next((i for i in items if i[0].side), items[0])
        best = max(confidence for _, _, confidence in items)
        rating = max(rated[m.span] for m, _, _ in items) if rated is not None else None
        merged.append(Found(f"{side} {part}" if side else part, mention.span, method, best, rating))
    return merged
