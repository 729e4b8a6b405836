#!/usr/bin/env python3
"""Put the real transcript and the real scores into README.md: run after `make evaluate`."""

import csv
import re
import subprocess
import sys
from pathlib import Path

from extract.evaluate import evaluate

ROOT = Path(__file__).resolve().parent.parent
LINES = 15
GROUPS = {
    "header": (
        "case_number",
        "priority",
        "injury_date",
        "ur_denial_date",
        "application_received_date",
        "decision_date",
    ),
    "age, sex": ("age", "sex"),
    "items": ("issue_count", "issue.decision"),
    "request": ("issue.requested_treatment",),
    "visits": ("issue.sessions_requested", "issue.frequency_max", "issue.weeks_max"),
    "drug": ("issue.drug", "issue.quantity"),
    "category": ("issue.treatment_category",),
    "guideline + chapter": ("citation.guideline+chapter",),
    "body parts": ("body_parts",),
    "diagnoses": ("diagnoses",),
}


def transcript() -> str:
    command = [sys.executable, "-m", "extract.cli", "show", "corpus/letters/A/CM16-9001003.pdf"]
    shown = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.rstrip().split("\n")
    return "\n".join([*(line.rstrip() for line in shown[:LINES]), "…"])


def scores(dataset: Path) -> str:
    gold = ROOT / "corpus" / "gold" / "public"
    lines = (ROOT / "corpus" / "kept_aside.txt").read_text().splitlines()
    every = {f.field: f for f in evaluate(dataset, gold, resamples=1000).fields}
    aside = {
        f.field: f for f in evaluate(dataset, gold, resamples=1000, only=[x for x in lines if x[:1] != "#"]).fields
    }
    out = [
        "| field | measure | all 130 | kept aside | 95 % interval, kept aside |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    for name, field in every.items():
        own = aside.get(name)
        kind = "F1" if field.kind == "f1" else "accuracy"
        rest = f"{own.score:.3f} | {own.low:.3f}–{own.high:.3f}" if own else "– | –"
        out.append(f"| {name} | {kind} | {field.score:.3f} | {rest} |")
    return "\n".join(out)


def by_layout(dataset: Path) -> str:
    """One row a layout: invented letters that were kept aside, lowest of the closed fields and a few others."""
    gold = ROOT / "corpus" / "gold" / "written"
    with (ROOT / "corpus" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    out = ["| layout | letters (items) | " + " | ".join(GROUPS) + " |", "| --- | ---: |" + " ---: |" * len(GROUPS)]
    for layout in sorted({r["layout"] for r in rows}):
        names = [r["letter"] for r in rows if r["layout"] == layout and r["kept_aside"] == "yes"]
        if not names:
            continue
        result = {f.field: f for f in evaluate(dataset, gold, resamples=0, only=names).fields}
        cells = []
        for fields in GROUPS.values():
            found = [result[f].score for f in fields if f in result]
            cells.append(f"{min(found):.2f}" if found else "–")
        out.append(f"| {layout} | {len(names)} ({result['issue.decision'].support}) | " + " | ".join(cells) + " |")
    return "\n".join(out)


def main() -> None:
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    show = re.compile(r"(\$ imr show [^\n]+\n).*?(\n```)", re.S)
    text = show.sub(lambda m: m[1] + transcript() + m[2], text, count=1)
    table = re.compile(r"@@SCORES@@|\| field \| measure \|.*?(?=\n\n)", re.S)
    text = table.sub(lambda _: scores(ROOT / "scratch" / "public"), text, count=1)
    layouts = re.compile(r"@@LAYOUTS@@|\| layout \| letters.*?(?=\n\n)", re.S)
    text = layouts.sub(lambda _: by_layout(ROOT / "scratch" / "written"), text, count=1)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
