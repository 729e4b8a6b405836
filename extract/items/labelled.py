"""Items told as labelled lines, "Service: …", "Decision: …", "Reasons: …", in the order that the letter has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.expressions import TIME_LIMIT
from extract.items.item import Item, Mark, decision_word, find_marks
from extract.layout import Layout, Part, Section, Sections, compile_words
from extract.text import LetterText
from extract.words import trim

DECISION_WITHIN: Final = 120
"""Characters behind a label of a decision in which its word stands."""


def labelled_items(text: LetterText, sections: Sections, layout: Layout) -> list[Item]:
    """A request behind each label of part ``item``; what the labels below it hold are its parts."""
    data = layout.data.items
    decides = compile_words(data.decision) if data.decision else None
    items: list[Item] = []
    for region in _regions(sections, data.sections):
        marks = find_marks(text, region, sections, layout)
        requests = [i for i, m in enumerate(marks) if m.part == "item"]
        openings = [i for i in requests if _content(text.clean, marks, i, region.end).of(text.clean)]
        for order, index in enumerate(openings):
            after = openings[order + 1] if order + 1 < len(openings) else len(marks)
            request = _content(text.clean, marks, index, region.end)
            line = text.clean.find("\n", request.start, request.end)
            parts: dict[Part, Span] = {}
            decision = None
            for k in range(index + 1, after):
                span = _content(text.clean, marks, k, region.end)
                if marks[k].part == "decision":
                    decision = decision or (_decision(text.clean, span, decides) if decides else None)
                elif marks[k].part != "item":
                    parts.setdefault(marks[k].part, span)
            if decision is not None:
                items.append(Item(0, trim(text.clean, request.start, line) if line > 0 else request, decision, parts))
    return items


def _regions(sections: Sections, names: Sequence[Section]) -> list[Span]:
    """The stretches of the letter that hold items: sections of these names that follow each other are one."""
    regions: list[Span] = []
    going = False
    for span in sections.spans:
        if span.name not in names:
            going = False
        elif going:
            regions[-1] = Span(regions[-1].start, span.content.end)
        else:
            regions.append(Span(span.heading.start, span.content.end))
            going = True
    return regions


def _content(text: str, marks: Sequence[Mark], index: int, end: int) -> Span:
    """What stands between a label and the next one."""
    stop = marks[index + 1].start if index + 1 < len(marks) else end
    return trim(text, marks[index].match.end(), max(stop, marks[index].match.end()))


def _decision(text: str, span: Span, decides: regex.Pattern[str]) -> Found[str] | None:
    """The first word of a decision, "in part" anywhere in its sentence before the others."""
    found = list(decides.finditer(text, span.start, min(span.end, span.start + DECISION_WITHIN), timeout=TIME_LIMIT))
    kinds = [(decision_word(m), m) for m in found]
    best = next((k for k in kinds if k[0] == "modified"), kinds[0] if kinds else None)
    return None if best is None else Found(best[0], Span(*best[1].span()), "decision_label", 0.8)
