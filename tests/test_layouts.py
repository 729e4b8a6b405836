"""Layouts: how each is told and read, on texts of our own."""

from datetime import date

import pytest

from extract.layout import LayoutReader
from extract.pipeline import Source
from tests.letters import COVER, LETTER, NOTICE


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


def test_cover_letter_is_checked_against_the_items(read):
    record = read(COVER + LETTER)
    assert record.cover_determination == record.decision == "partially_overturned"
    assert "decision_conflict" not in record.flags
    other = read(COVER.replace("PARTIALLY OVERTURN", "UPHOLD") + LETTER)
    assert other.cover_determination == "upheld"
    assert "decision_conflict" in other.flags


def test_documents_reviewed_are_kept(read):
    record = read(NOTICE)
    assert record.documents_reviewed_count == 2
    assert record.documents_reviewed == "Application for Independent Medical Review; Utilization Review Determination"


NOT_LETTERS = {
    "a utilization review denial": "UTILIZATION REVIEW DETERMINATION\nClaim Number: 55-12\nThe request for physical therapy "
    "2x6 is non-certified.\nGUIDELINES\nMTUS Low Back Complaints\n",
    "a progress report": "PRIMARY TREATING PHYSICIAN'S PROGRESS REPORT (PR-2)\nPatient: a 45 year old male\nSUBJECTIVE COMPLAINTS: "
    "low back pain\nDIAGNOSES: 847.2\nTREATMENT PLAN: physical therapy 2x6\n",
    "a request for authorization": "REQUEST FOR AUTHORIZATION (DWC Form RFA)\nDiagnosis: lumbar strain\nService requested: MRI\n",
}


@pytest.mark.parametrize("kind", NOT_LETTERS)
def test_other_papers_are_no_letters(reader, tmp_path, kind):
    path = tmp_path / "paper.txt"
    path.write_text(NOT_LETTERS[kind])
    assert reader.try_read(Source.of(path)).reason == "not_a_letter"
