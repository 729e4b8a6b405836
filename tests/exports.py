"""A small dataset for tests of what is written beside the tables: ordinary letters, and ones that mean harm."""

from extract.archive.deidentify import Deidentified
from extract.archive.key import ReaderSpec
from extract.archive.render import AsRead
from extract.inputs import Inputs
from extract.run import InProcess, Output, extract
from tests.hostile.files import BIDI, FORMULA, HTML
from tests.letters import LETTER, NOTICE

NUL = "nul\0byte"
ASTRAL = "𝔸😀"
"""Characters that take two units in UTF-16 and four bytes in UTF-8."""
NAMES = {
    "=cmd|' \u202e<script>": FORMULA,
    "quote\" 'comma, ünï %41": HTML,
    "+line\nend\ttab": BIDI,
    "@pipe|": NUL,
    "-𝔸": ASTRAL + " | pipe",
}
"""File names, each with the words that stand in its letter's request, summary and rationale."""


def make_letters(home, corpus_pdfs):
    """Letters of two layouts, two PDFs, five hostile ones, and two files that give no letter."""
    home.mkdir()
    (home / "plain.txt").write_text(LETTER, encoding="utf-8")
    (home / "notice.txt").write_text(NOTICE, encoding="utf-8")
    for path in corpus_pdfs[:2]:
        (home / path.name).write_bytes(path.read_bytes())
    for number, (name, words) in enumerate(NAMES.items(), start=2):
        letter = LETTER.replace("CM16-9990001", f"CM16-999000{number}")
        letter = letter.replace("Norco 10/325mg", f"{words} Norco 10/325mg")
        letter = letter.replace("pallet slid", f"pallet {words} slid").replace("Function rose", f"{words} rose")
        (home / f"{name.replace('/', '_')}.txt").write_bytes(letter.encode())
    (home / "=1+1 <script>.pdf").write_bytes(b"no PDF")
    (home / "empty.txt").write_bytes(b"")


def read(home, out, reader, rendering=None):
    """Read the letters into tables in this process; what the run remembers lies beside them."""
    return extract(
        Inputs((str(home),)),
        Output(out, out.with_name("run"), rendering or AsRead()),
        spec=ReaderSpec.of(),
        readers=lambda spec, _: InProcess(spec, reader=reader),
    )


def make_datasets(home, corpus_pdfs, reader, patterns):
    """The same letters as tables (``full``), de-identified (``safe``) and with raw CSV (``raw``)."""
    make_letters(home / "in", corpus_pdfs)
    read(home / "in", home / "full", reader)
    read(home / "in", home / "raw", reader, AsRead(raw_csv=True))
    read(home / "in", home / "safe", reader, Deidentified(patterns=patterns, salt="pepper"))
    return home
