"""Where the title of a document that no vocabulary knows stands in a guideline paragraph.

A title begins behind a verb of citing ("relied on …"), behind the end of another citation ("…, which is part
of the MTUS, and …"), or where words of a publisher show that the topics of the ODG have ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import regex

from extract.evidence import Span
from extract.expressions import TIME_LIMIT
from extract.values.guidelines import Guidelines

_ARTICLE: Final = r"(?:(?:the|an?)\s+(?:\p{Ll}[\p{Ll}-]*,?\s+){0,3}?)?"
_START: Final = regex.compile(
    rf"""(?:
      \b(?:(?i:based)\s+(?:its|his/her|his|her|their|the)\s+(?:decision|determination)\s+(?:up)?on
        |(?i:relied)\s+(?:up)?on|cited|used|consulted|turned\s+to|referred\s+to|looked\s+to)
      |(?:MTUS|Schedule)\)?,?\s+(?:and|as\s+well\s+as)(?:\s+also)?(?:\s+(?:up)?on)?
      |,?\s+(?:and|as\s+well\s+as)\s+(?:also\s+)?(?:up)?on
    )\s+{_ARTICLE}(?=\p{{Lu}}|www\.|https?:)""",
    regex.VERBOSE,
)
_END: Final = regex.compile(
    r"""
      ,?\s+(?:n?either|both|all|none)\s+of\s+which\b
      |;\s+(?:the\s+)?MTUS\b|,?\s+(?:which|that)\s+(?:is|are|was|were|do|does|has|have|address(?:es)?|covers?|recommends?|says?|state[sd]?)\b
      |,\s+(?:as|since|because|although|while|but|not|where|for)\s
      |;|\n
      |(?<!\d)(?<!\b\p{Lu}{1,2})\.\s+(?=\p{Lu})|\.?\s*$
    """,
    regex.VERBOSE,
)
_YEAR: Final = regex.compile(r"(?:19|20)\d\d[^\s,.]*|\n")
"""Where the reference to a paper ends."""
_NO_TITLE: Final = regex.compile(
    r"(?:California\s+)?(?:MTUS|Medical\s+Treatment\s+Utilization|ACOEM|American\s+College\s+of\s+Occ|ODG|Official\s+Dis)"
    r"|(?:Chapters?|Sections?|Pages?|Title|No|None|Nothing|This|These|That|It|He|She|The)\b",
)
NAME_WITHIN: Final = 40
"""Characters from a title's start within which a known name shows that it is none."""
_BOUNDARY: Final = regex.compile(
    r"[;.]\s+(?:and\s+)?|,?\s+(?:and|as\s+well\s+as)\s+(?:(?:up)?on\s+)?(?:the\s+)?|,\s+(?:the\s+)?"
)
_LINK: Final = regex.compile(r",?\s+(?:and|as\s+well\s+as)\s+(?:on\s+)?(?:the\s+)?")
_DATED: Final = regex.compile(r"\p{Lu}[^;()]{30,},?\s(?:19|20)\d\d\.?\s*$")
"""A long title that ends in its year."""
AUTHORS: Final = regex.compile(r"\p{Lu}[\p{L}'’-]+ \p{Lu}{1,2}(?:, \p{Lu}[\p{L}'’-]+ \p{Lu}{1,2})*(?:,? et al)?[.,]\s")
"""Authors at the head of a paper: "Fitz RJ, Forth RA." """


class TitleFinder:
    """Finds titles of documents outside the MTUS and the ODG."""

    def __init__(self, *, guidelines: Guidelines) -> None:
        self._known = guidelines
        words = "|".join(guidelines.data.title_words)
        self._words = regex.compile(rf"(?:{words})")

    def in_prose(self, text: str) -> Iterator[tuple[Span, Span]]:
        """Titles in sentences that tell what somebody relied on, each with the words that lead to it and itself."""
        at = 0
        for match in _START.finditer(text, timeout=TIME_LIMIT):
            start = match.end()
            if start < at or _NO_TITLE.match(text, start) or self._named(text, start, start + NAME_WITHIN):
                continue
            paper = AUTHORS.match(text, start)
            end = (_YEAR if paper else _END).search(text, start, timeout=TIME_LIMIT)
            stop = len(text) if end is None else end.end() if paper else end.start()
            joint = None if paper else self._joint(text, start, stop)
            at = joint if joint is not None else stop
            if at > start:
                yield Span(start, at), Span(match.start(), at)

    def behind_topics(self, text: str, span: Span) -> int | None:
        """Where, within the free text behind the ODG, another document's title begins; None where none does."""
        for match in _BOUNDARY.finditer(text, span.start, span.end, timeout=TIME_LIMIT):
            start = match.end()
            head = text[start : start + 1]
            if not (head.isupper() or text.startswith(("www.", "http"), start)) or self._depth(text, span.start, start):
                continue
            strong = text[match.start()] in ";."
            close = None if strong else _BOUNDARY.search(text, start, span.end)
            stop = span.end if close is None else close.start()
            dated = _DATED.match(text, start) if text[match.start()] == ";" else None
            shown = self._words.search(text, start, stop) or AUTHORS.match(text, start) or dated
            if shown and not self._named(text, start, start + 1):
                return start
        return None

    @staticmethod
    def _depth(text: str, start: int, at: int) -> bool:
        """True inside brackets."""
        return text.count("(", start, at) > text.count(")", start, at)

    def _named(self, text: str, start: int, stop: int) -> bool:
        """True where a known chapter or document begins between two offsets."""
        source = self._known.sources.search(text, start, timeout=TIME_LIMIT)
        if source is not None and source.start() < stop:
            return True
        _, names = self._known.chapters
        found = (names.search(number, text, start) for number in names.live(text, start))
        return any(name is not None and name.start() < stop for name in found)

    def _joint(self, text: str, start: int, stop: int) -> int | None:
        """Where, inside a title, ", and the Chronic Pain …" goes on with a document that is known."""
        for match in _LINK.finditer(text[start:stop]):
            at = start + match.end()
            if self._named(text, at, at + 1) or _NO_TITLE.match(text, at):
                return start + match.start()
        return None
