"""What a run remembers: nothing is read twice, nothing is lost, whatever order things come in."""

import json
import os
import shutil

import pytest
from click.testing import CliRunner

from extract.archive.part import part_path
from extract.cli import main
from extract.patterns import patterns_home
from tests.runs import assert_same, failures, files, letter, make_letters, rows, run, sources

# -- what is read again


def test_second_run_reads_nothing_and_changes_nothing(tmp_path, read_names):
    make_letters(tmp_path / "in", 5)
    run(tmp_path / "in", "--out", tmp_path / "out")
    before = files(tmp_path / "out")
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("[a-z]*.*")}
    read_names.clear()
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert read_names == []
    assert files(tmp_path / "out") == before
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("[a-z]*.*")} == times


def touch(folder):
    os.utime(folder / "001.txt", ns=(1, 1))


def change(folder):
    (folder / "001.txt").write_text(letter(77))


def add(folder):
    (folder / "0005.txt").write_text(letter(78))


def add_archive(folder):
    import zipfile

    with zipfile.ZipFile(folder / "000a.zip", "w") as archive:
        archive.writestr("1.txt", letter(79))


CHANGES = [
    (touch, ["001.txt hashed"], "another time on a file: its bytes are hashed, not read"),
    (change, ["001.txt"], "other bytes in a file"),
    (add, ["0005.txt"], "a file more, between the others"),
    (add_archive, ["000a.zip/1.txt"], "an archive more"),
]


@pytest.mark.parametrize(("change", "read"), [c[:2] for c in CHANGES], ids=[c[2] for c in CHANGES])
def test_only_what_changed_is_read(tmp_path, read_names, change, read):
    make_letters(tmp_path / "in", 4)
    run(tmp_path / "in", "--out", tmp_path / "out")
    read_names.clear()
    change(tmp_path / "in")
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert read_names == read
    run(tmp_path / "in", "--out", tmp_path / "fresh")
    assert_same(tmp_path / "out", tmp_path / "fresh")


def test_changed_rule_reads_all_again(tmp_path, read_names):
    make_letters(tmp_path / "in", 2)
    shutil.copytree(patterns_home(), tmp_path / "rules")
    run(tmp_path / "in", "--out", tmp_path / "out", "--patterns", tmp_path / "rules")
    read_names.clear()
    with (tmp_path / "rules" / "vocab" / "drugs.csv").open("a") as stream:
        stream.write("\n")
    run(tmp_path / "in", "--out", tmp_path / "out", "--patterns", tmp_path / "rules")
    assert read_names == ["000.txt", "001.txt"]


def test_failures_are_remembered_and_retried_when_asked(tmp_path, read_names, monkeypatch):
    make_letters(tmp_path / "in", 2)
    (tmp_path / "in" / "bad.pdf").write_bytes(b"no PDF")
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert failures(tmp_path / "out") == {"bad.pdf": "not_a_pdf"}
    read_names.clear()
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert read_names == []
    run(tmp_path / "in", "--out", tmp_path / "out", "--retry-failed")
    assert read_names == ["bad.pdf"]


def test_unchanged_archive_is_not_even_listed(tmp_path, read_names, monkeypatch):
    from extract.archive import containers

    make_letters(tmp_path / "in", 3)
    shutil.make_archive(str(tmp_path / "all"), "gztar", tmp_path / "in")
    run(tmp_path / "all.tar.gz", "--out", tmp_path / "out")
    read_names.clear()
    monkeypatch.setattr(containers, "members", lambda path: pytest.fail("listed again"))
    run(tmp_path / "all.tar.gz", "--out", tmp_path / "out")
    assert read_names == []
    assert len(sources(tmp_path / "out")) == 3


