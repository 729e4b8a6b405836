"""A rationale's conclusion: the last thing it says of medical necessity."""

from __future__ import annotations

from collections.abc import Iterator

from extract.effort import is_tame
from extract.evidence import Found, Span
from extract.folding import folded
from extract.needs import may_match
from extract.patterns import Patterns, Rule


class ConclusionReader:
    """Reads whether a rationale ends on medical necessity, ``upheld`` meaning none was found."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._not = patterns.rule("conclusion", "not_necessary")
        self._partly = patterns.rule("conclusion", "partly_necessary")
        self._loosely_not = patterns.rule("conclusion", "loosely_not_necessary")
        self._loosely = patterns.rule("conclusion", "loosely_necessary")
        self._yes = patterns.rule("conclusion", "necessary")

    def read_loosely(self, rationale: str) -> Found[str] | None:
        """As ``read``, else by plainer words ("is not necessary"); for items whose decision stands nowhere else."""
        found = self.read(rationale)
        if found is not None:
            return found
        against = [Span(m.start(), m.end()) for m in self._loosely_not.finditer(rationale)]
        told = [Found("upheld", s, self._loosely_not.name, self._loosely_not.data.confidence) for s in against]
        for match in self._loosely.finditer(rationale):
            span = Span(match.start(), match.end())
            if not any(span.overlaps(other) for other in against):
                told.append(Found("overturned", span, self._loosely.name, self._loosely.data.confidence))
        return max(told, key=lambda f: f.span.end, default=None)

    def read(self, rationale: str) -> Found[str] | None:
        """``upheld``, ``overturned`` or ``modified`` by the last statement of necessity; None where there is none."""
        small = folded(rationale)
        tame = is_tame(small)
        for piece in _from_the_end(rationale):
            found = self._within(rationale, piece, small, tame=tame)
            if found is not None:
                return found
        return None

    def _within(self, rationale: str, piece: Span, small: str, *, tame: bool) -> Found[str] | None:
        """What one piece says; ``small`` is the rationale folded."""
        against, partly = (self._spans(rule, rationale, piece, small, tame=tame) for rule in (self._not, self._partly))
        against = [s for s in against if not any(s.overlaps(p) for p in partly)]
        behind = max([s.end for s in (*against, *partly)], default=piece.start)
        favour: list[Span] = []
        if self._may_match(self._yes, small, Span(behind, piece.end)):  # else none could be the last
            favour = self._spans(self._yes, rationale, piece, small, tame=tame)
        found = [Found("upheld", s, self._not.name, 0.9) for s in against]
        found += [Found("modified", s, self._partly.name, 0.8) for s in partly]
        for span in favour:
            if not any(span.overlaps(other) for other in (*against, *partly)):
                found.append(Found("overturned", span, self._yes.name, 0.8))
        return max(found, key=lambda f: f.span.end, default=None)

    def _spans(self, rule: Rule, text: str, piece: Span, small: str, *, tame: bool) -> list[Span]:
        """Where a rule matches in a piece."""
        if not self._may_match(rule, small, piece):
            return []
        return [Span(*match.span()) for match in rule.alone.finditer(text, piece.start, piece.end, tame=tame)]

    @staticmethod
    def _may_match(rule: Rule, small: str, piece: Span) -> bool:
        """Whether a word that a rule needs stands in a piece of a folded text: to look takes less than a clock."""
        return may_match(rule.alone.source, small, piece.start, piece.end, verbose=True)


def _from_the_end(text: str) -> Iterator[Span]:
    """The pieces of a text between full stops and semicolons, the last first: no statement of necessity goes past one.

    Most rationales conclude in their last sentence, and the others need not be read.
    """
    end = len(text)
    while end > 0:
        start = max(text.rfind(".", 0, end), text.rfind(";", 0, end)) + 1
        if start < end:
            yield Span(start, end)
        end = start - 1
