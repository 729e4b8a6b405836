"""Lists of diagnoses cut into chunks: the words between two separators."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import regex

from extract.evidence import Span
from extract.nlp import (
    ADJECTIVE,
    ALONE,
    BODY_PARTS,
    CONDITIONS,
    OPERATION,
    body_part_file,
    condition_file,
    sentences_of,
    words_of,
)
from extract.patterns import Patterns, Rule
from extract.tokens import Token, Tokens, text_of, tokens_of
from extract.values.places import Places
from extract.vocabulary import Words

if TYPE_CHECKING:
    from spacy.tokens import Doc

PAGE = "letter_page"
"""Key of ``doc.user_data`` for the page made of it."""
_SOFT = regex.compile(r"[\s,&a-z]*")
_AFTER = regex.compile(r"\s*(?:status[\s-]post|s/p)\b", regex.IGNORECASE)
RUN_ON = "; "
"""Stands for the separator that a run-on list lacks."""

PREPOSITIONS = frozenset(
    ("of", "to", "in", "at", "involving", "over", "on", "about", "with", "from", "without", "due", "affecting", "into")
)


@dataclass(frozen=True)
class Chunk:
    """A stretch of a list between two separators, with what the vocabularies say of its words.

    ``heads`` are the heads of diagnoses in it and ``alone`` is true where one needs no other word;
    ``operation``: it names an operation; ``operated``: it begins with "status post" one; ``named``: it
    names a part or holds a qualifier; ``adjectives``: nothing but sides and adjectives; ``dangling``:
    it ends in one.
    """

    span: Span
    text: str
    separator: str
    tokens: tuple[Token, ...]
    heads: tuple[Span, ...]
    alone: bool
    operation: bool
    operated: bool
    named: bool
    adjectives: bool
    dangling: bool

    @property
    def hard(self) -> bool:
        """True where the separator before the chunk always parts two diagnoses."""
        return bool(self.separator.strip()) and not _SOFT.fullmatch(self.separator.lower())

    @property
    def bare(self) -> bool:
        """True where the chunk is heads and nothing else: no diagnosis by itself after "and"."""
        return bool(self.heads) and all(
            any(h.start <= t.idx < h.end for h in self.heads) for t in self.tokens if t.is_alpha
        )

    @property
    def post_nominal(self) -> bool:
        """True where an object follows the head ("strain of the neck")."""
        return bool(self.heads) and any(t.lower_ in PREPOSITIONS and t.idx >= self.heads[0].end for t in self.tokens)

    @property
    def open_with(self) -> bool:
        """True where the last "with" has no head yet ("protrusion with lateral recess and ... stenosis")."""
        withs = [t.idx for t in self.tokens if t.lower_ == "with"]
        return bool(withs) and bool(self.heads) and self.heads[-1].end <= withs[-1]


@dataclass(frozen=True)
class Page:
    """A parsed text with its marked words and sentences, looked up by place."""

    tokens: Tokens
    text: str
    parts: Places[Words]
    conditions: Places[Words]
    sentences: Places[Span]

    @classmethod
    def of(cls, doc: Doc) -> Page:
        """The page of a text that the pipeline has parsed, made once."""
        known: dict[str, Page] = doc.user_data
        if PAGE not in known:
            known[PAGE] = cls(
                tokens_of(doc),
                text_of(doc),
                words_of(doc, BODY_PARTS),
                words_of(doc, CONDITIONS),
                sentences_of(doc),
            )
        return known[PAGE]

    def tokens_inside(self, span: Span) -> list[Token]:
        """The tokens that lie wholly inside ``span``."""
        tokens = self.tokens
        first, last = bisect_left(tokens.starts, span.start), bisect_left(tokens.starts, span.end)
        return [tokens[i] for i in range(first, last) if tokens.ends[i] <= span.end]


class Chunker:
    """Cuts a list of diagnoses into chunks, and says of each what its words are."""

    def __init__(self, *, separators: Sequence[Rule], patterns: Patterns) -> None:
        self._separators = separators
        data = body_part_file(patterns)
        self._sides = frozenset(word for words in data.sides.values() for word in words)
        self._fillers = frozenset(data.modifiers)
        self._qualifiers = frozenset(condition_file(patterns).qualifiers)

    def chunks(self, page: Page, span: Span) -> list[Chunk]:
        """The stretches of a list between its separators, in order, without empty ones."""
        edges, separator = [], ""
        position = span.start
        for rule in self._separators:
            for m in rule.finditer(page.text, span.start, span.end):
                edges.append((position, m.start(), separator))
                position, separator = m.end(), m.group()
        edges.append((position, span.end, separator))
        chunks: list[Chunk] = []
        carried = ""
        for start, end, before in edges:
            if not page.text[start:end].strip(" .,;"):
                carried += before
                continue
            chunks += self._run_on(page, self.chunk(page, Span(start, end), carried + before))
            carried = ""
        return chunks

    def _run_on(self, page: Page, chunk: Chunk) -> list[Chunk]:
        """The diagnoses of a chunk where a comma was forgotten ("hand sprain right elbow contusion")."""
        cuts = [token.idx for token in self._cuts(page, chunk)]
        if not cuts:
            return [chunk]
        edges = pairwise([chunk.span.start, *cuts, chunk.span.end])
        return [self.chunk(page, Span(a, b), RUN_ON if n else chunk.separator) for n, (a, b) in enumerate(edges)]

    def _cuts(self, page: Page, chunk: Chunk) -> Iterator[Token]:
        """The sides that begin another diagnosis."""
        if len(chunk.heads) < 2:
            return
        for before, token, after in zip(chunk.tokens, chunk.tokens[1:], chunk.tokens[2:], strict=False):
            if token.lower_ not in self._sides or not page.parts.starts_at(after.idx):
                continue
            ended = any(before.idx < h.end <= token.idx for h in chunk.heads)
            if ended and any(h.start > token.idx for h in chunk.heads):
                yield token

    def has_head(self, page: Page, span: Span) -> bool:
        """True where the words under ``span`` would make a chunk with a head."""
        heads = page.conditions.inside(span)
        return any(h.label_ != OPERATION for h in heads) or bool(heads and _AFTER.match(span.of(page.text)))

    def chunk(self, page: Page, span: Span, separator: str = "") -> Chunk:
        """One chunk with what the vocabularies say of its words."""
        tokens = tuple(t for t in page.tokens_inside(span) if not t.text.isspace())
        heads, parts = page.conditions.inside(span), page.parts.inside(span)
        operations = [h for h in heads if h.label_ == OPERATION]
        after = _AFTER.match(span.of(page.text)) if operations else None
        if after is None:
            heads = [h for h in heads if h.label_ != OPERATION]
        adjectives = {i for p in parts if p.id_ == ADJECTIVE for i in range(p.start, p.end)}
        return Chunk(
            span=span,
            text=span.of(page.text),
            separator=separator,
            tokens=tokens,
            heads=tuple(h.span for h in heads),
            alone=any(h.id_ == ALONE for h in heads),
            operation=bool(operations) and not after,
            operated=after is not None,
            named=bool(parts) or any(t.lower_ in self._qualifiers for t in tokens),
            adjectives=bool(tokens)
            and all(
                t.i in adjectives or t.lower_ in self._sides or t.lower_ in self._fillers or not t.is_alpha
                for t in tokens
            ),
            dangling=bool(tokens) and (tokens[-1].i in adjectives or tokens[-1].lower_ in self._fillers),
        )
