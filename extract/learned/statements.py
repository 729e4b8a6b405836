"""The learnt component at work: how surely words stand in a statement of diagnoses, and what follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from extract.evidence import Found, Span
from extract.learned.features import features_of
from extract.learned.weights import HOME, WEIGHTS, Numbers, Weights
from extract.patterns import Patterns
from extract.values.context import ContextReader

if TYPE_CHECKING:
    from spacy.tokens import Doc

DROPPED: Final = -7.0
"""Mean log-odds of a rule's diagnosis below which it is no diagnosis: one in a thousand."""
DOUBTED: Final = -4.0
"""Mean log-odds below which it stays, with low confidence."""
SURE: Final = 2.0
"""Mean log-odds from which the model's own diagnosis counts where the rules find none."""
UNSURE: Final = 0.5
"""Confidence of what the model doubts, and of what it alone has found: below that of any flagless value."""
LOGITS: Final = "statement_logits"


class StatementModel:
    """A spaCy component that rates each word of a parsed summary; it can be pickled.

    It is called on summaries alone rather than put into the pipeline, which parses every request too.
    """

    name = "model:statements"

    def __init__(self, *, weights: Weights, context: ContextReader) -> None:
        self.weights = weights
        self._context = context

    def __call__(self, doc: Doc) -> Doc:
        """Put the log-odds of each word into ``doc.user_data``. Raises TimeoutError as rules do."""
        if LOGITS not in doc.user_data:
            doc.user_data[LOGITS] = self.weights.logits(features_of(doc, self._context.of(doc)))
        return doc

    def logits(self, doc: Doc) -> Numbers:
        """The log-odds of each word."""
        rated: Numbers = self(doc).user_data[LOGITS]
        return rated

    def rate(self, doc: Doc, span: Span) -> float:
        """Mean log-odds of the words under ``span``."""
        words = doc.char_span(span.start, span.end, alignment_mode="expand")
        return float(self.logits(doc)[words.start : words.end].mean()) if words else 0.0

    def review(self, doc: Doc, found: Iterable[Found[str]]) -> list[Found[str]]:
        """The rules' diagnoses without the incredible ones, the doubtful ones with low confidence."""
        kept = []
        for item in found:
            rating = self.rate(doc, item.span)
            if rating >= DOUBTED:
                kept.append(item)
            elif rating >= DROPPED:
                method = f"{item.method}, doubted by {self.name}"
                kept.append(replace(item, method=method, confidence=min(item.confidence, UNSURE)))
        return kept

    def stretches(self, doc: Doc) -> list[Span]:
        """Runs of words that are more likely inside a statement than not, in order."""
        inside = self.logits(doc) > 0
        edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]])))
        return [Span(doc[a].idx, doc[b - 1].idx + len(doc[b - 1])) for a, b in edges.reshape(-1, 2).tolist()]


def load_model(folder: Path | None, *, patterns: Patterns) -> StatementModel | None:
    """The component with the weights of ``folder``; None for no folder, and where the package has no model.

    Raises ModelError for a folder of your own without a model.
    """
    if folder is None or (folder == HOME and not (HOME / WEIGHTS).exists()):
        return None
    return StatementModel(weights=Weights.load(folder), context=ContextReader(patterns))
