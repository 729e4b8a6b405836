"""`make benchmark`: how fast letters become tables, beside what bare libraries take in the same run.

Machines differ and are shared, so that most figures are ratios of two measurements taken side by side. Letters are
read by a process that has read some before, so that its expressions are compiled, but that remembers no text of
theirs, as in an archive, where no letter comes twice.
IMR_LETTERS says where public letters lie; without them the corpus is read. MEMORY="1000 50000" compares the
memory of runs of that many letters (the letters again and again with changed bytes).
"""

import gc
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pdfplumber
import psutil
import pypdfium2

from extract.archive.assemble import Assembly
from extract.archive.key import ReaderSpec
from extract.archive.messages import Task
from extract.archive.nursery import Nursery
from extract.archive.place import Place
from extract.archive.pool import Pool, Watch
from extract.archive.worker import ChunkReader, settle
from extract.inputs import Inputs
from extract.run import Output, extract
from extract.values.remembered import Remembered
from tests.conftest import CORPUS, public_home
from tests.table import Figure, show

PACKAGE = str(Path(ChunkReader.__init__.__code__.co_filename).parents[1])
PLUMBED = 12
"""Letters that pdfplumber reads, which takes long."""
TURNS = 9
"""Times that all letters are read, each in a process of its own: the least of them is what a quiet machine does."""
SCALED = 2_000
"""Letters that runs with one and two workers read."""
LEARNING = 0.25
"""Share of them that is read before the clock runs."""
ROUNDS = 3
"""Times that one and two workers read these."""
SAMPLE_EVERY = 0.002


def letters():
    """The letters to read, others that a process reads before them, and what the first are called."""
    home = public_home() / "letters"
    found = sorted(home.glob("*.pdf")) if home.is_dir() else []
    own = sorted((CORPUS / "letters").rglob("*.pdf"))
    return (found, own, "public letters") if found else (own[::2], own[1::2], "letters of corpus/")


def copies(paths, count, home):
    """``count`` files of changed bytes: what stands behind a PDF's end mark changes nothing but its hash."""
    home.mkdir(parents=True)
    for number in range(count):
        data = paths[number % len(paths)].read_bytes()
        (home / f"{number:06d}.pdf").write_bytes(data + b"%%%d\n" % number)
    return home


def bare_pdfium(paths):
    for path in paths:
        with pypdfium2.PdfDocument(path) as pdf:
            for page in pdf:
                text = page.get_textpage()
                text.get_text_range()
                text.close()
                page.close()


def bare_plumber(paths):
    for path in paths:
        with pdfplumber.open(path) as pdf:
            for page in pdf.pages:
                page.extract_text()


class Shares:
    """Which room of the program the main thread is in, looked at every two milliseconds."""

    def __enter__(self):
        self.counts, self._on, self._who = Counter(), True, threading.get_ident()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._on = False
        self._thread.join()

    def _look(self):
        while self._on:
            time.sleep(SAMPLE_EVERY)
            frame = sys._current_frames().get(self._who)
            while frame is not None:
                name = frame.f_code.co_filename
                if name.startswith(PACKAGE):
                    self.counts[str(Path(name).relative_to(PACKAGE).with_suffix(""))] += 1
                    break
                frame = frame.f_back


def seconds(work, *arguments):
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def full(reader, spec, paths, home):
    """PDF to all tables with evidence, in this process and on one core; gives the seconds to put tables together."""
    put = 0.0
    real = Assembly.write

    def write(self):
        nonlocal put
        begin = time.perf_counter()
        try:
            return real(self)
        finally:
            put = time.perf_counter() - begin

    class One:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def run(self, chunks, *, stopping):
            for tasks in chunks:
                yield reader.read(tasks)

    Assembly.write = write
    try:
        inputs = Inputs(tuple(map(str, paths)))
        extract(inputs, Output(Path(home)), spec=spec, readers=lambda *_: One())
    finally:
        Assembly.write = real
    return put


