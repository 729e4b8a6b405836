"""brat's standoff format: a text and an annotation file a letter, and the configuration.

https://brat.nlplab.org/standoff.html: a text-bound annotation may not cross the end of a line, so those that do
are discontinuous, a fragment a line; its text is that of the fragments with a space between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from extract.export.dataset import Dataset
from extract.export.spans import ALL_LABELS, Letter, Span, letters

FOLDER: Final = "brat"
INSIDE: Final = re.compile(r"[0-9a-f]{16}\.(?:txt|ann)|annotation\.conf")
_BREAK: Final = re.compile(r"[\t\n\v\f\r\x00\x1c-\x1e\x85\u2028\u2029]+")
"""What ends a line or a field for the programs that read these files."""


def write(dataset: Dataset, folder: Path) -> list[str]:
    """Write two files a letter, and ``annotation.conf``."""
    home = folder / FOLDER
    home.mkdir()
    for letter in letters(dataset):
        (home / f"{letter.letter_id}.txt").write_bytes(letter.text.encode())
        (home / f"{letter.letter_id}.ann").write_bytes(standoff(letter).encode())
    conf = ["[entities]", *ALL_LABELS, "", "[relations]", "<OVERLAP> Arg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>"]
    conf += ["", "[events]", "", "[attributes]", ""]
    (home / "annotation.conf").write_text("\n".join(conf), encoding="utf-8")
    return []


def standoff(letter: Letter) -> str:
    """The letter's annotation file: an entity a span, with a note of its value, rule and confidence."""
    return "".join(_lines(number, span, letter.text) for number, span in enumerate(letter.spans, start=1))


def _lines(number: int, span: Span, text: str) -> str:
    fragments = list(_fragments(span, text))
    if not fragments:
        return ""
    places = ";".join(f"{start} {end}" for start, end in fragments)
    words = " ".join(text[start:end] for start, end in fragments)
    item = "" if span.issue is None else f"; item {span.issue}"
    value = "" if span.value == words else f"{span.value} "  # told where it is not just the words
    note = _BREAK.sub(" ", f"{value}({span.method}; {span.confidence:.2f}{item})")
    return f"T{number}\t{span.label} {places}\t{words}\n#{number}\tAnnotatorNotes T{number}\t{note}\n"


def _fragments(span: Span, text: str) -> Iterator[tuple[int, int]]:
    """The span's pieces without line ends and white space around them."""
    start = span.start
    breaks = [(m.start(), m.end()) for m in _BREAK.finditer(text, span.start, span.end)]
    for end, after in [*breaks, (span.end, span.end)]:
        piece = text[start:end]
        left = len(piece) - len(piece.lstrip())
        if piece.strip():
            yield start + left, start + len(piece.rstrip())
        start = after
