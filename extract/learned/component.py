"""The learnt component at work: it rates the words of a summary and judges what the rules found in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from extract.evidence import Found, Span
from extract.learned.features import Sight
from extract.learned.weights import ABOUT, HOME, Task, Weights, digest_of, load
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
"""With the model the key of ``doc.user_data`` for what it sees of a summary."""


@dataclass(slots=True)
class _Seen:
    """What is seen of a summary, and what was made of it: which words are rated, and for each task the log-odds."""

    sight: Sight
    places: dict[int, int] = field(default_factory=dict)
    """Of the words that are rated: where in the log-odds."""
    logits: list[list[float]] = field(default_factory=list)


class LearntModel:
    """Rates the words of a parsed summary; it can be pickled.

    It is asked about summaries alone rather than put into the pipeline, which parses every request too.
    """

    name = "model"

    def __init__(self, *, weights: Mapping[Task, Weights], context: ContextReader) -> None:
        self.weights = dict(weights)
        self._context = context
        self._numbers = {task: n for n, task in enumerate(self.weights)}
        self._all = Weights(np.stack([of_task.table for of_task in self.weights.values()]))
        """The tables of all tasks, to ask them about the same words at once."""

    def __getstate__(self) -> tuple[dict[Task, Weights], ContextReader]:
        return self.weights, self._context

    def __setstate__(self, state: tuple[dict[Task, Weights], ContextReader]) -> None:
        weights, context = state
        self.__init__(weights=weights, context=context)  # type: ignore[misc]

    @cached_property
    def digest(self) -> str:
        """Hash of the weights, to tell which model made a dataset."""
        return digest_of(self.weights)

    def _seen(self, doc: Doc) -> _Seen:
        known: dict[Any, _Seen] = doc.user_data
        key = SEEN, self
        if key not in known:
            known[key] = _Seen(Sight(doc, self._context.of(doc)))
        return known[key]

    def _rated(self, doc: Doc, words: set[int]) -> _Seen:
        """What is seen of a summary, with the log-odds of some words. Raises TimeoutError as rules do.

        With them those of the words of parts, which are asked for next, and for all tasks.
        """
        seen = self._seen(doc)
        if not seen.places.keys() >= words:
            every = sorted(words.union(seen.places, seen.sight.parts))
            seen.places = {word: n for n, word in enumerate(every)}
            seen.logits = self._all.logits(seen.sight.features(np.array(every))).tolist()
        return seen

    def rates(self, doc: Doc, task: Task, spans: Iterable[Span]) -> dict[Span, float]:
        """For each of some spans the mean log-odds of the words under it, 0 where there are none.

        All at once, and no other words: a summary has hundreds, its diagnoses and parts a few dozen.
        """
        tokens = tokens_of(doc)
        places = {span: tokens.under(span) for span in spans}
        asked = set(chain.from_iterable(places.values()))
        if not asked:
            return dict.fromkeys(places, 0.0)
        seen = self._rated(doc, asked)
        logits, firsts = seen.logits[self._numbers[task]], seen.places
        rated = {}
        for span, words in places.items():
            n = firsts[words.start] if words else 0
            rated[span] = sum(logits[n : n + len(words)]) / len(words) if words else 0.0
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
        features = self._seen(doc).sight.features(np.arange(len(doc)))
        inside = self.weights["statements"].logits(features) > 0
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
