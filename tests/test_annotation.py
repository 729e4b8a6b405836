"""A letter's rows become the annotation that the gold reader reads, whether they come from a record or from tables."""

import json

import pyarrow.parquet as pq
import pytest

from extract.annotation import annotation_of, annotation_of_rows, as_json, file_name
from extract.evaluate import evaluate, read_gold
from extract.letter_rows import DatasetError, letter_rows
from extract.pipeline import Source
from tests.conftest import CORPUS


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    from click.testing import CliRunner

    from extract.cli import main

    out = tmp_path_factory.mktemp("annotation") / "dataset"
    inputs = [str(next((CORPUS / "letters").glob(f"{layout}/*.pdf"))) for layout in ("A", "B", "C", "D")]
    result = CliRunner().invoke(main, ["extract", *inputs, "--out", str(out), "--workers", "0"])
    assert result.exit_code == 0, result.output
    return out


def test_annotations_of_a_dataset_score_full_marks_against_it(dataset, tmp_path):
    ids = pq.read_table(dataset / "letters.parquet")["letter_id"].to_pylist()
    for rows in letter_rows(dataset, ids):
        annotation = annotation_of_rows(rows.letter, rows.issues, rows.citations, rows.evidence)
        (tmp_path / file_name(rows.letter["source"])).write_text(as_json(annotation), encoding="utf-8")
    result = evaluate(dataset, tmp_path, resamples=0)
    assert (result.letters, result.misses, result.missing) == (4, (), ())


def test_record_and_tables_give_the_same_annotation(dataset, reader):
    ids = pq.read_table(dataset / "letters.parquet")["letter_id"].to_pylist()
    for rows in letter_rows(dataset, ids):
        path = next((CORPUS / "letters").rglob(rows.letter["source"]))
        record = reader.read(Source.of(path))[0]
        told = annotation_of_rows(rows.letter, rows.issues, rows.citations, rows.evidence)
        assert annotation_of(record) == told


def test_annotation_has_the_keys_of_the_gold_files_in_their_order(reader):
    gold_path = CORPUS / "gold" / "written" / "CM16-9001003.json"
    gold = json.loads(gold_path.read_text(encoding="utf-8"))
    record = reader.read(Source.of(CORPUS / "letters" / "A" / "CM16-9001003.pdf"))[0]
    made = json.loads(as_json(annotation_of(record)))
    assert list(made) == list(gold)
    assert list(made["letter"]) == list(gold["letter"])
    assert [list(i) for i in made["issues"]] == [list(i) for i in gold["issues"]]
    assert made["issues"][0]["citations"]
    assert gold["issues"][0]["citations"]
    assert list(made["issues"][0]["citations"][0]) == list(gold["issues"][0]["citations"][0])


def test_whole_numbers_have_no_point_and_files_are_named_as_evaluate_looks_for_them(reader, tmp_path):
    record = reader.read(Source.of(CORPUS / "letters" / "A2" / "CM13-9003001.pdf"))[0]
    text = as_json(annotation_of(record))
    assert ".0" not in text
    (tmp_path / file_name("a/b.zip/CM13-9003001.PDF")).write_text(text, encoding="utf-8")
    assert list(read_gold(tmp_path)) == ["CM13-9003001"]


@pytest.mark.parametrize("name", ["letters", "evidence"])
def test_folder_without_a_table_is_refused_with_what_to_do(dataset, tmp_path, name):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    (copy / f"{name}.parquet").unlink()
    with pytest.raises(DatasetError, match="imr extract"):
        next(letter_rows(copy, ["0" * 16]))
