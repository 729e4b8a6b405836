#!/usr/bin/env python3
"""Write patterns/vocab/icd10_terms.csv: names of ICD-10-CM categories and what stands below them, folded.

The source is the package simple-icd-10-cm (MIT; the classification itself is in the public domain). A build step: the
program never imports the package. A name that two categories share is left out, so that a diagnosis is never put under
the wrong one.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import simple_icd_10_cm as icd

from extract.values.icd10 import COLUMNS, fold_name

TARGET = Path(__file__).resolve().parent.parent / "patterns" / "vocab" / "icd10_terms.csv"
LONGEST = 6
"""Words beyond which a name is a definition that no letter writes."""
DEEPEST = 6
"""Characters of codes that are read, with the point: category, subcategory and two more."""
CHAPTERS = "ABCDEFGHIJKLMNR"
"""Injuries (S, T) are told by kind and part (icd10.yaml); causes and contacts (V to Z) are no diagnoses."""


def main() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for code in icd.get_all_codes():
        if not (code[:1] in CHAPTERS and code[1:2].isdigit() and len(code) <= DEEPEST):
            continue
        for name in (icd.get_description(code), *icd.get_inclusion_term(code)):
            key = fold_name(name)
            if key and len(key.split()) <= LONGEST:
                found[key].add(code[:3])
    rows = [(key, next(iter(codes))) for key, codes in sorted(found.items()) if len(codes) == 1]
    with TARGET.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows(rows)
    print(f"{len(rows)} names, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
