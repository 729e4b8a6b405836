"""Letters side by side: each takes its step in turn, and none changes what is read of another."""

import random
from pathlib import Path

import pypdfium2
import pytest

from extract.abreast import abreast, alone
from extract.archive.desk import Desk
from extract.archive.messages import Task
from extract.archive.place import Place
from extract.archive.worker import ABREAST, ChunkReader
from extract.pipeline import LetterReader, Source
from extract.record import FailureRecord
from tests.conftest import CORPUS
from tests.hostile.pdf import FONT, one_page, printed, stream
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
    return [Source.of_bytes(data, Path(name)) for name, data in files.items()]


def in_any_order(many, chance):
    """As ``abreast``, by chance: a reading may be taken on many times before the next, or wait long."""
    found, going = {}, dict(many)
    while going:
        name = chance.choice([*going])
        for _ in range(chance.randrange(1, 8)):
            try:
                next(going[name])
            except StopIteration as end:
                found[name] = end.value
                del going[name]
                break
    return found


def test_letters_side_by_side_are_read_as_each_by_itself(reader):
    sources = many_sources()
    in_turns = abreast({s.name: reader.try_reading(s) for s in sources}, at=lambda _: None)
    by_chance = in_any_order({s.name: reader.try_reading(s) for s in sources}, random.Random(5))
    kinds = set()
    for source in sources:
        by_itself = reader.try_read(source)
        assert in_turns[source.name] == by_itself, source.name
        assert by_chance[source.name] == by_itself, source.name
        kinds |= {by_itself.reason} if isinstance(by_itself, FailureRecord) else {each.layout for each in by_itself}
    assert kinds >= {"A", "B", "C", "damaged", "not_a_letter"}, "else this looks at too little"


HEAVY = [
    ("2.txt", (LETTER + "\n\nMore of it.\n" * 10_000).encode(), "many characters, of 140 bytes each in PDFium"),
    ("3.pdf", one_page(stream(printed(LETTER) + b" 0 0 9 9 re f" * 20_000), resources=FONT), "many lines drawn"),
    ("4.pdf", one_page(stream(printed(LETTER) + b" BT /F 1 Tf ( ) Tj ET" * 20_000), resources=FONT), "many blanks"),
]


@pytest.mark.parametrize(("name", "data", "why"), HEAVY, ids=[why for _, _, why in HEAVY])
def test_a_file_that_takes_much_memory_is_not_kept_open(reader, name, data, why):
    light = {".txt": LETTER.encode(), ".pdf": one_page(stream(printed(LETTER)), resources=FONT)}[name[1:]]
    heavy, usual = (Source.of_bytes(each, Path(name)) for each in (data, light))
    assert len(list(reader.reading(usual))) > len(list(reader.reading(heavy))) == 0, why
    assert alone(reader.reading(heavy))[0].case_number == alone(reader.reading(usual))[0].case_number


def test_pdfs_are_closed_when_reading_is_broken_off(reader, monkeypatch):
    """Ctrl-C without workers: others are open then."""
    opened = []
    real = pypdfium2.PdfDocument.__init__

    def noted(self, *arguments, **options):
        real(self, *arguments, **options)
        opened.append(self)

    monkeypatch.setattr(pypdfium2.PdfDocument, "__init__", noted)
    steps = []

    def at(key):
        steps.append(key)
        if len(steps) == 40:
            assert len(opened) == 8
            raise KeyboardInterrupt

    letters = [s for s in many_sources() if s.name.endswith("1.pdf")][:8]
    with pytest.raises(KeyboardInterrupt):
        abreast({s.name: reader.try_reading(s) for s in letters}, at=at)
    assert [pdf.raw for pdf in opened] == [None] * 8


def test_memory_that_ran_out_beside_others_is_tried_alone(reader, tmp_path, monkeypatch):
    """Which letter asks for the last of it is chance."""
    (tmp_path / "1.txt").write_text(LETTER)
    (tmp_path / "2.txt").write_text(LETTER.replace("strain.", "strain. Twice."))
    tasks = [Task(name, Place("file", str(tmp_path / name))) for name in ("1.txt", "2.txt")]
    real, asked = LetterReader.reading, []

    def reading(self, source):
        asked.append(source.name)
        yield
        if len(asked) == 2 or source.name == "2.txt":
            raise MemoryError
        return (yield from real(self, source))

    monkeypatch.setattr(LetterReader, "reading", reading)
    outcomes = ChunkReader(reader).read(tasks).outcomes
    assert asked == ["1.txt", "2.txt", "1.txt", "2.txt"]
    assert [(o.state, o.reason) for o in outcomes] == [("letter", ""), ("failed", "out_of_memory")]


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
