"""How often a flag is right: ``python docs/measure_flags.py DATASET GOLD [DATASET GOLD ...]``, as Markdown.

A flagged row is right where a value that the flag casts doubt on is wrong against the gold, where it says that a
value is missing, or where the letter contradicts itself, as ``corpus/gold/flags.csv`` notes after reading it.
With ``--rows`` every flagged row is listed with what was found of it.
"""

import csv
import sys
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath

import pyarrow.parquet as pq

from extract.checks.catalogue import CATALOGUE, doubted
from extract.evaluate import evaluate

NOTES = Path(__file__).parent.parent / "corpus" / "gold" / "flags.csv"
ABSENT = {"case_number_from_file_name"} | {f.name for f in CATALOGUE if f.name.startswith("no_")}
"""Flags that tell what is missing: the value is missing, whatever the letter says."""


def columns(field):
    """The dataset's columns that a field of the scores is about."""
    if field.startswith("citation."):
        return [("citations", field.partition(".")[2])]
    if field.startswith("issue."):
        return [("issues", field.partition(".")[2])]
    return [("letters", field.removesuffix("_no_side").removesuffix("_exact"))]


def wrong_values(dataset, gold):
    """Misses by letter: (item or None, table, column)."""
    found = defaultdict(list)
    for miss in evaluate(dataset, gold, resamples=0).misses:
        stem, _, item = miss.place.partition("#")
        found[stem] += [(int(item) if item else None, table, column) for table, column in columns(miss.field)]
    return found


def flagged_rows(dataset, gold):
    """Each flag of each letter, with what the gold says of the values that it doubts."""
    wrong = wrong_values(dataset, gold)
    letters = pq.read_table(dataset / "letters.parquet", columns=["letter_id", "source", "flags"]).to_pylist()
    items = defaultdict(list)
    for row in pq.read_table(
        dataset / "issues.parquet", columns=["letter_id", "issue_number", "item_flags"]
    ).to_pylist():
        for flag in row["item_flags"]:
            items[row["letter_id"], flag].append(row["issue_number"])
    with NOTES.open(encoding="utf-8", newline="") as stream:
        notes = {(r["letter"], r["flag"]): r["finding"] for r in csv.DictReader(stream)}
    for letter in letters:
        stem = PurePosixPath(letter["source"]).stem
        for flag in letter["flags"]:
            own = items[letter["letter_id"], flag]
            errors = [
                (item, table, column)
                for item, table, column in wrong[stem]
                if doubted([flag], table, column) and (item is None or not own or item in own)
            ]
            finding = "wrong value" if errors else notes.get((stem, flag), "missing" if flag in ABSENT else "noise")
            yield stem, flag, finding, errors


def main(arguments):
    list_rows = "--rows" in arguments
    folders = [Path(a) for a in arguments if a != "--rows"]
    table = defaultdict(Counter)
    for dataset, gold in zip(folders[::2], folders[1::2], strict=True):
        for stem, flag, finding, errors in flagged_rows(dataset, gold):
            table[flag][finding] += 1
            if list_rows:
                print(f"{stem},{flag},{finding},{' '.join(f'{t}.{c}' for _, t, c in errors)}")
    print("| flag | rows | value wrong | value missing | letter contradicts itself | nothing wrong |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for flag in (f.name for f in CATALOGUE):
        n = table[flag]
        kinds = [n["wrong value"], n["missing"], n["conflict"] + n["cut off"], n["noise"]]
        print(f"| `{flag}` | {sum(kinds)} | {' | '.join(map(str, kinds))} |")


if __name__ == "__main__":
    main(sys.argv[1:])
