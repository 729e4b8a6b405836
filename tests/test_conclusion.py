"""A rationale's conclusion: its last statement counts, wherever it stands."""

import itertools

import pytest

from extract.effort import is_tame
from extract.evidence import Span
from extract.folding import folded
from extract.values.conclusion import ConclusionReader

CASES = [
    ("The scan is medically necessary.", "overturned", "the last sentence concludes"),
    ("The scan is not medically necessary. She may ask again; see page 4.5.", "upheld", "sentences without a verdict"),
    (
        "It is medically necessary; the rest is not medically necessary",
        "upheld",
        "half a sentence, without a full stop",
    ),
    ("It is not medically necessary. Approved in part, two of four.", "modified", "a part is approved at the end"),
    ("It is not medically necessary, but a brace is medically necessary.", "overturned", "both in one sentence"),
    ("A brace is medically necessary, the rest is not medically necessary.", "upheld", "the last of one sentence"),
    ("Relief of 7.5mg is not shown.", None, "nothing is concluded"),
    (";.", None, "marks alone"),
    ("", None, "no rationale"),
]


@pytest.fixture(scope="module")
def conclusion(patterns):
    return ConclusionReader(patterns=patterns)


@pytest.mark.parametrize(("rationale", "wanted"), [c[:2] for c in CASES], ids=[c[2] for c in CASES])
def test_conclusion(conclusion, rationale, wanted):
    found = conclusion.read(rationale)
    assert (found.value if found else None) == wanted


def test_pieces_tell_what_the_whole_tells(patterns, conclusion):
    """No statement goes past a full stop or a semicolon: read from the end or all at once, the last is the same."""
    rules = patterns.rules("conclusion")
    told = [text for rule in rules for text in (*(e.text for e in rule.data.examples), *rule.data.counter_examples)]
    for first, mark, last in itertools.product(told, (". ", "; ", ", "), told):
        text = f"{first}{mark}{last}."
        small = folded(text)
        whole = conclusion._within(text, Span(0, len(text)), small, tame=is_tame(small))
        assert conclusion.read(text) == whole, text
