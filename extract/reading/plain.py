"""Letters that come as text files: UTF-8, else the Windows code page; form feeds part pages."""

from __future__ import annotations

from extract.failures import LetterError, Reason
from extract.reading.page import Box, Closing, Line, Page


class _Segment:
    """A line of text without a place on a page."""

    bold = False
    box = Box(0, 0, 0, 0)

    def __init__(self, text: str) -> None:
        self.text = text

    def box_of(self, start: int, end: int) -> Box:
        return self.box


def decode(data: bytes) -> str:
    """Text of a letter's bytes. Every byte string has one: the last resort is Latin-1."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


class PlainDocument(Closing):
    """A text file as pages of lines. Raises LetterError (``empty``) where it holds only white space."""

    text_source = "plain_text"

    def __init__(self, data: bytes) -> None:
        text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
        if not text.strip():
            raise LetterError(Reason.EMPTY)
        self.pages = [_page(i, part) for i, part in enumerate(text.split("\f"), start=1)]


def _page(number: int, text: str) -> Page:
    """Lines of one page; in a file with a blank line after every line, two or more end a paragraph."""
    raw = text.split("\n")
    gaps: list[int] = []
    lines: list[Line] = []
    blank = 0
    for piece in raw:
        if piece.strip():
            lines.append(Line((_Segment(piece.strip()),)))
            gaps.append(blank)
            blank = 0
        else:
            blank += 1
    inner = gaps[1:]
    wrapped = any(line.text[0].islower() for line in lines[1:])  # else each line is a paragraph of its own
    double_spaced = wrapped and sum(g >= 1 for g in inner) > 0.8 * len(inner)
    least = 2 if double_spaced else 1
    return Page(number, 0.0, 0.0, tuple(lines), tuple(g >= least for g in gaps))
