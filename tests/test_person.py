"""Age, sex and injury date of the worker: one row a sentence, the reason beside it."""

from datetime import date

import pytest

from extract.values.dates import DateFinder, parse_date
from extract.values.person import PersonReader

CASES = [
    ("This is a 48-year-old right-handed male.", 48, "male", "hyphens and an adjective"),
    ("The patient is a 45 y/o M with an injury of the back.", 45, "male", "shorthand of a chart"),
    ("A forty-five year old woman was lifting a crate.", 45, "female", "an age in words"),
    ("The worker is 52 years of age. She fell.", 52, "female", "a pronoun tells the sex"),
    (
        "A 39-year-old worker fell. He has a daughter, a 12 year old girl.",
        39,
        "male",
        "the age of a child is not taken",
    ),
    ("Her 61 year old mother helps. The patient is a 33 year old female.", 33, "female", "the age of a mother"),
    ("Symptoms began 12 years ago.", None, None, "years since something"),
    ("The claimant has had pain for 20 years.", None, None, "years of something"),
    ("He/she was seen. The claimant fell.", None, None, "a form's pronoun says nothing"),
    ("The female claimant, aged 57, slipped.", 57, "female", "sex before age"),
]
DATES = [
    (
        "The claimant was hurt at work on 1/4/10 and was seen on 3/5/12.",
        date(2010, 1, 4),
        None,
        "first date after the injury",
    ),
    (
        "Seen on 5/6/2013 for a date of injury of 02/03/2012.",
        date(2012, 2, 3),
        None,
        "a label wins over an earlier date",
    ),
    (
        "A continuous trauma from 1/2/2005 to 3/4/2012 is claimed.",
        date(2005, 1, 2),
        date(2012, 3, 4),
        "a range of days",
    ),
    ("An industrial injury on June 7, 2011.", date(2011, 6, 7), None, "a month by name"),
    ("Seen on 5/6/2013 with pain.", None, None, "the date of a visit"),
    ("An injury on 6/1/98 to the knee.", date(1998, 6, 1), None, "a year of the last century"),
    ("The fall, in or about (march 3rd 2011) 4 steps down.", date(2011, 3, 3), None, "a month in brackets"),
    ("Seen 5/6/2013 with a trauma 9/1/2012 to 9/2/2012.", date(2012, 9, 1), date(2012, 9, 2), "right behind the noun"),
]


@pytest.fixture(scope="module")
def person(patterns):
    return PersonReader(patterns=patterns)


@pytest.mark.parametrize(("text", "age", "sex"), [c[:3] for c in CASES], ids=[c[3] for c in CASES])
def test_age_and_sex(person, text, age, sex):
    read = person.read(text)
    assert (read.age.value if read.age else None) == age
    assert (read.sex.value if read.sex else None) == sex


def test_rules_that_are_tried_where_an_age_stands_begin_with_one(person):
    for rule in person._begun:
        for found in (m for example in rule.data.examples for m in rule.finditer(example.text)):
            assert person._years.match(found.string, found.start()), rule.name


def test_ages_of_one_rule_do_not_overlap(person):
    """The second is inside what a rule takes for the first, and no other rule says it."""
    assert [age.value for age in person.read("A 45 y old fifty y male").ages] == [45]


@pytest.mark.parametrize(("text", "start", "end"), [c[:3] for c in DATES], ids=[c[3] for c in DATES])
def test_injury_date(person, text, start, end):
    read = person.read(text)
    assert (read.injury.value if read.injury else None) == start
    assert (read.injury_end.value if read.injury_end else None) == end


def test_bare_numbers_are_no_second_age(person):
    """ "is 52," may be anything where a full phrase tells the age."""
    assert [age.value for age in person.read("A 45-year-old male fell. The claimant is 52, he says.").ages] == [45]
    assert person.read("The claimant is 52, he says.").age.value == 52


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Seen 5/6/2013 and 05-07-13, then 2013-05-08.", ["5/6/2013", "05-07-13", "2013-05-08"]),
        ("On June 7, 2011 and 6/8/2011; may be on Sept. 9th, 2011", ["June 7, 2011", "6/8/2011", "Sept. 9th, 2011"]),
        ("on march\n3rd\n2011", ["march\n3rd\n2011"]),
        ("5/6/13 2016 and 5/7/13, 2016, on June 7, 2011", ["5/6/13", "5/7/13", "June 7, 2011"]),
        ("June 7, 2011 and June 8, 2011-02-03", ["June 7, 2011", "June 8, 2011"]),
        ("3 2013-05-08 of June 9, 2011", ["2013-05-08", "June 9, 2011"]),
        ("may 3/4 of June 2011, and 13/13/2013 of 10 mg 2012", []),
    ],
)
def test_dates_are_found_with_and_without_months(patterns, text, days):
    found = DateFinder(patterns=patterns).all(text)
    assert [day.span.of(text) for day in found] == days
    assert [day.value for day in found] == [parse_date(" ".join(day.split())) for day in days]


def test_dates_of_a_window(patterns):
    text = "Seen 15/6/2013, on June 7, 2011 and 6/8/2011"
    assert [d.span.of(text) for d in DateFinder(patterns=patterns).all(text, 6, 30)] == []
    assert [d.span.of(text) for d in DateFinder(patterns=patterns).all(text, 10, 31)] == ["June 7, 2011"]
