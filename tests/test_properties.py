"""What holds for any input: dates read back, visits multiply, lists split, and evidence is the text at its place.

The examples are the same in every run. ``IMR_EXAMPLES=5000 pytest tests/test_properties.py`` tries more, by chance.
"""

import os
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from extract.evidence import Span
from extract.failures import Reason
from extract.pipeline import Source
from extract.reading.plain import PlainDocument
from extract.record import FailureRecord
from extract.schema import Column, Table
from extract.tables import csv_cell, csv_columns, csv_line
from extract.text import LetterText
from extract.values.citations import CitationReader
from extract.values.dates import DateFinder, parse_date
from extract.values.numbers import count
from extract.values.sessions import SessionReader
from tests.hostile.pdf import one_page, printed, stream
from tests.letters import COVER, LETTER, NOTICE

MANY = int(os.environ.get("IMR_EXAMPLES", "0"))


def tried(examples):
    """Few examples, always the same, unless the environment asks for more."""
    return settings(
        max_examples=MANY or examples,
        derandomize=not MANY,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


# -- dates

MONTHS = "January February March April May June July August September October November December".split()
FORMS = {
    "10/13/2016": lambda d: f"{d.month}/{d.day}/{d.year}",
    "02/03/2016": lambda d: f"{d.month:02d}/{d.day:02d}/{d.year}",
    "10-13-2016": lambda d: f"{d.month:02d}-{d.day:02d}-{d.year}",
    "10-13-16": lambda d: f"{d.month}-{d.day}-{d.year % 100:02d}",
    "1/4/10": lambda d: f"{d.month}/{d.day}/{d.year % 100:02d}",
    "10 / 13 / 2016": lambda d: f"{d.month} / {d.day} / {d.year}",
    "2016-10-13": lambda d: d.isoformat(),
    "October 13, 2016": lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    "October 13 2016": lambda d: f"{MONTHS[d.month - 1]} {d.day} {d.year}",
    "Oct. 13, 2016": lambda d: f"{MONTHS[d.month - 1][:3]}. {d.day}, {d.year}",
    "OCT 13, 2016": lambda d: f"{MONTHS[d.month - 1][:3].upper()} {d.day}, {d.year}",
    "October 3rd, 2016": lambda d: f"{MONTHS[d.month - 1]} {d.day}{ordinal(d.day)}, {d.year}",
}
DAYS = st.dates(date(1940, 1, 1), date(2039, 12, 31))  # the years that two digits can tell
PLAIN_WORDS = st.text(st.characters(categories=["Ll", "Lu", "Zs", "Po"], exclude_characters="/"), max_size=30)


def ordinal(day):
    return "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


@tried(150)
@given(DAYS, st.sampled_from(sorted(FORMS)))
def test_a_date_reads_back_from_any_form(day, form):
    assert parse_date(FORMS[form](day)) == day


@tried(150)
@given(DAYS, st.sampled_from(sorted(FORMS)), PLAIN_WORDS, PLAIN_WORDS)
def test_a_date_is_found_among_words(patterns, day, form, before, after):
    words = FORMS[form](day)
    text = f"{before} {words} {after}"
    found = DateFinder(patterns=patterns).all(text)
    assert [(f.value, f.span.of(text)) for f in found] == [(day, words)]


@tried(200)
@given(st.text(st.sampled_from("0123456789/-, JanuryFebMchOct."), max_size=16))
@example("10/10/0016")
@example("0012-01-01")
@example("Decision 12, 2016")
@example("Marble 3, 2014")
def test_nonsense_gives_no_date_or_one_that_it_prints(words):
    day = parse_date(words)
    if day is not None:
        assert 1900 <= day.year < 2100
        assert f"{day.year % 100:02d}" in words
        assert str(day.day) in words
        letters = "".join(c for c in words if c.isalpha())
        assert not letters or letters[:3].lower() == MONTHS[day.month - 1][:3].lower()


@tried(100)
@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 9999), st.sampled_from("/-"))
def test_days_that_no_calendar_has_are_no_dates(month, day, year, mark):
    assume(not (1 <= month <= 12 and 1 <= day <= 31))
    assert parse_date(f"{month}{mark}{day}{mark}{year:04d}") is None


