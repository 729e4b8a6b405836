"""Workers that hang, crash, grow or are killed, and runs that are: nothing is lost, and the bytes are the same."""

import os
import shutil
import signal
import time

import psutil
import pytest
from click.testing import CliRunner

from extract.cli import main
from tests.runs import assert_same, failures, make_letters, rows, run, sources, start


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
