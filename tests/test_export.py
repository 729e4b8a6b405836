"""Every export is opened again with the library of its format and compared with the tables."""

import asyncio
import json
import re
import shutil
import sqlite3
import xml.etree.ElementTree as ElementTree
from datetime import date, datetime
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from openpyxl.utils.escape import unescape

from extract.cli import main
from extract.commands.export import NAMES
from extract.export import excel, stata
from extract.export.dataset import Dataset, ExportError
from extract.export.formats import FORMATS, export
from extract.export.spans import ALL_LABELS, LABELS, letters
from extract.schema import TABLES
from tests.exports import ASTRAL, read

DOCS = Path(__file__).parent.parent / "docs"
TEXTS = ("label-studio", "prodigy", "brat")
TABLED = ("sqlite", "duckdb", "excel", "stata")
NUL = "nul\0byte"
LONG = "é" * 40_000
BELL = "bell\x07 esc\x1b[31m _x0041_ line\nend\r\ttab \ufffe"
OLD = date(1899, 12, 31)


def command(*arguments, code=0):
    result = CliRunner().invoke(main, ["export", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def out(datasets):
    """All exports of the small dataset in one folder."""
    for name in NAMES:
        command(datasets / "full", "--to", name, "--out", datasets / "exports")
    return datasets / "exports"


@pytest.fixture(scope="module")
def harmed(datasets, tmp_path_factory):
    """A copy with cells that no letter gave so far: NUL, control characters, 40,000 characters, a day of 1899."""
    home = tmp_path_factory.mktemp("harmed") / "it's [1] *"
    shutil.copytree(datasets / "full", home)
    issues = pq.read_table(home / "issues.parquet").to_pylist()
    for row, words in zip(issues, (NUL, LONG, BELL, "=1+1", "'quoted'"), strict=False):
        row["rationale"] = words
        row["body_parts"] = [words, "a|b"]
    pq.write_table(pa.Table.from_pylist(issues, pq.read_schema(home / "issues.parquet")), home / "issues.parquet")
    cases = pq.read_table(home / "letters.parquet").to_pylist()
    cases[0] |= {"injury_date": OLD, "injury_date_end": date(1900, 2, 28), "case_number": "<b>'"}
    pq.write_table(pa.Table.from_pylist(cases, pq.read_schema(home / "letters.parquet")), home / "letters.parquet")
    for name in TABLED:
        command(home, "--to", name)
    return home


def wanted(home, table):
    return pq.read_table(home / f"{table.name}.parquet").to_pylist()


# -- how each format is read back: rows of a table with Python's values


def of_sqlite(home, table):
    with sqlite3.connect(home / "dataset.sqlite") as db:
        db.row_factory = sqlite3.Row
        rows = [dict(r) for r in db.execute(f'select * from "{table.name}" order by rowid')]
    for column in table.columns:
        for row in rows:
            cell = row[column.name]
            if column.type == "list" and cell is not None:
                row[column.name] = json.loads(cell)
            if column.type == "date" and cell is not None:
                row[column.name] = date.fromisoformat(cell)
    return rows


def of_duckdb(home, table):
    with duckdb.connect(str(home / "dataset.duckdb"), read_only=True) as db:
        found = db.execute(f'select * from "{table.name}"')
        names = [d[0] for d in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def of_excel(home, table):
    book = openpyxl.load_workbook(home / "dataset.xlsx", read_only=True)
    names, *rows = book[table.name].iter_rows(values_only=True)
    # openpyxl leaves control characters as the standard writes them (ECMA-376, ST_Xstring); Excel does not show it
    rows = [[unescape(c) if isinstance(c, str) else c for c in row] for row in rows]
    cells = [[c.date() if isinstance(c, datetime) else c for c in row] for row in rows]
    return [dict(zip(names, row, strict=True)) for row in cells]


def of_stata(home, table):
    frame = pd.read_stata(home / "stata" / f"{table.name}.dta")
    back = {new: old for old, new in stata.variables(table).items()}
    rows = frame.rename(columns=back).astype(object).where(frame.notna().to_numpy(), None).to_dict("records")
    return [{k: v.date() if isinstance(v, pd.Timestamp) else v for k, v in row.items()} for row in rows]


READERS = {"sqlite": of_sqlite, "duckdb": of_duckdb, "excel": of_excel, "stata": of_stata}


def flattened(value):
    """A value as formats without lists and without empty text hold it."""
    if isinstance(value, list):
        value = "|".join(v.replace("|", "/") for v in value)
    return value or None if isinstance(value, str) else value


@pytest.mark.parametrize("name", TABLED)
def test_tables_come_back_cell_by_cell(datasets, out, name):
    for table in TABLES:
        rows, tables = READERS[name](out, table), wanted(datasets / "full", table)
        if name in ("excel", "stata"):
            rows, tables = ([{k: flattened(v) for k, v in r.items()} for r in some] for some in (rows, tables))
        assert len(rows) == len(tables)
        for row, expected in zip(rows, tables, strict=True):
            assert row == expected


HARM = [
    ("sqlite", NUL, "SQLite keeps NUL"),
    ("sqlite", LONG, "and long text"),
    ("sqlite", BELL, "and control characters"),
    ("duckdb", NUL, "DuckDB keeps NUL"),
    ("duckdb", LONG, "and long text"),
    ("duckdb", BELL, "and control characters"),
    ("stata", NUL.replace("\0", "\ufffd"), "Stata ends text at NUL, so another character stands for it"),
    ("stata", LONG, "over 2,045 bytes it is strL"),
    ("stata", BELL, "control characters are kept"),
    ("stata", "=1+1", "nothing is a formula"),
    ("excel", NUL, "NUL and control characters are escaped as the standard says"),
    ("excel", BELL, "and so are words that look like such an escape"),
    ("excel", "=1+1", "nothing is a formula"),
    ("excel", "'quoted'", "an apostrophe of the letter stays"),
    (
        "excel",
        LONG[: excel.MAX_CHARACTERS - len(excel.CUT)] + excel.CUT,
        "over 32,767 characters it is cut and says so",
    ),
]


@pytest.mark.parametrize(("name", "words"), [h[:2] for h in HARM], ids=[f"{h[0]}: {h[2]}" for h in HARM])
def test_cells_that_mean_harm_come_back(harmed, name, words):
    issues = next(t for t in TABLES if t.name == "issues")
    assert words in {row["rationale"] for row in READERS[name](harmed, issues)}


@pytest.mark.parametrize("name", TABLED)
def test_dates_before_1900_are_not_lost(harmed, name):
    first = READERS[name](harmed, TABLES[0])[0]
    shown = [str(first[c]) for c in ("injury_date", "injury_date_end")]
    assert shown == ["1899-12-31", "1900-02-28"]


# -- SQLite and Datasette


def test_sqlite_has_keys_indexes_and_search(out):
    with sqlite3.connect(out / "dataset.sqlite") as db:
        db.execute("pragma foreign_keys = on")
        assert db.execute("pragma foreign_key_check").fetchall() == []
        assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
        for table in TABLES:
            keys = [r for r in db.execute(f'pragma table_info("{table.name}")') if r[5]]
            assert tuple(r[1] for r in sorted(keys, key=lambda r: r[5])) == table.key
            declared = {}
            for number, _, other, column, *_ in db.execute(f'pragma foreign_key_list("{table.name}")'):
                declared.setdefault((number, other), set()).add(column)
            assert {(o, frozenset(c)) for (_, o), c in declared.items()} == {
                (r.table, frozenset(r.columns)) for r in table.references
            }
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("insert into issues (letter_id, issue_number) values ('none', 1)")
        found = db.execute("select rowid from issues_fts where issues_fts match 'functions'").fetchall()
        assert found, "porter stems: functions finds function"
        plan = str(db.execute("explain query plan select * from letters where case_number = 'x'").fetchall())
        assert "USING INDEX" in plan
        about = dict(db.execute("select * from about"))
        assert about["content"] == json.loads((out.parent / "full" / "run.json").read_text())["content"]


def pages_of_datasette(home, *paths):
    datasette = pytest.importorskip("datasette.app", reason="shows the SQLite file; in the dev group")

    async def ask():
        metadata = json.loads((home / "metadata.json").read_text(encoding="utf-8"))
        app = datasette.Datasette([str(home / "dataset.sqlite")], metadata=metadata)
        await app.invoke_startup()
        return [await app.client.get(path, follow_redirects=True) for path in paths]

    return asyncio.run(ask())


def test_datasette_shows_letters_by_case_number_and_no_errors(out):
    paths = [f"/dataset/{table.name}" for table in TABLES]
    paths += [
        "/",
        "/dataset",
        "/dataset/about",
        "/dataset/issues?_search=opioid",
        "/dataset/letters?_facet_array=flags",
    ]
    answers = dict(zip(paths, pages_of_datasette(out, *paths), strict=True))
    assert {path: r.status_code for path, r in answers.items() if r.status_code != 200} == {}
    issues = answers["/dataset/issues"].text
    assert re.search(r'<a href="/dataset/letters/\w{16}">CM16-9990001</a>', issues)
    assert "the item&#39;s heading without its decision" in issues
    assert 'data-column="treatment_category"' in issues
    assert "column-descriptions {max-height" in issues


def test_datasette_escapes_what_letters_say(out, harmed):
    pages = pages_of_datasette(out, "/dataset/issues", "/dataset/letters", "/dataset/flat", "/dataset/failures")
    pages += pages_of_datasette(harmed, "/dataset/issues")
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "1+1 <script>" not in page.text
        assert "<b>'" not in page.text
    assert "&lt;script&gt;alert(1)" in pages[0].text


def test_datasette_knows_every_column(out):
    data = json.loads((out / "metadata.json").read_text(encoding="utf-8"))
    tables = data["databases"]["dataset"]["tables"]
    for table in TABLES:
        told = tables[table.name]
        assert list(told["columns"]) == list(table.names)
        assert all(told["columns"].values())
        for facet in told["facets"]:
            name = facet["array"] if isinstance(facet, dict) else facet
            assert name in table.names
        assert told.get("label_column", table.names[0]) in table.names


# -- DuckDB


def test_duckdb_has_types_keys_and_meanings(out):
    with duckdb.connect(str(out / "dataset.duckdb"), read_only=True) as db:
        types = dict(
            db.execute("select column_name, data_type from duckdb_columns() where table_name = 'letters'").fetchall()
        )
        assert (types["decision_date"], types["age"], types["flags"]) == ("DATE", "BIGINT", "VARCHAR[]")
        unexplained = db.execute(
            "select table_name, column_name from duckdb_columns() where comment is null and not internal and table_name != 'about'"
        ).fetchall()
        assert unexplained == []
        keys = db.execute(
            "select table_name, constraint_type, constraint_column_names from duckdb_constraints()"
        ).fetchall()
        assert ("citations", "FOREIGN KEY", ["letter_id", "issue_number"]) in keys
        assert ("letters", "PRIMARY KEY", ["letter_id"]) in keys


@pytest.mark.parametrize("name", ["sqlite", "duckdb"])
def test_key_that_does_not_hold_is_told_of_and_left_out(datasets, tmp_path, name):
    home = tmp_path / "copy"
    shutil.copytree(datasets / "full", home)
    rows = pq.read_table(home / "letters.parquet")
    pq.write_table(rows.slice(1), home / "letters.parquet")
    failures = pq.read_table(home / "failures.parquet")
    pq.write_table(pa.concat_tables([failures, failures]), home / "failures.parquet")
    output = command(home, "--to", name)
    assert "issues: 2 rows name a row of letters (letter_id) that is not there" in output
    assert "failures: 3 rows have a key" in output
    for table in TABLES:
        assert len(READERS[name](home, table)) == len(wanted(home, table))


# -- Excel


def test_excel_runs_nothing_and_types_are_real(out, harmed):
    for home in (out, harmed):
        book = openpyxl.load_workbook(home / "dataset.xlsx")
        kinds = {
            cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
        }
        assert kinds <= {"s", "n", "d", "inlineStr"}, "f would be a formula"
        assert not any(cell.hyperlink for sheet in book for row in sheet.iter_rows() for cell in row)
    sheet = book["issues"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.startswith("A1:")
    assert sheet["A1"].font.bold
    cases = openpyxl.load_workbook(out / "dataset.xlsx")["letters"]
    column = [c.value for c in cases[1]].index("decision_date")
    assert cases[2][column].is_date
    assert cases[2][column].number_format == "yyyy-mm-dd"
    widths = [cases.column_dimensions[letter].width for letter in ("A", "B")]
    assert all(16 < width <= 62 for width in widths)


def test_excel_says_what_was_cut(harmed):
    notes = [r[1] for r in openpyxl.load_workbook(harmed / "dataset.xlsx")["about"].iter_rows(values_only=True)]
    assert "issues.rationale: 1 cells cut to 32,767 characters" in notes
    assert "issues.body_parts: 1 cells cut to 32,767 characters" in notes


def test_excel_leaves_out_tables_that_do_not_fit_and_refuses_without_letters(datasets, tmp_path, monkeypatch):
    most = max(len(wanted(datasets / "full", t)) for t in TABLES if t.name in excel.NEEDED)
    monkeypatch.setattr(excel, "MAX_ROWS", most + 1)
    output = command(datasets / "full", "--to", "excel", "--out", tmp_path)
    book = openpyxl.load_workbook(tmp_path / "dataset.xlsx")
    assert "evidence" not in book.sheetnames
    assert {"letters", "issues", "columns", "about"} <= set(book.sheetnames)
    assert "Note: evidence is left out" in output
    assert any("evidence is left out" in str(r[1]) for r in book["about"].iter_rows(values_only=True))
    monkeypatch.setattr(excel, "MAX_ROWS", most)
    assert "sqlite" in command(datasets / "full", "--to", "excel", "--out", tmp_path, "--overwrite", code=2)
    assert "letters" in openpyxl.load_workbook(tmp_path / "dataset.xlsx").sheetnames, "the earlier file stays"


# -- Stata


def test_stata_has_labels_dates_and_names_that_it_takes(out):
    for table in TABLES:
        with pd.read_stata(out / "stata" / f"{table.name}.dta", iterator=True) as file:
            labels = file.variable_labels()
        assert list(labels) == list(stata.variables(table).values())
        assert all(labels.values())
        assert all(len(name) <= 32 and re.fullmatch(r"[a-z]\w*", name) for name in labels)
        assert all(len(label) <= 80 for label in labels.values())
    assert labels["ca_guidelines_cited"].startswith("claims_administrator_guidelines_cited: ")
    head = (out / "stata" / "letters.dta").read_bytes()[:70]
    assert b"<release>118</release>" in head


# -- texts with spans


@pytest.fixture(scope="module")
def spanned(datasets):
    return {letter.letter_id: letter for letter in letters(Dataset.open(datasets / "full"))}


def test_spans_are_what_the_evidence_says(datasets, spanned):
    evidence = pq.read_table(datasets / "full" / "evidence.parquet").to_pylist()
    care = pq.read_table(datasets / "full" / "prior_care.parquet").to_pylist()
    told = {
        (r["letter_id"], r["start"], r["end"], LABELS[r["table"], r["field"]])
        for r in evidence
        if (r["table"], r["field"]) in LABELS and r["start"] is not None
    }
    told |= {(r["letter_id"], r["start"], r["end"], "prior_care") for r in care}
    spans = {(letter.letter_id, s.start, s.end, s.label) for letter in spanned.values() for s in letter.spans}
    assert spans <= told
    assert {label for *_, label in told - spans} <= {"disputed_request"}, "where it is the request itself"
    assert set(spanned) == {r["letter_id"] for r in wanted(datasets / "full", TABLES[0])}
    assert all(len(letter.spans) > 10 for letter in spanned.values())


def of_label_studio(out):
    for path in sorted((out / "label-studio").glob("tasks-*.json")):
        for task in json.loads(path.read_text(encoding="utf-8")):
            (prediction,) = task["predictions"]
            regions = [r["value"] for r in prediction["result"]]
            assert all(v["text"] == task["data"]["text"][v["start"] : v["end"]] for v in regions)
            spans = [(v["start"], v["end"], *v["labels"]) for v in regions]
            yield task["data"]["letter_id"], task["data"]["text"], spans


def of_prodigy(out):
    for line in (out / "prodigy.jsonl").read_bytes().decode().split("\n")[:-1]:
        example = json.loads(line)
        spans = [(s["start"], s["end"], s["label"]) for s in example["spans"]]
        yield example["meta"]["letter_id"], example["text"], spans


def of_brat(out):
    """As brat's own reader checks it: fragments within lines, their text joined with spaces."""
    for path in sorted((out / "brat").glob("*.ann")):
        text = path.with_suffix(".txt").read_bytes().decode()
        spans = []
        for line in path.read_bytes().decode().split("\n")[:-1]:
            key, middle, words = line.split("\t")
            if key.startswith("#"):
                assert re.fullmatch(r"AnnotatorNotes T\d+", middle)
                continue
            label, _, places = middle.partition(" ")
            fragments = [tuple(map(int, f.split())) for f in places.split(";")]
            pieces = [text[start:end] for start, end in fragments]
            assert all(len(p.splitlines()) == 1 and p == p.strip() for p in pieces)
            assert " ".join(pieces) == words
            spans.append((fragments[0][0], fragments[-1][1], label))
        yield path.stem, text, spans


BACK = {"label-studio": of_label_studio, "prodigy": of_prodigy, "brat": of_brat}


@pytest.mark.parametrize("name", TEXTS)
def test_spans_come_back_at_their_places_in_the_saved_text(datasets, out, spanned, name):
    found = {letter_id: (text, spans) for letter_id, text, spans in BACK[name](out)}
    assert set(found) == set(spanned)
    for letter_id, (text, spans) in found.items():
        assert text == (datasets / "full" / "texts" / f"{letter_id}.txt").read_bytes().decode()
        assert spans == [(s.start, s.end, s.label) for s in spanned[letter_id].spans]
    drugs = {text[start:end] for text, spans in found.values() for start, end, label in spans if label == "drug"}
    assert drugs == {"Norco", "Vitamin C"}, "also behind characters of four bytes"
    assert any(ASTRAL in text for text, _ in found.values())
    assert any("\n" in text[s:e] for text, spans in found.values() for s, e, _ in spans), "one that crosses a line"


def test_configurations_name_all_labels(out):
    view = ElementTree.parse(out / "label-studio" / "config.xml")
    assert [label.get("value") for label in view.iter("Label")] == list(ALL_LABELS)
    assert view.find("Labels").get("toName") == view.find("Text").get("name") == "text"
    assert view.find("Text").get("value") == "$text"
    conf = (out / "brat" / "annotation.conf").read_text()
    entities = conf.split("[entities]\n")[1].split("\n\n")[0].split("\n")
    assert entities == list(ALL_LABELS)
    assert all(re.fullmatch(r"\w+", label) for label in ALL_LABELS)


@pytest.mark.parametrize("name", TEXTS)
def test_deidentified_dataset_has_no_texts_to_give(datasets, tmp_path, name):
    output = command(datasets / "safe", "--to", name, "--out", tmp_path / "new", code=2)
    assert "de-identified" in output
    assert "sqlite" in output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", TABLED)
def test_deidentified_tables_keep_their_years_and_nothing_else(datasets, tmp_path, name):
    command(datasets / "safe", "--to", name, "--out", tmp_path)
    table = Dataset.open(datasets / "safe").table("letters")
    rows = READERS[name](tmp_path, table)
    assert {r["decision_date_year"] for r in rows} <= {2013, 2016, 2017, None}
    assert {r["decision_date"] for r in rows} == {None}
    written = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"pallet" not in written


def test_deidentified_tables_do_not_go_where_exports_of_letters_lie(datasets, reader, patterns, tmp_path):
    from extract.archive.deidentify import Deidentified
    from extract.run import ExposedError

    rendering = Deidentified(patterns=patterns)
    shutil.copytree(datasets / "full", tmp_path / "out")
    export(tmp_path / "out", "prodigy")
    with pytest.raises(ExposedError):
        read(datasets / "in", tmp_path / "out", reader, rendering)
    shutil.copytree(datasets / "run", tmp_path / "run")
    (tmp_path / "out" / "prodigy.jsonl").unlink()
    read(datasets / "in", tmp_path / "out", reader, rendering)
    export(tmp_path / "out", "excel")
    read(datasets / "in", tmp_path / "out", reader, rendering)  # its export was de-identified too


# -- places


def test_formats_of_the_command_are_those_there_are():
    assert list(NAMES) == list(FORMATS)


@pytest.mark.parametrize("name", ["prodigy", "brat"])
def test_target_is_replaced_only_when_asked(datasets, tmp_path, name):
    target = tmp_path / FORMATS[name].products[0].name
    command(datasets / "full", "--to", name, "--out", tmp_path)
    before = sorted((p.name, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file())
    assert "--overwrite" in command(datasets / "full", "--to", name, "--out", tmp_path, code=2)
    victim = next(p for p in sorted(tmp_path.rglob("*")) if p.is_file())
    victim.write_text("changed")
    command(datasets / "full", "--to", name, "--out", tmp_path, "--overwrite")
    assert sorted((p.name, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file()) == before
    assert list(tmp_path.iterdir()) == [target]


def foreign_file(target):
    target.mkdir()
    (target / "notes of mine.txt").write_text("kept")


def file_for_folder(target):
    target.write_text("kept")


def folder_inside(target):
    (target / "mine").mkdir(parents=True)


FOREIGN = [
    (foreign_file, "notes of mine.txt", "a file that no export wrote"),
    (file_for_folder, "is not what an export writes", "a file where a folder goes"),
    (folder_inside, "mine", "a folder inside"),
]


@pytest.mark.parametrize(("make", "words"), [f[:2] for f in FOREIGN], ids=[f[2] for f in FOREIGN])
def test_what_no_export_wrote_is_not_overwritten(datasets, tmp_path, make, words):
    make(tmp_path / "brat")
    before = sorted(tmp_path.rglob("*"))
    assert words in command(datasets / "full", "--to", "brat", "--out", tmp_path, "--overwrite", code=2)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", NAMES)
def test_export_that_fails_leaves_what_was_there(datasets, tmp_path, monkeypatch, name):
    for product in FORMATS[name].products:
        if product.inside is not None:
            (tmp_path / product.name).mkdir()
        else:
            (tmp_path / product.name).write_text("earlier")
    before = sorted(tmp_path.rglob("*"))

    def full(self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Dataset, "check_unchanged", full)  # all is written, nothing renamed yet
    assert "No space left" in command(datasets / "full", "--to", name, "--out", tmp_path, "--overwrite", code=1)
    assert sorted(tmp_path.rglob("*")) == before
    assert {p.read_text() for p in tmp_path.rglob("*") if p.is_file()} <= {"earlier"}
    if name == "prodigy":
        command(datasets / "full", "--to", name, "--out", tmp_path / "new" / "folder", code=1)
        assert not (tmp_path / "new" / "folder").exists()


def test_dataset_that_changes_while_it_is_exported_is_not_kept(datasets, tmp_path, monkeypatch):
    from extract.export import dataset

    shutil.copytree(datasets / "full", tmp_path / "copy")
    real, calls = dataset.run_file, []

    def changing(home):
        calls.append(home)
        return real(home) | {"content": str(len(calls))}

    monkeypatch.setattr(dataset, "run_file", changing)
    assert "changed" in command(tmp_path / "copy", "--to", "prodigy", code=2)
    assert not (tmp_path / "copy" / "prodigy.jsonl").exists()


def no_tables(home):
    for path in home.glob("*.parquet"):
        path.unlink()


UNFINISHED = [
    (lambda home: (home / "run.json").unlink(), "run.json", "a run was killed before its end"),
    (lambda home: (home / "flat.parquet").unlink(), "flat.parquet", "a table is missing"),
    (lambda home: (home / "run.json").write_text("[1"), "run.json", "half a file"),
    (no_tables, "holds no dataset", "a folder of something else"),
]


@pytest.mark.parametrize(("change", "words"), [u[:2] for u in UNFINISHED], ids=[u[2] for u in UNFINISHED])
def test_what_is_no_finished_dataset_is_refused(datasets, tmp_path, change, words):
    shutil.copytree(datasets / "full", tmp_path / "copy")
    change(tmp_path / "copy")
    assert words in command(tmp_path / "copy", "--to", "duckdb", code=2)
    assert not (tmp_path / "copy" / "dataset.duckdb").exists()


@pytest.mark.parametrize("there", [False, True], ids=["the text is gone", "another text of the same length"])
def test_text_that_offsets_do_not_fit_is_refused(datasets, tmp_path, there):
    shutil.copytree(datasets / "full", tmp_path / "copy")
    text = next((tmp_path / "copy" / "texts").iterdir())
    if there:
        text.write_text(text.read_text().swapcase())
    else:
        text.unlink()
    with pytest.raises(ExportError, match="run imr extract again"):
        export(tmp_path / "copy", "prodigy")


def test_older_dataset_without_a_column_is_exported(datasets, tmp_path):
    shutil.copytree(datasets / "full", tmp_path / "copy")
    path = tmp_path / "copy" / "issues.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["drug_ingredient"]), path)
    for name in ("sqlite", "stata"):
        export(tmp_path / "copy", name)
    assert "drug_ingredient" not in of_sqlite(tmp_path / "copy", Dataset.open(tmp_path / "copy").table("issues"))[0]


# -- pages


def test_python_on_the_page_runs(datasets, tmp_path, monkeypatch):
    for needed in ("frictionless", "mlcroissant"):
        pytest.importorskip(needed, reason="shown on the page; in the dev group")
    shutil.copytree(datasets / "full", tmp_path / "dataset")
    for name in ("sqlite", "duckdb", "excel", "label-studio", "prodigy"):
        export(tmp_path / "dataset", name)
    monkeypatch.chdir(tmp_path)
    scope = {}
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "export.md").read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 7
    for block in blocks:
        exec(block, scope)
    assert len(scope["issues"]) == len(wanted(datasets / "full", TABLES[1])) == len(scope["rows"])
    assert "Norco" in scope["drugs"]
    assert scope["regions"]