@tried(60)
@given(
    st.text(st.characters(categories=["Ll", "Lu"]), min_size=3, max_size=12),
    st.integers(1, 28),
    st.integers(1950, 2030),
)
def test_a_word_that_is_no_month_makes_no_date(word, day, year):
    names = {m.lower() for m in MONTHS} | {m[:3].lower() for m in MONTHS} | {"sept"}
    assume(word.lower() not in names)
    assert parse_date(f"{word} {day}, {year}") is None


# -- visits

ONES = "one two three four five six seven eight nine ten eleven twelve".split()
FEW, WEEKS = st.integers(1, 7), st.integers(1, 12)


@tried(100)
@given(
    FEW,
    WEEKS,
    st.sampled_from(
        [
            "Physical therapy {f} times a week for {w} weeks",
            "Physical therapy, {f} times per week for {w} weeks, right knee",
            "Chiropractic {f} visits per week x {w} weeks",
            "Physical therapy {f}x/wk x {w} wks",
            "Acupuncture {f}x{w}",
            "Acupuncture {f} times {w}",
            "Occupational therapy for {w} weeks, {f} times a week",
        ]
    ),
    st.booleans(),
)
def test_frequency_times_weeks_is_the_total(patterns, visits, weeks, form, as_words):
    f, w = (
        (ONES[visits - 1], ONES[weeks - 1])
        if as_words and "x/wk" not in form and "{f}x" not in form
        else (visits, weeks)
    )
    assume(weeks > 1 or "weeks" not in form)
    read = SessionReader(patterns=patterns).read(form.format(f=f, w=w))
    assert (read.total.value, read.frequency_max.value, read.weeks_max.value) == (visits * weeks, visits, weeks)
    assert not read.conflict


@tried(100)
@given(FEW, FEW, WEEKS, WEEKS, st.sampled_from(["-", " to ", "–"]))
def test_of_ranges_the_upper_ends_give_the_total(patterns, f1, f2, w1, w2, mark):
    assume(f1 < f2 and w1 < w2)
    read = SessionReader(patterns=patterns).read(
        f"Physical therapy {f1}{mark}{f2} times a week for {w1}{mark}{w2} weeks"
    )
    assert (read.frequency_min.value, read.frequency_max.value) == (f1, f2)
    assert (read.weeks_min.value, read.weeks_max.value) == (w1, w2)
    assert read.total.value == f2 * w2


@tried(100)
@given(FEW, st.integers(2, 12), st.integers(1, 96))
def test_a_stated_total_wins_and_tells_a_conflict(patterns, visits, weeks, total):
    read = SessionReader(patterns=patterns).read(
        f"{total} visits of physical therapy, {visits} times a week for {weeks} weeks"
    )
    assert read.total.value == total
    assert read.conflict is (total != visits * weeks)


@tried(60)
@given(FEW, st.integers(2, 6))
def test_a_month_is_four_weeks(patterns, visits, months):
    read = SessionReader(patterns=patterns).read(f"Psychotherapy {visits} times a week for {months} months")
    assert (read.weeks_max.value, read.total.value) == (4 * months, 4 * months * visits)


@tried(60)
@given(st.text(st.sampled_from("0123456789 x-/,.#()abcdefortwkwevisn"), max_size=60))
def test_counts_of_any_text_are_not_negative(patterns, words):
    read = SessionReader(patterns=patterns).read(words)
    for found in (read.total, read.frequency_min, read.frequency_max, read.weeks_min, read.weeks_max):
        if found is not None:
            assert found.value >= 0
            assert found.span.of(words)
    assert (count(words) or 0) >= 0


# -- lists

CONDITIONS = (
    "lumbar strain", "cervical sprain", "right knee contusion", "left shoulder impingement syndrome", "carpal tunnel syndrome",
    "lateral epicondylitis", "plantar fasciitis", "lumbar radiculopathy", "right ankle sprain", "insomnia", "major depressive disorder",
    "left wrist fracture", "hypertension", "thoracic strain",
)  # fmt: skip


