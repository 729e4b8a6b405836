"""Items whose request and decision stand in sentences (letters of 2013 and 2014)."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from extract.evidence import Found, Span
from extract.items.item import Item, Mark, find_marks
from extract.layout import Layout, Part, Sections
from extract.text import LetterText
from extract.words import trim

SAME_REQUEST = 0.6
"""Share of words that a decision's request must have in common with an item's to belong to it."""
_TOKEN = regex.compile(r"[\p{L}\d]+")


def sentence_items(text: LetterText, sections: Sections, layout: Layout) -> list[Item]:
    """Items opened by a mark ``item``, their decisions from it or from a mark ``decision``."""
    items: list[Item] = []
    stated: list[Mark] = []
    for section in sections.all(*layout.data.items.sections):
        region = section.content
        starts = [li.clean.start for li in text.clean_lines if li.clean and region.contains(li.clean)]
        marks = find_marks(text.clean, region, layout, starts)
        stated += [m for m in marks if m.part == "decision"]
        items += _opened(text.clean, region, marks)
    stated = _once(text.clean, stated)
    if not items:
        return [Item(0, _request(text.clean, m), read_decision(m)) for m in stated]
    return [_decided(text.clean, item, index, items, stated) for index, item in enumerate(items)]


def _opened(text: str, region: Span, marks: Sequence[Mark]) -> list[Item]:
    items: list[Item] = []
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
        number = mark.group("number")
        if not parts and number is None and _repeats(text, mark, items):
            continue  # a rationale that closes with the sentence that opened its item
        items.append(Item(int(number) if number else 0, _request(text, mark), read_decision(mark), parts))
    return items


def _repeats(text: str, mark: Mark, items: Sequence[Item]) -> bool:
    own = tokens(_request(text, mark).of(text))
    return any(overlap(own, tokens(item.request.of(text))) >= SAME_REQUEST for item in items)


def read_decision(mark: Mark) -> Found[str] | None:
    """The decision that a mark's groups tell: ``not``, ``partly`` or, of a whole statement, neither."""
    if mark.group("necessary") is None:
        return None
    value = "modified" if mark.group("partly") else "upheld" if mark.group("not") else "overturned"
    return Found(value, Span(*mark.match.span("necessary")), "decision_sentence", 0.98)


def _request(text: str, mark: Mark) -> Span:
    span = trim(text, *mark.match.span("request"))
    return trim(text, span.start, span.end - 1) if text[span.end - 1 : span.end] in (":", ",", ";") else span


def _once(text: str, stated: Sequence[Mark]) -> list[Mark]:
    """Each decision once: the letter may state them in a list and again beside the rationale."""
    seen: dict[tuple[str, str], Mark] = {}
    for mark in stated:
        key = (mark.group("number") or "", " ".join(tokens(_request(text, mark).of(text))))
        seen.setdefault(key, mark)
    return list(seen.values())


def _decided(text: str, item: Item, index: int, items: Sequence[Item], stated: Sequence[Mark]) -> Item:
    if item.decision is not None or not stated:
        return item
    own = tokens(item.request.of(text))
    best = max(stated, key=lambda m: overlap(own, tokens(_request(text, m).of(text))))
    if overlap(own, tokens(_request(text, best).of(text))) < SAME_REQUEST:
        numbered = [m for m in stated if m.group("number") == str(item.number)]
        if len(numbered) == 1:
            best = numbered[0]
        elif len(stated) == len(items):
            best = stated[index]
        else:
            return item
    return Item(item.number, item.request, read_decision(best), item.parts)


def tokens(text: str) -> list[str]:
    """The words and numbers of a text in small letters."""
    return [w.lower() for w in _TOKEN.findall(text)]


def overlap(a: Sequence[str], b: Sequence[str]) -> float:
    """Share of words that two texts have in common, 0 to 1."""
    left = list(b)
    common = 0
    for word in a:
        if word in left:
            left.remove(word)
            common += 1
    return 2 * common / (len(a) + len(b)) if a and b else 0.0