def test_dropped_files_are_asked_about(tmp_path, read_names):
    make_letters(tmp_path / "in", 3)
    run(tmp_path / "in", "--out", tmp_path / "out")
    (tmp_path / "in" / "001.txt").unlink()
    before = files(tmp_path / "out")
    assert "--drop-missing" in run(tmp_path / "in", "--out", tmp_path / "out", code=2)
    assert files(tmp_path / "out") == before
    run(tmp_path / "in", "--out", tmp_path / "out", "--drop-missing")
    run(tmp_path / "in", "--out", tmp_path / "fresh")
    assert_same(tmp_path / "out", tmp_path / "fresh")


def test_archive_that_was_damaged_and_is_whole_again(tmp_path, read_names):
    make_letters(tmp_path / "letters", 2)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.zip").write_bytes(b"PK")
    run(tmp_path / "in", "--out", tmp_path / "out", code=3)
    assert failures(tmp_path / "out") == {"a.zip": "damaged"}
    shutil.make_archive(str(tmp_path / "in" / "a"), "zip", tmp_path / "letters")
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert failures(tmp_path / "out") == {}
    assert sources(tmp_path / "out") == ["a.zip/000.txt", "a.zip/001.txt"]


def test_dataset_that_no_run_remembers_is_not_touched(tmp_path, read_names):
    make_letters(tmp_path / "in", 1)
    run(tmp_path / "in", "--out", tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / ".run")
    assert "--overwrite" in run(tmp_path / "in", "--out", tmp_path / "out", code=2)
    (tmp_path / "out" / "mine.txt").write_text("kept")
    (tmp_path / "out" / "texts" / "mine.txt").write_text("kept")
    run(tmp_path / "in", "--out", tmp_path / "out", "--overwrite")
    assert (tmp_path / "out" / "mine.txt").exists()
    assert (tmp_path / "out" / "texts" / "mine.txt").exists()


def test_damaged_part_is_read_again(tmp_path, read_names):
    make_letters(tmp_path / "in", 3)
    run(tmp_path / "in", "--out", tmp_path / "out")
    whole = files(tmp_path / "out")
    parts = sorted((tmp_path / "out" / ".run" / "parts").rglob("*.part"))
    parts[0].write_bytes(parts[0].read_bytes()[:100])
    parts[1].unlink()
    (tmp_path / "out" / "letters.csv").unlink()
    read_names.clear()
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert sorted(read_names) == ["000.txt", "001.txt"]
    assert files(tmp_path / "out") == whole


def test_parts_that_a_power_cut_spoilt_are_all_read_again_at_once(tmp_path, read_names):
    make_letters(tmp_path / "in", 9)
    run(tmp_path / "in", "--out", tmp_path / "out")
    whole = files(tmp_path / "out")
    parts = sorted((tmp_path / "out" / ".run" / "parts").rglob("*.part"))
    for part in parts[:6]:
        part.write_bytes(bytes(part.stat().st_size))  # the file system knew its size, the disk not its bytes
    (tmp_path / "out" / "letters.csv").unlink()
    read_names.clear()
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert len(read_names) == 6
    assert files(tmp_path / "out") == whole


def test_text_that_is_no_letter_any_more_goes(tmp_path, read_names):
    make_letters(tmp_path / "in", 2)
    run(tmp_path / "in", "--out", tmp_path / "out")
    (tmp_path / "in" / "001.txt").write_text("no letter")
    run(tmp_path / "in", "--out", tmp_path / "out")
    ids = {r["letter_id"] for r in rows(tmp_path / "out", "letters")}
    assert {p.stem for p in (tmp_path / "out" / "texts").iterdir()} == ids


def test_run_in_progress_keeps_others_out(tmp_path, read_names):
    from filelock import FileLock

    make_letters(tmp_path / "in", 1)
    (tmp_path / "out" / ".run").mkdir(parents=True)
    with FileLock(tmp_path / "out" / ".run" / "lock"):
        assert "imr status" in run(tmp_path / "in", "--out", tmp_path / "out", code=2)


# -- the same bytes twice


