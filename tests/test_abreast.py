"""Letters side by side: each takes its step in turn, none changes what is read of another, each has its own time."""

import os
import time
from pathlib import Path

import pytest

from extract.abreast import abreast, alone
from extract.archive import desk as desks
from extract.archive.desk import NOWHERE, At, Desk, shared_memory
from extract.archive.messages import Task
from extract.archive.place import Place
from extract.archive.worker import ABREAST, ChunkReader
from extract.pipeline import Source
from extract.record import FailureRecord
from tests.conftest import CORPUS
from tests.letters import LETTER


def counting(steps, seen=None, name=""):
    for number in range(steps):
        if seen is not None:
            seen.append(f"{name}{number}")
        yield
    return steps


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_alone_goes_to_the_end(steps):
    assert alone(counting(steps)) == steps


def test_each_takes_its_step_in_turn():
    seen: list[str] = []
    told: list[str] = []
    many = {"a": counting(1, seen, "a"), "b": counting(3, seen, "b"), "c": counting(0)}
    assert abreast(many, at=told.append) == {"a": 1, "b": 3, "c": 0}
    assert seen == ["a0", "b0", "b1", "b2"]
    assert told == ["a", "b", "c", "a", "b", "b", "b"], "the one that ends is told once more, to end"


def test_what_one_raises_is_raised():
    def failing():
        yield
        raise ValueError("one of them")

    with pytest.raises(ValueError, match="one of them"):
        abreast({1: counting(5), 2: failing()}, at=lambda _: None)


def many_sources():
    """Letters of all layouts, whose files take more or fewer steps, and files that are none."""
    files = {path.name: path.read_bytes() for path in sorted((CORPUS / "letters").rglob("*.pdf"))[::4]}
    files |= {
        "text.txt": LETTER.encode(),
        "note.txt": b"Buy milk.",
        "broken.pdf": b"%PDF-1.4 and no more",
        "0.txt": b"",
    }
    return [Source(Path(name), name, f"{n:064x}", data) for n, (name, data) in enumerate(files.items())]


def test_letters_side_by_side_are_read_as_each_by_itself(reader):
    sources = many_sources()
    beside = abreast({s.name: reader.try_reading(s) for s in sources}, at=lambda _: None)
    kinds = set()
    for source in sources:
        by_itself = reader.try_read(source)
        assert beside[source.name] == by_itself, source.name
        kinds |= {by_itself.reason} if isinstance(by_itself, FailureRecord) else {each.layout for each in by_itself}
    assert kinds >= {"A", "B", "C", "damaged", "not_a_letter"}, "else this looks at too little"


def test_a_file_that_takes_much_memory_is_not_kept_open(reader):
    """A page's characters take a hundred times their number of bytes in PDFium, and a scan's image stays with it."""
    usual = Source(Path("1.txt"), "1.txt", "0" * 64, LETTER.encode())
    long = Source(Path("2.txt"), "2.txt", "0" * 64, (LETTER + "\n\nMore of it.\n" * 10_000).encode())
    assert len(list(reader.reading(usual))) > len(list(reader.reading(long))) == 0
    assert alone(reader.reading(long))[0].case_number == alone(reader.reading(usual))[0].case_number


def test_a_chunk_has_its_outcomes_in_order(reader, tmp_path):
    """More files than go side by side; the third is gone, the fourth is known."""
    text = (CORPUS / "letters" / "A" / "CM16-9001003.pdf").read_bytes()
    tasks = []
    for number in range(ABREAST + 3):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(text + b"%%%d\n" % number)
        tasks.append(Task(path.name, Place("file", str(path))))
    known = Source.of(tmp_path / "3.pdf").sha256
    tasks[3] = Task("3.pdf", tasks[3].place, known)
    (tmp_path / "2.pdf").unlink()
    desk = Desk()
    outcomes = ChunkReader(reader).read(tasks, desk=desk).outcomes
    assert [o.name for o in outcomes] == [t.name for t in tasks]
    assert [o.state for o in outcomes] == ["letter", "letter", "failed", "same", *["letter"] * (ABREAST - 1)]
    assert len({o.slot for o in outcomes if o.slot is not None}) == ABREAST + 1
    assert desk.look().file == len(tasks), "at last it writes the part"


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
