"""A family finds what each of its expressions finds by itself: the quick way must not change a single match."""

import re
from itertools import pairwise
from random import Random

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.expressions import Alternatives, Family, alternatives
from extract.folding import folded
from extract.layout import LayoutReader
from extract.needs import EDGE, needs
from extract.patterns import Patterns
from extract.reading import open_letter
from extract.text import LetterText
from extract.values.treatments import TreatmentClassifier, TreatmentFile, _needed, term_pattern, term_source
from extract.words import one_line
from tests.conftest import CORPUS
from tests.made import ODD, made

PATTERNS = Patterns()
FAMILIES = {name: PATTERNS.family(name) for name in PATTERNS.families}
LAYOUTS = LayoutReader(patterns=PATTERNS)
FAMILIES |= {f"labels of {la.name}": la.parts[0][1][0].family for la in (*LAYOUTS.layouts, LAYOUTS._any) if la.parts}
FAMILIES["treatments"] = TreatmentClassifier(patterns=PATTERNS)._family
RULES = [
    pytest.param(rule, id=f"{family}-{rule.name}") for family in PATTERNS.families for rule in PATTERNS.rules(family)
]
TERMS = sorted({t for g in PATTERNS.parse(TreatmentFile, "vocab/treatments.yaml").groups for t in g.terms})
LETTERS = sorted((CORPUS / "letters").rglob("*.pdf"))[::31]


def told(match):
    """What a reader may ask of a match."""
    return None if match is None else (match.span(), match.groupdict())


def assert_same(family, number, text, start=0, stop=None):
    """The family's matches are those of the plain expression."""
    end = len(text) if stop is None else stop
    whole = family.members[number].whole.compiled
    want = [told(m) for m in whole.finditer(text, start, end)]
    assert [told(m) for m in family.finditer(number, text, start, stop)] == want, whole.pattern
    assert told(family.search(number, text, start, stop)) == told(whole.search(text, start, end)), whole.pattern


def windows(text):
    """The whole text, its sentences, and pieces that begin and end within words."""
    yield 0, len(text)
    yield from pairwise([0, *(m.end() for m in re.finditer(r"[.;]\s", text)), len(text)])
    yield from ((at, min(at + 97, len(text))) for at in range(0, len(text), 331))


@pytest.mark.parametrize("rule", RULES)
def test_rule_matches_its_examples_as_by_itself(rule):
    texts = [*(e.text for e in rule.data.examples), *rule.data.counter_examples]
    for text in [*texts, " ".join(texts)]:
        assert_same(rule.family, rule.number, text)
        assert_same(rule.family, rule.number, text, 1, len(text) - 1)
        assert told(rule.search_alone(text)) == told(rule.search(text))


@pytest.fixture(scope="module")
def texts():
    """Some invented letters as rules see them: on one line."""
    found = []
    for path in LETTERS:
        with open_letter(path) as document:
            found.append(one_line(LetterText(document.pages).clean))
    return found


@pytest.mark.parametrize("name", [n for n in FAMILIES if n != "treatments"])
def test_family_reads_letters_as_its_expressions_do(name, texts):
    family = FAMILIES[name]
    for text in texts:
        for number in range(len(family.members)):
            for start, stop in windows(text) if text is texts[0] else [(0, len(text))]:
                assert_same(family, number, text, start, stop)


