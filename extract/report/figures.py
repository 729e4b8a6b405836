"""Tables of numbers → pictures: SVG text, made with Figure objects alone, nothing of pyplot's.

Colours are those of Okabe and Ito (Color Universal Design, 2008), which readers who see colours differently tell
apart; series differ in their marks as well. Words are drawn as outlines, so that a page needs no font and no
markup of a label can reach it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from extract.report.elements import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE: Final = "#0072B2"
ORANGE: Final = "#D55E00"
GREEN: Final = "#009E73"
YELLOW: Final = "#E69F00"
GREY: Final = "#595959"
PALE: Final = "#BFD9EA"
LONGEST: Final = 54
"""Characters of a label; longer ones are cut."""
_WIDTH: Final = 9.6
_LINE: Final = 0.27
_STYLE: Final[Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "imr",
    "font.size": 9.5,
    "text.color": "#111111",
    "axes.labelcolor": "#111111",
    "xtick.color": "#333333",
    "ytick.color": "#111111",
    "axes.edgecolor": "#888888",
}


@dataclass(frozen=True, slots=True)
class Series:
    """Points with intervals, in percent: one mark and colour. A point of None is left out."""

    name: str
    points: Sequence[float | None]
    low: Sequence[float | None]
    high: Sequence[float | None]
    colour: str
    mark: str


def plain(label: str) -> str:
    """A label as matplotlib draws it as it stands: no mathematics, no control characters, not too long."""
    words = "".join(c for c in " ".join(str(label).split()) if c.isprintable())
    return (words if len(words) <= LONGEST else words[: LONGEST - 1] + "…").replace("$", r"\$")


def outcome_bars(labels: Sequence[str], counts: Sequence[int], shares: Series, *, counted: str, share: str) -> str:
    """Counts as bars on the left, shares with their intervals on the right, a line for each label."""
    with _style():
        figure = _figure(1.0 + _LINE * len(labels))
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.25))
        places = range(len(labels))
        left.barh(places, counts, color=PALE, edgecolor=BLUE, linewidth=0.8, height=0.68)
        for place, count in zip(places, counts, strict=True):
            left.annotate(
                f"{count:,}", (count, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=8.5
            )
        left.set_xlim(0, max([1, *counts]) * 1.18)
        left.set_xlabel(counted)
        _whole_numbers(left)
        _lines(left, labels)
        _points(right, [shares])
        _percent(right, share)
        _bare(right)
        right.tick_params(axis="y", length=0)
        return _svg(figure)


def dots(labels: Sequence[str], series: Sequence[Series], *, share: str) -> str:
    """Shares of several series, a line for each label, with a legend."""
    with _style():
        figure = _figure(1.5 + _LINE * len(labels) * max(1.0, 0.75 * len(series)))
        axes = figure.subplots()
        _lines(axes, labels)
        _points(axes, series)
        _percent(axes, share)
        _legend(figure, axes)
        return _svg(figure)


def by_year(years: Sequence[int], series: Sequence[Series], *, share: str) -> str:
    """Shares by year from left to right. Years stand side by side, so that a year read wrongly stretches nothing."""
    with _style():
        figure = _figure(3.6)
        axes = figure.subplots()
        step = 0.16
        for n, one in enumerate(series):
            at = [p + (n - (len(series) - 1) / 2) * step for p in range(len(years))]
            xs, ys, low, high = _known(at, one)
            axes.errorbar(xs, ys, yerr=_whiskers(low, high), **_look(one))
        axes.set_xticks(range(len(years)), [str(y) for y in years], rotation=0 if len(years) <= 16 else 90)
        axes.set_xlim(-0.6, max(len(years) - 0.4, 0.6))
        axes.set_ylim(0, 103)
        axes.set_yticks(range(0, 101, 20), [f"{y} %" for y in range(0, 101, 20)])
        axes.set_ylabel(share)
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.7)
        _bare(axes)
        _legend(figure, axes)
        return _svg(figure)


def spreads(labels: Sequence[str], frame: pd.DataFrame, *, unit: str, log: bool = False) -> str:
    """How values are spread: a thin line from 5 to 95 %, a thick one from 25 to 75 %, the median as a dot."""
    with _style():
        figure = _figure(1.0 + _LINE * len(labels))
        axes = figure.subplots()
        floor = 1.0 if log else float("-inf")
        for place, row in enumerate(records(frame)):
            q05, q25, q50, q75, q95 = (max(floor, float(row[f"q{q:02d}"])) for q in (5, 25, 50, 75, 95))
            axes.plot([q05, q95], [place, place], color=GREY, linewidth=1.4)
            axes.plot([q25, q75], [place, place], color=PALE, linewidth=9, solid_capstyle="butt")
            axes.plot([q50], [place], "o", color=BLUE, markersize=6)
        if log:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        else:
            axes.set_xlim(left=0)
        axes.set_xlabel(unit)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.7)
        _lines(axes, labels)
        return _svg(figure)


def stacks(
    labels: Sequence[str], parts: Sequence[tuple[str, Sequence[int], str, str]], *, counted: str, shares: bool = False
) -> str:
    """Bars of parts put end to end; a part is its name, its counts, its colour and its hatching."""
    with _style():
        figure = _figure(1.45 + _LINE * len(labels))
        axes = figure.subplots()
        total = [max(1, sum(n)) if shares else 1 for n in zip(*(counts for _, counts, _, _ in parts), strict=True)]
        start = [0.0] * len(labels)
        for name, counts, colour, hatch in parts:
            width = [(100 * c / t if shares else float(c)) for c, t in zip(counts, total, strict=True)]
            axes.barh(
                range(len(labels)), width, left=start, color=colour, edgecolor="white", linewidth=0.6, hatch=hatch,
                height=0.7, label=name,
            )  # fmt: skip
            start = [s + w for s, w in zip(start, width, strict=True)]
        _lines(axes, labels)
        if shares:
            _percent(axes, counted)
            axes.set_xlim(0, 101)
        else:
            axes.set_xlabel(counted)
            axes.set_xlim(0, max([1.0, *start]) * 1.05)
            _whole_numbers(axes)
        _legend(figure, axes)
        return _svg(figure)


def _style() -> Any:
    import matplotlib as mpl

    return mpl.rc_context(_STYLE)


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure as New

    return New(figsize=(_WIDTH, height), layout="constrained")


def _lines(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), [plain(label) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    _bare(axes)


def _bare(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _points(axes: Axes, series: Sequence[Series]) -> None:
    step = 0.26
    for n, one in enumerate(series):
        at = [p + (n - (len(series) - 1) / 2) * step for p in range(len(one.points))]
        ys, xs, low, high = _known(at, one)
        axes.errorbar(xs, ys, xerr=_whiskers(low, high), **_look(one))


def _look(one: Series) -> Any:
    return {
        "fmt": one.mark, "color": one.colour, "ecolor": one.colour, "elinewidth": 1.4, "capsize": 2.5, "markersize": 6,
        "label": one.name,
    }  # fmt: skip


def _whiskers(low: list[float], high: list[float]) -> Any:
    """Whiskers of a series; None for one without intervals, so that its legend shows none either."""
    return [low, high] if any(low) or any(high) else None


def _known(at: Sequence[float], one: Series) -> tuple[list[float], list[float], list[float], list[float]]:
    """Places, points and lengths of whiskers of the points that there are."""
    rows = [
        (
            place,
            point,
            max(0.0, point - (point if low is None else low)),
            max(0.0, (point if high is None else high) - point),
        )
        for place, point, low, high in zip(at, one.points, one.low, one.high, strict=True)
        if point is not None
    ]
    return tuple([row[n] for row in rows] for n in range(4))  # type: ignore[return-value]


def _percent(axes: Axes, label: str) -> None:
    axes.set_xlim(-2, 102)
    axes.set_xticks(range(0, 101, 20), [f"{x} %" for x in range(0, 101, 20)])
    axes.set_xlabel(label)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.7)
    axes.set_axisbelow(True)


def _whole_numbers(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))


def _legend(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    if names:
        figure.legend(handles, names, loc="outside upper left", ncols=len(names), frameon=False, fontsize=9)


def _svg(figure: Figure) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.StringIO()
    # not figure.savefig: it draws twice, to find a bounding box that is not asked for
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(stream, metadata={"Date": None, "Creator": None})
    return stream.getvalue()
