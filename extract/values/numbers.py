"""Counts as the letters write them: 12, twelve, "eight (8)"."""

from __future__ import annotations

from typing import Final

import regex

_WORDS: Final = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
        " seventeen eighteen nineteen twenty".split(" "),
        start=1,
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_JOINTS: Final = regex.compile(r"[\s-]+")
_DIGITS: Final = regex.compile(r"\d{1,6}(?!\d)")
_ADVERBS: Final = {"once": 1, "twice": 2, "thrice": 3}


def count(words: str) -> int | None:
    """The whole number that some words say, or None: ``12``, ``twelve``, ``twenty-four``, ``twice``."""
    text = words.strip().lower()
    digits = _DIGITS.match(text)
    if digits:
        return int(digits.group())
    alone = _ADVERBS.get(text) or _WORDS.get(text)
    if alone is not None:
        return alone
    total = 0
    for part in _JOINTS.split(text):
        if part not in _WORDS:
            return None
        total += _WORDS[part]
    return total or None
