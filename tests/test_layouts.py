"""Layouts: how each is told and read, on texts of our own."""

import shutil
from datetime import date

import pytest

from extract.layout import LayoutReader
from extract.patterns import Patterns
from extract.pipeline import LetterReader, Source
from tests.conftest import CORPUS
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


def test_what_two_letters_ask_for_in_the_same_words_stands_where_each_says_it(read):
    first, second = read(NOTICE), read("\n" + NOTICE.replace("left knee strain", "left knee and ankle strain"))
    assert [i.requested_treatment for i in first.issues] == [i.requested_treatment for i in second.issues]
    for record in (first, second):
        rows = [row for row in record.evidence if row.table == "issues" and row.field == "sessions_requested"]
        assert [record.text[row.start : row.end] for row in rows] == [row.text for row in rows] == ["six visits"]


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


def test_other_papers_of_the_corpus_are_no_letters(reader):
    """An invoice, a denial by utilization review, a notice of assignment … as PDFs; none is a determination."""
    papers = sorted((CORPUS / "others").glob("*.pdf"))
    assert len(papers) >= 8
    assert {p.name: reader.try_read(Source.of(p)).reason for p in papers} == {p.name: "not_a_letter" for p in papers}


@pytest.mark.parametrize(
    ("word", "decision"),
    [
        ("Partially Overturned", "modified"),
        ("Overturned in part", "modified"),
        ("Modified", "modified"),
        ("Overturned", "overturned"),
    ],
)
def test_words_of_a_heading_that_decide(read, word, decision):
    record = read(LETTER.replace("Norco 10/325mg #60: Overturned", f"(2) Norco 10/325mg #60: {word}"))
    assert record.issues[1].requested_treatment == "Norco 10/325mg #60"
    assert record.issues[1].decision == decision
    assert record.decision == "partially_overturned"


LISTED = """MEDICAL PROFESSIONAL REVIEW
IMR Case Number: CM13-9990003

ISSUES AT DISPUTE:

1. MRI of the left wrist

2. Six visits of hand therapy

3. Wrist splint

CASE SUMMARY:

The patient is a 30 year old woman who fell on her left wrist on 1/7/2013. She was diagnosed with left wrist sprain.

MEDICAL TREATMENT GUIDELINES RELIED UPON BY PROFESSIONAL REVIEWER AND WHY:

{guidelines}

{rationales}

MEDICAL REVIEWER QUALIFICATIONS:

The reviewer is Board Certified in Hand Surgery, and is licensed to practice in Ohio.
"""
BOTH = "Issues 1 and 3: CA: ODG, Hand Chapter, MRI. PR: ODG, Hand Chapter, Splints. Issue 2: CA: none. PR: ODG, Hand Chapter, Therapy."


@pytest.mark.parametrize(
    ("why", "rationales"),
    [
        (
            "two headings, each over the items that it decides",
            "RATIONALE FOR WHY THE REQUESTED TREATMENT IS MEDICALLY NECESSARY:\n\n2. Function was lost.\n\n"
            "RATIONALE FOR WHY THE REQUESTED TREATMENT IS NOT MEDICALLY NECESSARY:\n\n1. No red flags.\n\n3. None is needed.",
        ),
        (
            "one section that names items by number",
            "RATIONALE FOR WHY THE REQUESTED TREATMENT IS/WAS [NOT] MEDICALLY NECESSARY:\n\nThere were no red flags. "
            "Item 2 is medically necessary. Items 1 and 3 are not medically necessary.",
        ),
        (
            "paragraphs in the order of the items",
            "RATIONALE FOR WHY THE REQUESTED TREATMENT IS/WAS [NOT] MEDICALLY NECESSARY:\n\nThe MRI is not medically "
            "necessary.\n\nMedically necessary.\n\nThe splint is not medically necessary.",
        ),
    ],
)
def test_items_of_common_sections(read, why, rationales):
    record = read(LISTED.format(guidelines=BOTH, rationales=rationales))
    assert record.layout == "C"
    assert [i.decision for i in record.issues] == ["upheld", "overturned", "upheld"], why
    cited = [[(c.cited_by, *c.sections) for c in i.citations] for i in record.issues]
    assert cited[0] == cited[2] == [("claims_administrator", "MRI"), ("reviewer", "Splints")]
    assert cited[1] == [("reviewer", "Therapy")]


