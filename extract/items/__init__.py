"""Sections → disputed items: where each item's request, decision and paragraphs stand."""

from __future__ import annotations

from extract.items.above import heading_above
from extract.items.item import Item
from extract.items.labelled import labelled_items
from extract.items.listed import listed_items
from extract.items.sentences import sentence_items
from extract.layout import Layout, Sections
from extract.text import LetterText

__all__ = ["Item", "find_items"]


def find_items(text: LetterText, sections: Sections) -> list[Item]:
    """The disputed items in the order of the letter.

    For an unknown layout the ways of all layouts are tried, and the one that finds most decisions is taken.
    """
    tried = [_items(text, sections, layout) for layout in sections.candidates]
    items = max(tried, key=lambda found: (sum(i.decision is not None for i in found), len(found)), default=[])
    return [Item(n, i.request, i.decision, i.parts) for n, i in enumerate(items, start=1)]


def _items(text: LetterText, sections: Sections, layout: Layout) -> list[Item]:
    data = layout.data.items
    if data.style == "sentences":
        return sentence_items(text, sections, layout)
    if data.style == "labelled":
        return labelled_items(text, sections, layout)
    if data.style == "list":
        return listed_items(text, sections, layout)
    return [
        item
        for section in sections.all(*data.sections)
        for item in heading_above(text, section.content, sections, layout)
    ]
