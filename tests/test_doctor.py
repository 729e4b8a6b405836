"""``imr doctor``: what it finds in datasets with known faults, in what form, and how it ends."""

import csv
import json
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from extract.cli import main
from extract.doctor.examine import cases, examine
from extract.doctor.report import safe
from tests.letters import LETTER, extract_with
from tests.runs import letter, run

ROOT = Path(__file__).parent.parent


def doctor(*arguments, code=0):
    result = CliRunner().invoke(main, ["doctor", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def dataset(reader, tmp_path_factory):
    """Eight letters: five good ones, one turned round, one without its age, one of another's case; an invoice."""
    home = tmp_path_factory.mktemp("doctor")
    folder = home / "letters"
    folder.mkdir()
    for number in range(5):
        (folder / f"good{number}.txt").write_text(letter(number), encoding="utf-8")
    (folder / "turned.txt").write_text(letter(5).replace("#60: Overturned", "#60: Upheld"), encoding="utf-8")
    (folder / "ageless.txt").write_text(letter(6).replace("41 year old ", ""), encoding="utf-8")
    (folder / "again.txt").write_text(letter(0, "He sleeps badly."), encoding="utf-8")
    (folder / "invoice.txt").write_text("INVOICE\nAmount due: 12\n", encoding="utf-8")
    extract_with(reader, [folder], home / "out")
    return home / "out"


@pytest.fixture
def changed(dataset, tmp_path):
    """A copy of the dataset with rows of a table changed."""
    out = tmp_path / "out"
    shutil.copytree(dataset, out)

    def change(table, **columns):
        path = out / f"{table}.parquet"
        rows = pq.read_table(path)
        for name, new in columns.items():
            index = rows.column_names.index(name)
            kind = rows.schema.field(name).type
            values = rows[name].to_pylist()
            values[: len(new)] = new
            rows = rows.set_column(index, rows.schema.field(name), pa.array(values, type=kind))
        pq.write_table(rows, path)
        return out

    return change


def test_flags_with_counts_meaning_advice_and_letters(dataset):
    found = examine(dataset)
    assert (found.letters, found.issues, found.failed, found.flagged) == (8, 16, 1, 2)
    by_name = {f.flag: f for f in found.flags}
    assert by_name["decision_conflict"].examples == ("turned.txt",)
    assert (by_name["decision_conflict"].letters, by_name["decision_conflict"].items) == (1, 1)
    assert by_name["no_age"].examples == ("ageless.txt",)
    text = doctor(dataset).output
    for words in (
        "decision_conflict (1 item)",
        "Do: read heading, rationale and cover",
        "turned.txt",
        "not_a_letter",
        "invoice.txt",
    ):
        assert words in text


def test_letters_of_one_case_are_told(dataset):
    twice = examine(dataset).twice[0]
    assert (twice.what, twice.letters) == ("case number CM16-9990000", ("again.txt", "good0.txt"))
    assert "case number CM16-9990000" in doctor(dataset).output


def test_one_flag_in_full(dataset):
    text = doctor(dataset, "--flag", "decision_conflict").output
    assert "turned.txt  CM16-9990005  item 2" in text
    assert "“Upheld”" in text
    assert "“is medically necessary”" in text
    assert "1 letter" in text
    assert "No letter has this flag" in doctor(dataset, "--flag", "date_gap").output


def test_limit_names_fewer_letters(reader, tmp_path):
    for number in range(4):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{number}.txt").write_text(letter(number).replace("41 year old ", ""), encoding="utf-8")
    extract_with(reader, [tmp_path / "in"], tmp_path / "out")
    for limit, named in ((1, "0.txt, … and 3 more"), (9, "0.txt, 1.txt, 2.txt, 3.txt"), (0, "")):
        flags = doctor(tmp_path / "out", "--limit", limit).output.partition("Files that gave")[0]
        assert flags.rstrip().splitlines()[-1].strip() == (
            named or "Do: read the case summary: some letters leave it out"
        )


def test_json_holds_the_same(dataset):
    data = json.loads(doctor(dataset, "--json", "--flag", "no_age").output)
    assert {f["flag"]: f["letters"] for f in data["flags"]} == {"decision_conflict": 1, "no_age": 1}
    assert [c["source"] for c in data["cases"]] == ["ageless.txt"]
    assert "cases" not in json.loads(doctor(dataset, "--json").output)


def test_csv_has_a_row_for_each_flag_of_each_letter(dataset, tmp_path):
    result = doctor(dataset, "--csv", tmp_path / "flags.csv")
    assert "2 rows written" in result.stderr
    rows = list(csv.DictReader((tmp_path / "flags.csv").open(encoding="utf-8", newline="")))
    assert [(r["source"], r["flag"], r["items"]) for r in rows] == [
        ("ageless.txt", "no_age", ""),
        ("turned.txt", "decision_conflict", "2"),
    ]
    assert rows[1]["words"] == "Norco 10/325mg #60|Upheld|is medically necessary"
    doctor(dataset, "--csv", tmp_path / "no folder" / "x.csv", code=1)


RANGES = [
    ("letters", {"age": [7]}, "letters.age outside 14-99"),
    ("letters", {"issue_count": [5]}, "letters.issue_count is not the number"),
    ("letters", {"upheld_count": [9]}, "more than issue_count"),
    ("letters", {"decision": ["perhaps"]}, "letters.decision holds other words than upheld, overturned"),
    ("letters", {"flags": [["made_up"]]}, "flags that this version does not know"),
    ("issues", {"sessions_requested": [900]}, "issues.sessions_requested is none, or more than 200"),
    ("issues", {"refills": [-1]}, "issues.refills is more than 12"),
    ("issues", {"letter_id": ["nobody"]}, "rows of issues without a letter"),
]


@pytest.mark.parametrize(("table", "columns", "what"), RANGES, ids=[w for _, _, w in RANGES])
def test_values_that_cannot_be(changed, table, columns, what):
    assert what in doctor(changed(table, **columns)).output


def test_dates_out_of_range(changed):
    import datetime

    out = changed("letters", decision_date=[datetime.date(2009, 1, 1)], injury_date=[datetime.date(1891, 1, 1)])
    text = doctor(out).output
    assert "letters.decision_date before 2013" in text
    assert "letters.injury_date before 1940" in text


def test_a_field_that_many_letters_lack_is_a_gap(changed):
    out = changed("letters", sex=[None] * 6, case_number=[None])
    (gap,) = examine(out).gaps
    assert (gap.field, gap.layout, gap.missing, gap.letters) == ("sex", "A", 6, 8)
    assert "sex: 75.0% of 8 letters of layout A, usual is at most 5%" in doctor(out).output


def test_a_letter_under_two_case_numbers(reader, tmp_path):
    (tmp_path / "in").mkdir()
    for number in (1, 2):
        (tmp_path / "in" / f"{number}.txt").write_text(letter(number), encoding="utf-8")
    extract_with(reader, [tmp_path / "in"], tmp_path / "out")
    (twice,) = examine(tmp_path / "out").twice
    assert twice.what == "the same dates, age, sex and requests"


def test_strict_asks_for_more_than_flags(reader, tmp_path, dataset):
    doctor(dataset, "--strict", code=3)  # a file that gave no letter, a case that is there twice
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.txt").write_text(LETTER.replace("41 year old ", ""), encoding="utf-8")
    extract_with(reader, [tmp_path / "in"], tmp_path / "out")
    assert "no_age" in doctor(tmp_path / "out", "--strict").output


def test_without_identities_it_finds_the_same_and_tells_no_words(tmp_path, dataset):
    run(dataset.parent / "letters", "--out", tmp_path / "out", "--deidentify", "--salt", "x")
    found, open_one = examine(tmp_path / "out"), examine(dataset)
    assert {f.flag: f.letters for f in found.flags} == {f.flag: f.letters for f in open_one.flags}
    assert found.gaps == found.strange == ()
    assert [len(t.letters) for t in found.twice] == [2]
    case = next(cases(tmp_path / "out", flag="decision_conflict", words=True))
    assert (case.items, case.words) == ((2,), ())
    assert "turned.txt" not in doctor(tmp_path / "out").output


def test_a_dataset_without_item_flags_will_do(changed, dataset):
    out = changed("letters")
    path = out / "issues.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["item_flags"]), path)
    assert next(cases(out, flag="decision_conflict")).items == ()
    assert {f.flag: f.items for f in examine(out).flags} == {"decision_conflict": 0, "no_age": 0}


def test_an_empty_dataset_is_looked_at(reader, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.txt").write_text("INVOICE\n", encoding="utf-8")
    extract_with(reader, [tmp_path / "in"], tmp_path / "out")
    assert "0 letters, 0 disputed items, 1 file without a letter" in doctor(tmp_path / "out").output


def test_what_is_no_dataset_is_refused_with_advice(tmp_path, dataset):
    assert "imr extract" in doctor(tmp_path, code=1).output
    assert "is no flag; there are" in doctor(dataset, "--flag", "nonsense", code=2).output
    shutil.copytree(dataset, tmp_path / "out")
    (tmp_path / "out" / "letters.parquet").write_bytes(b"no parquet")
    assert "letters.parquet cannot be read" in doctor(tmp_path / "out", code=1).output


def test_a_folder_with_a_quote_in_its_name(tmp_path, dataset):
    shutil.copytree(dataset, tmp_path / "it's")
    assert "8 letters" in doctor(tmp_path / "it's").output


def test_words_cannot_steer_a_terminal():
    assert safe("a\x1b[31mb\u202ec") == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}c"


def test_transcript_of_the_docs_is_real(reader, tmp_path, monkeypatch):
    page = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n\$ imr (doctor [^\n]+)\n(.*?)```", page, re.S)
    assert len(blocks) >= 2
    extract_with(reader, [ROOT / "corpus" / "letters" / "M"], tmp_path / "mixed")
    monkeypatch.chdir(tmp_path)
    for command, printed in blocks:
        result = CliRunner().invoke(main, command.split())
        assert result.exit_code == 0
        assert "\n".join(line.rstrip() for line in result.output.splitlines()) == printed.rstrip(), command
