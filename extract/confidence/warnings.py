"""Which cells a flag of the row warns of: the fields that it concerns, so that the others can still be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from extract.checks.catalogue import ALL, CATALOGUE
from extract.schema import CITATIONS, ISSUES, LETTERS

Cell = tuple[str, str]
"""Table and field."""

_TABLES: Final = (LETTERS, ISSUES, CITATIONS)


def _cells(doubts: Iterable[str]) -> frozenset[Cell]:
    """The cells of ``table.column``, ``table.*`` and ``*``."""
    return frozenset(
        (table.name, column)
        for table in _TABLES
        for column in table.names
        if not {ALL, f"{table.name}.*", f"{table.name}.{column}"}.isdisjoint(doubts)
    )


CONCERNS: Final[Mapping[str, frozenset[Cell]]] = {flag.name: _cells(flag.doubts) for flag in CATALOGUE if flag.doubts}
"""The cells of a letter that each flag warns of. ``low_confidence`` warns of none by itself: the value that raised it
has a confidence of its own."""


def warned(flags: Iterable[str]) -> frozenset[Cell]:
    """The cells that a row's flags warn of."""
    return frozenset().union(*(CONCERNS.get(flag, frozenset()) for flag in flags))
