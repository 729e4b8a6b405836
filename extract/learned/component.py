"""The learnt component at work: it rates the words of a summary and judges what the rules found in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from extract.evidence import Found, Span
from extract.learned.features import Rows, Sight
from extract.learned.weights import ABOUT, HOME, Numbers, Task, Weights, digest_of, load
from extract.patterns import Patterns
from extract.tokens import tokens_of
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
SEEN: Final = "learnt"
"""Key of ``doc.user_data`` for what is seen of a summary."""


class LearntModel:
    """Rates the words of a parsed summary; it can be pickled.

    It is asked about summaries alone rather than put into the pipeline, which parses every request too.
    """

    name = "model"

    def __init__(self, *, weights: Mapping[Task, Weights], context: ContextReader) -> None:
        self.weights = dict(weights)
        self._context = context

    @cached_property
    def digest(self) -> str:
        """Hash of the weights, to tell which model made a dataset."""
        return digest_of(self.weights)

    def _logits(self, doc: Doc, task: Task, words: Rows) -> Numbers:
        """The log-odds of the words of these numbers. Raises TimeoutError as rules do."""
        if SEEN not in doc.user_data:
            doc.user_data[SEEN] = Sight(doc, self._context.of(doc))
        sight: Sight = doc.user_data[SEEN]
        return self.weights[task].logits(sight.features(words))

    def rates(self, doc: Doc, task: Task, spans: Iterable[Span]) -> dict[Span, float]:
        """For each of some spans the mean log-odds of the words under it, 0 where there are none.

        All at once, and no other words: a summary has hundreds, its diagnoses and parts a few dozen.
        """
        tokens = tokens_of(doc)
        places = {span: tokens.under(span) for span in spans}
        asked = sorted({word for words in places.values() for word in words})
        if not asked:
            return dict.fromkeys(places, 0.0)
        logits = self._logits(doc, task, np.array(asked))
        first = {word: n for n, word in enumerate(asked)}
        rated = {}
        for span, words in places.items():
            n = first[words.start] if words else 0
            # as mean() without what it asks of its arguments
            rated[span] = float(np.add.reduce(logits[n : n + len(words)])) / len(words) if words else 0.0
        return rated

    def rate(self, doc: Doc, task: Task, span: Span) -> float:
        """Mean log-odds of the words under ``span``."""
        return self.rates(doc, task, [span])[span]

    def review(self, doc: Doc, found: Sequence[Found[str]]) -> list[Found[str]]:
        """The rules' diagnoses without the incredible ones, the doubtful ones with low confidence."""
        kept = []
        rated = self.rates(doc, "statements", (item.span for item in found))
        for item in found:
            rating = rated[item.span]
            if rating >= DOUBTED:
                kept.append(Found(item.value, item.span, item.method, item.confidence, rating))
            elif rating >= DROPPED:
                method = f"{item.method}, doubted by {self.name}"
                kept.append(Found(item.value, item.span, method, min(item.confidence, UNSURE), rating))
        return kept

    def stretches(self, doc: Doc) -> list[Span]:
        """Runs of words that are more likely inside a statement of diagnoses than not, in order."""
        inside = self._logits(doc, "statements", np.arange(len(doc))) > 0
        edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]])))
        tokens = tokens_of(doc)
        return [Span(tokens.starts[a], tokens.ends[b - 1]) for a, b in edges.reshape(-1, 2).tolist()]

    def judge_part(self, rating: float, verdict: tuple[str, float] | None) -> tuple[str, float] | None:
        """Whether a mention of a part counts (its method and confidence) after what the rules say of it.

        ``rating`` is what the component gives its words. A doubt takes nothing away: of the mentions that it
        would have dropped more were right than wrong.
        """
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
