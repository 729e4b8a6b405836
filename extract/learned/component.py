"""The learnt component at work: it rates the words of a summary and judges what the rules found in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from extract.evidence import Found, Span
from extract.learned.features import features_of
from extract.learned.weights import ABOUT, HOME, Numbers, Task, Weights, digest_of, load
from extract.patterns import Patterns
from extract.values.context import ContextReader

if TYPE_CHECKING:
    from spacy.tokens import Doc

DROPPED: Final = -7.0
"""Mean log-odds of a rule's diagnosis below which it is none: one in a thousand."""
DOUBTED: Final = -4.0
"""Mean log-odds below which it stays, with low confidence."""
SURE: Final = 2.0
"""Mean log-odds from which the model's own diagnosis counts where the rules find none."""
PART_DOUBTED, PART_ADDED = -4.0, 5.0
"""Log-odds of a mention of a part below which it is doubted, and above which it counts against the rules."""
UNSURE: Final = 0.5
"""Confidence of what the model doubts, and of what it finds against the rules: low enough for a flag."""
RATED: Final = "learnt"
"""Key of ``doc.user_data`` for the log-odds of each task."""


class LearntModel:
    """A spaCy component that rates each word of a parsed summary; it can be pickled.

    It is called on summaries alone rather than put into the pipeline, which parses every request too.
    """

    name = "model"

    def __init__(self, *, weights: Mapping[Task, Weights], context: ContextReader) -> None:
        self.weights = dict(weights)
        self._context = context

    def __call__(self, doc: Doc) -> Doc:
        """Put the log-odds of each word into ``doc.user_data``. Raises TimeoutError as rules do."""
        if RATED not in doc.user_data:
            features = features_of(doc, self._context.of(doc))
            doc.user_data[RATED] = {task: w.logits(features) for task, w in self.weights.items()}
        return doc

    @cached_property
    def digest(self) -> str:
        """Hash of the weights, to tell which model made a dataset."""
        return digest_of(self.weights)

    def logits(self, doc: Doc, task: Task) -> Numbers:
        """The log-odds of each word."""
        rated: dict[Task, Numbers] = self(doc).user_data[RATED]
        return rated[task]

    def rate(self, doc: Doc, task: Task, span: Span) -> float:
        """Mean log-odds of the words under ``span``."""
        words = doc.char_span(span.start, span.end, alignment_mode="expand")
        return float(self.logits(doc, task)[words.start : words.end].mean()) if words else 0.0

    def review(self, doc: Doc, found: Iterable[Found[str]]) -> list[Found[str]]:
        """The rules' diagnoses without the incredible ones, the doubtful ones with low confidence."""
        kept = []
        for item in found:
            rating = self.rate(doc, "statements", item.span)
            if rating >= DOUBTED:
                kept.append(replace(item, rating=rating))
            elif rating >= DROPPED:
                method = f"{item.method}, doubted by {self.name}"
                kept.append(replace(item, method=method, confidence=min(item.confidence, UNSURE), rating=rating))
        return kept

    def stretches(self, doc: Doc) -> list[Span]:
        """Runs of words that are more likely inside a statement of diagnoses than not, in order."""
        inside = self.logits(doc, "statements") > 0
        edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]])))
        return [Span(doc[a].idx, doc[b - 1].idx + len(doc[b - 1])) for a, b in edges.reshape(-1, 2).tolist()]

    def judge_part(self, doc: Doc, span: Span, verdict: tuple[str, float] | None) -> tuple[str, float] | None:
        """Whether a mention of a part counts (its method and confidence) after what the rules say of it.

        A doubt takes nothing away: of the mentions that it would have dropped more were right than wrong.
        """
        rating = self.rate(doc, "parts", span)
        if verdict is None:
            return (f"body_part:{self.name}", UNSURE) if rating > PART_ADDED else None
        if rating >= PART_DOUBTED:
            return verdict
        method, confidence = verdict
        return f"{method}, doubted by {self.name}", min(confidence, UNSURE)


def load_model(folder: Path | None, *, patterns: Patterns) -> LearntModel | None:
    """The component with the weights of ``folder``; None for no folder, and where the package has no model.

    Raises ModelError for a folder of your own without a model, and for a damaged one.
    """
    if folder is None or (folder == HOME and not (HOME / ABOUT).exists()):
        return None
    return LearntModel(weights=load(folder), context=ContextReader(patterns))
