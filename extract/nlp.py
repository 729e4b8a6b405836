"""The spaCy pipeline: sentences, words for body parts and words for conditions.

Built from the vocabularies alone. A trained model can take the place of the blank
English pipeline (``model``): the components here are added behind its own and read
only the tokens. spaCy is imported when a pipeline is built, not with this module.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal, cast

import regex
from pydantic import Field

from extract.evidence import Span
from extract.patterns import PatternError, Patterns, Strict
from extract.tokens import TEXT, Tokens, text_of, tokens_of
from extract.values.places import Places
from extract.vocabulary import Kind, Shape, VocabularyRuler, Words

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

BODY_PARTS = "body_parts"
"""Name of the ruler of words that name body parts: label the part, id the kind of word."""
CONDITIONS = "conditions"
"""Name of the ruler of heads of diagnoses: label the kind of condition, id ``alone`` or ``joined``."""
SENTENCES, STARTS = "letter_sentences", "letter_sentence_starts"
"""Keys of ``doc.user_data``: the sentences, and the number of each one's first token, once they are asked for."""

NOUN, ADJECTIVE, CONDITION, LEVEL, SIDED = "noun", "adjective", "condition", "level", "sided"
TECHNIQUE, NO_PART = "technique", "none"
ALONE, JOINED, OPERATION = "alone", "joined", "operation"
JOIN = "|"
"""Between the parts in the label of a phrase that names several."""

Condition = Literal["symptom", "injury", "disorder"]


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
    kind: Condition
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


def body_part_phrases(data: BodyPartFile) -> dict[str, Kind]:
    """Phrases of the body-part ruler; a word that is both adjective and noun is an adjective."""
    phrases: dict[str, Kind] = {}
    for kind in (CONDITION, NOUN, ADJECTIVE):
        for part in data.parts:
            words = {NOUN: part.terms, ADJECTIVE: part.adjectives, CONDITION: part.conditions}[kind]
            for word in words:
                forms = [word, word.replace(" ", "-")] if kind == ADJECTIVE else spellings(word)
                phrases.update(dict.fromkeys(forms, Kind(part.part, kind)))
    for phrase, parts in data.several.items():
        kind = NOUN if phrase.endswith(("back", "spine", "extremity", "extremities", "limbs")) else ADJECTIVE
        phrases.update({s: Kind(JOIN.join(parts), kind) for s in spellings(phrase)})
    phrases.update({short: Kind(part, SIDED) for short, part in data.sided.items()})
    phrases.update({s: Kind(part, TECHNIQUE) for name, part in data.techniques.items() for s in spellings(name)})
    phrases.update({s: Kind(NO_PART, NO_PART) for phrase in data.not_parts for s in spellings(phrase)})
    return phrases


def level_shapes(data: BodyPartFile) -> list[Shape]:
    """Levels of the spine, told by the shape of one word ("L5/S1")."""
    return [Shape(regex.compile(shape), Kind(part, LEVEL), cased=True) for part, shape in data.levels.items()]


def condition_phrases(data: ConditionFile) -> dict[str, Kind]:
    """Phrases of the condition ruler; where two groups hold a word the later one says what it is."""
    phrases = {
        s: Kind(group.kind, ALONE if group.alone else JOINED)
        for group in data.groups
        for term in group.terms
        for s in spellings(term)
    }
    for term in data.operations.terms:
        for form in spellings(term):
            phrases.setdefault(form, Kind(OPERATION, OPERATION))
    return phrases


def condition_shapes(data: ConditionFile) -> list[Shape]:
    """Conditions and operations told by the ending of one word."""
    kinds = ((Kind("disorder", JOINED), data.endings), (Kind(OPERATION, OPERATION), data.operations.endings))
    return [Shape(regex.compile(ending), kind) for kind, endings in kinds for ending in endings]


_ENDING = frozenset((".", "!", "?"))
CLOSING = frozenset(('"', "”", "’", ")", "'", "''"))
"""Marks that still belong to the sentence before them."""
LONGEST_SENTENCE = 400
"""Tokens after which a sentence ends in any case: a text without full stops must not cost its square."""