SHARED = """1) Regarding the request for six visits of acupuncture:
2) Regarding the request for one MRI of the left knee:

Section of the Medical Treatment Utilization Schedule Relied Upon by the Expert Reviewer to Make His/Her
Decision:
"""


def test_items_announced_together_share_their_paragraphs(read):
    head, tail = NOTICE.split("1) Regarding the request for")
    record = read(head + SHARED + tail.split("Decision:\n", 1)[1].split("2) Regarding", 1)[0])
    assert [i.decision for i in record.issues] == ["upheld", "overturned"]
    first, second = record.issues
    assert first.citations
    assert [c.text for c in first.citations] == [c.text for c in second.citations]


RECORD = """DECISION RECORD OF THE INDEPENDENT MEDICAL REVIEW

File: CM20-9990004
Accident date: 03/02/2019
Denied in UR: 01/10/2020
Decided: 03/12/2020

SUMMARY OF THE CASE

A 33-year-old man strained his right elbow on 03/02/2019. He was diagnosed with right elbow strain.

Disputed Service 1 of 2

Service: Elbow brace

Determination: Denial upheld

The claims administrator relied on: Official Disability Guidelines, Elbow Chapter, Bracing.

Basis for the decision: None is needed.

Disputed Service 2 of 2

Service: Ibuprofen 800mg #60

Determination: Denial overturned

Basis for the decision: It helps.
"""


def test_labelled_lines_of_an_unknown_layout(read):
    record = read(RECORD)
    assert record.layout == "unknown"
    assert {"unknown_layout"} <= set(record.flags)
    assert (record.case_number, record.injury_date, record.decision_date) == (
        "CM20-9990004",
        date(2019, 3, 2),
        date(2020, 3, 12),
    )
    assert [(i.requested_treatment, i.decision) for i in record.issues] == [
        ("Elbow brace", "upheld"),
        ("Ibuprofen 800mg #60", "overturned"),
    ]
    assert record.body_parts == ("right elbow",)


@pytest.mark.parametrize("kind", NOT_LETTERS)
def test_other_papers_are_no_letters(reader, tmp_path, kind):
    path = tmp_path / "paper.txt"
    path.write_text(NOT_LETTERS[kind])
    assert reader.try_read(Source.of(path)).reason == "not_a_letter"


NEW_LAYOUT = """NOTICE OF DETERMINATION
Case Number: CM26-9990005
Decision Date: 03/12/2026

SUMMARY OF RECORDS

A 33-year-old man strained his right elbow. He was diagnosed with right elbow strain.

DISPUTED ITEMS

Item 1: Elbow brace

Result: Denied

Reasons: None is needed.

Item 2: Six visits of physical therapy

Result: Allowed in part

Reasons: Three are enough.
"""


def test_layout_of_the_contributing_guide(tmp_path):
    """The example of docs/patterns.md is a layout that works when it is dropped into the folder."""
    guide = (CORPUS.parent / "docs" / "patterns.md").read_text(encoding="utf-8")
    example = next(block for block in guide.split("```") if block.startswith("yaml\nname: E"))
    shutil.copytree(CORPUS.parent / "patterns", tmp_path / "patterns")
    (tmp_path / "patterns" / "layouts" / "e.yaml").write_text(example.removeprefix("yaml\n"), encoding="utf-8")
    path = tmp_path / "letter.txt"
    path.write_text(NEW_LAYOUT, encoding="utf-8")
    (record,) = LetterReader(patterns=Patterns(tmp_path / "patterns"), model=None).read(Source.of(path))
    assert record.layout == "E"
    assert record.decision_date == date(2026, 3, 12)
    assert [(i.requested_treatment, i.decision) for i in record.issues] == [
        ("Elbow brace", "upheld"),
        ("Six visits of physical therapy", "modified"),
    ]
    assert record.issues[1].sessions_requested == 6


def test_a_clock_watches_headings_that_may_be_long_work(patterns):
    soon = {layout.name for layout in LayoutReader(patterns=patterns).layouts if layout.opens_soon}
    assert "A" in soon
    assert "C" not in soon
