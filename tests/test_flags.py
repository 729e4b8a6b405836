"""Flags: each is raised by a letter that has the fault, and not by one that only looks like it."""

import csv
from pathlib import Path

import pytest

from extract.checks.catalogue import ALL, CATALOGUE, doubted
from extract.pipeline import Source
from extract.schema import FLAGS, TABLES
from tests.conftest import CORPUS
from tests.letters import COVER, LETTER, NOTICE

SECOND = LETTER[LETTER.index("Norco 10/325mg #60: Overturned") :]
FIRST = LETTER[LETTER.index("Manual therapy") : LETTER.index("Norco 10/325mg #60: Overturned")]
SUMMARY = "This 41 year old man hurt his back when a pallet slid on 10/03/2016."
SPLIT = (
    "Therapy 12 visits, given at home was the original request. Therapy 4 visits, given at home was authorized by the Claims"
    " Administrator. The remaining IMR eligible portion of the original request, Therapy {} visits, given at home is"
)

# flag, is it raised, reason, what is changed in the letter
CASES = [
    ("no_case_number", True, "no number anywhere", {"Case Number: CM16-9990001\n": ""}),
    ("no_case_number", False, "the number stands only in a line of the text", {"Case Number: CM16-9990001\n": "IMR case CM16-9990001\n"}),
    ("no_decision_date", True, "the label has no date", {"Decision Date: 12/09/2016 ": "", "Received:\n": "Received: "}),
    ("no_decision_date", False, "the date is written in words", {"12/09/2016": "December 9, 2016"}),
    ("no_age", True, "no age", {"This 41 year old man": "This man"}),
    ("no_age", False, "the age is in words", {"41 year old": "forty-one year old"}),
    ("no_sex", True, "neither noun nor pronoun", {"man hurt his": "worker hurt the", "He complains": "There are complaints"}),
    ("no_sex", False, "a pronoun tells it", {"41 year old man": "41 year old worker"}),
    ("no_injury_date", True, "neither header nor summary has one", {"Date of Injury: 10/03/2016": "Date of Injury:", " on 10/03/2016": ""}),
    ("no_injury_date", False, "the summary has one", {"Date of Injury: 10/03/2016": "Date of Injury:", "hurt his back": "was injured"}),
    ("injury_date_conflict", True, "header and summary differ", {"Injury: 10/03/2016": "Injury: 10/08/2016", SUMMARY: "This 41 year old man sustained an injury on 10/03/2016."}),
    ("injury_date_conflict", False, "another date said with a fall, and the header's as well", {SUMMARY: "This 41 year old man fell on 10/01/2016 and, hurt at work, again on 10/03/2016."}),
    ("age_conflict", True, "two ages in full phrases", {"Diagnoses include": "The patient is 47 years old. Diagnoses include"}),
    ("age_conflict", False, "one of them is of the injury", {"Diagnoses include": "He was 39 when injured. Diagnoses include"}),
    ("age_conflict", False, "one of them is another illness's", {"Diagnoses include": "Headaches began at age 19. Diagnoses include"}),
    ("age_at_injury", True, "44 years before the decision a man of 41 was hurt", {"Injury: 10/03/2016": "Injury: 10/03/1972", " on 10/03/2016": ""}),
    ("age_at_injury", False, "he was 15 then", {"Injury: 10/03/2016": "Injury: 10/03/1990", " on 10/03/2016": ""}),
    ("sex_conflict", True, "the pronouns are of the other sex", {"man hurt his back": "man hurt her back", "He complains": "She complains"}),
    ("sex_conflict", True, "two nouns", {"Diagnoses include": "The patient is a 41 year old female. Diagnoses include"}),
    ("sex_conflict", False, "the pronouns are a clinician's", {"Diagnoses include": "The provider says she treats him as she sees fit. Diagnoses include"}),
    ("sex_conflict", False, "the pronouns are the wife's", {"Diagnoses include": "His wife drives, she lifts and she cooks. Diagnoses include"}),
    ("date_order", True, "denied before the injury", {"UR Denial Date: 11/01/2016": "UR Denial Date: 10/01/2016"}),
    ("date_order", False, "denied and applied for on one day", {"11/04/2016": "11/01/2016"}),
    ("date_gap", True, "three years from assignment to decision", {"Decision Date: 12/09/2016": "Decision Date: 12/09/2019"}),
    ("date_gap", False, "a year late, as in the backlog of 2014", {"Decision Date: 12/09/2016": "Decision Date: 11/09/2017"}),
    ("case_year", True, "an application of November 2016 under a number of 2018", {"CM16-9990001": "CM18-9990001"}),
    ("case_year", False, "an application of December got next year's number", {"CM16-9990001": "CM17-9990001", "11/04/2016": "12/30/2016", "11/09/2016": "01/05/2017", "12/09/2016": "01/30/2017"}),
    ("date_after_decision", True, "seen after the decision", {"He complains": "On 12/19/2016 he complains"}),
    ("date_after_decision", False, "seen on that day", {"He complains": "On 12/09/2016 he complains"}),
    ("ur_denial_date_conflict", True, "the summary dates the denial five days later", {"He complains": "The utilization review dated 11/06/2016 denied it. He complains"}),
    ("ur_denial_date_conflict", False, "the denial of another request, months before", {"He complains": "A UR of 5/6/2016 had allowed therapy. He complains"}),
    ("no_summary", True, "no case summary", {LETTER[LETTER.index("This 41 year") : LETTER.index("IMR ISSUES")]: ""}),
    ("no_summary", False, "a short one", {LETTER[LETTER.index("Diagnoses include") : LETTER.index("IMR ISSUES")]: ""}),
    ("no_body_parts", True, "none is named", {SUMMARY: "This 41 year old man slept badly after 10/03/2016.", "lumbar\nstrain. He complains of low back pain": "insomnia"}),
    ("no_body_parts", False, "one is", {}),
    ("no_reviewer", True, "no credentials", {"State(s) of Licensure: California,New York\nCertification(s)/Specialty: Physical Medicine & Rehabilitation, Pain Management": "State(s) of Licensure:"}),
    ("no_reviewer", False, "a licence without a specialty", {"Certification(s)/Specialty: Physical Medicine & Rehabilitation, Pain Management\n": ""}),
    ("no_issues", True, "no item", {FIRST: "", SECOND: ""}),
    ("no_issues", False, "one item", {FIRST: ""}),
    ("decision_conflict", True, "upheld above, necessary below", {"#60: Overturned": "#60: Upheld"}),
    ("decision_conflict", False, "without contrast is no negation", {"Norco 10/325mg #60: Over": "MRI of the lumbar spine without contrast: Over", "The request is medically necessary": "MRI of the lumbar spine without contrast is medically necessary"}),
    ("decision_conflict", False, "none of the services is no approval", {"The request is not medically\nnecessary": "None of the associated services are medically\nnecessary"}),
    ("decision_conflict", False, "modified fits either end", {"#60: Overturned": "#60: Modified"}),
    ("sessions_conflict", True, "10 visits, and 2 a week for 4 weeks", {"twice weekly for 4 weeks,": "10 visits, twice weekly for 4 weeks,"}),
    ("sessions_conflict", False, "8 visits", {"twice weekly for 4 weeks,": "8 visits, twice weekly for 4 weeks,"}),
    ("split_conflict", True, "12 asked for, 4 authorized, 6 left", {"Manual therapy twice weekly for 4 weeks, lumbar spine": SPLIT.format(6)}),
    ("split_conflict", False, "12 asked for, 4 authorized, 8 left", {"Manual therapy twice weekly for 4 weeks, lumbar spine": SPLIT.format(8)}),
    ("implausible_value", True, "360 visits", {"twice weekly for 4 weeks": "360 visits"}),
    ("implausible_value", True, "9 visits a week", {"twice weekly for 4 weeks": "9 times a week for 4 weeks"}),
    ("implausible_value", True, "6000 tablets", {"#60": "#6000"}),
    ("implausible_value", False, "24 visits and a cream of 240 g", {"twice weekly for 4 weeks": "24 visits", "Norco 10/325mg #60": "Lidocaine cream 240g"}),
    ("incomplete_item", True, "no guideline of the reviewer", {LETTER[LETTER.index("MAXIMUS guideline: Decision") : LETTER.index("Decision rationale: Home")]: ""}),
    ("incomplete_item", False, "the reviewer cites nothing, and says so", {}),
    ("item_count_conflict", True, "a heading lost its decision", {"Norco 10/325mg #60: Overturned": "Norco 10/325mg #60:"}),
    ("item_count_conflict", True, "an item has a decision and no paragraphs", {"Norco 10/325mg #60: Overturned": "Naproxen 500mg #30: Upheld\n\nNorco 10/325mg #60: Overturned"}),
    ("item_count_conflict", False, "a rationale that speaks of what was upheld", {"Home exercise was": "An earlier denial was upheld. Home exercise was"}),
    ("repeated_request", True, "the second heading repeats the first", {"Norco 10/325mg #60": "Manual therapy twice weekly for 4 weeks, lumbar spine"}),
    ("repeated_request", False, "another strength of the drug", {"Manual therapy twice weekly for 4 weeks, lumbar spine": "Norco 5/325mg #60"}),
    ("side_conflict", True, "the right knee was hurt", {"low back pain": "right knee pain", "Norco 10/325mg #60": "MRI of the left knee"}),
    ("side_conflict", False, "the summary speaks of the left side as well", {"low back pain": "right knee pain. The left side was never hurt", "Norco 10/325mg #60": "MRI of the left knee"}),
    ("request_conflict", True, "the rationale counts other visits", {"The request is not medically\nnecessary": "The request for 12 visits of manual therapy is not medically\nnecessary"}),
    ("request_conflict", True, "as it does in a long sentence", {"The request is not medically\nnecessary": f"The request for 12 visits of manual therapy, {'asked for anew, ' * 15}is not medically\nnecessary"}),
    ("request_conflict", True, "the rationale counts other tablets", {"The request is medically necessary": "Norco 10/325mg #90 is medically necessary"}),
    ("request_conflict", True, "the rationale is the other item's", {"The request is not medically\nnecessary": "Norco 10/325mg #60 is not medically\nnecessary"}),
    ("request_conflict", True, "the rationale has the other side", {"Norco 10/325mg #60": "MRI of the left knee", "The request is medically necessary": "MRI of the right knee is medically necessary"}),
    ("request_conflict", False, "the same visits as words", {"The request is not medically\nnecessary": "The request for eight visits of manual therapy is not medically\nnecessary"}),
    ("request_conflict", False, "of an item approved in part", {"#60: Overturned": "#60: Modified", "The request is medically necessary": "Norco 10/325mg #30 is medically necessary"}),
    ("rationale_end", True, "cut off in a sentence", {" aberrant use was seen. The request is medically necessary.": " aberrant"}),
    ("rationale_end", True, "closing lines behind it", {"The request is medically necessary.": "The request is medically necessary.\nSincerely,\nMedical Director"}),
    ("rationale_end", False, "only the full stop is missing", {"The request is medically necessary.": "The request is medically necessary"}),
    ("unknown_layout", True, "a heading that no layout has", {"HOW THE IMR FINAL DETERMINATION WAS MADE": "HOW WE DECIDED"}),
    ("unknown_layout", False, "a known one", {}),
    ("long_summary", True, "30,000 characters and more", {"He complains": "He rested. " * 3000 + "He complains"}),
    ("long_summary", False, "20,000", {"He complains": "He rested. " * 1800 + "He complains"}),
]  # fmt: skip


