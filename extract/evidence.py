"""A value together with the words it came from.

Every room between text and record passes values on as ``Found``: nothing is a
value here without the place in the letter that says it and the rule that read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, Self, TypeVar

T = TypeVar("T")
U = TypeVar("U")
_new: Final = tuple.__new__
"""At hand, since a letter makes six hundred spans."""


class _Bounds(NamedTuple):
    start: int
    end: int


class Span(_Bounds):
    """Half-open range of characters ``[start, end)`` in a text. Raises ValueError for bounds that make none.

    A tuple, since a letter makes a thousand of them and a frozen dataclass takes three times as long.
    """

    __slots__ = ()

    def __new__(cls, start: int, end: int) -> Self:
        """The range; checked here, since a tuple has no later moment."""
        if not 0 <= start <= end:
            raise ValueError(f"not a span: {start}..{end}")
        return _new(cls, (start, end))

    def shift(self, by: int) -> Span:
        """The same span in a text that has ``by`` more characters before it."""
        start, end = self
        return _new(Span, (start + by, end + by)) if by >= 0 else Span(start + by, end + by)

    def overlaps(self, other: Span) -> bool:
        """True where the two spans share a character."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """True where ``other`` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end

    def of(self, text: str) -> str:
        """The characters of ``text`` under the span."""
        start, end = self
        return text[start:end]


@dataclass(slots=True)
class Found(Generic[T]):
    """A value, where it stands, which rule or vocabulary gave it, and how sure that is.

    ``confidence`` is between 0 and 1. ``span`` counts characters of the text that
    the finder was given; callers shift it to the text they hold. ``rating`` is the log-odds that
    the learnt component gives it, None where it was not asked. Nobody changes one; not frozen, since a
    letter makes 150 of them and a frozen dataclass takes four times as long.
    """

    value: T
    span: Span
    method: str
    confidence: float = 1.0
    rating: float | None = field(default=None, compare=False)

    def shift(self, by: int) -> Found[T]:
        """The same value in a text that has ``by`` more characters before it."""
        return Found(self.value, self.span.shift(by), self.method, self.confidence, self.rating)

    def map(self, change: Callable[[T], U]) -> Found[U]:
        """The same place and method with the value changed by ``change``."""
        return Found(change(self.value), self.span, self.method, self.confidence, self.rating)
