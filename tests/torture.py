"""`make torture`: runs that are killed, hung, fattened, bombed and fuzzed; one table, pass or fail.

MUTATED says how many letters with broken bytes are read (2,000). Takes minutes.
"""

import contextlib
import importlib.util
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from extract.archive.ledger import LedgerError, status
from tests.hostile.files import HOSTILE
from tests.hostile.fuzz import mutated
from tests.runs import failures, files, make_letters, rows, run, sources, start
from tests.table import Figure, show
from tests.test_inputs import TARS, ZIPS, pack

LETTERS = 400
KILLS = 6
MUTATED = int(os.environ.get("MUTATED", "2000"))


def read_so_far(out):
    with contextlib.suppress(LedgerError, OSError, Exception):
        counts = status(out / ".run" / "ledger.sqlite").counts
        return counts.letters + counts.failed
    return 0


def wait_until(condition, process=None, limit=120):
    end = time.monotonic() + limit
    while not condition() and time.monotonic() < end and (process is None or process.poll() is None):
        time.sleep(0.02)


def whole(home):
    """Letters, a file twice, a bad file; and the dataset of an undisturbed run."""
    if not (home / "whole").exists():
        make_letters(home / "in", LETTERS, dict.fromkeys(range(0, LETTERS, 3), "SLOW"))
        shutil.copy(home / "in" / "001.txt", home / "in" / "zz.txt")
        (home / "in" / "bad.pdf").write_bytes(b"no PDF")
        run(home / "in", "--out", home / "whole")
    return home / "in"


def equal(one, two):
    first, second = files(one), files(two)
    same = sum(first.get(name) == data for name, data in second.items())
    return f"{same} of {len(second)} files equal", same == len(second) == len(first)