@pytest.mark.parametrize("name", list(FAMILIES))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), between=st.lists(st.text(ODD + " .,;-1a", max_size=3), min_size=1, max_size=5))
def test_family_reads_what_is_made_of_its_own_expressions(name, seed, between):
    family, rng = FAMILIES[name], Random(seed)
    numbers = [rng.randrange(len(family.members)) for _ in between]
    sources = [rng.choice(family.members[n].branches) for n in numbers]
    pieces = (
        made(s.source, rng, verbose=bool(s.flags & regex.VERBOSE)) + b for s, b in zip(sources, between, strict=True)
    )
    text = "".join(pieces)
    for number in numbers:
        assert_same(family, number, text)
        assert_same(family, number, text, min(2, len(text)), max(len(text) - 2, 0))


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("cat|dog", ["cat", "dog"]),  # bars at the top
        ("cat(?:fish|nip)", ["cat(?:fish|nip)"]),  # a bar in a group is none of the expression's own
        ("(?:cat|(?:dog|cow)s)|horse", ["(?:cat|(?:dog|cow)s)", "horse"]),  # groups within groups
        (r"cat\|fish|dog", [r"cat\|fish", "dog"]),  # an escaped bar is a letter
        (r"cat\\|dog", [r"cat\\", "dog"]),  # an escaped backslash escapes nothing behind it
        ("cat[|]fish|dog", ["cat[|]fish", "dog"]),  # a bar in a set is a letter
        ("cat[]|]fish|dog", ["cat[]|]fish", "dog"]),  # a bracket that comes first does not close its set
        ("cat[^]|]fish|dog", ["cat[^]|]fish", "dog"]),  # nor behind the sign of a negated one
        (r"cat[\]|]fish|dog", [r"cat[\]|]fish", "dog"]),  # nor an escaped one
        ("cat[(]|dog", ["cat[(]", "dog"]),  # nor is a bracket in it a numbered group
        ("and|a[bc]", ["and", "a[bc]"]),  # common words are words too
        ("(?=cat)|dog", ["(?=cat)|dog"]),  # one that matches no character at all
        ("cat # or | not\n|dog", ["cat # or | not\n", "dog"]),  # a bar in a comment
        ("cat|dog # or | not", ["cat", "dog # or | not"]),  # a comment that ends with the expression
        ("(?<a>cat)|(?<a>dog)", ["(?<a>cat)", "(?<a>dog)"]),  # the same groups in each
        ("(?<a>cat)|dog", ["(?<a>cat)|dog"]),  # a reader asks each match for all groups
        ("(cat)|(dog)", ["(cat)|(dog)"]),  # numbered groups would get other numbers
        (r"(?<a>cat)\g<a>|(?<a>dog)", [r"(?<a>cat)\g<a>|(?<a>dog)"]),  # references
        ("(?s)cat|dog", ["(?s)cat|dog"]),  # a setting holds for all branches
        ("cat|", ["cat|"]),  # a branch that matches nothing would match everywhere
        ("cat|a?", ["cat|a?"]),
    ],
)
def test_alternatives(source, parts):
    assert alternatives(source) == parts


@pytest.mark.parametrize(
    ("pattern", "words", "starts"),
    [
        ("cat", {"cat"}, {"cat"}),
        ("cat|dog", {"cat", "dog"}, {"cat", "dog"}),
        ("CAT", {"cat"}, {"cat"}),  # words are kept in one case, since texts are folded
        (r"\bcat\b", {EDGE + "cat" + EDGE}, {EDGE + "cat" + EDGE}),  # where words must begin and end
        (r"cat\sfish", {"cat fish"}, {"cat fish"}),  # any white space is a space
        ("colou?r", {"color", "colour"}, {"color", "colour"}),
        ("[bc]at", {"bat", "cat"}, {"bat", "cat"}),  # a small set is a choice of letters
        (r"cat\d{2}", {f"cat{n:02}" for n in range(100)}, {f"cat{n:02}" for n in range(100)}),
        ("cat[^x]fish", {"fish"}, {"cat"}),  # of two words the rarer one is needed
        (r"\w+cat", {"cat"}, None),  # where it begins is not known
        ("(?:sea)*cat", {"cat"}, {"sea", "cat"}),  # a head that may be missing: it begins with that or without
        (r"\b(?:\w+\s)?cat", {"cat"}, None),
        ("(?:cat){2,}", {"cat"}, {"cat"}),  # at least once
        (r"cat\s+fish", {" fish"}, {"cat"}),  # the last of several goes on with what stands behind
        ("a(?:[bc]at)+", {"abat", "acat"}, None),  # and the first with what stands before
        (r"\d{3}\.\d{1,3}", {f"{a}.{b}" for a in range(10) for b in range(10)}, set("0123456789")),
        ("(?:[bc]at|)+fish", {"batfish", "catfish", "fish"}, None),  # of those that may be empty any
        ("(?:cat)*", None, None),  # perhaps not at all
        ("cat(?!fish)", {"cat"}, {"cat"}),  # what must not stand there is not needed
        ("cat(?=fish)", {"fish"}, {"cat"}),  # what must stand behind is, and lies in the window too
        ("(?<=sea)cat", {"cat"}, {"cat"}),  # what stands before may lie outside the window
        ("^cat", {"cat"}, None),  # the start of a text is no place that words tell
        ("cat|.", None, None),  # one branch needs nothing
        ("(?:cat){e<=1}", None, None),  # a fuzzy match may lack any letter
        ("(?:cat|(?:cot){e<=1})fish", {"fish"}, None),  # but not what stands behind it
        (r"(?:c\)t){e<=1}fish", {"fish"}, None),
        ("c(?:(?:a)t){e<=1}", None, None),
        ("cat{e<=1}fish", None, None),
        ("[[:alpha:]]cat", None, None),  # re would read the class as a set
        ("a|b", None, None),  # words in every text are not worth looking for
        ("the", None, {"the"}),  # but they tell where it may begin
        (r"\d{1,2}", None, set("0123456789")),
        ("(?<animal>cat)", {"cat"}, {"cat"}),  # named groups as the regex module writes them
        (r"\p{Lu}cat", {"cat"}, None),  # properties, which re does not know
        ("ſtone", {"stone"}, {"stone"}),  # a long s matches an s
        ("(?P<a>cat", None, None),  # not an expression at all
    ],
)
def test_needs(pattern, words, starts):
    need = needs(pattern)
    assert need.words == (None if words is None else frozenset(words))
    assert need.starts == (None if starts is None else frozenset(starts))


