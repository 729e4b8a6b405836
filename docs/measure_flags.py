"""How often a flag is right: ``python docs/measure_flags.py DATASET GOLD [DATASET GOLD ...]``, as Markdown.

A flagged row is right where a value that the flag casts doubt on is wrong against the gold, where it says that a
value is missing, or where the letter contradicts itself, as ``corpus/gold/flags.csv`` notes after reading it.
With ``--rows`` every flagged row is listed with what was found of it. With ``--write`` the tables, those of the faults
put into letters (tests/injected.py, some minutes) and the transcripts go into docs/quality.md.
"""

import csv
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath

import pyarrow.parquet as pq

from extract.checks.catalogue import CATALOGUE, doubted
from extract.evaluate import evaluate

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "quality.md"
NOTES = ROOT / "corpus" / "gold" / "flags.csv"
COMMANDS = ("doctor mixed --limit 2", "doctor mixed --flag decision_conflict")
POINTING = "low_confidence"
"""Doubts the values that its own evidence points at: any wrong value of the row counts."""
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
                if (flag == POINTING or doubted([flag], table, column)) and (item is None or not own or item in own)
            ]
            finding = "wrong value" if errors else notes.get((stem, flag), "missing" if flag in ABSENT else "noise")
            yield stem, flag, finding, errors


def precision(pairs):
    """The table of flagged rows and what was found of them."""
    table = defaultdict(Counter)
    for dataset, gold in pairs:
        for _, flag, finding, _ in flagged_rows(dataset, gold):
            table[flag][finding] += 1
    lines = [
        "| flag | rows | value wrong | value missing | letter contradicts itself | nothing wrong |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for flag in (f.name for f in CATALOGUE if f.name in table):
        n = table[flag]
        kinds = [n["wrong value"], n["missing"], n["conflict"], n["noise"]]
        lines.append(f"| `{flag}` | {sum(kinds)} | {' | '.join(map(str, kinds))} |")
    silent = [f"`{f.name}`" for f in CATALOGUE if f.name not in table]
    return "\n".join([*lines, "", f"Raised by none of them: {', '.join(silent)}."])


def transcript(command):
    """What ``imr`` prints on the letters of corpus/letters/M."""
    with tempfile.TemporaryDirectory() as home:
        imr = [sys.executable, "-m", "extract.cli"]
        made = [*imr, "extract", str(ROOT / "corpus" / "letters" / "M"), "--out", "mixed", "--workers", "0"]
        subprocess.run(made, cwd=home, check=True, capture_output=True)
        shown = subprocess.run([*imr, *command.split()], cwd=home, check=True, capture_output=True, text=True).stdout
    return "\n".join(["```console", f"$ imr {command}", *(line.rstrip() for line in shown.splitlines()), "```"])


def write(pairs):
    """Put the tables and transcripts into docs/quality.md."""
    sys.path.insert(0, str(ROOT))
    from tests.conftest import public_home
    from tests.injected import CORPUS, as_table

    text = PAGE.read_text(encoding="utf-8")
    parts = {
        "precision": precision(pairs),
        "faults": as_table(CORPUS, public_home() / "letters"),
        **{f"transcript {n}": transcript(command) for n, command in enumerate(COMMANDS, start=1)},
    }
    for name, part in parts.items():
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        head, _, rest = text.partition(start)
        text = f"{head}{start}\n{part}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(text, encoding="utf-8")


def main(arguments):
    folders = [Path(a) for a in arguments if not a.startswith("--")]
    pairs = list(zip(folders[::2], folders[1::2], strict=True))
    if "--write" in arguments:
        write(pairs)
        return
    if "--rows" in arguments:
        for pair in pairs:
            for stem, flag, finding, errors in flagged_rows(*pair):
                print(f"{stem},{flag},{finding},{' '.join(f'{t}.{c}' for _, t, c in errors)}")
    print(precision(pairs))


if __name__ == "__main__":
    main(sys.argv[1:])
