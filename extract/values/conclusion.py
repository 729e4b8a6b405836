"""A rationale's conclusion: the last thing it says of medical necessity."""

from __future__ import annotations

from extract.evidence import Found, Span
from extract.patterns import Patterns


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
        against = [Span(m.start(), m.end()) for m in self._not.finditer(rationale)]
        partly = [Span(m.start(), m.end()) for m in self._partly.finditer(rationale)]
        against = [s for s in against if not any(s.overlaps(p) for p in partly)]
        found = [Found("upheld", s, self._not.name, 0.9) for s in against]
        found += [Found("modified", s, self._partly.name, 0.8) for s in partly]
        for match in self._yes.finditer(rationale):
            span = Span(match.start(), match.end())
            if not any(span.overlaps(other) for other in (*against, *partly)):
                found.append(Found("overturned", span, self._yes.name, 0.8))
        return max(found, key=lambda f: f.span.end, default=None)
