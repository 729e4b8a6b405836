"""What workers are at, and what the parent makes of it: who is late, who is to blame, what is given out again."""

import os
import signal
import time
from multiprocessing import Pipe

import pytest

from extract.archive import desk as desks
from extract.archive.desk import NOWHERE, At, Desk, shared_memory
from extract.archive.messages import Outcome, Result, Task
from extract.archive.place import Place
from extract.archive.pool import TRIES, Pool, Watch

# -- the desk


@pytest.fixture
def clock(monkeypatch):
    """Seconds that a test sets."""
    now = [100.0]
    monkeypatch.setattr(desks.time, "monotonic", lambda: now[0])
    return now


def test_time_at_other_files_is_not_the_files_own(clock):
    desk = Desk()
    assert desk.look() == At(NOWHERE, 100.0, "")
    for seconds, file in ((1, 0), (2, 1), (20, 0), (3, 1), (4, 0)):
        clock[0] += seconds
        desk.at(file)
    clock[0] += 5
    at = desk.look()
    assert at.file == 0
    assert clock[0] - at.since == 2 + 3 + 5, "from its first step to the second file, then twice again"
    desk.clear()
    assert desk.look() == At(NOWHERE, clock[0], "")
    desk.at(0)
    assert clock[0] - desk.look().since == 0, "another chunk, another first file"


def test_each_file_has_its_hash():
    desk = Desk()
    for file, sha256 in ((0, "0a" * 32), (1, "ff" * 32)):
        desk.at(file)
        assert desk.look().sha256 == "", "not read yet"
        desk.hashed(sha256)
    desk.at(0)
    assert desk.look().sha256 == "0a" * 32
    desk.at(2)
    assert desk.look().sha256 == ""


def test_another_process_sees_what_was_written():
    memory = shared_memory()
    ours = Desk(memory)
    before = time.monotonic()
    pid = os.fork()
    if pid == 0:
        theirs = Desk(memory)
        theirs.at(4)
        theirs.hashed("12" * 32)
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(memory)
    at = ours.look()
    assert (at.file, at.sha256) == (4, "12" * 32)
    assert before <= at.since <= time.monotonic(), "one clock for all processes"


@pytest.mark.parametrize("lacking", [False, True], ids=["in memory", "in a file"])
def test_memory_is_shared_where_python_has_no_memfd(monkeypatch, lacking):
    """As built against an old C library, and on macOS."""
    if lacking:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    memory = shared_memory()
    one, other = Desk(memory), Desk(memory)
    os.close(memory)
    one.at(7)
    assert other.look().file == 7


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be kept on one core here")
def test_a_worker_that_is_stopped_while_it_writes_leaves_what_it_wrote_before():
    """Both on one core, so that the one is put aside at any moment, often in the midst of writing."""
    memory = shared_memory()
    ours = Desk(memory)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    pid = os.fork()
    try:
        if pid == 0:
            theirs = Desk(memory)
            while True:
                for file in range(1, 5):
                    theirs.at(file)
        begin = time.monotonic()
        looks = set()
        while time.monotonic() < begin + 1:
            time.sleep(0.0005)
            at = ours.look()
            assert at.since > begin - 1, at
            looks.add(at.file)
        assert looks - {NOWHERE} == {1, 2, 3, 4}
    finally:
        os.sched_setaffinity(0, cores)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(memory)


# -- the pool


class FakeWorker:
    """A worker without a process: does one thing with a chunk when it is given out."""

    def __init__(self, does):
        self.connection, self._theirs = Pipe()
        self.desk, self._does = Desk(), does
        self.size = 1

    def rss(self):
        if self._does is not None and self._theirs.poll():
            self._does(self, self._theirs.recv())
        return self.size

    def kill(self):
        self._theirs.close()
        self.connection.close()

    def reads(self, tasks):
        self._theirs.send(Result(tuple(Outcome(t.name, "letter", "") for t in tasks)))

    def dies(self, at=None):
        if at is not None:
            self.desk.at(at)
        self._theirs.close()


class FakeNursery:
    def __init__(self, does):
        self._does, self.workers = does, 0

    def worker(self):
        self.workers += 1
        return FakeWorker(self._does)

    def how_ended(self, worker):
        return "SIGFAKE"

    def close(self):
        pass


def outcomes(does, count=4, *, deadline=30.0):
    """What a pool makes of one chunk of files, and how many workers it took."""
    nursery = FakeNursery(does)
    tasks = tuple(Task(str(number), Place("file", str(number))) for number in range(count))
    with Pool(nursery, workers=1, watch=Watch(deadline=deadline, memory=1)) as pool:
        results = list(pool.run([tasks], stopping=lambda: False))
    found = [outcome for result in results for outcome in result.outcomes]
    assert sorted(o.name for o in found) == sorted(t.name for t in tasks), "each has one outcome"
    return {o.name: o.reason for o in found}, nursery.workers


def dies_before_the_first(worker, tasks):
    worker.dies()


def dies_with_the_part(worker, tasks):
    worker.dies(at=len(tasks))


def at_two(does):
    """A worker that comes to the file "2"; without it in the chunk all is read."""

    def with_a_chunk(worker, tasks):
        names = [t.name for t in tasks]
        if "2" in names:
            worker.desk.at(names.index("2"))
            does(worker)
        else:
            worker.reads(tasks)

    return with_a_chunk


def dies_at_two_once():
    died = []

    def does(worker, tasks):
        if not died:
            died.append(True)
            worker.dies(at=2)
        else:
            worker.reads(tasks)

    return does


def grows(worker):
    worker.size = 2 << 20


def hangs(worker):
    pass


ALL = ("0", "1", "2", "3")
POOLS = [
    (dies_before_the_first, dict.fromkeys(ALL, "crashed"), "no file is known to blame: each alone, and then each is"),
    (dies_with_the_part, dict.fromkeys(ALL, "crashed"), "as if no file were to blame"),
    (at_two(FakeWorker.dies), {"2": "crashed"}, "once more alone, then it is to blame"),
    (dies_at_two_once(), {}, "alone it is read: what killed the worker came from outside"),
    (at_two(grows), {"2": "out_of_memory"}, "once more alone, since others are held beside it"),
    (at_two(hangs), {"2": "timeout"}, "its own time is up"),
]


@pytest.mark.parametrize(("does", "blamed", "why"), POOLS, ids=[why for _, _, why in POOLS])
def test_blame_goes_to_the_right_file(does, blamed, why):
    reasons, workers = outcomes(does, deadline=0.3)
    assert {name: reason for name, reason in reasons.items() if reason} == blamed
    assert workers <= TRIES + len(ALL) * TRIES, "and there is an end of it"