def changed(text, changes):
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def read(reader):
    def read_text(text, name="letter.txt"):
        return reader.read(Source.of_bytes(text.encode(), Path(name)))[0]

    return read_text


@pytest.mark.parametrize(("flag", "raised", "why", "changes"), CASES, ids=[f"{f}: {w}" for f, _, w, _ in CASES])
def test_flag(read, flag, raised, why, changes):
    record = read(changed(LETTER, changes))
    assert (flag in record.flags) is raised, (why, record.flags)


def test_a_good_letter_has_no_flag(read):
    assert read(LETTER).flags == read(COVER + LETTER).flags == read(NOTICE).flags == ()


OTHERS = [
    ("case_number_from_file_name", True, "only the file's name has it", LETTER.replace("Case Number: CM16-9990001\n", ""), "CM16-9990001.txt"),
    ("case_number_from_file_name", False, "the letter has it as well", LETTER, "CM16-9990001.txt"),
    ("case_number_conflict", True, "the file bears another case's name", LETTER, "CM16-9990007.txt"),
    ("case_number_conflict", False, "the name is written otherwise", LETTER, "cm16_9990001 (1).txt"),
    ("case_number_conflict", False, "the name is no case number", LETTER, "letter 16.txt"),
    ("decision_conflict", True, "the cover letter says otherwise", COVER.replace("PARTIALLY OVERTURN", "UPHOLD") + LETTER, "x.txt"),
    ("no_decision", True, "a request without a sentence that decides it", NOTICE.replace("one MRI of the left knee\nis medically necessary and appropriate", "one MRI of the left knee\nis set out below").replace("is medically\nnecessary and appropriate", "is set out"), "x.txt"),
    ("no_decision", False, "all decided", NOTICE, "x.txt"),
    ("application_date_conflict", True, "header and decision differ by a day", NOTICE.replace("was filed on 8/9/2013", "was filed on 8/8/2013"), "x.txt"),
    ("application_date_conflict", False, "they agree", NOTICE, "x.txt"),
    ("item_count_conflict", True, "a third request is announced and not told", NOTICE.replace("INDEPENDENT MEDICAL REVIEW DECISION", "3) MAXIMUS Federal Services, Inc. has determined the request for a knee brace\nis not medically necessary and appropriate.\n\nINDEPENDENT MEDICAL REVIEW DECISION", 1), "x.txt"),
    ("item_count_conflict", False, "a number inside of a request", NOTICE.replace("six visits of acupuncture", "acupuncture to point no. 27) twice"), "x.txt"),
    ("incomplete_item", False, "an item that falls with another one", NOTICE.replace(NOTICE[NOTICE.index("Section of the Medical Treatment Utilization Schedule Relied") : NOTICE.index("Rationale for the Decision:\nNo gain")], "").replace("No gain in function was told after the first visits.", "Since the operation is not medically necessary, the visits are not."), "x.txt"),
    ("several_letters", True, "two letters in one file", LETTER + "\f" + LETTER.replace("CM16-9990001", "CM16-9990002"), "x.txt"),
    ("several_letters", False, "two pages of one letter", LETTER + "\f" + "Case Number: CM16-9990001\n", "x.txt"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "raised", "why", "text", "name"), OTHERS, ids=[f"{f}: {w}" for f, _, w, _, _ in OTHERS]
)
def test_flag_of_other_letters(read, flag, raised, why, text, name):
    assert (flag in read(text, name).flags) is raised, why


