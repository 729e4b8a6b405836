"""Hostile and broken files: each gives its letter or its row, and the run goes on to the end."""

import csv
import math

import pyarrow.parquet as pq
import pytest

from tests.hostile.files import BIDI, FORMULA, HTML
from tests.hostile.files import HOSTILE as ALL
from tests.hostile.fuzz import mutated
from tests.runs import failures, rows, run, sources

MUTATED = 100
HOSTILE = [f for f in ALL if not f.slow]  # the others stand in `make torture`


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """All hostile files, read in one run by watched workers."""
    home = tmp_path_factory.mktemp("hostile")
    (home / "in").mkdir()
    for file in HOSTILE:
        (home / "in" / file.name).write_bytes(file.make())
    run(home / "in", "--out", home / "out", "--workers", 2, "--deadline", 8, "--memory", 800)
    return home / "out"


@pytest.mark.parametrize("file", HOSTILE, ids=lambda f: f.name)
def test_hostile_file_gives_what_it_must(hostile, file):
    given = failures(hostile).get(file.name, "letter" if file.name in sources(hostile) else "nothing")
    assert given in file.gives, file.why


def test_script_changes_nothing_in_the_letter(hostile, reader):
    from extract.pipeline import Source
    from tests.hostile.files import LETTER_PDF

    (plain,) = reader.read(Source.of(LETTER_PDF))
    row = next(r for r in rows(hostile, "letters") if r["source"] == "script_and_attachment.pdf")
    assert (row["case_number"], row["decision"]) == (plain.case_number, plain.decision)


def test_places_on_the_page_are_numbers(hostile):
    for row in pq.read_table(hostile / "evidence.parquet", columns=["x0", "top", "x1", "bottom"]).to_pylist():
        assert all(v is None or math.isfinite(v) for v in row.values())


def issues_of(hostile, name):
    letter_id = next(r["letter_id"] for r in rows(hostile, "letters") if r["source"] == name)
    table = pq.read_table(hostile / "issues.parquet").to_pylist()
    return [r for r in rows(hostile, "issues") if r["letter_id"] == letter_id], [
        r for r in table if r["letter_id"] == letter_id
    ]


def test_formula_is_harmless_in_csv_and_verbatim_in_parquet(hostile):
    in_csv, in_parquet = issues_of(hostile, "formula.txt")
    assert in_csv[1]["requested_treatment"].startswith("'=")
    assert in_parquet[1]["requested_treatment"].startswith(FORMULA)


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_like_a_formula(hostile, mark):
    for path in hostile.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream):
                assert not any(cell.startswith(mark) and not cell[1:].replace(".", "").isdigit() for cell in row), path


def test_html_and_control_characters_are_words_like_others(hostile):
    in_csv, in_parquet = issues_of(hostile, "html.txt")
    assert HTML in in_csv[1]["rationale"]
    assert HTML in in_parquet[1]["rationale"]
    letter_id = next(r["letter_id"] for r in rows(hostile, "letters") if r["source"] == "bidi.txt")
    text = (hostile / "texts" / f"{letter_id}.txt").read_bytes().decode()
    assert BIDI[:9] in text


def test_mutated_letters_each_give_a_row(tmp_path):
    (tmp_path / "in").mkdir()
    names = set()
    for name, data in mutated(MUTATED):
        (tmp_path / "in" / name).write_bytes(data)
        names.add(name)
    run(tmp_path / "in", "--out", tmp_path / "out", "--workers", 2, "--deadline", 10)
    read = {source.partition("/")[0] for source in sources(tmp_path / "out")}  # a file may hold several letters
    found = failures(tmp_path / "out")
    assert read | set(found) == names
    assert "internal_error" not in found.values()