def test_first_source_of_the_same_bytes_gives_the_letter(tmp_path, read_names):
    make_letters(tmp_path / "in", 2)
    shutil.copy(tmp_path / "in" / "001.txt", tmp_path / "in" / "zzz.txt")
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert failures(tmp_path / "out") == {"zzz.txt": "duplicate"}
    shutil.copy(tmp_path / "in" / "001.txt", tmp_path / "in" / "0000.txt")
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert failures(tmp_path / "out") == {"001.txt": "duplicate", "zzz.txt": "duplicate"}
    assert sources(tmp_path / "out") == ["000.txt", "0000.txt"]
    assert {r["detail"] for r in rows(tmp_path / "out", "failures")} == {"same bytes as 0000.txt"}
    run(tmp_path / "in", "--out", tmp_path / "fresh")
    assert_same(tmp_path / "out", tmp_path / "fresh")


def test_two_folders_with_the_same_names_stay_apart(tmp_path, read_names):
    make_letters(tmp_path / "a" / "in", 1)
    make_letters(tmp_path / "b" / "in", 1, {0: "other"})
    run(tmp_path / "a" / "in", tmp_path / "b" / "in", "--out", tmp_path / "out")
    one, two = sources(tmp_path / "out")
    assert {one, two} == {"in/000.txt", str(tmp_path / "b" / "in" / "000.txt").lstrip("/")}


def test_names_that_only_differ_in_bytes_that_are_not_utf_8(tmp_path, read_names):
    (tmp_path / "in").mkdir()
    for number, name in enumerate((b"bad\xff.txt", b"bad\xfe.txt")):
        (tmp_path / "in" / os.fsdecode(name)).write_text(letter(number))
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert len(sources(tmp_path / "out")) == 2


# -- tables


def test_raw_csv_leaves_formulas_as_they_are_and_reads_nothing_again(tmp_path, read_names):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(letter(1).replace("Norco 10/325mg #60", "=1+1 Norco"))
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert "'=1+1 Norco" in {r["requested_treatment"] for r in rows(tmp_path / "out", "issues")}
    read_names.clear()
    run(tmp_path / "in", "--out", tmp_path / "out", "--raw-csv")
    assert "=1+1 Norco" in {r["requested_treatment"] for r in rows(tmp_path / "out", "issues")}
    assert read_names == []


def test_row_groups_do_not_tell_what_order_letters_were_read_in(tmp_path, read_names, monkeypatch):
    """Few rows a group, and parts of other sizes: an undisturbed run and one in three steps give the same bytes."""
    import pyarrow.parquet as pq

    from extract.archive import assemble

    monkeypatch.setattr(assemble, "ROW_GROUP", {"evidence": 50, "issues": 3})
    make_letters(tmp_path / "all", 20)
    run(tmp_path / "all", "--out", tmp_path / "whole")
    assert pq.ParquetFile(tmp_path / "whole" / "issues.parquet").num_row_groups > 5
    (tmp_path / "in").mkdir()
    for step in (range(0, 20, 3), range(1, 20, 3), range(2, 20, 3)):
        for number in step:
            shutil.copy2(tmp_path / "all" / f"{number:03d}.txt", tmp_path / "in")
        run(tmp_path / "in", "--out", tmp_path / "out")
    assert_same(tmp_path / "out", tmp_path / "whole")


