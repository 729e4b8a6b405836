"""The spaCy pipeline: sentences, words for body parts and words for conditions.

Built from the vocabularies alone. A trained model can take the place of the blank
English pipeline (``model``): the components here are added behind its own and read
only the tokens. spaCy is imported when a pipeline is built, not with this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy
from pydantic import Field

from extract.evidence import Span
from extract.patterns import PatternError, Patterns, Strict
from extract.values.places import Places

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.tokens import Span as Words

BODY_PARTS = "body_parts"
"""Key of ``doc.spans`` for words that name body parts: label the part, id the kind of word."""
CONDITIONS = "conditions"
"""Key of ``doc.spans`` for heads of diagnoses: label the kind of condition, id ``alone`` or ``joined``."""

NOUN, ADJECTIVE, CONDITION, LEVEL, SIDED = "noun", "adjective", "condition", "level", "sided"
TECHNIQUE, NO_PART = "technique", "none"
ALONE, JOINED, OPERATION = "alone", "joined", "operation"
JOIN = "|"
"""Between the parts in the label of a phrase that names several."""

Kind = Literal["symptom", "injury", "disorder"]


class PartData(Strict):
    """One part of the vocabulary in shared/DATASET.md and what names it."""

    part: str
    wcio: str
    paired: bool
    terms: list[str]
    adjectives: list[str]
    conditions: list[str]


class Yields(Strict):
    """Words that name their part only where none of the parts ``to`` is named nearby."""

    words: list[str]
    to: list[str]


class BodyPartFile(Strict):
    """``patterns/vocab/body_parts.yaml``; its head explains the fields."""

    about: str
    parts: list[PartData]
    several: dict[str, list[str]]
    sided: dict[str, str]
    levels: dict[str, str]
    level_counts_for: list[str]
    sides: dict[Literal["left", "right", "bilateral"], list[str]]
    modifiers: list[str]
    joiners: list[str]
    techniques: dict[str, str]
    hosts: dict[str, list[str]]
    not_parts: list[str]
    units: list[str]
    yields: Yields


class ConditionGroup(Strict):
    """Heads of diagnoses of one kind."""

    name: str
    kind: Kind
    alone: bool
    terms: list[str]


class Operations(Strict):
    """Words for operations, and the endings of such words."""

    terms: list[str]
    endings: list[str] = Field(default_factory=list)


class ConditionFile(Strict):
    """``patterns/vocab/conditions.yaml``; its head explains the fields."""

    about: str
    groups: list[ConditionGroup]
    endings: list[str]
    operations: Operations
    qualifiers: list[str]
    generic: list[str]
    pairing: list[str]


def condition_file(patterns: Patterns) -> ConditionFile:
    """The vocabulary of conditions."""
    return patterns.parse(ConditionFile, "vocab/conditions.yaml")


def body_part_file(patterns: Patterns) -> BodyPartFile:
    """The body-part vocabulary. Raises PatternError where a phrase names an unknown part."""
    data = patterns.parse(BodyPartFile, "vocab/body_parts.yaml")
    known = {p.part for p in data.parts}
    named = {p for parts in data.several.values() for p in parts} | set(data.levels) | set(data.level_counts_for)
    named |= set(data.yields.to)
    named |= {part.split(" ", 1)[1] for part in data.sided.values()}
    if named - known:
        raise PatternError(f"body_parts.yaml: unknown parts {sorted(named - known)}")
    return data


def spellings(term: str) -> Iterator[str]:
    """The term, its plural, and both with hyphens for spaces and with a typographic apostrophe."""
    forms = [term]
    if not term.endswith("s"):
        plural = term + ("es" if term.endswith(("x", "ch", "sh")) else "s")
        forms.append(term[:-1] + "ies" if term.endswith("y") and term[-2:-1] not in "aeiou" else plural)
    for form in forms:
        yield form
        if " " in form:
            yield form.replace(" ", "-")
            yield form.replace(" ", "/") if "/" in form else form.replace(" ", " - ")
        if "'" in form:
            yield form.replace("'", "’")


def body_part_phrases(data: BodyPartFile) -> list[dict[str, Any]]:
    """Patterns of the body-part ruler; a word that is both adjective and noun is an adjective."""
    phrases: dict[str, tuple[str, str]] = {}
    for kind in (CONDITION, NOUN, ADJECTIVE):
        for part in data.parts:
            words = {NOUN: part.terms, ADJECTIVE: part.adjectives, CONDITION: part.conditions}[kind]
            for word in words:
                forms = [word, word.replace(" ", "-")] if kind == ADJECTIVE else spellings(word)
                phrases.update(dict.fromkeys(forms, (part.part, kind)))
    for phrase, parts in data.several.items():
        kind = NOUN if phrase.endswith(("back", "spine", "extremity", "extremities", "limbs")) else ADJECTIVE
        phrases.update({s: (JOIN.join(parts), kind) for s in spellings(phrase)})
    phrases.update({short: (part, SIDED) for short, part in data.sided.items()})
    phrases.update({s: (part, TECHNIQUE) for name, part in data.techniques.items() for s in spellings(name)})
    phrases.update({s: (NO_PART, NO_PART) for phrase in data.not_parts for s in spellings(phrase)})
    rules: list[dict[str, Any]] = [{"label": k, "id": i, "pattern": p} for p, (k, i) in phrases.items()]
    rules += [
        {"label": part, "id": LEVEL, "pattern": [{"TEXT": {"REGEX": shape}}]} for part, shape in data.levels.items()
    ]
    unit = {"LOWER": {"IN": data.units}}
    number = {"LIKE_NUM": True}
    rules += [{"label": NO_PART, "id": NO_PART, "pattern": p} for p in ([number, unit], [number, {"TEXT": "-"}, unit])]
    return rules


def condition_phrases(data: ConditionFile) -> list[dict[str, Any]]:
    """Patterns of the condition ruler; where two groups hold a word the later one says what it is."""
    phrases = {
        s: (group.kind, ALONE if group.alone else JOINED)
        for group in data.groups
        for term in group.terms
        for s in spellings(term)
    }
    operations = [s for term in data.operations.terms for s in spellings(term)]
    rules: list[dict[str, Any]] = [{"label": k, "id": i, "pattern": p} for p, (k, i) in phrases.items()]
    rules += [{"label": OPERATION, "id": OPERATION, "pattern": p} for p in operations if p not in phrases]
    for label, identity, endings in (
        ("disorder", JOINED, data.endings),
        (OPERATION, OPERATION, data.operations.endings),
    ):
        rules += [{"label": label, "id": identity, "pattern": [{"LOWER": {"REGEX": ending}}]} for ending in endings]
    return rules


CLOSING = frozenset(('"', "”", "’", ")", "'", "''"))
"""Marks that still belong to the sentence before them."""
LONGEST_SENTENCE = 400
"""Tokens after which a sentence ends in any case: a text without full stops must not cost its square."""


def set_sentences(doc: Doc) -> Doc:
    """Pipeline component: mark sentence starts; a list number ("1.") ends no sentence."""
    starts = set(range(0, len(doc), LONGEST_SENTENCE))
    words = [token.text for token in doc]
    spaced = [bool(token.whitespace_) for token in doc]
    for i in range(len(words) - 1):
        if words[i] not in {".", "!", "?"} and not words[i].endswith("!"):
            continue
        if words[i] == "." and _is_list_number(words, spaced, i):
            continue
        j = i + 1
        while j < len(words) - 1 and words[j] in CLOSING and not spaced[j - 1]:
            j += 1
        first = words[j][:1]
        if first.isupper() or first.isdigit() or not first.isalnum():
            starts.add(j)
    # in one step: setting it token by token looks over the whole text each time
    marks = numpy.array([1 if i in starts else -1 for i in range(len(doc))], dtype="int64")
    return doc.from_array(["SENT_START"], cast(Any, marks.astype("uint64")))


def _is_list_number(words: Sequence[str], spaced: Sequence[bool], i: int) -> bool:
    """True where the full stop at word ``i`` follows the number of a list item."""
    number = words[i - 1] if i else ""
    if not (number.isdigit() and len(number) <= 2) or spaced[i - 1]:
        return False
    return i < 2 or words[i - 2] in {":", ";", ".", ")", ",", "include", "impressions", "diagnoses"}


def build_nlp(patterns: Patterns, *, model: Path | None = None) -> Language:
    """The pipeline over one section of a letter, which can be pickled.

    ``model``: folder of a trained spaCy pipeline to build upon; None takes blank English.
    Raises PatternError for a vocabulary that breaks its schema, OSError for a missing model.
    """
    import spacy
    from spacy.language import Language as Pipeline

    body_parts = body_part_file(patterns)
    conditions = condition_file(patterns)
    nlp = spacy.load(model) if model else spacy.blank("en")
    Pipeline.component("letter_sentences", func=set_sentences)
    nlp.add_pipe("letter_sentences", last=True)
    for key, phrases in (
        (BODY_PARTS, body_part_phrases(body_parts)),
        (CONDITIONS, condition_phrases(conditions)),
    ):
        ruler = nlp.add_pipe(
            "span_ruler",
            name=key,
            config={
                "spans_key": key,
                "phrase_matcher_attr": "LOWER",
                "spans_filter": {"@misc": "spacy.first_longest_spans_filter.v1"},
            },
        )
        ruler.add_patterns(phrases)  # type: ignore[attr-defined]
    return nlp


def place(words: Words) -> Span:
    """Where words of a parsed text stand."""
    return Span(words.start_char, words.end_char)


def words_of(doc: Doc, key: str) -> Places[Words]:
    """The words that a ruler of the pipeline marked, by their place: ``BODY_PARTS`` or ``CONDITIONS``."""
    return Places(doc.spans[key], place)


SENTENCES = "letter_sentences"
"""Key of ``doc.user_data`` for the sentences that have been read."""


def sentences_of(doc: Doc) -> Places[Span]:
    """The sentences of a parsed text, read from it once."""
    known: dict[str, Any] = doc.user_data
    if SENTENCES not in known:
        known[SENTENCES] = Places((place(s) for s in doc.sents), lambda span: span)
    return cast("Places[Span]", known[SENTENCES])


class OneParse:
    """A pipeline that keeps its last parse, since several finders read the same summary in turn."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        self._last: Doc | None = None

    def __call__(self, text: str) -> Doc:
        """The parse of a text, made once for calls that follow each other."""
        if self._last is None or self._last.text != text:
            self._last = self._nlp(text)
        return self._last

    def __getstate__(self) -> dict[str, Any]:
        return {"_nlp": self._nlp, "_last": None}
