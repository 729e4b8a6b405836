"""Pre-filled annotations say what the tool says, come in the order of doubt, and never overwrite a person's work."""

import csv
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from extract.annotate import HEAD, draft_of, drafts, sheet, write
from extract.cli import main
from extract.evaluate import compare, read_gold
from extract.pipeline import Source
from tests import datasets
from tests.runs import make_letters


@pytest.fixture(scope="module")
def records(tmp_path_factory, reader):
    folder = make_letters(tmp_path_factory.mktemp("annotate") / "letters", 3)
    return [reader.read(Source.of(path))[0] for path in sorted(folder.iterdir())]


def with_confidence(record, **by_field):
    """The record with other confidences of some fields."""
    rows = tuple(replace(e, confidence=by_field.get(e.field, e.confidence)) for e in record.evidence)
    return replace(record, evidence=rows)


def test_draft_is_right_by_its_own_dataset(records, tmp_path, corpus_pdfs, reader):
    """Held against the tables of the same letters, a draft misses nothing."""
    letters = [p for p in corpus_pdfs if p.parent.name in ("A", "C")][:4]
    for record in (r for p in letters for r in reader.read(Source.of(p))):
        assert write(draft_of(record, record.case_number), tmp_path / "gold", overwrite=False)
    dataset = datasets.of_letters(tmp_path / "out", letters, reader)
    compared = compare(dataset, read_gold(tmp_path / "gold"))
    assert len(compared.outcomes) == len(letters)
    assert not [o for own in compared.outcomes.values() for o in own if o.missed]


def test_letters_come_in_the_order_of_doubt(records):
    one, two, three = records
    found = drafts([one, with_confidence(two, age=0.4), with_confidence(three, sex=0.4, age=0.4)])
    assert [(d.name, d.least) for d in found][:2] == [("002", 0.4), ("001", 0.4)]
    assert found[2].name == "000"
    assert found[0].unsure == found[1].unsure + 1


def test_worksheet_gives_the_least_sure_first_with_words_and_page(records):
    record = replace(with_confidence(records[0], age=0.4), flags=("age_conflict",))
    rows = [dict(zip(HEAD, row, strict=True)) for row in sheet(draft_of(record, "a"))]
    assert [(r["field"], r["value"], r["words"], r["page"]) for r in rows[:2]] == [
        ("flag", "age_conflict", "", None),
        ("age", "41", "41", 1),
    ]
    told = [r["confidence"] for r in rows if r["confidence"] is not None]
    assert told == sorted(told)
    # what is empty comes last: the letter may not say it, or it was missed
    assert [r["field"] for r in rows if r["method"] == "nothing found"] == [
        "injury_date_end", "injury_date_in_summary", "icd_codes",
    ]  # fmt: skip
    assert "rationale" not in {r["field"] for r in rows}


def test_two_letters_of_one_name_both_get_a_file(records):
    one, two, three = records
    second = replace(two, source="elsewhere/000.txt")
    third = replace(three, source="more/000.txt", case_number=None)
    assert {d.name for d in drafts([one, second, third])} == {"000", second.case_number, "000-2"}


def annotate(*arguments):
    return CliRunner().invoke(main, ["annotate", *map(str, arguments)])


def test_command_leaves_existing_files_alone(tmp_path):
    letters = make_letters(tmp_path / "letters", 2)
    (letters / "note.pdf").write_bytes(b"no letter")
    out = tmp_path / "out"
    out.mkdir()
    (out / "000.json").write_text("a person's work", encoding="utf-8")
    result = annotate(letters, "--out", out, "--no-model")
    assert result.exit_code == 0, result.output
    assert (out / "000.json").read_text(encoding="utf-8") == "a person's work"
    assert not (out / "review" / "000.csv").exists()
    assert "1 file there already" in result.output
    assert "note.pdf: no letter" in result.output
    assert json.loads((out / "001.json").read_text(encoding="utf-8"))["letter"]["age"] == 41
    # The worksheets lie where nobody takes them for annotations.
    assert {p.name for p in out.glob("*.json")} == {"000.json", "001.json"}
    with (out / "review" / "001.csv").open(encoding="utf-8", newline="") as stream:
        assert tuple(next(csv.reader(stream))) == HEAD


def test_overwrite_replaces(records, tmp_path):
    draft = draft_of(records[0], "a")
    (tmp_path / "a.json").write_text("old", encoding="utf-8")
    assert not write(draft, tmp_path, overwrite=False)
    assert write(draft, tmp_path, overwrite=True)
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == draft.text


def test_nothing_to_annotate(tmp_path):
    (tmp_path / "x.pdf").write_bytes(b"no letter")
    assert annotate(tmp_path / "x.pdf", "--out", tmp_path / "out").exit_code == 3
    assert annotate(tmp_path / "missing.pdf", "--out", tmp_path / "out").exit_code == 2