def test_value_that_no_table_holds_is_the_letters_own_failure(tmp_path, reader, monkeypatch):
    from dataclasses import replace

    from extract.pipeline import LetterReader

    real = LetterReader.reading

    def reading(self, source):
        found = yield from real(self, source)
        if source.name == "001.txt":
            return [replace(found[0], age=10**30)]
        if source.name == "003.txt":
            return [replace(found[0], sex=["M"])]
        return [replace(found[0], text="\ud800")] if source.name == "002.txt" else found

    monkeypatch.setattr(LetterReader, "reading", reading)
    make_letters(tmp_path / "in", 40)  # five of them make a part
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert failures(tmp_path / "out") == dict.fromkeys(("001.txt", "002.txt", "003.txt"), "internal_error")
    others = [f"{number:03d}.txt" for number in range(40) if number not in (1, 2, 3)]
    assert sources(tmp_path / "out") == others
    kept = [{(r["letter_id"], r["case_number"]) for r in rows(tmp_path / "out", name)} for name in ("letters", "flat")]
    assert kept[0] == kept[1]
    assert len(kept[0]) == len(others)


def test_failures_of_any_name_are_the_same_in_csv_and_parquet(tmp_path, read_names):
    import pyarrow.parquet as pq

    (tmp_path / "in").mkdir()
    names = ["=a.pdf", 'q"u,o|te.pdf', "line\nend.pdf", "NULL", "back\\slash.pdf", "12", "ünï.pdf"]
    for name in names:
        (tmp_path / "in" / name).write_bytes(b"no PDF" + name.encode())
    run(tmp_path / "in", "--out", tmp_path / "out", code=3)
    table = pq.read_table(tmp_path / "out" / "failures.parquet").to_pylist()
    assert [r["source"] for r in table] == sorted(names)
    assert [r["source"].removeprefix("'") for r in rows(tmp_path / "out", "failures")] == sorted(names)
    assert all(len(r["sha256"]) == 64 for r in table)


def test_run_file_counts_and_names_no_time_or_place(tmp_path, read_names):
    make_letters(tmp_path / "in", 2)
    run(tmp_path / "in", "--out", tmp_path / "out")
    data = json.loads((tmp_path / "out" / "run.json").read_text())
    assert data["letters"] == data["files"] == 2
    assert str(tmp_path) not in json.dumps(data)


def test_parts_lie_a_thousand_to_a_folder(tmp_path):
    assert part_path(tmp_path, 12345).relative_to(tmp_path).as_posix() == "0012/0012345.part"


# -- shards brought together


@pytest.fixture
def shards(tmp_path, read_names):
    """Three shards of one folder, with the same bytes in two of them, and the dataset of one run."""
    make_letters(tmp_path / "in", 20)
    (tmp_path / "in" / "bad.pdf").write_bytes(b"no PDF")
    for number in range(6):
        shutil.copy(tmp_path / "in" / "004.txt", tmp_path / "in" / f"same{number}.txt")
    run(tmp_path / "in", "--out", tmp_path / "whole")
    for number in (1, 2, 3):
        run(tmp_path / "in", "--shard", f"{number}/3", "--out", tmp_path / f"shard{number}")
    return [tmp_path / f"shard{number}" for number in (3, 1, 2)]


def merge(*arguments, code=0):
    result = CliRunner().invoke(main, ["merge", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def test_merged_shards_are_the_dataset_of_one_run(tmp_path, shards, read_names):
    merge(*shards, "--out", tmp_path / "out")
    assert_same(tmp_path / "out", tmp_path / "whole")
    read_names.clear()
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert read_names == []
    assert_same(tmp_path / "out", tmp_path / "whole")


def test_shards_that_do_not_go_together_are_refused(tmp_path, shards):
    assert "same name" in merge(shards[0], shards[0], "--out", tmp_path / "out", code=2)
    assert "--out" in merge(*shards, "--out", tmp_path / "whole", code=2)
    shutil.copytree(patterns_home(), tmp_path / "rules")
    (tmp_path / "rules" / "more.txt").write_text("")
    run(tmp_path / "in", "--out", tmp_path / "other", "--patterns", tmp_path / "rules")
    assert "other rules" in merge(shards[0], tmp_path / "other", "--out", tmp_path / "out", code=2)
    (tmp_path / "empty").mkdir()
    assert "no dataset" in merge(tmp_path / "empty", "--out", tmp_path / "out", code=2)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