class Doubting:
    """Gives one field a confidence, and all else plenty."""

    def __init__(self, field, sure):
        self.field, self.sure = field, sure

    def rate(self, rows, facts):
        return [self.sure if row.field == self.field else 0.99 for row in rows]


@pytest.mark.parametrize(
    ("field", "sure", "raised", "why"),
    [
        ("age", 0.69, True, "below the bound"),
        ("age", 0.7, False, "on the bound"),
        ("drug", 0.5, True, "a value of an item"),
        ("rationale", 0.5, False, "no gold speaks of it: its confidence says nothing of itself"),
    ],
)
def test_low_confidence(reader, monkeypatch, field, sure, raised, why):
    monkeypatch.setattr(reader, "rater", Doubting(field, sure))
    (record,) = reader.read(Source.of_bytes(LETTER.encode(), Path("letter.txt")))
    assert ("low_confidence" in record.flags) is raised, why
    pointed = [e.text for e in record.evidence if e.value == "low_confidence" and e.table == "letters"]
    assert pointed == [e.text for e in record.evidence if raised and e.field == field]
    assert [("low_confidence" in i.item_flags) for i in record.issues] == [False, raised and field == "drug"]


TESTED_ELSEWHERE = {"low_ocr_quality", "low_confidence"}
"""Flags that need a picture of a page (tests/test_scans.py), or a confidence (above)."""


