"""Texts that an expression may match, made of the expression itself."""

from __future__ import annotations

import re
from random import Random
from re import _constants as kinds
from re import _parser as parser

import regex

ODD = "ſKİıµ\u00a0٣\u2028’–"
"""Characters that ``IGNORECASE``, ``\\s`` or ``\\d`` take for others: a long s, a Kelvin, Turkish letters, an Arabic 3."""
MOST = 3
"""Rounds of a repetition that may go on for ever."""


def made(pattern: str, rng: Random, *, verbose: bool = False) -> str:
    """A text after the expression's own letters; what stands around is not looked at, so it need not match."""
    plain = regex.sub(r"\(\?P?<(?![=!])\w+>", "(?:", pattern)
    plain = regex.sub(r"\\[pPhR](?:\{[^}]*\})?", r"\\w", plain)
    try:
        tree = parser.parse(plain, re.VERBOSE if verbose else 0)
    except re.error:  # what only the regex module knows: its letters alone
        return " ".join(regex.findall(r"\w+", pattern))
    return "".join(_piece(kind, value, rng) for kind, value in tree)


def _piece(kind, value, rng):
    if kind is kinds.LITERAL:
        return _spelt(chr(value), rng)
    if kind in (kinds.NOT_LITERAL, kinds.ANY):
        return rng.choice("ae 1,.")
    if kind is kinds.IN:
        return _member(value, rng)
    if kind is kinds.SUBPATTERN:
        return "".join(_piece(k, v, rng) for k, v in value[3])
    if kind is kinds.ATOMIC_GROUP:
        return "".join(_piece(k, v, rng) for k, v in value)
    if kind is kinds.BRANCH:
        return "".join(_piece(k, v, rng) for k, v in rng.choice(value[1]))
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
        low, high, body = value
        rounds = rng.randint(low, min(high, low + MOST))
        return "".join(_piece(k, v, rng) for _ in range(rounds) for k, v in body)
    return ""


def _member(members, rng):
    kind, value = rng.choice([m for m in members if m[0] is not kinds.NEGATE])
    if members[0][0] is kinds.NEGATE:
        return rng.choice("ae 1")
    if kind is kinds.LITERAL:
        return _spelt(chr(value), rng)
    if kind is kinds.RANGE:
        return _spelt(chr(rng.randint(*value)), rng)
    return rng.choice(
        {kinds.CATEGORY_DIGIT: "0123456789٣", kinds.CATEGORY_SPACE: "  \u00a0\n", kinds.CATEGORY_WORD: "aesk1"}.get(
            value, ",.;"
        )
    )


def _spelt(char, rng):
    """The character, now and then in the other case or as one that counts as equal."""
    if rng.random() < 0.9:
        return char
    return rng.choice([char.upper(), char.lower(), {"s": "ſ", "k": "K", "i": "İ", " ": "\u00a0"}.get(char, char)])
