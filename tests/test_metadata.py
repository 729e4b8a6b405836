"""What a dataset says of itself: the libraries of both standards accept it, and find what was tampered with."""

import hashlib
import json
import shutil

import pandas as pd
import pyarrow.parquet as pq
import pytest

from extract.archive.deidentify import added_columns
from extract.archive.render import AsRead
from extract.export.dataset import Dataset
from extract.export.keys import broken
from extract.metadata.files import METADATA
from extract.schema import EVIDENCE, LETTERS, TABLES
from tests.exports import read
from tests.runs import assert_same, files, run

frictionless = pytest.importorskip("frictionless", reason="checks data packages; in the dev group")
KINDS = ["full", "safe", "raw"]


def package(home):
    return json.loads((home / "datapackage.json").read_text(encoding="utf-8"))


def resource(data, name):
    return next(r for r in data["resources"] if r["name"] == name)


# -- Data Package


@pytest.mark.parametrize("kind", KINDS)
def test_frictionless_finds_nothing_to_say(datasets, kind):
    report = frictionless.Package(str(datasets / kind / "datapackage.json")).validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "note"])
    assert [task.name for task in report.tasks] == [t.name for t in TABLES]
    assert all(task.warnings == [] for task in report.tasks)
    counted = {task.name: task.stats["rows"] for task in report.tasks}
    assert counted == {t.name: len(pq.read_table(datasets / kind / f"{t.name}.parquet")) for t in TABLES}


def swap(name, old, new):
    def change(home):
        path = home / f"{name}.csv"
        text = path.read_bytes().decode()
        assert old in text
        path.write_bytes(text.replace(old, new, 1).encode())

    return change


def double_a_row(home):
    path = home / "issues.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))


def lose_a_letter(home):
    path = home / "letters.csv"
    path.write_bytes(
        b"".join(line for line in path.read_bytes().splitlines(keepends=True) if b"notice.txt" not in line)
    )


TAMPERED = [
    (swap("letters", "2016-10-03", "10/03/2016"), "type-error", "a date that a spreadsheet wrote its own way"),
    (swap("letters", ",41,", ",forty,"), "type-error", "a word where a number belongs"),
    (swap("letters", ",male,", ",Male,"), "constraint-error", "a word outside of the vocabulary"),
    (swap("letters", "case_number", "case"), "incorrect-label", "a column of another name"),
    (double_a_row, "primary-key", "a row twice"),
    (lose_a_letter, "foreign-key", "items of a letter that is not there"),
]


@pytest.mark.parametrize(("change", "wanted"), [c[:2] for c in TAMPERED], ids=[c[2] for c in TAMPERED])
def test_frictionless_finds_what_was_changed(datasets, tmp_path, change, wanted):
    home = tmp_path / "copy"
    home.mkdir()
    for name in ("letters.csv", "issues.csv"):
        shutil.copy(datasets / "full" / name, home)
    data = package(datasets / "full")
    data["resources"] = [resource(data, name) for name in ("letters", "issues")]
    change(home)
    for one in data["resources"]:  # the hash would say that something changed, not what
        del one["bytes"], one["hash"], one["rows"]
    (home / "datapackage.json").write_text(json.dumps(data))
    report = frictionless.Package(str(home / "datapackage.json")).validate()
    assert wanted in {kind for (kind,) in report.flatten(["type"])}