def test_every_flag_has_a_row_that_raises_it_and_one_that_does_not():
    rows = [(r[0], r[1]) for r in (*CASES, *OTHERS)]
    for flag in FLAGS.keys() - TESTED_ELSEWHERE:
        assert {raised for name, raised in rows if name == flag} == {True, False}, flag


@pytest.mark.parametrize("flag", CATALOGUE, ids=lambda f: f.name)
def test_what_a_flag_doubts_are_columns(flag):
    known = {f"{t.name}.{c}" for t in TABLES for c in (*t.names, "*")} | {ALL}
    assert set(flag.doubts) <= known
    assert flag.meaning
    assert flag.advice


def test_doubts_name_the_flags_of_a_column():
    flags = ["no_age", "age_at_injury", "unknown_layout", "sex_conflict"]
    assert doubted(flags, "letters", "age") == ["age_at_injury", "unknown_layout"]
    assert doubted(["incomplete_item"], "citations", "chapter") == ["incomplete_item"]
    assert doubted(["no_age"], "letters", "age") == []


def test_a_flag_points_at_the_words_that_disagree(read):
    record = read(LETTER.replace("#60: Overturned", "#60: Upheld"))
    rows = [e for e in record.evidence if e.field == "flags" and e.value == "decision_conflict"]
    assert [e.text for e in rows] == ["Norco 10/325mg #60", "Upheld", "is medically necessary"]
    assert all(record.text[e.start : e.end] == e.text for e in rows)


