"""What each stretch of a case summary talks about, and where its parts do not count.

After the idea of ConText (Harkema et al. 2009): cues with a direction and a scope
that ends with the clause. The cues are data in ``patterns/rules/context.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple, cast, get_args

from extract.evidence import Span
from extract.keywords import Reading
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


class Segment(NamedTuple):
    """A stretch of one sentence with one topic; ``cue`` is the rule that set it, None where it carries on."""

    span: Span
    topic: Topic
    cue: str | None


class Drop(NamedTuple):
    """A stretch in which parts do not count, and the rule that says so."""

    span: Span
    cue: str


class Sentence(NamedTuple):
    """What one sentence talks about, and where parts do not count in it."""

    segments: tuple[Segment, ...]
    drops: tuple[Drop, ...]


class _Cue(NamedTuple):
    start: int
    end: int
    name: str
    topic: Topic
    reach: Reach


class Context:
    """What one text talks about. A sentence is read when it is asked for: half of them hold nothing to judge.

    Questions raise TimeoutError where a rule runs out of time.
    """

    def __init__(self, reader: ContextReader, text: str, sentences: Places[Span]) -> None:
        self._reader = reader
        self._text = text
        self._places = sentences
        self._reading: Reading | None = None
        self._live: dict[int, list[int]] = {}
        self._cues: dict[int, list[_Cue]] = {}
        self._sentences: dict[int, Sentence] = {}
        self._lasting: dict[int, Topic] = {-1: "plain"}
        """For sentences that were read the topic that carries on from them."""

    def sentence(self, number: int) -> Sentence:
        """One of the sentences, counted from 0."""
        known = self._sentences.get(number)
        if known is None:
            span, cues = self._places.things[number], self._cues_in(number)
            opens = bool(cues) and _opens(cues[0], span.start)
            segments, lasting = segmented(span, cues, "plain" if opens else self._carried(number))
            if not opens or _sets(cues):
                self._lasting[number] = lasting
            known = Sentence(tuple(segments), tuple(self._reader.drops(self._read(), span, self._live[number])))
            self._sentences[number] = known
        return known

    def segment_of(self, span: Span) -> Segment | None:
        """The segment of the words under ``span``: the next one where its cue is the noun they describe."""
        number = self._places.index(span.start)
        if number is None:
            return None
        segments = self.sentence(number).segments
        for segment in segments:
            if span.end <= segment.span.start <= span.end + 1 and segment.topic in NOUN_TOPICS:
                return segment
        return next((s for s in segments if s.span.start <= span.start < s.span.end), None)

    def drop_at(self, span: Span) -> Drop | None:
        """The first drop that ``span`` lies in."""
        number = self._places.index(span.start)
        if number is None:
            return None
        return next((d for d in self.sentence(number).drops if d.span.overlaps(span)), None)

    def _read(self) -> Reading:
        if self._reading is None:
            self._reading = self._reader.reading(self._text)
        return self._reading

    def _cues_in(self, number: int) -> list[_Cue]:
        if number not in self._cues:
            span = self._places.things[number]
            reading = self._read()
            self._live[number] = reading.numbers(span.start, span.end)
            self._cues[number] = self._reader.cues(reading, span, self._live[number])
        return self._cues[number]

    def _carried(self, number: int) -> Topic:
        """The topic that carries on into a sentence: read from the last one before it that sets its own."""
        first = number
        while first - 1 not in self._lasting:
            first -= 1
            if _sets(self._cues_in(first)):
                break
        topic = self._lasting.get(first - 1, "plain")
        for n in range(first, number):
            _, topic = segmented(self._places.things[n], self._cues_in(n), topic)
            self._lasting[n] = topic
        return topic


def _opens(first: _Cue, start: int) -> bool:
    """True where the first cue gives the topic from the start of a sentence on, whatever was carried into it."""
    return first.reach != "weak" and (first.reach != "forward" or first.start == start)


def _sets(cues: Iterable[_Cue]) -> bool:
    """True where the topic that leaves a sentence is its own, whatever was carried into it."""
    return any(cue.reach in {"forward", "both"} for cue in cues)


class ContextReader:
    """Reads topics and drops from a text and the spans of its sentences."""

    def __init__(self, patterns: Patterns) -> None:
        self._sections: dict[int, tuple[Rule, Topic, Reach]] = {}
        self._drops: dict[int, tuple[Rule, bool]] = {}
        self._stops: list[tuple[Rule, str | None]] = []
        self._family = patterns.family("context")
        for rule in patterns.rules("context"):
            match (rule.data.value or "").split(" "):
                case ["section", topic, reach] if topic in get_args(Topic) and reach in get_args(Reach):
                    self._sections[rule.number] = rule, cast(Topic, topic), cast(Reach, reach)
                case ["drop", ("forward" | "backward") as direction]:
                    self._drops[rule.number] = rule, direction == "forward"
                case ["stop", *name]:
                    self._stops.append((rule, " ".join(name) or None))
                case _:
                    raise PatternError(f"context.yaml: rule {rule.name!r} has the value {rule.data.value!r}")

    def of(self, doc: Doc) -> Context:
        """The context of a text that the pipeline has parsed, the same for all that ask."""
        if READ not in doc.user_data:
            doc.user_data[READ] = Context(self, text_of(doc), sentences_of(doc))
        context: Context = doc.user_data[READ]
        return context

    def reading(self, text: str) -> Reading:
        """What of the rules stands in a text."""
        return self._family.reading(text)

    def cues(self, reading: Reading, sentence: Span, live: Iterable[int]) -> list[_Cue]:
        """The cues of one sentence that set topics, of those that begin together the longest first."""
        start, end = sentence
        cues: list[_Cue] = []
        for number in live:
            if number in self._sections:
                rule, topic, reach = self._sections[number]
                for m in self._family.within(reading, number, start, end):
                    cues.append(_Cue(*m.span(), rule.name, topic, reach))  # noqa: PERF401 - most rules find none
        cues.sort(key=lambda c: (c.start, -c.end))
        return cues

    def drops(self, reading: Reading, sentence: Span, live: Iterable[int]) -> list[Drop]:
        """The drops of one sentence, each ended by the first stop that holds for it."""
        found = [
            (*self._drops[n], m)
            for n in live
            if n in self._drops
            for m in self._family.within(reading, n, sentence.start, sentence.end)
        ]
        if not found:  # nothing to stop
            return []
        names = {None, *(rule.name for rule, _, _ in found)}
        stops = [
            (m.start(), m.end(), name)
            for rule, name in self._stops
            if name in names
            for m in rule.finditer(reading.text, sentence.start, sentence.end)
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


def segmented(sentence: Span, cues: Iterable[_Cue], carried: Topic) -> tuple[list[Segment], Topic]:
    """The segments of one sentence and the topic that carries on from it."""
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
