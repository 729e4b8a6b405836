"""Earlier care in a summary, and where the sentences end that tell it."""

import pytest

from extract.values.prior_care import PriorCareFinder
from extract.values.sides import sentences

NUMBERS = dict(
    enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
        " eighteen nineteen twenty".split(),
        start=1,
    )
) | {24: "twenty-four", 30: "thirty", 36: "thirty-six", 40: "forty", 50: "fifty", 60: "sixty"}
CASES = [
    ("She had 18 sessions of therapy. Then 6 of 8 approved therapy visits.", [18, 6], "digits"),
    ("She had six visits of physical therapy", [6], "words"),
    ("PT x 8 and acupuncture times six", [8, 6], "the count behind the treatment"),
    *[(f"Therapy, {word} visits", [n], f"{word} behind the treatment") for n, word in NUMBERS.items()],
    ("After 12 physical therapy visits, six sessions of acupuncture", [12, 6], "digits and words in one sentence"),
    ("Treatment of 6 weeks; one visit. Therapy", [], "no treatment beside the count"),
    ("His wife had six visits of physical therapy. He had two visits of therapy", [2], "of a relative"),
]
SENTENCES = [
    ('One. Two! "Three?" Four', ["One.", 'Two! "Three?"', "Four"], "marks, and a quotation"),
    ("Dr. A. Smith, MD. He", ["Dr. A. Smith, MD. He"], "short forms"),
    ("See No.\nSix, p.\n  Seven", ["See No.", "Six, p.", "  Seven"], "a line's end behind a short form"),
    ("one\n\n two. three", ["one", " two. three"], "lines, and a small letter"),
    ("p. S", ["p. S"], "a short form at the start"),
    ("Chap. Six, the Chap. Seven. A chaps. Eight", ["Chap. Six, the Chap. Seven.", "A chaps.", "Eight"], "a long form"),
    (" \n", [], "no words"),
]


@pytest.fixture(scope="module")
def care(patterns):
    return PriorCareFinder(patterns=patterns)


@pytest.mark.parametrize(("text", "visits"), [c[:2] for c in CASES], ids=[c[2] for c in CASES])
def test_visits(care, text, visits):
    assert [each.sessions for each in care.in_summary(text)] == visits


def test_a_rule_and_its_parts_find_the_same(patterns, care):
    """Digits and words are sought apart, and found as the whole expression finds them."""
    for number, rule in enumerate(care._finders):
        for text in (e.text for e in rule.data.examples):
            together = f"{text}, four visits of therapy, {text} 12 acupuncture visits"
            apart = care._family.finditer(number, together)
            assert [m.span() for m in apart] == [m.span() for m in rule.compiled.finditer(together)], rule.name


@pytest.mark.parametrize(("text", "wanted"), [c[:2] for c in SENTENCES], ids=[c[2] for c in SENTENCES])
def test_sentences(text, wanted):
    assert [span.of(text) for span in sentences(text)] == wanted
