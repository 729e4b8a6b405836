"""A table of figures with pass or fail, for `make benchmark` and `make torture`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, what it must be (empty: told only), and whether it is."""

    name: str
    measured: str
    wanted: str = ""
    passed: bool | None = None


def show(title, figures):
    """Print the table; gives 1 where a figure failed, for the exit code."""
    rows = [("", "measured", "must be", "")]
    rows += [(f.name, f.measured, f.wanted, {True: "pass", False: "FAIL", None: ""}[f.passed]) for f in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    print(f"\n{title}\n")
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    failed = sum(f.passed is False for f in figures)
    print(f"\n{failed} of {sum(f.passed is not None for f in figures)} figures failed" if failed else "\nall pass")
    return int(failed > 0)