def kill(home):
    """kill -9 of workers and of the parent at moments drawn by chance, then the same command again and again."""
    folder, out, chance = whole(home), home / "killed", random.Random(7)
    arguments = (folder, "--out", out, "--workers", 2)
    kills = left = 0
    for _ in range(KILLS):
        process = start(*arguments, faults=True)
        target = read_so_far(out) + chance.randrange(1, LETTERS // KILLS)
        wait_until(lambda out=out, target=target: read_so_far(out) >= target, process)
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        if children and chance.random() < 0.5:
            chance.choice(children).kill()
            kills += 1
            time.sleep(chance.random())
        process.kill()
        process.wait()
        kills += 1
        left += len(psutil.wait_procs(children, timeout=10)[1])
    process = start(*arguments, faults=True)
    process.communicate(timeout=300)
    measured, passed = equal(out, home / "whole")
    yield Figure(f"kill -9, {kills} times", measured, "all equal", passed and process.returncode == 0)
    yield Figure("  processes that outlive their parent", str(left), "0", left == 0)


def interrupt(home):
    """Ctrl-C, then the same command."""
    folder, out = whole(home), home / "interrupted"
    process = start(folder, "--out", out, "--workers", 2, faults=True)
    wait_until(lambda: read_so_far(out) > LETTERS // 4, process)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    took = time.monotonic() - begin
    code = process.returncode
    run(folder, "--out", out)
    measured, passed = equal(out, home / "whole")
    yield Figure(
        "Ctrl-C, then the same command", f"{measured}, drained in {took:.1f} s", "all equal", passed and code == 130
    )


def isolation(home):
    """Letters that hang, kill and fatten their worker, among others."""
    words = {5: "HANG", 40: "CRASH", 41: "CRASH ", 90: "EAT", 130: "HANG ", 171: "EAT "}
    make_letters(home / "faults", 180, words)
    arguments = (home / "faults", "--out", home / "isolated", "--workers", 2, "--deadline", 3, "--memory", 800)
    process = start(*arguments, faults=True)
    process.communicate(timeout=300)
    found = failures(home / "isolated")
    codes = {"HANG": "timeout", "CRASH": "crashed", "EAT": "out_of_memory"}
    for word, reason in codes.items():
        wanted = {f"{n:03d}.txt" for n, w in words.items() if w.strip() == word}
        given = {name for name, code in found.items() if code == reason}
        yield Figure(
            f"letters that make it {reason}",
            f"{len(given & wanted)} of {len(wanted)}",
            "each, and no other",
            given == wanted,
        )
    read = len(sources(home / "isolated"))
    yield Figure("  the letters beside them", f"{read} of 174 read", "all", read == 174)
    begin = time.monotonic()
    run(home / "faults", "--out", home / "isolated")
    took = time.monotonic() - begin
    yield Figure("  failures are remembered: a second run", f"{took:.1f} s", "< 5 s", took < 5)


def hostile(home):
    """The hostile files of tests/hostile."""
    (home / "hostile").mkdir()
    for file in HOSTILE:
        (home / "hostile" / file.name).write_bytes(file.make())
    peak = 0
    done = threading.Event()

    def watch():
        nonlocal peak
        while not done.wait(0.1):
            for child in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    peak = max(peak, child.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    run(home / "hostile", "--out", home / "hosted", "--workers", 2, "--deadline", 8, "--memory", 800)
    done.set()
    thread.join()
    found, letters = failures(home / "hosted"), set(sources(home / "hosted"))
    wrong = [f.name for f in HOSTILE if found.get(f.name, "letter" if f.name in letters else "nothing") not in f.gives]
    yield Figure(
        "hostile PDFs and texts",
        f"{len(HOSTILE) - len(wrong)} of {len(HOSTILE)} as they must {' '.join(wrong)}",
        "all",
        not wrong,
    )
    yield Figure("  highest memory of a worker, limit 800 MiB", f"{peak >> 20} MiB", "< 2048 MiB", peak >> 20 < 2048)


def archives(home):
    """Hostile members of zip and tar archives."""
    folder = home / "archives"
    folder.mkdir()
    for number, (make, _, _) in enumerate(ZIPS):
        make(folder / f"{number}.zip")
    import tarfile

    for number, (kind, name, _) in enumerate(TARS):
        with tarfile.open(folder / f"{number}.tar.gz", "w:gz") as archive:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    pack(folder / "bomb.tar.gz", [(f"{n}.bin", b"\0" * 40_000_000) for n in range(12)])
    run(folder, "--out", home / "unpacked", "--workers", 1, code=0)
    reasons = [r["reason"] for r in rows(home / "unpacked", "failures") if not r["source"].startswith("bomb")]
    wanted = sorted([reason for _, reason, _ in ZIPS] + ["unsafe_member"] * len(TARS))
    refused = failures(home / "unpacked").get("bomb.tar.gz")
    yield Figure(
        "links, devices, .. and bombs in archives", f"{len(reasons)} rows", f"{len(wanted)}", sorted(reasons) == wanted
    )
    yield Figure("  a stream of 500 MB in 500 KB", str(refused), "too_large", refused == "too_large")


def fuzz(home):
    """Letters with broken bytes."""
    (home / "fuzz").mkdir()
    names = set()
    for name, data in mutated(MUTATED):
        (home / "fuzz" / name).write_bytes(data)
        names.add(name)
    begin = time.monotonic()
    run(home / "fuzz", "--out", home / "fuzzed", "--workers", 2, "--deadline", 10)
    took = time.monotonic() - begin
    found = failures(home / "fuzzed")
    given = {s.partition("/")[0] for s in sources(home / "fuzzed")} | set(found)
    faults = [name for name, reason in found.items() if reason == "internal_error"]
    yield Figure(f"{MUTATED} mutated letters in {took:.0f} s", f"{len(given)} rows", "one each", given == names)
    yield Figure("  faults of the program itself", f"{len(faults)} {' '.join(faults[:5])}", "0", not faults)


def cluster(home):
    """A Dask worker killed on the way."""
    if importlib.util.find_spec("distributed") is None:
        yield Figure("a Dask worker killed", "the cluster extra is not installed")
        return
    import distributed

    folder, out = whole(home), home / "clustered"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address=None, silence_logs=50
    ) as made:

        def kill_one():
            wait_until(lambda: read_so_far(out) > 20)
            psutil.Process(next(iter(made.workers.values())).pid).kill()

        thread = threading.Thread(target=kill_one)
        thread.start()
        run(folder, "--out", out, "--scheduler", made.scheduler_address)
        thread.join()
    measured, passed = equal(out, home / "whole")
    yield Figure("a Dask worker killed", measured, "all equal", passed)


def main():
    home = Path(tempfile.mkdtemp(prefix="imr-torture-"))
    figures = []
    try:
        for scenario in (kill, interrupt, isolation, hostile, archives, fuzz, cluster):
            print(f"{scenario.__name__} …", file=sys.stderr)
            with contextlib.redirect_stdout(io.StringIO()):
                figures += list(scenario(home))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return show("What a run withstands", figures)


if __name__ == "__main__":
    sys.exit(main())
