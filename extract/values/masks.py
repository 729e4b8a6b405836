"""Words that are hidden from what reads a text next, as the comma within a name from what cuts a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import regex

from extract.expressions import TIME_LIMIT, Expression


class Masks:
    """Expressions for words to hide. Whether any of them matches is asked first: in few texts one does."""

    def __init__(self, sources: Sequence[str], flags: int) -> None:
        self._sources, self._flags = tuple(sources), flags
        self._any = Expression("|".join(f"(?:{source})" for source in sources) or "(?!)", flags)

    @cached_property
    def _each(self) -> tuple[regex.Pattern[str], ...]:
        return tuple(regex.compile(source, self._flags) for source in self._sources)

    def hide(self, text: str, instead: Callable[[str], str]) -> str:
        """The text with ``instead`` of all that the expressions match, one after the other.

        Raises TimeoutError past the time limit of an expression.
        """
        if self._any.search(text, 0, len(text)) is None:
            return text
        for mask in self._each:
            text = mask.sub(lambda match: instead(match.group()), text, timeout=TIME_LIMIT)
        return text
