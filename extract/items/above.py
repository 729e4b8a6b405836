"""Items whose request stands, with its decision, above the first label (layouts from 2014 on)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.expressions import Expression
from extract.items.item import Item, Mark, decision_word, find_marks
from extract.items.telling import first_place
from extract.layout import ItemsData, Layout, Part, Sections, sought
from extract.text import LetterText
from extract.words import skip_space, trim

LOOK_ABOVE: Final = 12
"""Lines that a heading may fill; the longest seen has six, a hostile text has any number."""
_SENTENCE_END = regex.compile(r"[.?!]['”\")\]]*$")


def heading_above(text: LetterText, region: Span, sections: Sections, layout: Layout) -> list[Item]:
    """Items of a section: a heading with its decision above each first label, the labelled paragraphs below."""
    data = layout.data.items
    if data.decision is None:
        return []
    clean = text.clean
    decision = sought(data.decision)
    marks = find_marks(text, region, sections, layout)
    first_part = data.parts[0].part
    anchors = [i for i, m in enumerate(marks) if m.part == first_part]
    blocks: list[tuple[Span, list[Mark]]] = []
    for order, index in enumerate(anchors):
        after = anchors[order + 1] if order + 1 < len(anchors) else len(marks)
        own = marks[index:after]
        before = marks[index - 1].end if index else region.start
        blocks.append((Span(before, marks[index].start), own))
    # a letter cut off after a heading: the last heading has a decision and no label behind it
    tail_start = marks[-1].end if marks else region.start
    blocks.append((Span(tail_start, region.end), []))

    bold = any(line.line.bold for line in text.clean_lines)
    heads = [_heading(text, above, data, decision, at_end=bool(own), bold=bold) for above, own in blocks]
    items: list[Item] = []
    for index, ((_, own), head) in enumerate(zip(blocks, heads, strict=True)):
        if head is None:
            continue
        following = next((h for h in heads[index + 1 :] if h is not None), None)
        stop = following.start if following else region.end
        parts: dict[Part, Span] = {}
        for k, mark in enumerate(own):
            end = own[k + 1].start if k + 1 < len(own) else stop
            parts.setdefault(mark.part, trim(clean, mark.end, max(min(end, stop), mark.end)))
        items.append(Item(0, head.request, head.decision, parts))
    return items


@dataclass(frozen=True, slots=True)
class _Heading:
    start: int
    request: Span
    decision: Found[str]


def _heading(
    text: LetterText, above: Span, data: ItemsData, decision: Expression, *, at_end: bool, bold: bool
) -> _Heading | None:
    """The heading at the end of the text above a label: its last decision, and the lines that lead to it.

    ``bold``: the letter has lines in bold type.
    """
    clean = text.clean
    place = first_place(data.decision or "", clean, above.start, above.end)
    if place is None:
        return None
    matches = list(decision.finditer(clean, place, above.end, tame=text.tame))
    if not at_end:  # nothing follows to tell a heading from prose: the decision must end a line
        matches = [m for m in matches if text.ends_line(m.end())]
    if not matches:
        return None
    match = matches[-1]
    start = _heading_start(text, above, match.start(), data, bold=bold)
    if data.number:
        number = sought(data.number).match(clean, start, match.start(), tame=text.tame)
        body = number.end() if number else start
    else:
        body = start
    value = Found(
        decision_word(match),
        Span(match.start("decision"), match.end("decision")),
        "heading_decision",
        0.99,
    )
    return _Heading(start, trim(clean, body, match.start()), value)


def _heading_start(text: LetterText, above: Span, decision: int, data: ItemsData, *, bold: bool) -> int:
    """Where the heading begins: by its bold lines, else its paragraph, else after the last full stop.

    Of these the first that the letter shows is taken; a heading whose words say that it began
    further up ("The remaining IMR eligible portion …") is followed upwards.
    """
    lines = text.clean_lines
    last = text.line_index(decision)
    low = max(last - LOOK_ABOVE, 0)

    def begin(i: int) -> int:
        span = lines[i].clean
        return span.start if span is not None else above.start

    inside = [i for i in range(low, last + 1) if begin(i) >= above.start]
    if not inside:
        return skip_space(text.clean, above.start)
    if bold:
        index = last
        while index > inside[0] and not lines[index].line.bold:
            index -= 1  # the decision alone on its line is set in regular type
        if lines[index].line.bold:
            while index > inside[0] and lines[index - 1].line.bold and not lines[index].starts_paragraph:
                index -= 1
            return begin(_follow_up(text, index, inside, decision, data))
    index = last
    while index > inside[0] and not lines[index].starts_paragraph:
        index -= 1
    if not lines[index].starts_paragraph and index == inside[0] and inside[0] > 0:
        index = last
        while index > inside[0] and not _ends_sentence(text, index - 1):
            index -= 1
    return begin(_follow_up(text, index, inside, decision, data))


def _follow_up(text: LetterText, index: int, inside: Sequence[int], decision: int, data: ItemsData) -> int:
    if data.continues is None:
        return index
    continues, opening = sought(data.continues), sought("was the original request")
    lines = text.clean_lines
    while index > inside[0]:
        span = lines[index].clean
        head = text.clean[span.start : decision] if span is not None else ""
        tame, stop = text.tame, len(head)
        if not continues.search(head, 0, stop, tame=tame) or opening.search(head, 0, stop, tame=tame):
            break
        index -= 1
    return index


def _ends_sentence(text: LetterText, index: int) -> bool:
    return bool(_SENTENCE_END.search(text.clean_lines[index].line.text))
