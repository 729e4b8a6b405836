"""Look-up of things by where they stand, in logarithmic time: a long text must not cost its square."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from extract.evidence import Span

T = TypeVar("T")


class Places(Generic[T]):
    """Things with spans, in the order of the text. The spans must not overlap."""

    def __init__(self, things: Iterable[T], span: Callable[[T], Span]) -> None:
        self.things = list(things)
        self._spans = [span(thing) for thing in self.things]
        self._starts = [s.start for s in self._spans]
        if sorted(set(self._starts)) != self._starts:
            order = sorted(range(len(self.things)), key=lambda n: (self._spans[n], n))
            self.things = [self.things[n] for n in order]
            self._spans = [self._spans[n] for n in order]
            self._starts = [s.start for s in self._spans]

    def __iter__(self) -> Iterator[T]:
        return iter(self.things)

    def inside(self, span: Span) -> list[T]:
        """The things that lie wholly inside ``span``."""
        first, last = bisect_left(self._starts, span.start), bisect_left(self._starts, span.end)
        return [t for t, s in zip(self.things[first:last], self._spans[first:last], strict=True) if s.end <= span.end]

    def starts_at(self, position: int) -> bool:
        """True where a thing begins at ``position``."""
        n = bisect_left(self._starts, position)
        return n < len(self._starts) and self._starts[n] == position

    def index(self, position: int) -> int | None:
        """The number of the thing that holds the character at ``position``."""
        n = bisect_right(self._starts, position) - 1
        return n if n >= 0 and position < self._spans[n].end else None

    def at(self, position: int) -> T | None:
        """The thing that holds the character at ``position``."""
        n = self.index(position)
        return None if n is None else self.things[n]
