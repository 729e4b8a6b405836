"""What runs without a clock is little work in any text, and a head misses no match."""

from random import Random

import pytest
import regex

from extract.effort import GAP, LENGTH, Reach, is_little, is_tame, reach
from extract.expressions import OFTEN, Expression, head_of
from extract.patterns import Patterns
from tests.made import made

PATTERNS = Patterns()
BRANCHES = [b for name in PATTERNS.families for m in PATTERNS.family(name).members for b in m.branches]
VERBOSE = regex.VERBOSE | regex.IGNORECASE


@pytest.mark.parametrize(
    ("pattern", "little"),
    [
        ("cat|dog", True),
        (r"cats?\s+and\s+dogs?", True),
        (r"\w+x", True),  # as many ways as characters
        (r"\w+\w+x", False),  # as many ways as pairs of characters
        (r"\w+\s+\w+x", True),  # where one word ends another cannot begin
        (r"\w+(?:\s+\w+){0,3}\.", True),
        (r"[\w-]+\b-\w+x", False),  # a dash may be of either part
        (r"\s*,?\s*,?\s*x", True),  # white space is short
        (r"[\s,]*,?[\s,]*x", False),
        (r"(?:a+)+x", False),
        (r"(?:a|b)*x", True),
        (r"(?:a|ab?)*x", False),  # two branches that begin alike
        (r"(?:a|[^b])*x", False),
        (r"(?:a|S)(?:ſ|b)*x", True),
        (r"(?:sa|ba)*x", True),
        (r"(?:sa|ſa)*x", False),  # one letter in another guise
        (r"(?:ka|\u212aa)*x", False),
        (r"(?:a?)*x", False),  # what may be empty
        (r"(?>\w+\w+)x", False),  # inside as well
        (r"(?=\w+\w+x)a", False),
        (r"(?<=\w\w+\w+)a", False),
        (r"(?<!\bat\s+)a", True),
        (r"(?:\wa|ba)++x", False),
        (r"[^\p{L}]+\d+x", False),  # a digit is no letter
        (r"[^\w]+\d+x", True),
        (r"\p{L}+\p{L}+x", False),
        (r"\p{L}+\s\p{L}+x", True),
        (r"\p{P}+x", False),  # properties that this room does not know
        (r"(\w+)\s\1x", False),  # references
        (r"\(?(?:cat)\s", True),  # a bracket that may be missing is no condition
        (r"(?:(cat))?(?(1)s|d)", False),
        (r"(?:cat){e<=1}", False),  # errors
        (r"(?<a>cat", False),  # not an expression at all
    ],
)
def test_is_little(pattern, little):
    assert is_little(pattern) == little


@pytest.mark.parametrize(
    ("pattern", "tame", "found"),
    [
        ("cat|dog", False, Reach(LENGTH, LENGTH)),
        (r"cats?\s+and", False, Reach(LENGTH, 256)),  # white space may be long
        (r"cats?\s+and", True, Reach(LENGTH, LENGTH)),
        (r"\w+x", True, Reach(LENGTH, 256)),
        (r"\w+\w+x", False, Reach(256, 64)),
        (r"(?<!\bat\s+)a", False, Reach(LENGTH, 0)),  # what stands before may be longer than the window
        (r"(?<!\bat\s+)a", True, Reach(LENGTH, LENGTH)),
        (r"(?:a+)+x", True, Reach(0, 0)),
        (r"(\w+)\s\1x", True, Reach(0, 0)),
    ],
)
def test_reach(pattern, tame, found):
    assert reach(pattern, tame=tame) == found


@pytest.mark.parametrize(
    ("pattern", "head"),
    [
        (r"cat\s(?:a+)+x", r"cat"),
        (r"(?:cat|dog)\s?(?:a+)+x", r"(?:cat|dog)"),
        (r"(?:cat)?(?:a+)+x", r"(?:cat)?"),  # what repeats a group is of it
        (r"[cd] {2} (?:a+)+x", r"[cd] {2}"),
        (r"(?:cat) (?:a+)+x", r"(?:cat) "),
        (r"\(cat\)(?:a+)+x", r"\(cat"),
        (r"cat(?:a+)+x", None),
        (r"cat|\s(?:a+)+x", None),  # a head of one branch is none of the other
        (r"(?:cat)\s(?:a+)+(?:dog){e<=1}", None),  # what stands behind may change what stands before
        (r"(?:cat)\s(?:a+)+(?i)x", None),
        (r"(?:cat # (or)" + "\n" + r")(?:a+)+x", None),  # brackets in comments
        (r"cat\s\w+", r"cat\s\w+"),  # all of it
    ],
)
def test_head_of(pattern, head):
    assert head_of(pattern, verbose=True) == head


@pytest.mark.parametrize(
    ("text", "tame"),
    [("a cat", True), ("a" + GAP, False), ("a" * LENGTH, True), ("a" * (LENGTH + 1), False)],
)
def test_is_tame(text, tame):
    assert is_tame(text) == tame


def test_heads_miss_no_match():
    rng = Random(1)
    for branch in BRANCHES:
        head, whole = head_of(branch.source, verbose=True), branch.compiled
        if head in {None, branch.source}:
            continue
        begins = regex.compile(head, VERBOSE)
        for text in (made(branch.source, rng, verbose=True) for _ in range(4)):
            for match in whole.finditer(text):
                assert begins.match(text, match.start()), (head, text)


def test_little_work_is_little_in_hostile_texts():
    rng = Random(2)
    tails = [c * LENGTH for c in "a1,.- "] + ["ab " * LENGTH, "1, " * LENGTH, "no 1/1/11 " * LENGTH]
    for branch in BRANCHES:
        head = head_of(branch.source, verbose=True)
        if head is None:
            continue
        begins = regex.compile(head, VERBOSE)
        begun = made(branch.source, rng, verbose=True)
        for tail in tails:
            text = (begun[: rng.randrange(len(begun) + 1)] + tail.replace("        ", "  a"))[:LENGTH]
            begins.match(text, timeout=0.5)  # else TimeoutError


def test_searches_within_reach_are_little_in_hostile_texts():
    rng = Random(3)
    for branch in BRANCHES:
        size = reach(branch.source, verbose=True).search
        if not size:
            continue
        begun = made(branch.source, rng, verbose=True)
        for tail in ("a", "1", " ", ", ", "ab ", begun + " "):
            text = (begun + tail * size)[:size]
            list(branch.compiled.finditer(text, timeout=0.5))  # else TimeoutError


@pytest.mark.parametrize("source", [r"cat\s\w+,", r"cat\s(?:\w+)+,"])
@pytest.mark.parametrize("tame", [False, True])
def test_matches_are_the_same_with_and_without_a_clock(source, tame):
    text = "a cat sat, a cat ran, a catty"
    expression = Expression(source, int(VERBOSE))
    for _ in range(OFTEN + 2):
        found = [expression.match(text, at, len(text), tame=tame) is not None for at in range(len(text))]
        assert [at for at, match in enumerate(found) if match] == [2, 13]
        assert [m.start() for m in expression.finditer(text, 1, len(text), tame=tame)] == [2, 13]
        first = expression.search(text, 3, len(text), tame=tame)
        assert first is not None
        assert first.start() == 13
    assert expression.search(text, 3, 16, tame=tame) is None


def test_a_clock_runs_where_an_expression_is_much_work():
    expression = Expression(r"(?:a+)+x")
    expression.search("b", 0, 1)
    for _ in range(OFTEN):
        expression.match("b", 0, 1)
    with pytest.raises(TimeoutError):
        expression.search("a" * LENGTH, 0, LENGTH)
