"""De-identified tables: what may identify is gone, what may be said stays, and nothing is read again for them."""

import re

import pytest
from click.testing import CliRunner

from extract.cli import main
from extract.metadata.files import METADATA
from tests.runs import letter, rows, run

OLD = letter(1).replace("41 year old", "93 year old").replace("Norco 10/325mg #60", "Mr. Smith's potion #60")


@pytest.fixture
def deidentified(tmp_path, read_names):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "CM16-9990001 Smith.txt").write_text(OLD)
    (tmp_path / "in" / "CM16-9990002.txt").write_text(letter(2))
    (tmp_path / "in" / "CM16-9990003.txt").write_text(letter(2))
    (tmp_path / "in" / "CM16-9990004.txt").write_text("no letter of Smith")
    run(tmp_path / "in", "--out", tmp_path / "full")
    run(tmp_path / "in", "--out", tmp_path / "safe", "--deidentify", "--salt", "pepper")
    return tmp_path


def test_deidentified_dates_are_years_and_ages_end_at_90(deidentified):
    letters = rows(deidentified / "safe", "letters")
    assert {r["injury_date"] + r["decision_date"] for r in letters} == {""}
    assert {r["injury_date_year"] for r in letters} == {"2016"}
    assert sorted((r["age"], r["age_top_coded"]) for r in letters) == [("41", "0"), ("90", "1")]
    flat = rows(deidentified / "safe", "flat")
    assert {r["decision_date_year"] for r in flat} == {"2016"}
    assert {r["age"] for r in flat} == {"41", "90"}


def test_nothing_that_identifies_is_left_in_the_folder(deidentified):
    out = deidentified / "safe"
    ids = [r["letter_id"] for r in rows(deidentified / "full", "letters")]
    for path in out.rglob("*"):
        assert path.suffix in (".csv", ".parquet", ".json"), path
    text = "".join(p.read_text() for p in [*out.glob("*.csv"), out / "run.json"])
    text = re.sub(r"\b0\.\d+", "", text)  # confidences: 0.9935 is no age of 93
    for word in ("Smith", "CM16-", "pallet", "2016-", "pepper", "93", "potion", "Initial Care", *ids):
        assert word not in text, word
    described = "".join((out / name).read_text() for name in METADATA)  # digits of hashes and a made-up example aside
    for word in ("Smith", "pallet", "pepper", "potion", "Initial Care", "CM16-999", *ids):
        assert word not in described, word


def test_deidentified_tables_keep_the_contract_and_their_keys(deidentified):
    import pyarrow.parquet as pq

    for name in ("letters", "issues", "citations", "evidence", "failures", "flat"):
        full, safe = rows(deidentified / "full", name), rows(deidentified / "safe", name)
        assert len(full) == len(safe)
        assert list(safe[0])[: len(full[0])] == list(full[0])
        table = pq.read_table(deidentified / "safe" / f"{name}.parquet")
        assert table.column_names == list(safe[0])
    letters = {r["letter_id"] for r in rows(deidentified / "safe", "letters")}
    assert {r["letter_id"] for r in rows(deidentified / "safe", "issues")} == letters
    assert len(letters) == 2
    drugs = {r["drug"] for r in rows(deidentified / "safe", "issues")}
    assert "Norco" in drugs


def test_column_that_nobody_called_harmless_stays_empty(patterns):
    from extract.archive.deidentify import HASHED, KEPT, Deidentified
    from extract.schema import TABLES, Column

    rendering = Deidentified(patterns=patterns)
    assert rendering._value(Column("new_column", "str", ""), "Smith") is None
    assert rendering._value(Column("new_list", "list", ""), ["Smith"]) == []
    assert {c.name for t in TABLES for c in t.columns} >= KEPT | HASHED


def test_salt_makes_the_hashes_and_a_random_one_is_not_kept(deidentified):
    again, other = deidentified / "again", deidentified / "other"
    run(deidentified / "in", "--out", again, "--deidentify", "--salt", "pepper")
    run(deidentified / "in", "--out", other, "--deidentify")
    ids = [{r["letter_id"] for r in rows(out, "letters")} for out in (deidentified / "safe", again, other)]
    assert ids[0] == ids[1]
    assert not ids[0] & ids[2]


def test_deidentified_tables_do_not_lie_beside_what_they_were_made_from(deidentified):
    arguments = (deidentified / "in", "--deidentify", "--overwrite")
    run(*arguments, "--out", deidentified / "full", code=2)
    run(*arguments, "--out", deidentified / "safe", "--run-dir", deidentified / "safe" / "run", code=2)
    assert "finished" in CliRunner().invoke(main, ["status", str(deidentified / "safe")]).output


def test_run_folder_serves_both_kinds_of_tables(deidentified, read_names):
    read_names.clear()
    run_dir = deidentified / "full" / ".run"
    run(deidentified / "in", "--out", deidentified / "two", "--deidentify", "--run-dir", run_dir)
    assert read_names == []
    run(deidentified / "in", "--out", deidentified / "full")
    assert read_names == []
