#!/usr/bin/env python3
"""Write docs/agreement.md: two annotators of the same letters, and the tool beside them.

build_agreement.py DATASET, where DATASET is a run over the public letters by the rules alone
(`make agreement` makes it).
"""

import csv
import sys
from collections import Counter
from pathlib import Path

from extract.agreement import agreement, figure, interval, of_comparison
from extract.evaluate import compare
from extract.gold import read_gold

ROOT = Path(__file__).resolve().parent.parent
FIRST, SECOND = ROOT / "corpus" / "gold" / "public", ROOT / "corpus" / "gold" / "second"
PAGE = ROOT / "docs" / "agreement.md"
CLASSES = SECOND / "disagreements.csv"
VERDICTS = ("mistake of first", "mistake of second", "rule unclear")

HEAD = """# What two annotators agree on, beside the tool's own figures

Made by `make agreement` (`docs/build_agreement.py`) from `corpus/gold/public`, `corpus/gold/second` and a run over the
public letters; do not edit.

{count} of the 130 public letters were annotated a second time, from the annotation rules (`ANNOTATION.md`) alone, without
sight of the first annotation or of what the tool gives. The table has three comparisons of these letters by the rules
of scoring (`imr evaluate`, `imr agreement`): the two annotators with each other, and the tool (rules alone,
`--no-model`) with each of them. Shares agreed for single values, F1 for lists; 95 % intervals by resampling letters.
Where all agree, the lower end is Wilson's bound for as many letters as have the field. Cohen's kappa is given for
closed vocabularies, where more than one label was used.

## How to read it

- It is a small sample: {count} letters of one layout and of a few months. Where nothing differs, agreement may still
  be as low as the lower end of the interval.
- Independent means what is said above and no more. Agreement down to the wording of every diagnosis is more than
  annotators of clinical text usually reach: take it as an upper bound. The rules are detailed and the letters short, so
  that little room is left; of other layouts and longer summaries the figures say nothing. Annotators who read the same
  rules may also share a mistake, which no comparison of the two can show.
- The tool's rules were written with the first annotations at hand: of these letters {seen} were open to those who wrote
  rules, {aside} were kept aside. Its agreement with the first annotator is flattered by that; its agreement with the
  second is the fairer figure.
- Of the {differ} places where the annotators differ, the tool agrees with the first in {with_first} and with the second in {with_second}.
  Where the rules of annotation are unclear that is a habit learnt from the first annotation, not a better reading of
  the letter. Its other misses are places where both annotators agree against it.

"""


def rows():
    """The rows of the page that need no letters: field, measure, agreement of the two, kappa, compared."""
    found = agreement(read_gold(FIRST), read_gold(SECOND))
    return found, {
        f.field: [
            f.field,
            f.measure,
            f"{figure(f.agreed)} ({interval(f.low, f.high)})",
            figure(f.kappa) + (f" ({interval(f.kappa_low, f.kappa_high)})" if f.kappa_low is not None else ""),
        ]
        for f in found.fields
    }


def tool(dataset: Path, gold: Path, stems: set[str]) -> dict[str, str]:
    compared = compare(dataset, read_gold(gold, only=stems))
    if compared.missing:
        sys.exit(f"{dataset} lacks {', '.join(compared.missing)}: run imr extract over the public letters")
    return {f.field: f"{figure(f.agreed)} ({interval(f.low, f.high)})" for f in of_comparison(compared, {})}


def sides_with_first(dataset: Path, found) -> tuple[int, int]:
    """Of the disagreements, those in which the tool agrees with the first, and with the second."""
    stems = {p.stem for p in SECOND.glob("*.json")}
    missed = [
        {
            (o.field, o.place)
            for own in compare(dataset, read_gold(gold, only=stems)).outcomes.values()
            for o in own
            if o.missed
        }
        for gold in (FIRST, SECOND)
    ]
    places = {(o.field, o.place) for o in found.disagreements}
    return len(places - missed[0]), len(places - missed[1])


def table(head, lines) -> list[str]:
    rule = ["---"] * 2 + ["---:"] * (len(head) - 2)
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *lines)]


def cell(text: str) -> str:
    return text.replace("|", ";") or "–"


def disagreements(found) -> list[str]:
    with CLASSES.open(encoding="utf-8", newline="") as stream:
        classed = {(row["field"], row["place"]): row for row in csv.DictReader(stream)}
    counts = Counter(row["verdict"] for row in classed.values())
    lines = [
        [o.field, o.place, cell(o.wanted), cell(o.got), *(classed[o.field, o.place][c] for c in ("verdict", "why"))]
        for o in found.disagreements
    ]
    head = ["field", "letter, item", "first alone", "second alone", "verdict", "why"]
    return [
        f"## The {len(lines)} disagreements",
        "",
        "Each was looked up in the letter: " + ", ".join(f"{counts[v]} {v}" for v in VERDICTS) + ".",
        "",
        *(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines)),
        "",
    ]


def main(dataset: Path) -> None:
    found, people = rows()
    stems = {p.stem for p in SECOND.glob("*.json")}
    aside = {line.partition("#")[0].strip() for line in (ROOT / "corpus" / "kept_aside.txt").read_text().splitlines()}
    one, two = (tool(dataset, gold, stems) for gold in (FIRST, SECOND))
    kept = len(stems & aside)
    with_first, with_second = sides_with_first(dataset, found)
    lines = [[*cells, one.get(field, "–"), two.get(field, "–")] for field, cells in people.items()]
    head = ["field", "measure", "first and second", "their kappa", "tool and first", "tool and second"]
    text = [
        HEAD.format(
            count=len(stems),
            seen=len(stems) - kept,
            aside=kept,
            differ=len(found.disagreements),
            with_first=with_first,
            with_second=with_second,
        )
        + "## Figures\n",
        *table(head, lines),
        "",
        *disagreements(found),
    ]
    PAGE.write_text("\n".join(text), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