def test_hash_tells_that_a_file_was_changed(datasets, tmp_path):
    shutil.copy(datasets / "full" / "failures.csv", tmp_path)
    data = package(datasets / "full")
    data["resources"] = [resource(data, "failures")]
    (tmp_path / "datapackage.json").write_text(json.dumps(data))
    assert frictionless.Package(str(tmp_path / "datapackage.json")).validate().valid
    swap("failures", "empty", "EMPTY")(tmp_path)
    report = frictionless.Package(str(tmp_path / "datapackage.json")).validate()
    assert "hash-count" in {kind for (kind,) in report.flatten(["type"])}


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_is_described_in_the_words_of_the_schema(datasets, kind):
    data = package(datasets / kind)
    for table in TABLES:
        columns = (*table.columns, *(added_columns(table) if kind == "safe" else ()))
        fields = resource(data, table.name)["schema"]["fields"]
        assert [f["name"] for f in fields] == [c.name for c in columns]
        for field, column in zip(fields, columns, strict=True):
            assert field["description"].startswith(column.meaning)
            if column.type == "list":
                assert (field["type"], field["delimiter"]) == ("list", "|")
            else:
                assert tuple(field.get("constraints", {}).get("enum", ())) == column.values


def test_cells_come_back_as_they_are_in_the_tables(datasets):
    rows = frictionless.Package(str(datasets / "full" / "datapackage.json")).get_resource("letters").read_rows()
    wanted = pq.read_table(datasets / "full" / "letters.parquet").to_pylist()
    for row, letter in zip(rows, wanted, strict=True):
        for column in LETTERS.columns:
            empty = None if column.type == "list" else ""
            cell = letter[column.name] or empty if column.type in ("list", "str") else letter[column.name]
            shown = (
                row[column.name].removeprefix("'") if column.type == "str" and row[column.name] else row[column.name]
            )
            assert (shown or empty if column.type == "str" else shown) == cell, column.name


def test_apostrophes_are_told_of_where_there_are_any(datasets):
    assert "apostrophe" in package(datasets / "full")["description"]
    assert "apostrophe" not in package(datasets / "raw")["description"]


def test_hashes_of_both_files_are_those_on_the_disk(datasets):
    for kind in KINDS:
        listed = {
            r["path"]: (r["bytes"], r["hash"].removeprefix("sha256:")) for r in package(datasets / kind)["resources"]
        }
        croissant = json.loads((datasets / kind / "croissant.json").read_text(encoding="utf-8"))
        named = {
            f["contentUrl"]: (int(f["contentSize"].removesuffix(" B")), f["sha256"]) for f in croissant["distribution"]
        }
        assert listed.items() <= named.items()
        assert set(named) == {f"{t.name}.{s}" for t in TABLES for s in ("csv", "parquet")}
        for name, facts in named.items():
            data = (datasets / kind / name).read_bytes()
            assert facts == (len(data), hashlib.sha256(data).hexdigest())


# -- Croissant


@pytest.fixture(scope="module")
def mlc():
    return pytest.importorskip("mlcroissant", reason="checks Croissant; in the dev group")


@pytest.mark.parametrize("kind", ["full", "safe"])
def test_croissant_has_no_errors_and_no_warning_but_that_nobody_published_it(datasets, mlc, kind):
    issues = mlc.Dataset(datasets / kind / "croissant.json").metadata.ctx.issues
    assert issues.errors == set()
    assert len(issues.warnings) == 1
    assert "datePublished" in str(issues.warnings)


def test_croissant_gives_the_records_of_the_tables(datasets, mlc, monkeypatch):
    monkeypatch.setattr("requests.get", lambda *_, **__: pytest.fail("the network was asked"))
    data = mlc.Dataset(datasets / "full" / "croissant.json")
    for name in ("letters", "issues", "failures"):
        wanted = pq.read_table(datasets / "full" / f"{name}.parquet").to_pylist()
        table = next(t for t in TABLES if t.name == name)
        records = list(data.records(name))
        assert len(records) == len(wanted)
        for record, row in zip(records, wanted, strict=True):
            for column in table.columns:
                cell = record[f"{name}/{column.name}"]
                if column.type == "list":
                    cell = [v.decode() for v in cell]
                elif column.type == "str" and cell is not None:
                    cell = cell.decode()
                elif isinstance(cell, pd.Timestamp):
                    cell = cell.date()
                assert cell == row[column.name], column.name


# -- keys


