"""Runs for tests of the archive: letters made quickly, the command as a process, whole datasets compared."""

import csv
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from extract.cli import main
from tests.letters import LETTER

FAULTS = Path(__file__).parent / "faults"
COMMAND = [sys.executable, "-m", "extract.cli"]


def letter(number, words=""):
    """A letter of its own case number, with words in its summary."""
    return LETTER.replace("CM16-9990001", f"CM16-999{number:04d}").replace("strain.", f"strain. {words}", 1)


def make_letters(folder, count, words=None):
    """Text letters ``000.txt`` and on; ``words`` says what stands in which."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:03d}.txt").write_text(letter(number, (words or {}).get(number, "")), encoding="utf-8")
    return folder


def run(*arguments, code=0):
    """``imr extract`` in this process, without workers unless told."""
    words = [str(a) for a in arguments]
    if "--workers" not in words and "--scheduler" not in words:
        words += ["--workers", "0"]
    result = CliRunner().invoke(main, ["extract", *words])
    assert result.exit_code == code, result.output
    return result.output


def start(*arguments, faults=False):
    """``imr extract`` as a process of its own."""
    env = os.environ | ({"PYTHONPATH": str(FAULTS)} if faults else {})
    return subprocess.Popen(
        [*COMMAND, "extract", *map(str, arguments)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def rows(out, name):
    """A table's rows."""
    with (out / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def failures(out):
    """Reason by source."""
    return {r["source"]: r["reason"] for r in rows(out, "failures")}


def sources(out):
    """Sources of the letters in the table's order."""
    return [r["source"] for r in rows(out, "letters")]


def files(out):
    """Every file of a dataset with its bytes, but for what the run remembers."""
    return {
        str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file() and ".run" not in p.parts
    }


def assert_same(one, two):
    """Two datasets are equal byte for byte."""
    first, second = files(one), files(two)
    assert list(first) == list(second)
    different = [name for name in first if first[name] != second[name]]
    assert different == []
