"""Items whose request and decision stand in sentences (letters of 2013 and 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import regex

from extract.evidence import Span
from extract.items.item import Item, Mark, find_marks
from extract.items.matching import SAME_REQUEST, decide, once, overlap, read_decision, request_of, tokens
from extract.layout import Layout, Part, Sections
from extract.text import LetterText
from extract.words import trim

_LETTERS: Final = regex.compile(r"\p{L}{3}")


def sentence_items(text: LetterText, sections: Sections, layout: Layout) -> list[Item]:
    """Items opened by a mark ``item``, their decisions from it or from a mark ``decision``."""
    items: list[Item] = []
    stated: list[Mark] = []
    for section in sections.all(*layout.data.items.sections):
        region = section.content
        marks = find_marks(text, region, sections, layout)
        stated += [m for m in marks if m.part == "decision"]
        items += _opened(text.clean, region, marks)
    if not items:
        named = (m for m in once(text.clean, stated) if m.group("request"))
        return [Item(0, request_of(text.clean, m), read_decision(m)) for m in named]
    return decide(text.clean, items, stated, words_of_decision=True)


def _opened(text: str, region: Span, marks: Sequence[Mark]) -> list[Item]:
    items: list[Item] = []
    opened: list[Mark] = []
    starts = [i for i, m in enumerate(marks) if m.part == "item"]
    for order, index in enumerate(starts):
        after = starts[order + 1] if order + 1 < len(starts) else len(marks)
        parts: dict[Part, Span] = {}
        own = marks[index + 1 : after]
        for k, mark in enumerate(own):
            if mark.part in ("decision", "end"):
                continue
            stop = own[k + 1].start if k + 1 < len(own) else marks[after].start if after < len(marks) else region.end
            before = parts.get(mark.part)
            begin = mark.end if before is None else before.start
            parts[mark.part] = trim(text, begin, stop)
        mark = marks[index]
        if not own:  # a paragraph without a label: "Since the operation is not necessary, …"
            below = trim(text, mark.match.end(), marks[after].start if after < len(marks) else region.end)
            if _LETTERS.search(text, below.start, below.end):
                parts["rationale"] = below
        number = mark.group("number")
        if not own and number is None and _repeats(text, mark, items):
            continue  # a rationale that closes with the sentence that opened its item
        opened.append(mark)
        items.append(Item(int(number) if number else 0, request_of(text, mark), read_decision(mark), parts))
    return _shared(text, items, opened)


def _shared(text: str, items: Sequence[Item], opened: Sequence[Mark]) -> list[Item]:
    """Items announced one right after the other share the paragraphs below them."""
    out: list[Item] = []
    following: Mark | None = None
    for item, mark in zip(reversed(items), reversed(opened), strict=True):
        parts = item.parts
        if not parts and following and not _LETTERS.search(text, mark.match.end(), following.match.start()):
            parts = out[-1].parts
        out.append(Item(item.number, item.request, item.decision, parts))
        following = mark
    return out[::-1]


def _repeats(text: str, mark: Mark, items: Sequence[Item]) -> bool:
    own = tokens(request_of(text, mark).of(text))
    return any(overlap(own, tokens(item.request.of(text))) >= SAME_REQUEST for item in items)
