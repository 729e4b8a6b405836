"""The flags: fixed codes with their meaning, what to do about each, and the values that each casts doubt on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class Flag:
    """A code of letters.flags and issues.item_flags.

    ``doubts``: columns as ``table.column``, all of a table as ``table.*``, or all there is as ``*``. A flag about
    an item casts doubt on that item's row alone. Empty where the flag says what is missing and nothing that is wrong.
    """

    name: str
    meaning: str
    advice: str
    doubts: tuple[str, ...] = ()


CATALOGUE: Final = (
    Flag(
        "case_number_from_file_name",
        "the letter prints no case number; the file's name gave it",
        "look whether the file bears its own case's name",
        ("letters.case_number",),
    ),
    Flag(
        "no_case_number",
        "no case number was found",
        "look at the first page: is it a determination, and is the number legible?",
    ),
    Flag("no_decision_date", "no date of the determination was found", "look at the letter's head and its end"),
    Flag("no_age", "no age was found", "read the case summary: some letters leave it out"),
    Flag("no_sex", "no sex was found", "read the case summary: some name the worker without a pronoun"),
    Flag("no_injury_date", "no injury date was found", "look at the header and the first sentence of the summary"),
    Flag(
        "injury_date_conflict",
        "header and case summary give different injury dates",
        "read both: a slip of the letter, or another injury that the summary tells first",
        ("letters.injury_date", "letters.injury_date_end"),
    ),
    Flag(
        "age_conflict",
        "the case summary gives two ages",
        "read both: one may be the age at the injury, or another person's",
        ("letters.age",),
    ),
    Flag(
        "date_order",
        "the header's dates are not in the order injury, denial, application, assignment, decision",
        "compare the dates with the header: one of them is wrong in the letter or was misread",
        (
            "letters.injury_date",
            "letters.ur_denial_date",
            "letters.application_received_date",
            "letters.assigned_date",
            "letters.decision_date",
        ),
    ),
    Flag(
        "no_issues",
        "no disputed item was found",
        "read the decisions of the letter; if it has some, report its layout",
        ("letters.issue_count", "letters.upheld_count", "letters.overturned_count"),
    ),
    Flag(
        "no_decision",
        "an item has no decision",
        "read the item's heading and rationale",
        ("letters.decision", "letters.upheld_count", "letters.overturned_count"),
    ),
    Flag(
        "decision_conflict",
        "an item's heading and its rationale's conclusion disagree, or the cover letter and the items",
        "read heading, rationale and cover: a slip of the letter, or a conclusion in two halves",
        ("issues.decision", "letters.decision", "letters.upheld_count", "letters.overturned_count"),
    ),
    Flag(
        "sessions_conflict",
        "a stated total of visits and frequency times weeks disagree",
        "read the request; the stated total stands in the tables",
        (
            "issues.sessions_requested",
            "issues.sessions_disputed",
            "issues.frequency_min",
            "issues.frequency_max",
            "issues.weeks_min",
            "issues.weeks_max",
        ),
    ),
    Flag(
        "incomplete_item",
        "an item lacks its guideline paragraphs or rationale: the letter may be cut off",
        "look at the last page and at the item's paragraphs",
        (
            "issues.*",
            "citations.*",
            "letters.issue_count",
            "letters.upheld_count",
            "letters.overturned_count",
        ),
    ),
    Flag(
        "case_number_conflict",
        "the letter's case number is not the one that the file's name bears",
        "read the number in the letter: the file may hold another case, or the number was misread",
        ("letters.case_number",),
    ),
    Flag(
        "case_year",
        "the case number's year is not that of the application, or of the decision",
        "read case number and dates in the header: one has a wrong digit",
        ("letters.case_number", "letters.application_received_date", "letters.decision_date"),
    ),
    Flag("no_summary", "no case summary was found", "look for it; age, sex, body parts and diagnoses come from it"),
    Flag("no_body_parts", "the case summary names no injured body part", "read the summary: some injuries have none"),
    Flag(
        "no_reviewer", "neither licence nor specialty of the reviewer was found", "look for the reviewer's credentials"
    ),
    Flag(
        "age_at_injury",
        "by age and dates the worker was younger than 14 or older than 90 at the injury",
        "read age, injury date and decision date: one is wrong in the letter or was misread",
        ("letters.age", "letters.injury_date", "letters.decision_date"),
    ),
    Flag(
        "sex_conflict",
        "the case summary calls the worker by nouns or pronouns of both sexes",
        "read the summary: one is a slip of the letter, or the pronouns are another person's",
        ("letters.sex",),
    ),
    Flag(
        "date_gap",
        "a step of the dispute took longer than any does (denial to application over 180 days, and the like)",
        "read the header's dates: a year or a month is wrong",
        (
            "letters.ur_denial_date",
            "letters.application_received_date",
            "letters.assigned_date",
            "letters.decision_date",
        ),
    ),
    Flag(
        "date_after_decision",
        "the case summary tells a date that is later than the decision",
        "read both: the decision date was misread, or the summary has a slip",
        ("letters.decision_date",),
    ),
    Flag(
        "ur_denial_date_conflict",
        "the header and the prose give different dates of the utilization review denial",
        "read both; the header's stands in the tables",
        ("letters.ur_denial_date",),
    ),
    Flag(
        "application_date_conflict",
        "the header and the prose give different dates of the application",
        "read both; the header's stands in the tables",
        ("letters.application_received_date",),
    ),
    Flag(
        "item_count_conflict",
        "the letter prints more items, or paragraphs of items, than were found",
        "count the items in the letter: a heading may have lost its decision or its paragraphs",
        ("letters.issue_count", "letters.upheld_count", "letters.overturned_count", "letters.decision", "issues.*"),
    ),
    Flag(
        "rationale_end",
        "the last rationale ends in the middle of a sentence: cut off, or closing lines stand in it",
        "look at the letter's last page",
        ("issues.rationale", "letters.issue_count"),
    ),
    Flag(
        "split_conflict",
        "of a request approved in part, visits authorized and in dispute do not make up those asked for",
        "read the heading: it may count several treatments, or have a slip",
        ("issues.sessions_requested", "issues.sessions_authorized", "issues.sessions_disputed"),
    ),
    Flag(
        "implausible_value",
        "a request asks for none, or for more than any does: 200 visits, 7 a week, 104 weeks, 1000 units, 12 refills",
        "read the heading: a strength, a code or a year may have been taken for a count",
        (
            "issues.sessions_requested",
            "issues.sessions_authorized",
            "issues.sessions_disputed",
            "issues.frequency_min",
            "issues.frequency_max",
            "issues.weeks_min",
            "issues.weeks_max",
            "issues.quantity",
            "issues.refills",
        ),
    ),
    Flag(
        "repeated_request",
        "two items have the same request",
        "read both headings: a slip of the letter, or an item that was read twice",
        ("letters.issue_count", "issues.requested_treatment"),
    ),
    Flag(
        "side_conflict",
        "a request names the side that the case summary does not",
        "read both: left and right were mixed up in one of them",
        ("letters.body_parts", "issues.body_parts"),
    ),
    Flag(
        "request_conflict",
        "a rationale concludes on another count of visits or units, another side, or another item than its heading",
        "read heading and rationale: a slip of the letter, or a paragraph given to the wrong item",
        (
            "issues.requested_treatment",
            "issues.sessions_requested",
            "issues.sessions_disputed",
            "issues.quantity",
            "issues.body_parts",
            "issues.rationale",
        ),
    ),
    Flag(
        "several_letters",
        "the file held more than one letter",
        "look whether each letter has its own pages",
        (ALL,),
    ),
    Flag("unknown_layout", "no known letter layout was recognised", "read the row against the letter", (ALL,)),
    Flag(
        "long_summary",
        "the case summary is too long to be read to its end",
        "read the rest of the summary",
        ("letters.body_parts", "letters.diagnoses", "letters.icd_codes", "letters.age", "letters.sex"),
    ),
    Flag("low_ocr_quality", "the text was read from images and is poor", "read the row against the scan", (ALL,)),
    Flag(
        "low_confidence",
        "a value of the letter has a confidence below 0.7: about half of such letters hold a wrong one",
        "look at the values that the flag's evidence points at; the others have a confidence of their own",
    ),
)


def doubted(flags: Iterable[str], table: str, column: str) -> list[str]:
    """Those of some flags that cast doubt on a column, ``letters.age`` as ``("letters", "age")``."""
    wanted = {ALL, f"{table}.*", f"{table}.{column}"}
    by_name = {flag.name: flag for flag in CATALOGUE}
    return [name for name in flags if wanted & set(by_name[name].doubts)]
