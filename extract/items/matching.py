"""Which stated decision belongs to which item: by the words of the request, by number, or by order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.items.item import Item, Mark, decision_told
from extract.words import trim

SAME_REQUEST: Final = 0.6
"""Share of words that a decision's request must have in common with an item's to belong to it."""
DECIDED: Final = "decision_sentence"
"""Method of a decision that a sentence states of its request."""
_TOKEN: Final = regex.compile(r"[\p{L}\d]+")
_NUMBER: Final = regex.compile(r"\d+")


def tokens(text: str) -> list[str]:
    """The words and numbers of a text in small letters."""
    if text.isascii():  # else a letter may become two
        return _TOKEN.findall(text.lower())
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


def read_decision(mark: Mark) -> Found[str] | None:
    """The decision that a mark's groups tell: ``not``, ``partly`` or, of a whole statement, neither."""
    if mark.group("necessary") is None:
        return None
    return Found(decision_told(mark.match.groupdict()), Span(*mark.match.span("necessary")), DECIDED, 0.98)


def request_of(text: str, mark: Mark) -> Span:
    """The words of the request in a mark, without a mark of punctuation behind them."""
    span = trim(text, *mark.match.span("request"))
    return trim(text, span.start, span.end - 1) if text[span.end - 1 : span.end] in (":", ",", ";") else span


def decide(text: str, items: Sequence[Item], stated: Sequence[Mark], *, words_of_decision: bool = False) -> list[Item]:
    """The items with the decisions of ``stated`` beside them, where they have none of their own.

    ``words_of_decision``: the request is taken in the words of the sentence that decides it.
    """
    single = once(text, stated)
    return [_decided(text, item, index, items, single, words_of_decision) for index, item in enumerate(items)]


def once(text: str, stated: Sequence[Mark]) -> list[Mark]:
    """Each decision once: the letter may state them in a list and again beside the rationale."""
    seen: dict[tuple[str, str, str], Mark] = {}
    for mark in stated:
        words = " ".join(tokens(request_of(text, mark).of(text))) if mark.group("request") else ""
        seen.setdefault((mark.group("number") or "", mark.group("numbers") or "", words), mark)
    return list(seen.values())


def _decided(
    text: str, item: Item, index: int, items: Sequence[Item], stated: Sequence[Mark], words_of_decision: bool
) -> Item:
    if item.decision is not None or not stated:
        return item
    best = _by_words(text, item, stated) or _by_number(item, index, items, stated)
    if best is None:
        return item
    request = request_of(text, best) if words_of_decision and best.group("request") else item.request
    return Item(item.number, request, read_decision(best), item.parts)


def _by_words(text: str, item: Item, stated: Sequence[Mark]) -> Mark | None:
    own = tokens(item.request.of(text))
    named = [m for m in stated if m.group("request")]
    best = max(named, key=lambda m: overlap(own, tokens(request_of(text, m).of(text))), default=None)
    if best is None or overlap(own, tokens(request_of(text, best).of(text))) < SAME_REQUEST:
        return None
    return best


def _by_number(item: Item, index: int, items: Sequence[Item], stated: Sequence[Mark]) -> Mark | None:
    """The decision with the item's number; else, of as many decisions as items, the one in the same place."""
    number = item.number or index + 1
    numbered = [m for m in stated if number in _numbers(m)]
    if len(numbered) == 1:
        return numbered[0]
    single = [m for m in stated if m.group("request")]
    return single[index] if len(single) == len(items) else None


def _numbers(mark: Mark) -> set[int]:
    words = f"{mark.group('number') or ''} {mark.group('numbers') or ''}"
    return {int(n) for n in _NUMBER.findall(words)}
