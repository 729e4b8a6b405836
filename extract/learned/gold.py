"""Letters with their gold, to learn from and to measure by: the summary, parsed, and what is right in it."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import regex

from extract.evidence import Span
from extract.failures import LetterError
from extract.gold import GoldLetter, read_gold
from extract.learned.features import Features, features_of
from extract.learned.weights import Numbers
from extract.nlp import Parser, build_nlp
from extract.patterns import Patterns
from extract.pipeline import LetterReader, Source
from extract.values.body_parts import BodyPartFinder
from extract.values.context import ContextReader
from extract.values.diagnoses import DiagnosisFinder

if TYPE_CHECKING:
    from spacy.tokens import Doc

FOLDS: Final = 5
GAP: Final = 4
"""Words between two diagnoses of one list: a comma, "and", a number."""


def fold_of(gold: GoldLetter) -> int:
    """The fold of a letter, the same for all letters of one worker (age, sex, date of injury)."""
    worker = f"{gold.age}|{gold.sex}|{gold.injury_date}"
    return int(hashlib.sha256(worker.encode()).hexdigest(), 16) % FOLDS


@dataclass(frozen=True)
class GoldSummary:
    """A case summary with the gold of its letter."""

    case: str
    doc: Doc
    gold: GoldLetter
    features: Features
    kept_aside: bool

    @property
    def fold(self) -> int:
        """The fold of the letter."""
        return fold_of(self.gold)


@dataclass(frozen=True)
class GoldReader:
    """Reads letters with gold, by the rules alone."""

    corpus: Path
    letters: Path
    patterns: Patterns

    @classmethod
    def of_project(cls, patterns: Patterns) -> GoldReader:
        """The corpus of the checkout, and the public letters under IMR_LETTERS or beside the project.

        Raises FileNotFoundError where they are not at hand.
        """
        home = Path(__file__).parent.parent.parent
        letters = Path(os.environ.get("IMR_LETTERS", home.parent / "shared")) / "letters"
        for folder in (home / "corpus", letters):
            if not folder.is_dir():
                raise FileNotFoundError(f"{folder} is not there (IMR_LETTERS names the folder that holds letters/)")
        return cls(home / "corpus", letters, patterns)

    def public(self) -> list[GoldSummary]:
        """The public letters."""
        lines = (self.corpus / "kept_aside.txt").read_text(encoding="utf-8").splitlines()
        kept = {line.partition("#")[0].strip() for line in lines}
        return list(self._read(self.corpus / "gold" / "public", self.letters, kept))

    def written(self) -> list[GoldSummary]:
        """The invented letters."""
        with (self.corpus / "manifest.csv").open(encoding="utf-8", newline="") as stream:
            kept = {row["letter"] for row in csv.DictReader(stream) if row["kept_aside"] == "yes"}
        return list(self._read(self.corpus / "gold" / "written", self.corpus / "letters", kept))

    def _read(self, gold: Path, letters: Path, kept: set[str]) -> Iterator[GoldSummary]:
        reader = LetterReader(patterns=self.patterns, model=None, calibration=None)
        nlp, context = build_nlp(self.patterns), ContextReader(self.patterns)
        paths = {path.stem: path for path in sorted(letters.rglob("*.pdf"))}
        for case, annotated in read_gold(gold).items():
            if case not in paths:
                continue
            try:
                text = reader.summary(Source.of(paths[case]))
            except LetterError:
                continue
            if text:
                doc = nlp(text)
                yield GoldSummary(case, doc, annotated.letter, features_of(doc, context.of(doc)), case in kept)


class Labels:
    """What the gold says of each word of a summary, for the learner."""

    def __init__(self, patterns: Patterns) -> None:
        nlp = Parser(build_nlp(patterns))
        self._diagnoses = DiagnosisFinder(nlp=nlp, patterns=patterns)
        self._parts = BodyPartFinder(nlp=nlp, patterns=patterns)

    def statements(self, summary: GoldSummary) -> Numbers:
        """1 for words of gold diagnoses and what joins them in a list, 0 for all others.

        Where the summary has a diagnosis twice, the place that the rules read is taken, else the first.
        """
        doc = summary.doc
        read = [found.span for found in self._diagnoses.in_doc(doc)]
        spans = []
        for diagnosis in summary.gold.diagnoses:
            places = list(occurrences(doc.text, diagnosis))
            places = [p for p in places if any(p.overlaps(r) for r in read)] or places
            spans += places[:1]
        labels = np.zeros(len(doc))
        last = None
        for span in sorted(spans):
            words = doc.char_span(span.start, span.end, alignment_mode="expand")
            if words is None:
                continue
            joined = last is not None and 0 < words.start - last <= GAP
            labels[last if joined and last is not None else words.start : words.end] = 1
            last = words.end
        return labels

    def parts(self, summary: GoldSummary) -> Numbers:
        """1 for words by which the rules find a gold part, 0 for words of parts that are none, else NaN."""
        doc = summary.doc
        gold = {part.split(" ", 1)[-1] if part.startswith(SIDES) else part for part in summary.gold.body_parts}
        counted = {found.span for found in self._parts.in_doc(doc)}
        labels = np.full(len(doc), np.nan)
        for mention in self._parts.mentions(doc):
            words = doc.char_span(mention.span.start, mention.span.end, alignment_mode="expand")
            if words is not None and (mention.part not in gold or mention.span in counted):
                labels[words.start : words.end] = mention.part in gold
        return labels


SIDES: Final = ("left ", "right ", "bilateral ")


def occurrences(text: str, words: str) -> Iterator[Span]:
    """Where whole words stand in a text, whatever their case and the white space between them."""
    folded = r"\s+".join(regex.escape(word) for word in words.split())
    for match in regex.finditer(rf"(?<!\w){folded}(?!\w)", text, regex.IGNORECASE):
        yield Span(*match.span())
