"""Visits in requests: one row a notation, the reason beside it."""

import pytest

from extract.values.sessions import SessionReader

# request, total, frequency (min, max), weeks (min, max)
CASES = [
    ("Physical Therapy 3x4 (12 sessions) to Cervical Spine", 12, (3, 3), (4, 4), "shorthand and total agree"),
    ("Therapy two times a week for six weeks", 12, (2, 2), (6, 6), "words"),
    ("Aquatic therapy 2-3 times a week for 4-6 weeks", 18, (2, 3), (4, 6), "ranges: the upper ends"),
    ("Acupuncture #6", 6, None, None, "a number sign counts visits"),
    ("Massage times 12", 12, None, None, "a bare multiplier is a total"),
    ("Massage x12", 12, None, None, "the same without a blank"),
    ("Chiropractic 1 times 8", 8, (1, 1), (8, 8), "two numbers are visits a week and weeks"),
    ("Eight (8) physical therapy visits", 8, None, None, "word and figure"),
    ("twelve sessions of hand therapy, three times weekly", 12, (3, 3), None, "total and frequency without weeks"),
    ("PT two times four visits (8)", 8, (2, 2), (4, 4), "words as shorthand"),
    ("Psychotherapy once a month for 3 months", 3, (0.25, 0.25), (12, 12), "a month counts as four weeks"),
    ("Physical therapy 2 x 6", 12, (2, 2), (6, 6), "blanks around the x"),
    ("Physical therapy twice weekly x 4 weeks", 8, (2, 2), (4, 4), "adverbs"),
    ("Physical therapy, 2x/wk x 6 wks", 12, (2, 2), (6, 6), "abbreviations"),
    ("10 sessions over 5 weeks", 10, None, (5, 5), "a total with a duration"),
    ("six 60-minute sessions of biofeedback", 6, None, None, "minutes are no count of visits"),
    (
        "two visits of massage for the neck and six visits of massage for the wrist",
        8,
        None,
        None,
        "two counts are added",
    ),
    ("Acupuncture 6 sessions, one every two weeks", 6, (0.5, 0.5), None, "visits further apart than a week"),
    ("Psychotherapy every other week for 12 weeks", 6, (0.5, 0.5), (12, 12), "one visit is understood"),
    ("Pain management visits monthly for 3 months", 3, (0.25, 0.25), (12, 12), "a month counts as four weeks"),
    ("Physical therapy for the right knee", None, None, None, "no count said"),
    ("Work hardening 5 days a week for 2 weeks", 10, (5, 5), (2, 2), "days of a program are visits"),
    ("18 additional post-operative physical therapy visits", 18, None, None, "words between number and noun"),
    ("Chiropractic two (2) times per week for four (4) weeks", 8, (2, 2), (4, 4), "figures in brackets"),
    ("Acupuncture weekly for 8 weeks", 8, (1, 1), (8, 8), "one visit a week is understood"),
    ("Physical therapy 97110, 8 visits", 8, None, None, "a procedure code is no count"),
    ("Physical therapy for L5-S1 disc, 6 visits", 6, None, None, "a disc level is no count"),
]


@pytest.fixture(scope="module")
def sessions(patterns):
    return SessionReader(patterns=patterns)


@pytest.mark.parametrize(
    ("request_text", "total", "frequency", "weeks"), [c[:4] for c in CASES], ids=[c[4] for c in CASES]
)
def test_visits(sessions, request_text, total, frequency, weeks):
    read = sessions.read(request_text)
    assert (read.total.value if read.total else None) == total
    got = (read.frequency_min.value, read.frequency_max.value) if read.frequency_min and read.frequency_max else None
    assert got == frequency
    got = (read.weeks_min.value, read.weeks_max.value) if read.weeks_min and read.weeks_max else None
    assert got == weeks


def test_total_against_arithmetic_is_a_conflict(sessions):
    assert sessions.read("Physical therapy 2 times a week for 6 weeks (10 sessions)").conflict
    assert not sessions.read("Physical therapy 2 times a week for 6 weeks (12 sessions)").conflict


def test_evidence_is_the_words_of_the_request(sessions):
    text = "Physical therapy two times a week for six weeks"
    read = sessions.read(text)
    assert read.frequency_min.span.of(text) == "two"
    assert read.weeks_max.span.of(text) == "six"
    assert read.total.span.of(text) == "two times a week for six"
