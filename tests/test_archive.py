"""What a run remembers: nothing is read twice, nothing lost, whatever order things come in and whatever is killed."""

import json
import os
import re
import shutil
import signal
import time

import psutil
import pytest
from click.testing import CliRunner

from extract.archive import worker
from extract.archive.key import ReaderSpec
from extract.archive.part import part_path
from extract.cli import main
from extract.metadata.files import METADATA
from extract.patterns import patterns_home
from tests.runs import assert_same, failures, files, letter, make_letters, rows, run, sources, start


@pytest.fixture
def read_names(monkeypatch, reader):
    """Names of the files that runs in this process really read; they share a reader."""
    names = []
    real = worker.ChunkReader._one

    def one(self, task, part, desk):
        outcome = yield from real(self, task, part, desk)
        names.append(task.name if outcome.state != "same" else f"{task.name} hashed")
        return outcome

    monkeypatch.setattr(worker.ChunkReader, "_one", one)
    monkeypatch.setattr(ReaderSpec, "reader", lambda self: reader)
    return names


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


# -- workers


def test_any_number_of_workers_gives_the_same_bytes(tmp_path):
    make_letters(tmp_path / "in", 40)
    shutil.copy(tmp_path / "in" / "001.txt", tmp_path / "in" / "000a.txt")
    (tmp_path / "in" / "bad.pdf").write_bytes(b"no PDF")
    for count in (0, 2):
        run(tmp_path / "in", "--out", tmp_path / str(count), "--workers", count)
    assert_same(tmp_path / "0", tmp_path / "2")


def test_letters_that_hang_kill_or_fatten_a_worker_cost_themselves_alone(tmp_path):
    """At their first step, and later beside the others of their chunk."""
    words = {3: "HANG", 9: "CRASH", 14: "EAT", 41: "HANG LATE", 50: "CRASH LATE", 51: "CRASH LATE", 77: "EAT LATE"}
    make_letters(tmp_path / "in", 96, words)
    process = start(
        tmp_path / "in", "--out", tmp_path / "out", "--workers", 2, "--deadline", 6, "--memory", 700, faults=True
    )
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    codes = {"HANG": "timeout", "CRASH": "crashed", "EAT": "out_of_memory"}
    assert failures(tmp_path / "out") == {f"{n:03d}.txt": codes[word.split()[0]] for n, word in words.items()}
    assert len(sources(tmp_path / "out")) == 96 - len(words)
    assert all(len(r["sha256"]) == 64 for r in rows(tmp_path / "out", "failures"))
    details = {r["source"]: r["detail"] for r in rows(tmp_path / "out", "failures")}
    assert details["009.txt"] == "the worker ended with SIGSEGV"
    assert details["003.txt"].startswith("more than 6 s; a long scan may need a longer --deadline")


def wait_for(out, files, process):
    """Until a run has read some files."""
    from extract.archive.ledger import LedgerError, status

    for _ in range(600):
        try:
            counts = status(out / ".run" / "ledger.sqlite").counts
            if counts.letters >= files:
                return
        except (LedgerError, OSError, Exception):
            pass
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    pytest.fail("the run does not come on")


def test_killed_at_any_moment_the_same_command_gives_the_same_bytes(tmp_path):
    """Workers and parent are killed in turn while the run goes on."""
    make_letters(tmp_path / "in", 60, dict.fromkeys(range(60), "SLOW"))
    (tmp_path / "in" / "000b.txt").write_bytes((tmp_path / "in" / "050.txt").read_bytes())
    run(tmp_path / "in", "--out", tmp_path / "whole")
    arguments = (tmp_path / "in", "--out", tmp_path / "out", "--workers", 2)
    process = start(*arguments, faults=True)
    wait_for(tmp_path / "out", 5, process)
    children = psutil.Process(process.pid).children(recursive=True)
    for child in children:  # two workers and the process that forks them
        child.kill()
        time.sleep(0.3)
    wait_for(tmp_path / "out", 20, process)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert not (tmp_path / "out" / "letters.csv").exists()
    process = start(*arguments, faults=True)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert_same(tmp_path / "out", tmp_path / "whole")


def test_killed_while_tables_are_put_together(tmp_path, read_names, monkeypatch):
    from extract.archive import assemble

    make_letters(tmp_path / "in", 4)
    run(tmp_path / "in", "--out", tmp_path / "whole")
    real = os.replace
    for number in range(17):  # as if killed before each of the renames
        left = [number]

        def replace(one, two, left=left):
            if str(one).endswith((".csv.part", ".parquet.part", ".json.part")):
                left[0] -= 1
                if left[0] < 0:
                    raise MemoryError
            real(one, two)

        monkeypatch.setattr(assemble.os, "replace", replace)
        arguments = ["extract", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--workers", "0"]
        CliRunner().invoke(main, arguments)
        monkeypatch.setattr(assemble.os, "replace", real)
        run(tmp_path / "in", "--out", tmp_path / "out")
        assert_same(tmp_path / "out", tmp_path / "whole")
        (tmp_path / "out" / "run.json").unlink()


def test_ctrl_c_drains_and_the_same_command_goes_on(tmp_path):
    make_letters(tmp_path / "in", 60, dict.fromkeys(range(60), "SLOW"))
    arguments = (tmp_path / "in", "--out", tmp_path / "out", "--workers", 1)
    process = start(*arguments, faults=True)
    wait_for(tmp_path / "out", 5, process)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "The same command goes on" in output
    status = CliRunner().invoke(main, ["status", str(tmp_path / "out")]).output
    assert "left" in status
    assert "stopped" in status
    run(tmp_path / "in", "--out", tmp_path / "out")
    run(tmp_path / "in", "--out", tmp_path / "whole")
    assert_same(tmp_path / "out", tmp_path / "whole")
    assert "0 left" in CliRunner().invoke(main, ["status", str(tmp_path / "out")]).output


def test_workers_that_cannot_start_end_the_run_with_the_reason(tmp_path, monkeypatch):
    make_letters(tmp_path / "in", 2)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sitecustomize.py").write_text("import os; os._exit(7)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    assert "--workers 0" in run(tmp_path / "in", "--out", tmp_path / "out", "--workers", 2, code=1)


def test_full_disk_ends_the_run_and_the_same_command_goes_on(tmp_path, read_names, monkeypatch):
    from extract import run as runs

    make_letters(tmp_path / "in", 3)
    real = runs.write_whole

    def full(path, data, **how):
        if path.name == "0000002.part":
            raise OSError(28, "No space left on device")
        real(path, data, **how)

    monkeypatch.setattr(runs, "write_whole", full)
    assert "same command" in run(tmp_path / "in", "--out", tmp_path / "out", code=1)
    monkeypatch.setattr(runs, "write_whole", real)
    read_names.clear()
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert read_names == ["001.txt", "002.txt"]


def test_status_of_a_folder_without_a_run(tmp_path):
    result = CliRunner().invoke(main, ["status", str(tmp_path)])
    assert result.exit_code == 1
    assert "no run" in result.output


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


# -- de-identified tables


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