def test_a_flag_of_an_item_stands_beside_it(read):
    record = read(
        LETTER.replace("#60: Overturned", "#60: Upheld").replace(
            "Date of Injury: 10/03/2016", "Date of Injury: 12/03/2016"
        )
    )
    assert {"decision_conflict", "date_order"} <= set(record.flags)
    assert [i.item_flags for i in record.issues] == [(), ("decision_conflict",)]
    own = [e for e in record.evidence if e.field == "item_flags"]
    assert {(e.table, e.issue_number, e.value) for e in own} == {("issues", 2, "decision_conflict")}


def test_flags_stand_in_the_order_of_the_catalogue(read):
    record = read(LETTER.replace("This 41 year old man", "This man").replace("#60: Overturned", "#60: Upheld"))
    order = [f.name for f in CATALOGUE]
    assert list(record.flags) == sorted(record.flags, key=order.index)


def test_a_shared_rationale_contradicts_no_item(reader):
    """Two items are told in one paragraph, one approved and one not."""
    (record,) = reader.read(Source.of(CORPUS / "letters" / "B" / "CM13-9213002.pdf"))
    assert "decision_conflict" not in record.flags


def test_what_was_found_of_the_corpus(reader):
    """Flags of invented letters that were read and judged are raised still, and noted once."""
    with (CORPUS / "gold" / "flags.csv").open(encoding="utf-8", newline="") as stream:
        noted = list(csv.DictReader(stream))
    assert len({(r["letter"], r["flag"]) for r in noted}) == len(noted)
    wanted = {}
    for row in noted:
        wanted.setdefault(row["letter"], set()).add(row["flag"])
        assert row["finding"] in ("conflict", "wrong value")
    for path in sorted((CORPUS / "letters").rglob("*.pdf")):
        if path.stem in wanted:
            assert wanted[path.stem] <= set(reader.read(Source.of(path))[0].flags), path.stem
