"""What a page is made of, as plain values: tables of words, pictures, sections. Nothing here is HTML."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

NONE: Final = "–"
"""What a cell shows where there is no value."""
SMALL: Final = 100
"""Below this many a share is told in whole percents: a decimal would promise what so few cannot keep."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers are set to the right."""

    name: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class TableOf:
    """A table as it is shown. ``marks`` says of each row whether it stands apart (``other``, ``missing``)."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...] = ()
    empty: str = "There is nothing to count."


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with the words that stand for it where it cannot be seen. ``draw`` gives SVG when a page wants it."""

    draw: Callable[[], str]
    alt: str
    caption: str

    @property
    def uri(self) -> str:
        """As a data URI: nothing is fetched, and nothing inside it can run."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.draw().encode()).decode()


Block = TableOf | Picture
"""A table or a picture."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a heading."""

    id: str
    title: str
    words: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report."""

    title: str
    facts: tuple[tuple[str, str], ...]
    caveats: tuple[str, ...]
    sections: tuple[Section, ...] = field(default=())


def absent(value: Any) -> bool:
    """True for None, NaN and pandas' NA."""
    import pandas as pd

    return bool(pd.isna(value))


def count(value: Any) -> str:
    """A whole number with thousands marked."""
    return NONE if absent(value) else f"{int(value):,}"


def amount(value: Any) -> str:
    """A number as short as it can be told."""
    return NONE if absent(value) else f"{float(value):,.10g}"


def percent(share: Any, n: Any) -> str:
    """A share as a percentage, with a decimal from 100 on."""
    return NONE if absent(share) else f"{_percent(share, n)} %"


def interval(low: Any, high: Any, n: Any) -> str:
    """The interval of a share, in percent."""
    return NONE if absent(low) or absent(high) else f"{_percent(low, n)} to {_percent(high, n)}"


def between(low: Any, high: Any) -> str:
    """The interval of an amount."""
    return NONE if absent(low) or absent(high) else f"{amount(low)} to {amount(high)}"


def _percent(share: Any, n: Any) -> str:
    return f"{100 * float(share):.{0 if absent(n) or int(n) < SMALL else 1}f}"


def numbers(*names: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(name, number=True) for name in names)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table of numbers, by column."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def hundred(values: Iterable[Any]) -> list[float | None]:
    """Shares as percentages for a picture."""
    return [None if absent(v) else 100 * float(v) for v in values]
