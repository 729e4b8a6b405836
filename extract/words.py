"""Small work on words: white space folded, offsets kept, spans trimmed, counts with their nouns."""

from __future__ import annotations

from extract.evidence import Span


def fold(words: str) -> str:
    """Words with white space folded."""
    return " ".join(words.split())


def one_line(words: str) -> str:
    """The same number of characters with paragraph ends as spaces."""
    return words.replace("\n", " ")


def skip_space(text: str, at: int) -> int:
    """The first offset from ``at`` on that holds no white space."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def trim(text: str, start: int, end: int) -> Span:
    """The span without white space at its ends."""
    start = min(skip_space(text, start), max(start, end))
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, max(start, end))


def many(number: int, noun: str) -> str:
    """A count with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
