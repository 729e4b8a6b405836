"""The same run on a cluster gives the same bytes, with a worker lost on the way."""

import threading
import time

import psutil
import pytest

from tests.runs import assert_same, failures, make_letters, run

distributed = pytest.importorskip("distributed", reason="the cluster extra is not installed (.ci/run installs it)")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address=None, silence_logs=50
    ) as made:
        yield made


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    home = tmp_path_factory.mktemp("cluster")
    make_letters(home / "in", 60)
    (home / "in" / "bad.pdf").write_bytes(b"no PDF")
    (home / "in" / "zz.txt").write_bytes((home / "in" / "003.txt").read_bytes())
    run(home / "in", "--out", home / "whole")
    return home


def test_lost_worker_changes_nothing(cluster, letters):
    """One of two workers is killed when the first letters are read; Dask starts another."""
    killed = []

    def kill():
        from extract.archive.ledger import status

        while not killed:
            time.sleep(0.02)
            try:
                if status(letters / "out" / ".run" / "ledger.sqlite").counts.letters:
                    worker = next(iter(cluster.workers.values()))
                    psutil.Process(worker.pid).kill()
                    killed.append(worker.pid)
            except Exception:
                continue

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    run(letters / "in", "--out", letters / "out", "--scheduler", cluster.scheduler_address)
    thread.join(5)
    assert killed
    assert_same(letters / "out", letters / "whole")
    assert failures(letters / "out") == {"bad.pdf": "not_a_pdf", "zz.txt": "duplicate"}


def test_from_url_to_url(cluster, letters):
    """Workers open the letters by their URLs; the tables go to a URL."""
    source, target = (letters / "in").as_uri(), (letters / "shared" / "out").as_uri()
    run(source, "--out", target, "--run-dir", letters / "run", "--scheduler", cluster.scheduler_address)
    assert_same(letters / "shared" / "out", letters / "whole")


def test_scheduler_that_is_not_there_ends_with_the_reason(letters, monkeypatch):
    monkeypatch.setattr("extract.archive.cluster.CONNECT_LIMIT", 1)
    output = run(letters / "in", "--out", letters / "none", "--scheduler", "tcp://127.0.0.1:1", code=1)
    assert "tcp://127.0.0.1:1" in output


def test_workers_of_another_version_are_refused(cluster, letters, monkeypatch):
    monkeypatch.setattr("extract.archive.key.pipeline_digest", lambda: "other")
    output = run(letters / "in", "--out", letters / "other", "--scheduler", cluster.scheduler_address, code=1)
    assert "another version" in output
