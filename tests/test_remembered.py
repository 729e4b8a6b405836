"""Readings that are remembered: each text is read once, long ones are not kept, and all are forgotten in the end."""

import pickle

import pytest

from extract.values import remembered
from extract.values.remembered import LONGEST, Remembered

READ: list[str] = []


def length(text):
    READ.append(text)
    if text == "bad":
        raise ValueError(text)
    return len(text)


@pytest.fixture
def lengths():
    READ.clear()
    return Remembered(length)


@pytest.mark.parametrize(
    ("texts", "read", "why"),
    [
        (["a", "b", "a"], ["a", "b"], "the second time it is known"),
        ([], [], "nothing is read ahead"),
        (["a" * LONGEST] * 2, ["a" * LONGEST], "the longest that is remembered"),
        (["a" * (LONGEST + 1)] * 2, ["a" * (LONGEST + 1)] * 2, "too long for a formula"),
        (["a", "b", "c", "a", "c"], ["a", "b", "c", "a"], "room for two: the third makes all forgotten"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_each_is_read_once(lengths, monkeypatch, texts, read, why):
    monkeypatch.setattr(remembered, "MOST", 2)
    assert [lengths(text) for text in texts] == [len(text) for text in texts], why
    assert read == READ, why


def test_what_cannot_be_read_is_not_remembered(lengths):
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            lengths("bad")
    assert READ[0] == READ[-1] == "bad"
    assert len(READ) == 2


def test_a_copy_has_read_nothing(lengths):
    lengths("a")
    copy = pickle.loads(pickle.dumps(lengths))
    assert copy("a") == 1
    assert READ.count("a") == 2
