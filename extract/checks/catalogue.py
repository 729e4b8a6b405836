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
    Flag("no_age", "no age was found", "read the case summary: many of 2013 leave it out"),
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
            "issues.claims_administrator_guideline",
            "issues.reviewer_guideline",
            "issues.rationale",
            "citations.*",
            "letters.issue_count",
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
        "a value of this row is uncertain",
        "look at this row's evidence with a confidence below 0.6",
        (ALL,),
    ),
)


def doubted(flags: Iterable[str], table: str, column: str) -> list[str]:
    """Those of some flags that cast doubt on a column, ``letters.age`` as ``("letters", "age")``."""
    wanted = {ALL, f"{table}.*", f"{table}.{column}"}
    by_name = {flag.name: flag for flag in CATALOGUE}
    return [name for name in flags if wanted & set(by_name[name].doubts)]