def warm():
    """What reads letters, as a worker has it after its first chunks; and how it reads, hashed: a start's work."""
    spec = ReaderSpec.of()
    assert spec.key
    reader = ChunkReader(spec.reader())
    reader.warm_up()
    paths, others, _ = letters()
    for _ in range(2):  # what rules learn of their work, they learn in the first hundreds of letters
        reader.read(tasks([*paths, *others]))
    for each in gc.get_objects():
        if isinstance(each, Remembered):
            each.forget()
    settle()
    return reader, spec


def tasks(paths):
    return [Task(p.name, Place("file", str(p))) for p in paths]


def turn(home):
    """Bare pypdfium2 and the whole way over the same letters, in this process: seconds of each, and of the tables.

    Bare both before and after, and the mean of the two: each way then meets the machine as it is on average.
    """
    paths = letters()[0]
    reader, spec = warm()
    bare = seconds(bare_pdfium, paths)
    begin = time.perf_counter()
    put = full(reader, spec, paths, home)
    whole = time.perf_counter() - begin
    return {"bare": statistics.fmean((bare, seconds(bare_pdfium, paths))), "whole": whole, "put": put}


def in_a_process(function, *arguments):
    """What a function of this file gives in a process of its own."""
    code = (
        "import sys, json; import tests.benchmark as b;"
        "print(json.dumps(getattr(b, sys.argv[1])(*map(json.loads, sys.argv[2:]))))"
    )
    command = [sys.executable, "-c", code, function.__name__, *map(json.dumps, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def with_workers(folder, out, count):
    """Letters a second, tables included, and the peak memory of parent and workers.

    Counted from when a quarter is read: until then workers start, and learn about their rules, which takes each of them
    two seconds, of a run of hours.
    """
    peaks = {}
    watching = True

    def watch():
        own = psutil.Process()
        while watching:
            for process in [own, *own.children(recursive=True)]:
                try:
                    name = "parent" if process == own else "worker"
                    peaks[name] = max(peaks.get(name, 0), process.memory_info().rss)
                except psutil.Error:
                    continue
            time.sleep(0.2)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        extract(
            Inputs((str(folder),)),
            Output(Path(out)),
            spec=ReaderSpec.of(),
            readers=lambda spec, _: Pool(Nursery(spec), workers=count, watch=Watch()),
            workers=count,
        )
    finally:
        watching = False
        thread.join()
    end = time.time()
    with sqlite3.connect(Path(out) / ".run" / "ledger.sqlite") as db:
        parts = db.execute("SELECT made, files FROM parts ORDER BY id").fetchall()
    total, done, since = sum(files for _, files in parts), 0, 0.0
    for made, files in parts:
        done, since = done + files, made
        if done >= total * LEARNING:
            break
    return (total - done) / (end - since), peaks


def bare_processes(count, seconds_each=4):
    """Letters a second that so many processes of bare pypdfium2 read side by side: what the machine has to give."""
    code = (
        "import sys, time; from tests.benchmark import bare_pdfium, letters; paths = letters()[0][:40];"
        "end = time.time() + float(sys.argv[1]); n = 0\n"
        "while time.time() < end: bare_pdfium(paths); n += len(paths)\n"
        "print(n)"
    )
    command = [sys.executable, "-c", code, str(seconds_each)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    return sum(int(process.communicate()[0]) for process in running) / seconds_each


def two_in_one(rates):
    """How many times the rate of one that of two is: each compared with the one of its own round."""
    return statistics.median(two / one for one, two in zip(rates[1], rates[2], strict=True))


def memory(paths, home, sizes):
    """Peak memory of runs of ``sizes`` letters, each in a process of its own."""
    found = []
    for size in sizes:
        folder = copies(paths, size, home / f"in{size}")
        found.append(in_a_process(with_workers, str(folder), str(home / f"out{size}"), 2)[1])
        shutil.rmtree(folder)
        shutil.rmtree(home / f"out{size}")
    return found


def main():
    paths, _, what = letters()
    home = Path(tempfile.mkdtemp(prefix="imr-benchmark-"))
    figures = []
    try:
        code = "from extract.pipeline import LetterReader; LetterReader()"
        kept = os.environ | {"PYTHONPYCACHEPREFIX": str(home / "bytecode")}  # as where Python may keep bytecode
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-c", code]
        starts = [seconds(lambda: subprocess.run(command, check=True, env=kept)) for _ in range(4)][1:]
        figures.append(
            Figure(
                "start-up until letters can be read, from the second on",
                f"{min(starts):.2f} s",
                "< 1.5 s",
                min(starts) < 1.5,
            )
        )

        turns = [in_a_process(turn, str(home / f"full{number}")) for number in range(TURNS)]
        bare, whole, put = ([each[name] for each in turns] for name in ("bare", "whole", "put"))
        plumbed = seconds(bare_plumber, paths[:PLUMBED]) / PLUMBED
        one_bare, one_whole = min(bare) / len(paths), min(whole) / len(paths)
        ratio = statistics.median(w / b for w, b in zip(whole, bare, strict=True))
        rate = 1 / one_whole
        figures += [
            Figure("bare pypdfium2 text extraction", f"{1 / one_bare:.0f} letters/s"),
            Figure("bare pdfplumber extract_text", f"{1 / plumbed:.1f} letters/s"),
            Figure("PDF to all tables, one core", f"{rate:.1f} letters/s"),
            Figure(
                "  its rate, or its time in that of bare pypdfium2", f"{rate:.0f}/s or {ratio:.1f} times",
                ">= 60/s or <= 3.5 times", rate >= 60 or ratio <= 3.5,
            ),
            Figure(
                "  how much faster than bare pdfplumber", f"{plumbed / one_whole:.1f} times", ">= 10 times",
                plumbed / one_whole >= 10,
            ),
            Figure("  share of putting tables together", f"{min(put) / min(whole):.0%}"),
        ]  # fmt: skip

        folder = copies(paths, SCALED, home / "scaled")
        rates = {1: [], 2: []}
        machine = {1: [], 2: []}
        for _ in range(ROUNDS):  # in turns: what the machine has left for two changes with its other work
            for count in (1, 2):
                machine[count].append(bare_processes(count))
                shutil.rmtree(home / f"with{count}", ignore_errors=True)
                rates[count].append(with_workers(folder, home / f"with{count}", count)[0])
        one, two = statistics.median(rates[1]), statistics.median(rates[2])
        scaling, room = two_in_one(rates), two_in_one(machine)
        figures += [
            Figure("one worker", f"{one:.1f} letters/s"),
            Figure("two workers", f"{two:.1f} letters/s"),
            Figure(
                "  two in one", f"{scaling:.2f} times (two bare processes {room:.2f})",
                ">= 1.8, or 0.9 of the bare ones", scaling >= 1.8 or scaling >= 0.9 * room,
            ),
        ]  # fmt: skip
        again = seconds(with_nothing_new, folder, home / "with2")
        figures.append(Figure(f"second run, nothing new in {SCALED}", f"{again:.1f} s", "< 5 s", again < 5))

        sizes = [int(n) for n in os.environ.get("MEMORY", "1000 4000").split()]
        small, large = memory(paths, home, sizes)
        for name in ("parent", "worker"):
            growth = large[name] / small[name] - 1
            figures.append(
                Figure(
                    f"peak memory of a {name}, {sizes[0]} and {sizes[1]} letters",
                    f"{small[name] >> 20} and {large[name] >> 20} MiB",
                    "within 20 %",
                    growth <= 0.2,
                )
            )

        reader, _ = warm()
        with Shares() as shares:
            reader.read(tasks(paths))
        total = sum(shares.counts.values())
        figures += [Figure(f"share of {room}", f"{count / total:.0%}") for room, count in shares.counts.most_common(12)]
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return show(f"{len(paths)} {what}, {os.cpu_count()} cores", figures)


def with_nothing_new(folder, out):
    command = [sys.executable, "-m", "extract.cli", "extract", str(folder), "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