def joined(parts, last):
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + last + parts[-1]


@tried(40)
@given(
    st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=6, unique=True),
    st.sampled_from(
        [
            "The injured worker was diagnosed with {}.",
            "Diagnoses include {}.",
            "The current diagnoses are documented as {}.",
        ]
    ),
    st.sampled_from([", and ", ", "]),
)
def test_a_list_of_diagnoses_splits_into_its_members(reader, conditions, lead, last):
    text = LETTER.replace("Diagnoses include lumbar\nstrain.", lead.format(joined(conditions, last)))
    (record,) = reader.read(Source.of_bytes(text.encode(), Path("x.txt")))
    assert list(record.diagnoses) == conditions


CHAPTERS = ("Low Back Complaints", "Neck and Upper Back Complaints", "Shoulder Complaints", "Knee Complaints", "Elbow Disorders",
            "Chronic Pain Medical Treatment", "Opioid Treatment", "Acupuncture Treatment", "Postsurgical Treatment")  # fmt: skip
TOPICS = (
    "Initial Care",
    "Physical Methods",
    "Special Studies",
    "Summary",
    "Muscle relaxants (for pain)",
    "Work",
    "Surgical Considerations",
)


@tried(80)
@given(
    st.lists(st.sampled_from(CHAPTERS), min_size=1, max_size=4, unique=True),
    st.sampled_from([2004, 2007, 2009, 2016]),
    st.lists(st.sampled_from(TOPICS), max_size=3, unique=True),
)
def test_citations_split_into_chapters_and_topics(patterns, chapters, year, topics):
    part = f", Section(s): {', '.join(topics)}" if topics else ""
    text = "Decision based on MTUS " + ", and ".join(f"{chapter} {year}{part}" for chapter in chapters) + "."
    cited = CitationReader(patterns=patterns).read(text)
    assert [(c.chapter, c.edition, list(c.sections)) for c in cited] == [
        (chapter, str(year), topics) for chapter in chapters
    ]
    assert all(c.span.of(text) for c in cited)


# -- places

ODD = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\r"),
        st.sampled_from("\u00ad\u200b\u202e\u2028\x0b\x1c\x85\u00a0-–‐•\uf0b7ﬁﬂ\ufeff\t\f\0"),
    ),
    max_size=60,
)
PIECES = [line for text in (LETTER, NOTICE, COVER) for line in text.split("\n") if line.strip()]
LINES = st.lists(
    st.one_of(ODD, st.sampled_from(PIECES), st.just(""), st.sampled_from(["pain-", "re-", "quest"])), max_size=40
)


@st.composite
def letters(draw):
    """A letter of ours with lines doubled, lost, moved, or strange, and characters changed."""
    lines = draw(st.sampled_from([LETTER, NOTICE, COVER + LETTER])).split("\n")
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(len(lines) - 1, 0)))
        kind = draw(st.sampled_from("insert drop double move join break".split()))
        if kind == "insert" or not lines:
            lines.insert(at, draw(ODD))
        elif kind == "drop":
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "move":
            lines.insert(draw(st.integers(0, len(lines))), lines.pop(at))
        elif kind == "join" and at + 1 < len(lines):
            lines[at : at + 2] = [f"{lines[at]} {lines[at + 1]}"]
        elif kind == "break" and len(lines[at]) > 2:
            cut = draw(st.integers(1, len(lines[at]) - 1))
            mark = draw(st.sampled_from(["", "-", "\u00ad", "\f"]))
            lines[at : at + 1] = [lines[at][:cut] + mark, lines[at][cut:]]
    return "\n".join(lines)


