#!/usr/bin/env python3
"""Put the real transcript and the real scores into README.md: run after `make evaluate`."""

import re
import subprocess
import sys
from pathlib import Path

from extract.evaluate import evaluate

ROOT = Path(__file__).resolve().parent.parent
LINES = 24


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


def main() -> None:
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    show = re.compile(r"(\$ imr show [^\n]+\n).*?(\n```)", re.S)
    text = show.sub(lambda m: m[1] + transcript() + m[2], text, count=1)
    table = re.compile(r"@@SCORES@@|\| field \| measure \|.*?(?=\n\n)", re.S)
    text = table.sub(lambda _: scores(ROOT / "scratch" / "public"), text, count=1)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
