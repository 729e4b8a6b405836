"""A disputed item's heading → the original, the authorized and the disputed request."""

from __future__ import annotations

from dataclasses import dataclass

from extract.evidence import Found, Span
from extract.patterns import Patterns, Rule


@dataclass(frozen=True, slots=True)
class Requests:
    """The three requests of a heading. Without a split only ``disputed``, the whole heading."""

    original: Found[str] | None
    authorized: Found[str] | None
    disputed: Found[str]

    @property
    def first(self) -> Found[str]:
        """What was asked for at first: the original request, else the heading."""
        return self.original or self.disputed


class RequestSplitter:
    """Tells the requests of a partly approved item apart."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._original = patterns.rule("requests", "original_request")
        self._authorized = tuple(patterns.rule("requests", f"authorized_{s}") for s in ("before", "after"))
        self._disputed = tuple(patterns.rule("requests", f"disputed_{s}") for s in ("rest", "whole"))

    def split(self, heading: str) -> Requests:
        """The requests in a heading, offsets counted in the heading."""
        original = _first((self._original,), heading)
        disputed = _first(self._disputed, heading) if original else None
        authorized = _first(self._authorized, heading) if original else None
        if original is None or disputed is None:
            return Requests(None, None, Found(heading, Span(0, len(heading)), "heading"))
        return Requests(original, authorized, disputed)


def _first(rules: tuple[Rule, ...], text: str) -> Found[str] | None:
    for rule in rules:
        match = rule.search(text)
        if match:
            return Found(match.group("value"), Span(*match.span("value")), rule.name, 0.98)
    return None
