"""The figures of docs/confidence.md and its plot, made from what is stored beside the calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

BEGIN: Final = "<!-- made by `make calibrate`: begin; do not edit -->"
END: Final = "<!-- made by `make calibrate`: end -->"
PLOT: Final = "confidence.svg"
_SPLIT: Final = ("letters", "issues", "citations")


def write(figures: Mapping[str, Any], page: Path) -> None:
    """Put the figures between the page's marks and draw the plot. Raises ValueError for a page without marks."""
    page.write_text(with_figures(page.read_text(encoding="utf-8"), figures), encoding="utf-8")
    plot(figures["reliability"], page.with_name(PLOT))


def with_figures(text: str, figures: Mapping[str, Any]) -> str:
    """The page's text with its figures anew. Raises ValueError where it has no place for them."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks the marks {BEGIN!r} and {END!r}")
    return f"{head}{BEGIN}\n\n{as_markdown(figures)}\n{END}{tail}"


def as_markdown(figures: Mapping[str, Any]) -> str:
    """All figures as tables."""
    return "\n".join([*_sets(figures), *_thresholds(figures), *_fields(figures), *_misses(figures), *_flagged(figures)])


def _sets(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "### Silent errors"
    yield ""
    yield (
        "| letters | number | cells | wrong | vouched for | of these wrong | 95 % interval | leniently "
        "| by row: kept, wrong |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | --- |"
    for name, row in figures["sets"].items():
        yield (
            f"| {name} | {row['letters']} | {row['cells']} | {_percent(row['wrong'] / max(row['cells'], 1))} "
            f"| {_percent(row['kept'], 1)} | {row['silent']}: {_percent(row['silent_share'])} "
            f"| {_range(row['silent_interval'])} | {_percent(row['silent_lenient'])} "
            f"| {_percent(row['by_row_kept'], 0)}, {_percent(row['by_row_silent'])} |"
        )
    yield ""


def _thresholds(figures: Mapping[str, Any]) -> Iterator[str]:
    rows: Mapping[str, Any] = figures["sets"]
    least = [t for t, _, _ in next(iter(rows.values()))["thresholds"]]
    yield "### What another threshold gives"
    yield ""
    yield (
        "Cells without a warning whose confidence reaches the threshold: their share of all cells, "
        "and what share of them is wrong."
    )
    yield ""
    yield f"| letters | {' | '.join(f'{t:g}' for t in least)} |"
    yield f"| --- |{' --- |' * len(least)}"
    for name, row in rows.items():
        cells = (f"{_percent(kept, 0)}, {_percent(wrong)}" for _, kept, wrong in row["thresholds"])
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def _fields(figures: Mapping[str, Any]) -> Iterator[str]:
    aside = {row["field"]: row for row in figures["fields_aside"]}
    yield "### Field by field"
    yield ""
    yield (
        "| field | values | letters | right | mean confidence | ECE | covered at 99 % | vouched for | of these wrong "
        "| at most | kept aside: values, right, vouched for and wrong | most claimed |"
    )
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |"
    for row in figures["fields"]:
        other = aside.get(row["field"])
        told = f"{other['values']}, {_percent(other['right'], 1)}, {other['silent']}" if other else "–"
        yield (
            f"| {row['field']} | {row['values']} | {row['letters']} | {_percent(row['right'], 1)} | {row['mean']:.3f} "
            f"| {row['ece']:.3f} | {_percent(row['covered'], 0)} | {_percent(row['kept'], 0)} "
            f"| {row['silent']}: {_percent(row['silent_share'])} | {_percent(row['at_most'], 1)} | {told} "
            f"| {row['bound']:.3f} |"
        )
    yield ""


def _misses(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "### Silent misses"
    yield ""
    yield (
        "| letters | empty cells, warned of | empty cells, silent | members that a list lacks | silent ones by field |"
    )
    yield "| --- | ---: | ---: | ---: | --- |"
    for name, row in figures["misses"].items():
        fields = ", ".join(f"{field} {n}" for field, n in list(row["fields"].items())[:6]) or "–"
        yield f"| {name} | {row['warned']} | {row['silent']} | {row['members']} | {fields} |"
    yield ""


def _flagged(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "### The flag `low_confidence`"
    yield ""
    yield "| letters | number | flagged | of these with a wrong value | letters with a wrong value |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, row in figures["flagged"].items():
        yield f"| {name} | {row['letters']} | {row['flagged']} | {row['deserved']} | {row['faulty']} |"
    yield ""


def _percent(share: float, places: int = 2) -> str:
    return f"{100 * share:.{places}f} %"


def _range(interval: Sequence[float]) -> str:
    return f"{100 * interval[0]:.2f}–{100 * interval[1]:.2f} %"


def plot(bins: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draw claimed against found, both as the share of wrong values on a logarithmic scale; the same file each time."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter

    floor = 5e-4
    with mpl.rc_context({"svg.hashsalt": "confidence", "svg.fonttype": "none", "font.size": 10}):
        figure, axes = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
        claimed = [max(1 - b["mean"], floor) for b in bins]
        found = [max(1 - b["right"], floor) for b in bins]
        spread = [
            [max(f - max(1 - b["high"], floor), 0) for b, f in zip(bins, found, strict=True)],
            [max(1 - b["low"], floor) - f for b, f in zip(bins, found, strict=True)],
        ]
        axes.plot([floor, 1], [floor, 1], color="0.6", linewidth=1, label="as claimed")
        axes.errorbar(claimed, found, yerr=spread, fmt="o", color="#1f4e79", capsize=3, label="found, 95 % interval")
        for b, x, y in zip(bins, claimed, found, strict=True):
            axes.annotate(f"{int(b['values']):,}", (x, y), textcoords="offset points", xytext=(8, -4), fontsize=8)
        axes.set(xscale="log", yscale="log", xlim=(floor * 2, 1), ylim=(floor, 1))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
        axes.set_xlabel("share of wrong values that the confidence admits")
        axes.set_ylabel("share of wrong values found")
        axes.set_title("Confidence held against gold, letters not learnt from (numbers: values)", fontsize=10)
        axes.legend(loc="upper left", frameon=False)
        axes.grid(True, which="major", color="0.9")
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
