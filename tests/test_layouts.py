"""Layouts: how each is told and read, on texts of our own."""

from datetime import date

import pytest

from extract.layout import LayoutReader
from extract.pipeline import Source
from tests.letters import LETTER, NOTICE


@pytest.fixture
def read(reader, tmp_path):
    def read_text(text):
        path = tmp_path / "letter.txt"
        path.write_text(text, encoding="utf-8")
        (record,) = reader.read(Source.of(path))
        return record

    return read_text


def test_notice_of_2013(read):
    record = read(NOTICE)
    assert record.layout == "B"
    assert record.case_number == "CM13-9990002"
    assert (record.decision_date, record.ur_denial_date) == (date(2013, 9, 26), date(2013, 8, 3))
    assert (record.injury_date, record.application_received_date) == (date(2012, 2, 7), date(2013, 8, 9))
    assert record.reviewer_license_states == ("Nevada", "California")
    assert record.reviewer_specialties == ("Orthopedic Surgery",)
    assert (record.age, record.sex) == (52, "female")
    assert record.diagnoses == ("left knee strain",)
    assert [i.requested_treatment for i in record.issues] == ["six visits of acupuncture", "one MRI of the left knee"]
    assert [i.decision for i in record.issues] == ["upheld", "overturned"]
    assert record.decision == "partially_overturned"
    cited = [[(c.cited_by, c.guideline, c.pages) for c in i.citations] for i in record.issues]
    assert cited == [
        [("claims_administrator", "mtus_acupuncture", ()), ("reviewer", "mtus_acupuncture", ())],
        [("claims_administrator", "odg", ()), ("reviewer", "mtus_acoem", ("343",))],
    ]
    assert record.issues[0].sessions_requested == 6
    assert record.flags == ()


def test_unknown_layout_keeps_what_can_be_found(read):
    text = LETTER.replace("HOW THE IMR FINAL DETERMINATION WAS MADE", "HOW WE DECIDED")
    record = read(text)
    assert record.layout == "unknown"
    assert "unknown_layout" in record.flags
    assert record.case_number == "CM16-9990001"
    assert [i.decision for i in record.issues] == ["upheld", "overturned"]


@pytest.mark.parametrize(
    ("marker", "layout"),
    [("CM16-9990001", "A"), ("CM19-9990001", "D")],
    ids=["2016", "the ACOEM chapters of 2017 came with other case numbers"],
)
def test_years_tell_layouts(read, marker, layout):
    assert read(LETTER.replace("CM16-9990001", marker)).layout == layout


def test_every_layout_file_is_distinct(patterns):
    names = [layout.name for layout in LayoutReader(patterns=patterns).layouts]
    assert len(names) == len(set(names))
    assert {"A", "A1", "A2", "B", "C", "D"} <= set(names)
