"""The tokens of a parsed text in columns, read off spaCy once: its own objects are made anew at each look."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import add
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from extract.evidence import Span

if TYPE_CHECKING:
    from spacy.tokens import Doc

TOKENS: Final = "letter_tokens"
"""Key of ``doc.user_data`` for the tokens."""
FLAGS: Final = "letter_flags"
"""Key of ``doc.user_data`` for spaCy's numbers of the flags whose tokens will be asked for."""
TEXT: Final = "letter_text"
"""Key of ``doc.user_data`` for the text."""


class Token(NamedTuple):
    """One token: its number, the offset of its first character, and its characters."""

    i: int
    idx: int
    text: str

    @property
    def end(self) -> int:
        """Offset behind its last character."""
        return self.idx + len(self.text)

    @property
    def lower_(self) -> str:
        """Its characters in small letters."""
        return self.text.lower()

    @property
    def is_alpha(self) -> bool:
        """True for letters alone."""
        return self.text.isalpha()


class Tokens:
    """All tokens of a text: offsets of the first character and behind the last one, and the characters."""

    def __init__(
        self, text: str, starts: Sequence[int], lengths: Sequence[int], flagged: Mapping[int, Sequence[int]]
    ) -> None:
        """``flagged``: for each flag of the vocabulary that somebody asks for the numbers of its tokens."""
        self.flagged = flagged
        self.starts: list[int] = list(starts)
        self.ends: list[int] = list(map(add, starts, lengths))
        self.texts: list[str] = [text[a:b] for a, b in zip(self.starts, self.ends, strict=True)]

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, i: int) -> Token:
        return Token(i, self.starts[i], self.texts[i])

    def under(self, span: Span) -> range:
        """The numbers of the tokens that ``span`` touches; a single space belongs to none."""
        first, end = bisect_right(self.starts, span.start) - 1, bisect_left(self.starts, span.end)
        return range(first + (span.start == self.ends[first]), end) if first >= 0 else range(0)

    @cached_property
    def lowers(self) -> list[str]:
        """The characters of each in small letters."""
        return list(map(str.lower, self.texts))


def text_of(doc: Doc) -> str:
    """The characters of a parsed text; ``doc.text`` puts them together anew each time."""
    if TEXT not in doc.user_data:
        doc.user_data[TEXT] = doc.text
    return cast(str, doc.user_data[TEXT])


def tokens_of(doc: Doc) -> Tokens:
    """The tokens of a parsed text."""
    if TOKENS not in doc.user_data:
        flags: list[int] = doc.user_data.get(FLAGS, [])
        table: Any = doc.to_array(["IDX", "LENGTH", *flags])  # all at once: a call takes longer than a column
        starts, lengths, *columns = table.T
        flagged = {flag: column.nonzero()[0].tolist() for flag, column in zip(flags, columns, strict=True)}
        doc.user_data[TOKENS] = Tokens(text_of(doc), starts.tolist(), lengths.tolist(), flagged)
    return cast(Tokens, doc.user_data[TOKENS])
