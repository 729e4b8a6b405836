"""Where a heading's decision may stand, told by its words."""

from __future__ import annotations

import pytest

from extract.items.telling import first_place
from extract.layout import compile_words, spaced
from extract.needs import needed_words

DECISION = r"(?<is>[,;]? (?:is|are))? ?: ?(?<decision>(?:Partly )?Granted|Refused)\b"


def test_words_that_hold_another_are_left_out() -> None:
    assert needed_words(spaced(DECISION)) == ("granted", "refused")
    assert needed_words(r"\d+") == ()


@pytest.mark.parametrize(
    "text",
    [
        "Long words before it. " * 20 + "A brace, is: Granted. More of it: Refused",
        "Granted before, and far behind it " + "x" * 300 + " a brace are : Partly  Granted",
        "x" * 300 + " is" + " " * 40 + ":" + " " * 40 + "GRANTED",
        "x" * 300 + " is" + "\n" * 40 + ":" + "\n" * 40 + "refused",
        ": Granted",
        "granted",
        "nothing of it",
        "",
    ],
)
def test_no_decision_stands_before_the_first_place(text: str) -> None:
    pattern = compile_words(DECISION)
    place = first_place(DECISION, text, 0, len(text))
    found = [] if place is None else [m.span() for m in pattern.finditer(text, place)]
    assert found == [m.span() for m in pattern.finditer(text)]


@pytest.mark.parametrize("more", [r"\w+", r"(?=.{9})", r"(?<!not )"])
def test_a_decision_of_any_length_is_looked_for_from_the_start(more: str) -> None:
    text = "x" * 300 + "Granted"
    assert first_place(more + "Granted", text, 10, len(text)) == 10


def test_few_characters_before_a_word_are_looked_at() -> None:
    text = "x" * 300 + " is: Granted"
    assert 200 < (first_place(DECISION, text, 0, len(text)) or 0) < 300
    assert first_place(DECISION, text, 0, 300) is None