@pytest.mark.parametrize("kind", KINDS)
def test_all_keys_hold_also_where_they_may_be_empty(datasets, kind):
    assert broken(Dataset.open(datasets / kind)) == []


def drop_rows(home, name, keep):
    table = pq.read_table(home / f"{name}.parquet").to_pandas()
    frame = table[keep(table)]
    pq.write_table(pq.read_table(home / f"{name}.parquet").take(list(frame.index)), home / f"{name}.parquet")


LOST = [
    ("letters", {"issues", "citations", "evidence", "flat"}, "a letter is lost: all that hangs on it"),
    ("issues", {"citations", "evidence", "flat"}, "an item is lost: its citations, evidence and row of flat"),
    ("citations", {"evidence"}, "a citation is lost: its evidence"),
]


@pytest.mark.parametrize(("name", "wanted"), [c[:2] for c in LOST], ids=[c[2] for c in LOST])
def test_keys_that_do_not_hold_are_counted(datasets, tmp_path, name, wanted):
    shutil.copytree(datasets / "full", tmp_path / "copy")
    drop_rows(tmp_path / "copy", name, lambda rows: rows.index != len(rows) - 1)
    found = broken(Dataset.open(tmp_path / "copy"))
    assert {b.table for b in found} == wanted
    assert all(b.rows > 0 and b.reference is not None for b in found)
    assert f"name a row of {name}" in str(found[0])


def test_row_that_stands_twice_is_counted(datasets, tmp_path):
    import pyarrow as pa

    shutil.copytree(datasets / "full", tmp_path / "copy")
    path = tmp_path / "copy" / "failures.parquet"
    rows = pq.read_table(path)
    pq.write_table(pa.concat_tables([rows, rows.slice(0, 1)]), path)
    (found,) = broken(Dataset.open(tmp_path / "copy"))
    assert (found.table, found.rows, found.reference) == ("failures", 1, None)


def test_references_name_columns_of_both_tables():
    tables = {t.name: t for t in TABLES}
    for table in TABLES:
        for reference in table.references:
            assert set(reference.columns) <= set(table.names)
            assert tables[reference.table].key == reference.columns
    assert any(r.partial for r in EVIDENCE.references)


# -- runs


def test_same_letters_give_the_same_description(datasets, reader, tmp_path):
    read(datasets / "in", tmp_path / "out", reader)
    assert_same(tmp_path / "out", datasets / "full")


def test_missing_description_is_written_again(datasets, reader, tmp_path):
    for name in ("full", "run"):
        shutil.copytree(datasets / name, tmp_path / name.replace("full", "out"))
    for name in METADATA:
        (tmp_path / "out" / name).unlink()
        read(datasets / "in", tmp_path / "out", reader)
        assert files(tmp_path / "out") == files(datasets / "full")


def test_overwriting_takes_the_description_away_first(datasets, reader, tmp_path):
    from extract.archive.assemble import clear

    shutil.copytree(datasets / "raw", tmp_path / "out")
    (tmp_path / "out" / "mine.json").write_text("kept")
    clear(tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.json"]


def test_description_of_somebody_elses_data_is_not_overwritten(datasets, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "datapackage.json").write_text("theirs")
    assert "--overwrite" in run(datasets / "in", "--out", tmp_path / "out", code=2)
    assert (tmp_path / "out" / "datapackage.json").read_text() == "theirs"


def test_description_never_lies_beside_other_tables(datasets, reader, tmp_path, monkeypatch):
    """Killed between the new tables and their description: the old one is gone."""
    from extract.archive import assemble

    for name in ("full", "run"):
        shutil.copytree(datasets / name, tmp_path / name.replace("full", "out"))

    def killed(self, tables):
        raise MemoryError

    monkeypatch.setattr(assemble.Assembly, "_describe", killed)
    with pytest.raises(MemoryError):
        read(datasets / "in", tmp_path / "out", reader, AsRead(raw_csv=True))
    assert not any((tmp_path / "out" / name).exists() for name in METADATA)
