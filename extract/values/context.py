"""What each stretch of a case summary talks about, and where its parts do not count.

After the idea of ConText (Harkema et al. 2009): cues with a direction and a scope
that ends with the clause. The cues are data in ``patterns/rules/context.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from extract.evidence import Span
from extract.nlp import sentences_of
from extract.patterns import PatternError, Patterns, Rule
from extract.tokens import text_of
from extract.values.places import Places

if TYPE_CHECKING:
    from spacy.tokens import Doc

READ = "context"
"""Key of ``doc.user_data`` for what was read from it."""

Topic = Literal["injury", "diagnosis", "complaint", "exam", "imaging", "treatment", "request", "history", "plain"]
Reach = Literal["forward", "both", "weak", "passing"]

CARRIED: frozenset[Topic] = frozenset({"exam", "imaging", "complaint"})
"""Topics that go on in the next sentence: lists of findings and of complaints run over several."""

NOUN_TOPICS: frozenset[Topic] = frozenset({"imaging", "treatment", "request"})
"""Topics whose cues are nouns that a part may describe ("knee brace", "lumbar MRI")."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one sentence with one topic; ``cue`` is the rule that set it, None where it carries on."""

    span: Span
    topic: Topic
    cue: str | None


@dataclass(frozen=True, slots=True)
class Drop:
    """A stretch in which parts do not count, and the rule that says so."""

    span: Span
    cue: str


@dataclass(frozen=True)
class Sentence:
    """One sentence with its segments and drops."""

    span: Span
    segments: tuple[Segment, ...]
    drops: tuple[Drop, ...]


@dataclass(frozen=True)
class Context:
    """The sentences of one text."""

    sentences: Places[Sentence]

    def segment_of(self, span: Span) -> Segment | None:
        """The segment of the words under ``span``: the next one where its cue is the noun they describe."""
        sentence = self.sentences.at(span.start)
        if sentence is None:
            return None
        for segment in sentence.segments:
            if span.end <= segment.span.start <= span.end + 1 and segment.topic in NOUN_TOPICS:
                return segment
        return next((s for s in sentence.segments if s.span.start <= span.start < s.span.end), None)

    def drop_at(self, span: Span) -> Drop | None:
        """The first drop that ``span`` lies in."""
        sentence = self.sentences.at(span.start)
        return next((d for d in sentence.drops if d.span.overlaps(span)), None) if sentence else None


@dataclass(frozen=True, slots=True)
class _Cue:
    start: int
    end: int
    name: str
    topic: Topic
    reach: Reach


class ContextReader:
    """Reads topics and drops from a text and the spans of its sentences."""

    def __init__(self, patterns: Patterns) -> None:
        self._sections: list[tuple[Rule, Topic, Reach]] = []
        self._drops: list[tuple[Rule, bool]] = []
        self._stops: list[tuple[Rule, str | None]] = []
        self._family = patterns.family("context")
        for rule in patterns.rules("context"):
            match (rule.data.value or "").split(" "):
                case ["section", topic, reach] if topic in get_args(Topic) and reach in get_args(Reach):
                    self._sections.append((rule, cast(Topic, topic), cast(Reach, reach)))
                case ["drop", ("forward" | "backward") as direction]:
                    self._drops.append((rule, direction == "forward"))
                case ["stop", *name]:
                    self._stops.append((rule, " ".join(name) or None))
                case ["drug" | "side"]:
                    pass
                case _:
                    raise PatternError(f"context.yaml: rule {rule.name!r} has the value {rule.data.value!r}")

    def of(self, doc: Doc) -> Context:
        """As ``read`` for a text that the pipeline has parsed; read once, since several finders ask."""
        if READ not in doc.user_data:
            doc.user_data[READ] = self.read(text_of(doc), sentences_of(doc))
        context: Context = doc.user_data[READ]
        return context

    def read(self, text: str, sentences: Iterable[Span]) -> Context:
        """Topics and drops of ``text``. Raises TimeoutError where a rule runs out of time."""
        read: list[Sentence] = []
        carried: Topic = "plain"
        for span in sentences:
            segments, carried = self._segments(text, span, carried)
            read.append(Sentence(span, tuple(segments), tuple(self._drops_in(text, span))))
        return Context(Places(read, lambda sentence: sentence.span))

    def _segments(self, text: str, sentence: Span, carried: Topic) -> tuple[list[Segment], Topic]:
        """The segments of one sentence and the topic that carries on from it."""
        live = self._family.live(text, sentence.start, sentence.end)
        cues = [
            _Cue(m.start(), m.end(), rule.name, topic, reach)
            for rule, topic, reach in self._sections
            if rule.number in live
            for m in rule.finditer(text, sentence.start, sentence.end)
        ]
        cues.sort(key=lambda c: (c.start, -c.end))
        topic, name, start = carried, cast("str | None", None), sentence.start
        lasting = carried
        segments: list[Segment] = []
        for cue in cues:
            if cue.reach == "weak" and topic not in {"plain", "imaging", "complaint"}:
                continue
            if cue.reach == "weak" and name is not None and topic == "imaging":
                continue
            if name is None and cue.reach != "forward":
                topic, name = cue.topic, cue.name
            elif cue.topic != topic or name is None:
                if cue.start > start:
                    segments.append(Segment(Span(start, cue.start), topic, name))
                topic, name, start = cue.topic, cue.name, max(cue.start, start)
            if cue.reach != "passing":
                lasting = topic
        segments.append(Segment(Span(start, sentence.end), topic, name))
        return segments, lasting if lasting in CARRIED else "plain"

    def _drops_in(self, text: str, sentence: Span) -> list[Drop]:
        """The drops of one sentence, each ended by the first stop that holds for it."""
        live = self._family.live(text, sentence.start, sentence.end)
        found = [
            (rule, forward, m)
            for rule, forward in self._drops
            if rule.number in live
            for m in rule.finditer(text, sentence.start, sentence.end)
        ]
        if not found:  # nothing to stop
            return []
        stops = [
            (m.start(), m.end(), name)
            for rule, name in self._stops
            for m in rule.finditer(text, sentence.start, sentence.end)
        ]
        drops = []
        for rule, forward, m in found:
            held = [s for s in stops if s[2] in {None, rule.name}]
            if forward:
                end = min((s[0] for s in held if s[0] >= m.end()), default=sentence.end)
                drops.append(Drop(Span(m.start(), max(m.end(), end)), rule.name))
            else:
                start = max((s[1] for s in held if s[1] <= m.start()), default=sentence.start)
                drops.append(Drop(Span(start, m.end()), rule.name))
        return sorted(drops, key=lambda d: d.span)