@pytest.mark.parametrize(
    ("pattern", "signs"),
    [
        (r"(?<![\d/-])\d+", "0123456789/-"),
        (r"(?<!\d)(?<![.#])\b\d+", "0123456789.#"),  # more than one look
        (r"(?<!a)(?<!-)cat", "-"),  # a letter is of either case
        (r"(?<![^/])cat", ""),  # all others must not stand there
        (r"(?<!/a)cat", ""),  # a word is none
        (r"(?<=/)cat", ""),
        (r"cat(?<!/)", ""),  # a look that is not the first
        (r"(?:(?<!/)cat|dog)", ""),
    ],
)
def test_signs_behind_which_no_match_begins(pattern, signs):
    assert needs(pattern).never_behind == frozenset(signs)
    family = Family([Alternatives(pattern, int(regex.IGNORECASE))])
    for text in (f"a {s}1cat -cat 2 Cat /3" for s in "/-.#1٣"):
        assert_same(family, 0, text)
        assert_same(family, 0, text, 3)


def test_texts_are_folded_character_for_character():
    text = "Ä ſÉa\u00a0Kat’s İı ٣ ẞ \ud800 CAT"
    assert folded(text) == "ä séa kat’s ii 3 ẞ \ud800 cat"
    every = "".join(map(chr, range(0x11000)))
    assert folded(every) == "".join(map(folded, every))


@pytest.mark.parametrize(
    ("text", "number", "found"),
    [
        ("CAT", 0, True),
        ("cat", 1, False),
        ("ſea cat", 2, True),  # a long s
        ("Kat", 3, True),  # the Kelvin sign
        ("İll", 4, True),
        ("ıll", 4, False),  # an i without its dot is folded to i, but matches none
        ("5 µg", 5, True),  # the micro sign matches the Greek letter
        ("5\u00a0μg", 5, True),  # a space that does not break
        ("٣٤ years", 6, True),  # Arabic digits are digits
    ],
)
def test_odd_letters_are_found(text, number, found):
    sources = [r"\bcat\b", r"\bdog\b", r"\bsea\scat\b", r"\bkat\b", r"\bill\b", r"5\sµg", r"\b34\syears|\b\d\d\syears"]
    family = Family([Alternatives(s, int(regex.VERBOSE | regex.IGNORECASE)) for s in sources])
    assert_same(family, number, text)
    assert (family.search(number, text) is not None) == found


@pytest.mark.parametrize("stop", range(4, 12))
def test_window_that_cuts_a_word(stop):
    """For an expression a window's end is a word's end: "cat" in "cats" cut short."""
    family = Family([Alternatives(s, int(regex.VERBOSE)) for s in (r"\bcat\b", r"\bcats\b", r"\ba\scats?\b|\bdog\b")])
    for number in range(3):
        assert_same(family, number, "a catsup dogma", 0, stop)


def test_windows_asked_in_turn():
    family = Family([Alternatives(r"\bab\b|\#\d|ab\W?\#"), Alternatives(r"(?<!\#)\d\ ?(?:cd|-)")])
    text = "ab #1 cd ab#2 3- ab"
    for start in range(len(text)):
        for stop in range(start, len(text) + 1):
            for number in (0, 1, 0):
                assert_same(family, number, text, start, stop)


def test_every_form_of_a_term_holds_the_word_that_it_needs():
    rng = Random(1)
    for term in TERMS:
        (need,) = _needed(term) or [needs(term_source(term))]
        words, starts = need.words, need.starts
        pattern = regex.compile(term_pattern(term), regex.IGNORECASE)
        for _ in range(4):
            form = made(term_pattern(term), rng)
            if words is not None and pattern.fullmatch(form):
                assert any(word.strip(EDGE) in folded(form) for word in words), (term, form)
                assert starts is None or any(folded(form).startswith(word.strip(EDGE)) for word in starts), (term, form)
