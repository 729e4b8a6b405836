"""The tables that a run writes: the contract's columns, evidence for every value, offsets and boxes."""

import csv
import json
import pickle
import re

import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import extract
from extract.cli import main
from extract.pipeline import Source
from extract.schema import CITATIONS, FLAGS, ISSUES, LETTERS, TABLES
from tests.letters import LETTER
from tests.runs import assert_same

KEYS = {"letter_id", "issue_number", "citation_number"}


@pytest.fixture(scope="module")
def dataset(corpus_pdfs, tmp_path_factory):
    """The corpus and a text letter, read by the command line."""
    home = tmp_path_factory.mktemp("run")
    (home / "plain").mkdir()
    (home / "plain" / "letter.txt").write_text(LETTER, encoding="utf-8")
    folder = corpus_pdfs[0].parents[1]
    result = CliRunner().invoke(main, ["extract", str(folder), str(home / "plain"), "--out", str(home / "out")])
    assert result.exit_code == 0, result.output
    return home / "out"


def read(dataset, name):
    return pd.read_csv(dataset / f"{name}.csv", dtype=str, keep_default_na=False)


def test_columns_are_those_of_the_contract(dataset, public):
    text = (public / "DATASET.md").read_text(encoding="utf-8")
    for table in (LETTERS, ISSUES, CITATIONS):
        part = text.split(f"## {table.name}:")[1].split("\n## ")[0]
        names = re.findall(r"^\| ([\w, ]+?) \|", part, re.M)[1:]
        wanted = {n.strip() for cell in names for n in cell.replace("key", "").split(",")} - {""}
        assert wanted <= set(table.names), table.name


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_csv_and_parquet_hold_the_same_rows(dataset, table):
    rows = read(dataset, table.name)
    frame = pq.read_table(dataset / f"{table.name}.parquet").to_pandas()
    assert tuple(rows.columns) == tuple(frame.columns) == table.names
    assert len(rows) == len(frame)
    for column in table.columns:
        if column.type == "list":
            wanted = ["|".join(v.replace("|", "/") for v in cell) for cell in frame[column.name]]
            assert [v.removeprefix("'") for v in rows[column.name]] == [w.removeprefix("'") for w in wanted]


@pytest.mark.parametrize("table", [t for t in TABLES if t.key], ids=lambda t: t.name)
def test_keys_are_unique(dataset, table):
    rows = read(dataset, table.name)
    assert not rows.duplicated(list(table.key)).any()


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_closed_vocabularies_are_kept(dataset, table):
    rows = read(dataset, table.name)
    for column in table.columns:
        if column.values:
            cells = rows[column.name].str.split("|").explode() if column.type == "list" else rows[column.name]
            assert set(cells) - {""} <= set(column.values), column.name


def test_no_value_without_evidence(dataset):
    evidence = read(dataset, "evidence")
    seen = {
        (r.letter_id, r.table, r.issue_number, r.citation_number, r.field, r.value)
        for r in evidence.itertuples(index=False)
    }
    missing = []
    for table in (LETTERS, ISSUES, CITATIONS):
        for row in csv.DictReader((dataset / f"{table.name}.csv").open(encoding="utf-8", newline="")):
            for column in table.columns:
                cell = row[column.name].removeprefix("'")
                if column.name in KEYS or not cell:
                    continue
                for value in cell.split("|") if column.type == "list" else [cell]:
                    key = (row["letter_id"], table.name, row.get("issue_number", ""), row.get("citation_number", ""))
                    if (*key, column.name, value) not in seen and (*key, column.name, "'" + value) not in seen:
                        missing.append((*key, column.name, value[:40]))
    assert missing == []


def test_evidence_is_the_text_at_its_offsets(dataset):
    for row in pq.read_table(dataset / "evidence.parquet").to_pylist():
        if row["start"] is not None:
            with (dataset / "texts" / f"{row['letter_id']}.txt").open(encoding="utf-8", newline="") as stream:
                text = stream.read()
            assert text[row["start"] : row["end"]] == row["text"], row


def test_boxes_lie_on_the_page(dataset):
    rows = [r for r in pq.read_table(dataset / "evidence.parquet").to_pylist() if r["x0"] is not None]
    assert rows
    for row in rows:
        assert 0 <= row["x0"] < row["x1"] <= 612, row  # US Letter, as all letters of the corpus
        assert 0 <= row["top"] < row["bottom"] <= 792, row
        assert 0 <= row["confidence"] <= 1


def test_every_value_of_a_pdf_has_a_page_and_most_have_a_box(dataset):
    letters = read(dataset, "letters")
    pdfs = set(letters.loc[letters.text_source == "pdf_text", "letter_id"])
    rows = [r for r in pq.read_table(dataset / "evidence.parquet").to_pylist() if r["letter_id"] in pdfs and r["text"]]
    assert all(r["page"] for r in rows)
    assert all(r["x0"] is not None for r in rows)


def test_flat_has_one_row_an_item(dataset):
    flat, issues = read(dataset, "flat"), read(dataset, "issues")
    assert len(flat) == len(issues)
    assert flat["case_number"].ne("").mean() > 0.5


def test_run_file_counts(dataset):
    run = json.loads((dataset / "run.json").read_text())
    assert run["letters"] == len(read(dataset, "letters"))
    assert set(run["flags"]) <= set(FLAGS)


def test_same_input_gives_the_same_bytes(corpus_pdfs, tmp_path):
    folder = corpus_pdfs[0].parent
    for name in ("one", "two"):
        assert CliRunner().invoke(main, ["extract", str(folder), "--out", str(tmp_path / name)]).exit_code == 0
    assert_same(tmp_path / "one", tmp_path / "two")


def test_python_api(corpus_pdfs, tmp_path):
    path = corpus_pdfs[0]
    record = extract.read_letter(path)
    assert record.case_number == path.stem
    assert pickle.loads(pickle.dumps(record)) == record
    frames = extract.read_letters([path, tmp_path])
    assert len(frames["letters"]) == 1
    assert frames["letters"]["age"].dtype == "Int64"
    assert isinstance(frames["letters"]["body_parts"][0], list)


def test_reader_can_be_pickled(reader, corpus_pdfs):
    source = Source.of(corpus_pdfs[0])
    assert pickle.loads(pickle.dumps(reader)).read(source) == reader.read(source)
