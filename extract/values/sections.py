"""Lists of sections and topics, and the free text of ODG citations.

Names hold commas, colons and brackets: "TENS, chronic pain (transcutaneous …)", "NSAIDs, GI
symptoms & cardiovascular risk". A comma parts two sections unless it stands in brackets, in a
name that the vocabulary lists, or before a word in small letters (an index entry turned round).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import regex

from extract.expressions import TIME_LIMIT, Expression
from extract.values.masks import Masks
from extract.words import fold

_NUMBERED = regex.compile(r"(?<=[,;.]\s)(?=\d+(?:\.\d+)*\.?\s\p{Lu})")
_NUMBER = regex.compile(r"[,;.]\s\d")
_BLANK = regex.compile(r"\s")
_EDGE = " ,.;:–-"
_CHAPTER_WORD = regex.compile(r"\s*\b(?:chapters?|sections?)\b", regex.IGNORECASE)
_FILLER = regex.compile(
    r"\s*(?:\(\s*online(?:\s+version)?\s*\)|procedure\s+summary|online(?:\s+version)?|treatment\s+index)",
    regex.IGNORECASE,
)
_AGE_OF = regex.compile(
    r"\s*\((?=[^()]*\b(?:acute|chronic|trauma|headaches|lumbar|thoracic|pelvis)\b)[^()]*\)", regex.IGNORECASE
)
_EDITION = regex.compile(
    r"[\s,]*[(\[]?\s*(?:last\s+)?(?:updated|update|version|web|as\s+of)?:?\s*"
    r"(?P<edition>\d{1,2}/\d{1,2}/\d{2,4}|(?:19|20)\d\d)\s*[)\]]?",
    regex.IGNORECASE,
)
_LATE_EDITION = regex.compile(
    r"\s*[(\[]?(?:updated\s*)?(?P<edition>\d{1,2}/\d{1,2}/\d{2,4}|(?<=[(\[])(?:19|20)\d\d)[)\]]?\s*$", regex.I
)
_EDITION_WORDS = regex.compile(
    r"(?:(?:\d+(?:st|nd|rd|th)\s+)?(?:annual\s+)?edition|(?:web|internet|online|current|on-?line)(?:\s+(?:version|edition))?"
    r"|(?:current\s+)?version|updated?|treatment\s+guidelines?|guidelines?)?[\s,]*\(?(?P<year>(?:19|20)\d\d)?\)?",
    regex.IGNORECASE,
)
"""A "topic" that only tells which edition of the ODG was used."""
_SEPARATOR = regex.compile(r"[\s,;:/.–-]+|\s+(?=\()")
_PAGES = regex.compile(
    r"\b(?:pages?|pgs?|pp?)\b\.?\s*(?:\(s\))?\s*:?\s*(?P<pages>\d{1,4}(?:\s*[-–,]\s*\d{1,4})*)",
    regex.IGNORECASE,
)
_LINK_NAME = regex.compile(r"^(?:and|&)\s+(?=\p{Lu})")
_NUMBERED_NAME = regex.compile(r"\s*\d+(?:\.\d+)*\.?\s\p{Lu}")
_AND_LAST = regex.compile(r"(?:^|\s+)(?:and|&)$")
_ENDS_NAME = regex.compile(r"\s*[,;:/.(–]|\s+-|-(?=\S)")
_GOES_ON = regex.compile(r"\s+(?:(?:and|&)\s+\p{Lu}|\d{1,2}/\d)")
_TOPIC_WORD = regex.compile(r"\s+(?:topic|section)s?$", regex.IGNORECASE)
_AND = regex.compile(r"(?:and|&)\s+", regex.IGNORECASE)
_CALLED = regex.compile(r"chapter\s*:\s*", regex.IGNORECASE)
_LINK = regex.compile(r"^\s*(?:and|&)\s+", regex.IGNORECASE)


def tidy(words: str) -> str:
    """Words without the punctuation around them; brackets that do not match are dropped, white space folded."""
    text = fold(words).strip(_EDGE)
    text = _LINK.sub("", text).strip(_EDGE)
    if text.endswith(("and", "&")):
        text = _AND_LAST.sub("", text).strip(_EDGE)
    for opening, closing in ("()", "[]"):
        if text.count(opening) > text.count(closing) and text.startswith(opening):
            text = text[1:].strip(_EDGE)
        elif text.count(closing) > text.count(opening) and text.endswith(closing):
            text = text[:-1].strip(_EDGE)
    return text


def top_level(text: str, marks: str) -> Iterator[tuple[int, int]]:
    """Ranges of ``text`` between the given marks, those inside brackets not counted."""
    depth, start = 0, 0
    for index, char in enumerate(text):
        if char in "([":
            depth += 1
        elif char in ")]":
            depth = max(depth - 1, 0)
        elif depth == 0 and char in marks:
            yield start, index
            start = index + 1
    yield start, len(text)


_LINK_WORD = r"(?:and|or|on|of|for|in|by|to|from|with|the|as|well|both|first|second|third|former|latter)"
_LINK_ALONE = regex.compile(rf"{_LINK_WORD}(?:[ ,]+{_LINK_WORD})*", regex.IGNORECASE)
"""What is left between two citations of a sentence: "page 47, and the …"."""
LINK_AT_END = regex.compile(r"(?:[ ,;]+(?:and|or|on|the|as well as))+[ ,;]*$", regex.IGNORECASE)
"""A link to the next citation at the end of one."""


@dataclass(frozen=True)
class Sections:
    """Splits a list of section names."""

    with_commas: Sequence[str]
    """Names that hold a comma before a capital, as an analyst listed them."""

    @cached_property
    def _names(self) -> Masks:
        escaped = (regex.escape(name, special_only=True).replace(r"\ ", " ") for name in self.with_commas)
        return Masks([name.replace(" ", r"\s+") for name in escaped], int(regex.IGNORECASE))

    def split(self, words: str) -> list[str]:
        """The names in ``words``, in order."""
        found: list[str] = []
        # what every numbered section holds is asked without a clock
        for part in _NUMBERED.split(words, timeout=TIME_LIMIT) if _NUMBER.search(words) else (words,):
            if _NUMBERED_NAME.match(part):  # a numbered section keeps its commas
                found.append(tidy(part))
            else:
                found += self._plain(part)
        return [f for f in found if f and not _LINK_ALONE.fullmatch(f)]

    def _plain(self, words: str) -> list[str]:
        held = self._names.hide(words, lambda name: name.replace(",", "\0")) if "," in words else words
        found: list[str] = []
        for start, end in top_level(held, ",;"):
            piece = _LINK_NAME.sub("", held[start:end].replace("\0", ",").strip())
            if not piece:
                continue
            capital = found and found[-1][:1].isupper()
            if found and capital and piece[0].islower() and held[start - 1] == ",":
                found[-1] += ", " + piece
            else:
                found.append(piece)
        return [t for t in (tidy(f) for f in found) if t]


@dataclass
class OdgCitation:
    """A chapter of the ODG with the topics named after it."""

    chapter: str | None = None
    edition: str | None = None
    sections: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)


def split_sections(words: str, chapter: Expression, lists: Sections) -> list[OdgCitation]:
    """Read what follows "Official Disability Guidelines": chapters, editions and topics.

    The chapter is the one named first, or one that is called a chapter; a second chapter opens
    a second citation, and topics after several chapters in a row belong to each of them.
    """
    opened = words.lstrip()
    if opened.startswith("(") and ")" not in opened:  # "Official Disability Guidelines (ODG)( Head Chapter"
        words = opened[1:]
    reader = _OdgReader(words, chapter, lists)
    return reader.read()


class _OdgReader:
    def __init__(self, words: str, chapter: Expression, lists: Sections) -> None:
        self._text, self._chapter, self._lists = words, chapter, lists
        self._found: list[OdgCitation] = []
        self._row: list[OdgCitation] = []
        """Chapters named one after the other, which share the topics that follow."""

    def read(self) -> list[OdgCitation]:
        at, text = 0, self._text
        topic_start: int | None = None
        while at < len(text):
            gap = _SEPARATOR.match(text, at)
            if gap:
                at = gap.end()
            link = _AND.match(text, at)
            lead = _CALLED.match(text, at)
            if lead:
                at = lead.end()
            end = self._chapter_at(link.end() if link else at, called=bool(lead))
            if end is not None:
                if topic_start is not None:
                    self._topics(text[topic_start:at])
                    topic_start = None
                at = self._take_chapter(link.end() if link else at, end)
                continue
            if at >= len(text):
                break
            if topic_start is None:
                topic_start = at
            at = self._next_break(at)
        if topic_start is not None:
            self._topics(text[topic_start:])
        return self._found or [OdgCitation()]

    def _next_break(self, at: int) -> int:
        """The next place outside brackets where a chapter may begin."""
        depth = 0
        for index in range(at, len(self._text)):
            char = self._text[index]
            if char in "([":
                depth += 1
            elif char in ")]":
                depth = max(depth - 1, 0)
            elif depth == 0 and (char in ",;/" or (char == "." and self._text[index + 1 : index + 2] == " ")):
                return index + 1
        return len(self._text)

    def _chapter_at(self, at: int, *, called: bool) -> int | None:
        """End of a chapter's name that stands at ``at`` as a name of its own, not as a word of a topic."""
        match = self._chapter.match(self._text, at, len(self._text))
        if match is None:
            return None
        rest = self._text[match.end() :]
        if called or not rest.strip(_EDGE + ")"):
            return match.end()
        if _CHAPTER_WORD.match(rest) or _ENDS_NAME.match(rest):
            return match.end()
        if _FILLER.match(rest) or _GOES_ON.match(rest):
            return match.end()
        return None

    def _take_chapter(self, start: int, end: int) -> int:
        text = self._text
        age = _AGE_OF.match(text, end)
        if age:
            end = age.end()
        name = tidy(text[start:end])
        at = end
        edition: str | None = None
        while True:  # "Chapter", "Procedure Summary", "(Online Version)", an edition, in any order
            for pattern in (_CHAPTER_WORD, _FILLER, _AGE_OF):
                match = pattern.match(text, at)
                if match and match.end() > at:
                    break
            else:
                match = _EDITION.match(text, at) if edition is None else None
                if match is None:
                    break
                edition = match.group("edition")
            at = match.end()
        last = self._found[-1] if self._found else None
        if last is not None and last.chapter is None and last.sections:
            last.chapter, last.edition = name, edition  # "physical therapy, elbow chapter"
            self._row = [last]
            return at
        citation = OdgCitation(name, edition)
        if self._row and self._row[-1].sections:
            self._row = []
        self._row.append(citation)
        self._found.append(citation)
        return at

    def _topics(self, words: str) -> None:
        pages: list[str] = []
        for match in _PAGES.finditer(words):
            pages += [_BLANK.sub("", p) for p in match.group("pages").split(",")]
        words = _PAGES.sub(" ", words)
        edition = _LATE_EDITION.search(words.rstrip(_EDGE))
        if edition:
            words = words[: edition.start()]
        topics = [_TOPIC_WORD.sub("", t) for t in self._lists.split(words)]
        topics = [t[1:-1] if t.startswith("(") and t.endswith(")") else t for t in topics]
        topics = [piece for t in topics for piece in _paired(t)]
        years = [m.group("year") for t in topics if (m := _EDITION_WORDS.fullmatch(t)) and m.group("year")]
        topics = [t for t in topics if not _EDITION_WORDS.fullmatch(t)]
        if not self._row:
            citation = OdgCitation()
            self._found.append(citation)
            self._row = [citation]
        for citation in self._row:
            citation.sections += [t for t in topics if t]
            citation.pages += pages
            if citation.edition is None and (edition or years):
                citation.edition = edition.group("edition") if edition else years[0]


def _paired(topic: str) -> list[str]:
    """Two topics that "&" joins: "Surgery for A & Surgery for B"; a name like "Hip & Pelvis" stays whole."""
    left, mark, right = topic.partition(" & ")
    if mark and len(left.split()) >= 3 and len(right.split()) >= 3 and right[:1].isupper():
        return [left, right]
    return [topic]