def assert_places(record):
    """Every evidence row is the letter's text at its offsets; sections lie in the text."""
    for row in record.evidence:
        if row.start is None:
            assert row.text == ""
            continue
        assert 0 <= row.start <= row.end <= len(record.text)
        assert record.text[row.start : row.end] == row.text
        assert 0 <= row.confidence <= 1
        assert row.page is None or 1 <= row.page <= record.pages
    for _, start, end in record.sections:
        assert 0 <= start <= end <= len(record.text)
    numbers = [issue.issue_number for issue in record.issues]
    assert numbers == list(range(1, len(numbers) + 1))
    assert record.issue_count == len(numbers)
    for care in record.prior_care:
        assert record.text[care.start : care.end] == care.text


def read(reader, data, name):
    result = reader.try_read(Source.of_bytes(data, Path(name)))
    if isinstance(result, FailureRecord):
        assert result.reason != Reason.INTERNAL_ERROR, result.detail
        return []
    return result


@tried(100)
@given(letters())
def test_evidence_of_any_letter_is_its_text(reader, text):
    for record in read(reader, text.encode("utf-8", "surrogatepass"), "x.txt"):
        assert_places(record)


@tried(60)
@given(LINES)
def test_lines_of_any_kind_are_read_or_refused(reader, lines):
    for record in read(reader, "\n".join(lines).encode("utf-8", "surrogatepass"), "x.txt"):
        assert_places(record)


@tried(25)
@given(
    letters(),
    st.sampled_from([b"[0 0 612 792]", b"[0 0 792 612]", b"[10 20 622 812]"]),
    st.sampled_from([6.0, 9.0, 12.0]),
)
def test_boxes_of_any_letter_lie_on_its_page(reader, text, box, size):
    left, bottom, right, top = (int(n) for n in box.strip(b"[]").split())
    data = one_page(stream(printed(text.replace("\0", ""), size=size)), box=box)
    for record in read(reader, data, "x.pdf"):
        assert_places(record)
        for row in record.evidence:
            if row.box is not None:
                assert 0 <= row.box.x0 < row.box.x1 <= right - left, row
                assert 0 <= row.box.top < row.box.bottom <= top - bottom, row


@tried(150)
@given(LINES, st.lists(st.integers(0, 39), max_size=3))
def test_the_clean_text_maps_back_in_order(lines, breaks):
    for at in sorted(breaks, reverse=True):
        lines.insert(min(at, len(lines)), "\f")
    data = "\n".join(lines)
    assume(data.replace("\f", "").strip())
    text = LetterText(PlainDocument(data.encode("utf-8", "surrogatepass")).pages)
    places = [text.to_raw(Span(i, i + 1)) for i in range(len(text.clean))]
    assert all(a.start <= b.start for a, b in pairwise(places))
    for char, place in zip(text.clean, places, strict=True):
        assert place.end <= len(text.raw)
        assert char in (place.of(text.raw), " ", "\n", "•")
    whole = text.to_raw(Span(0, len(text.clean)))
    printed_words = "".join(c for c in whole.of(text.raw) if c.isalnum())
    assert sum(c.isalnum() for c in text.clean) <= len(printed_words)


WORDS = st.none() | st.text(st.sampled_from(' aé",;=+-@|\t\r\n'), max_size=4)
ROWS = st.lists(
    st.tuples(
        WORDS,
        st.none() | st.integers(),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.dates(),
        st.lists(WORDS.filter(bool), max_size=3).map(tuple),
    ),
    max_size=4,
)
KINDS = Table("any", "", (), tuple(Column(kind, kind, "") for kind in ("str", "int", "num", "date", "list")))


@tried(300)
@given(ROWS, st.booleans())
def test_columns_of_csv_are_the_lines_of_its_rows(rows, raw):
    columns = list(zip(*rows, strict=True)) or [()] * 5
    wanted = "".join(csv_line([csv_cell(cell, raw=raw) for cell in row]) for row in rows)
    assert csv_columns(KINDS, columns, raw=raw) == wanted


@pytest.mark.parametrize(
    "words", ["10/10/0016", "0012-01-01", "Decision 12, 2016", "Marble 3, 2014", "Mayor 1, 2015", "Oct 12abc, 2016"]
)
def test_words_that_gave_a_date_once(words):
    """Found by the properties above: a year of the first century, and words that begin like a month."""
    assert parse_date(words) is None