def _tell_sentences(doc: Doc) -> None:
    """Note the sentences of a text; a list number ("1.") ends none."""
    tokens = tokens_of(doc)
    texts, starts, ends = tokens.texts, tokens.starts, tokens.ends
    last = len(texts) - 1
    begins = set(range(0, len(texts), LONGEST_SENTENCE))
    marks = [i for i, word in enumerate(texts) if word in _ENDING]
    if "!" in text_of(doc):  # a token may end in one; the ends of all are looked at only where there is any
        marks = [i for i, word in enumerate(texts) if word in _ENDING or word.endswith("!")]
    for i in marks:
        if i == last or (texts[i] == "." and _is_list_number(tokens, i)):
            continue
        j = i + 1
        while j < last and texts[j] in CLOSING and ends[j - 1] == starts[j]:
            j += 1
        first = texts[j][:1]
        if first.isupper() or first.isdigit() or not first.isalnum():
            begins.add(j)
    firsts = sorted(begins)
    behind = [*firsts[1:], len(texts)] if firsts else []  # an empty text has no sentence
    spans = [Span(starts[a], ends[b - 1]) for a, b in zip(firsts, behind, strict=True)]
    doc.user_data[STARTS] = firsts
    doc.user_data[SENTENCES] = Places(spans, lambda span: span)


def _is_list_number(tokens: Tokens, i: int) -> bool:
    """True where the full stop at token ``i`` follows the number of a list item."""
    texts = tokens.texts
    number = texts[i - 1] if i else ""
    if not (number.isdigit() and len(number) <= 2) or tokens.ends[i - 1] != tokens.starts[i]:
        return False
    return i < 2 or texts[i - 2] in {":", ";", ".", ")", ",", "include", "impressions", "diagnoses"}


def build_nlp(patterns: Patterns, *, model: Path | None = None) -> Language:
    """The pipeline over one section of a letter, which can be pickled.

    ``model``: folder of a trained spaCy pipeline to build upon; None takes blank English.
    Raises PatternError for a vocabulary that breaks its schema, OSError for a missing model.
    """
    spacy = _spacy()
    from spacy.language import Language as Pipeline

    body_parts = body_part_file(patterns)
    conditions = condition_file(patterns)
    nlp: Language = spacy.load(model) if model else spacy.blank("en")
    Pipeline.factory("vocabulary_ruler", func=_ruler, default_config={"key": ""})
    parts = cast(VocabularyRuler, nlp.add_pipe("vocabulary_ruler", name=BODY_PARTS, config={"key": BODY_PARTS}))
    parts.add(
        nlp,
        phrases=body_part_phrases(body_parts),
        shapes=level_shapes(body_parts),
        units=body_parts.units,
        unit=Kind(NO_PART, NO_PART),
    )
    heads = cast(VocabularyRuler, nlp.add_pipe("vocabulary_ruler", name=CONDITIONS, config={"key": CONDITIONS}))
    heads.add(nlp, phrases=condition_phrases(conditions), shapes=condition_shapes(conditions))
    return nlp


def _spacy() -> ModuleType:
    """spaCy without its command line, which it imports with itself and which takes longer than all the rest."""
    if "spacy" in sys.modules:
        return sys.modules["spacy"]
    names = ("spacy.cli", "spacy.cli.info")
    stand_ins = {name: ModuleType(name) for name in names}
    stand_ins["spacy.cli.info"].__dict__["info"] = None
    sys.modules.update(stand_ins)
    try:
        import spacy
    finally:
        for name in names:  # whoever wants the command line gets the real one
            del sys.modules[name]
    return spacy


def _ruler(nlp: Language, name: str, key: str) -> VocabularyRuler:
    return VocabularyRuler(key=key)


def words_of(doc: Doc, key: str) -> Places[Words]:
    """The words that a ruler of the pipeline knows, by their place: ``BODY_PARTS`` or ``CONDITIONS``."""
    words: VocabularyRuler | Places[Words] = doc.user_data[key]
    if isinstance(words, VocabularyRuler):
        words = doc.user_data[key] = Places(words.words(doc), lambda words: words.span)
    return words


def sentences_of(doc: Doc) -> Places[Span]:
    """The sentences of a text, told when somebody asks: of most requests nobody does."""
    if SENTENCES not in doc.user_data:
        _tell_sentences(doc)
    return cast("Places[Span]", doc.user_data[SENTENCES])


def sentence_starts(doc: Doc) -> list[int]:
    """The number of each sentence's first token."""
    if STARTS not in doc.user_data:
        _tell_sentences(doc)
    return cast("list[int]", doc.user_data[STARTS])


class Parser:
    """A pipeline that is called as spaCy calls it, but for what takes longer than our pipes do. It can be pickled."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        self._pipes = [pipe for _, pipe in nlp.pipeline]

    def __call__(self, text: str) -> Doc:
        """The parse of a text."""
        doc = self._nlp.make_doc(text)
        doc.user_data[TEXT] = text
        for pipe in self._pipes:
            doc = pipe(doc)
        return doc

    def __getstate__(self) -> Language:
        return self._nlp

    def __setstate__(self, nlp: Language) -> None:
        self.__init__(nlp)  # type: ignore[misc]
