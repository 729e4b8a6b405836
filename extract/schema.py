"""The tables that a run writes: names, types and meanings of their columns, in one place.

The names and vocabularies are a contract with notebooks and regression tests; columns may
be added, never renamed or given another meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from extract.checks.catalogue import CATALOGUE

Type = Literal["str", "int", "num", "date", "list"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. A ``list`` is joined with ``|`` in CSV. ``values``: its closed vocabulary, if it has one."""

    name: str
    type: Type
    meaning: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: ``columns`` hold the key of a row of ``table``, whose columns bear the same names.

    ``partial``: only in rows where none of the columns is empty.
    """

    columns: tuple[str, ...]
    table: str
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its key and the tables that it refers to."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    references: tuple[Reference, ...] = ()
    names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Names of the columns in order; kept, since every row of every table asks for them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(c.name for c in self.columns))


DECISIONS: Final = ("upheld", "overturned", "modified")
LETTER_DECISIONS: Final = ("upheld", "overturned", "partially_overturned")
GUIDELINES: Final = (
    "mtus_acoem", "mtus_chronic_pain", "mtus_opioids", "mtus_postsurgical", "mtus_acupuncture", "mtus", "acoem",
    "odg", "other",
)  # fmt: skip
FLAGS: Final = {flag.name: flag.meaning for flag in CATALOGUE}

_TO_LETTER: Final = Reference(("letter_id",), "letters")
_TO_ISSUE: Final = Reference(("letter_id", "issue_number"), "issues")

LETTERS: Final = Table(
    "letters",
    "one row per letter",
    ("letter_id",),
    (
        Column("letter_id", "str", "first 16 hex digits of the SHA-256 of the file's bytes"),
        Column("source", "str", "path below the input root, /-separated"),
        Column("layout", "str", "the letter layout that was recognised, or unknown"),
        Column("text_source", "str", "where the text came from", ("pdf_text", "ocr", "plain_text")),
        Column("pages", "int", "pages read"),
        Column("case_number", "str", "MAXIMUS case number, as CM16-0224814"),
        Column("priority", "str", "kind of review", ("standard", "expedited")),
        Column("injury_date", "date", "the header's date of injury, else the one the case summary states"),
        Column("injury_date_end", "date", "last day of a cumulative trauma"),
        Column("ur_denial_date", "date", "date of the utilization review denial"),
        Column("application_received_date", "date", "date the IMR application was received"),
        Column("assigned_date", "date", "date the case was assigned"),
        Column("decision_date", "date", "date of the determination"),
        Column("age", "int", "years, as the case summary states it"),
        Column("sex", "str", "as the case summary states it", ("female", "male")),
        Column("body_parts", "list", "injured body parts, each once"),
        Column("diagnoses", "list", "the patient's stated diagnoses, words of the letter"),
        Column("icd_codes", "list", "ICD codes given for the patient"),
        Column("body_part_codes", "list", "inferred: WCIO part-of-body codes of body_parts, each once"),
        Column("diagnosis_codes", "list", "inferred: ICD-10-CM categories of diagnoses, each once; none where unsure"),
        Column("reviewer_license_states", "list", "states where the expert reviewer is licensed"),
        Column("reviewer_specialties", "list", "board certifications and specialties of the expert reviewer"),
        Column("decision", "str", "over all items", LETTER_DECISIONS),
        Column("issue_count", "int", "disputed items"),
        Column("upheld_count", "int", "items whose denial was upheld"),
        Column("overturned_count", "int", "items whose denial was overturned"),
        Column("cover_determination", "str", "of a mailed letter, what its cover letter says", LETTER_DECISIONS),
        Column("documents_reviewed_count", "int", "documents in the letter's list of documents reviewed"),
        Column("documents_reviewed", "str", "that list, white space folded, its entries parted by semicolons"),
        Column("flags", "list", "reasons for a person to look at this row", tuple(FLAGS)),
    ),
)

ISSUES: Final = Table(
    "issues",
    "one row per disputed item",
    ("letter_id", "issue_number"),
    (
        Column("letter_id", "str", "the letter"),
        Column("issue_number", "int", "1, 2, … in the order of the letter"),
        Column("requested_treatment", "str", "the item's heading without its decision"),
        Column("original_request", "str", "of a partly approved item, what was asked for at first"),
        Column("authorized_request", "str", "of a partly approved item, what the claims administrator authorized"),
        Column("disputed_request", "str", "what is decided; without a split the same as requested_treatment"),
        Column("treatment_category", "str", "the DWC's search category"),
        Column("treatment_subcategory", "str", "the DWC's subcategory, for drugs the class"),
        Column("body_parts", "list", "body parts that the request names"),
        Column("sessions_requested", "int", "visits in the original request"),
        Column("sessions_authorized", "int", "visits already authorized"),
        Column("sessions_disputed", "int", "visits in dispute"),
        Column("frequency_min", "num", "visits a week, at least"),
        Column("frequency_max", "num", "visits a week, at most"),
        Column("weeks_min", "num", "duration in weeks, at least"),
        Column("weeks_max", "num", "duration in weeks, at most"),
        Column("drug", "str", "name of the drug, words of the letter"),
        Column("strength", "str", "its strength as written"),
        Column("quantity", "num", "units asked for"),
        Column("refills", "int", "refills asked for"),
        Column("drug_ingredient", "str", "inferred: ingredients of the drug, by the vocabulary, joined with /"),
        Column("drug_class", "str", "inferred: the DWC's class of the drug, by the vocabulary"),
        Column("decision", "str", "upheld: the denial stands", DECISIONS),
        Column("claims_administrator_guideline", "str", "the letter's paragraph, white space folded"),
        Column("reviewer_guideline", "str", "the letter's paragraph, white space folded"),
        Column("rationale", "str", "the letter's paragraph, white space folded"),
        Column("item_flags", "list", "those of letters.flags that are about this item", tuple(FLAGS)),
    ),
    (_TO_LETTER,),
)

CITATIONS: Final = Table(
    "citations",
    "one row per guideline cited for an item",
    ("letter_id", "issue_number", "citation_number"),
    (
        Column("letter_id", "str", "the letter"),
        Column("issue_number", "int", "the item"),
        Column("citation_number", "int", "1, 2, … in the order of the letter"),
        Column("cited_by", "str", "who cites it", ("claims_administrator", "reviewer")),
        Column("guideline", "str", "the document", GUIDELINES),
        Column("chapter", "str", "chapter or part, words of the letter"),
        Column("edition", "str", "year or edition printed"),
        Column("sections", "list", "sections or topics"),
        Column("pages", "list", "page numbers or ranges as printed"),
        Column("text", "str", "the citation, verbatim"),
    ),
    (_TO_LETTER, _TO_ISSUE),
)

PRIOR_CARE: Final = Table(
    "prior_care",
    "one row per stretch of earlier care that the case summary tells, apart from the disputed items",
    ("letter_id", "care_number"),
    (
        Column("letter_id", "str", "the letter"),
        Column("care_number", "int", "1, 2, … in the order of the summary"),
        Column("treatment", "str", "words of the letter"),
        Column("sessions", "int", "visits"),
        Column("status", "str", "what became of them, where it is told", ("requested", "authorized", "completed")),
        Column("date", "date", "a date told with them, the first of a range"),
        Column("text", "str", "the words of the letter, verbatim"),
        Column("start", "int", "offset of their first character in texts/<letter_id>.txt"),
        Column("end", "int", "offset behind their last character"),
        Column("page", "int", "page of the first word, from 1"),
        Column("method", "str", "the rule that read it"),
        Column("confidence", "num", "0 to 1, by the rule and not measured"),
    ),
    (_TO_LETTER,),
)

EVIDENCE: Final = Table(
    "evidence",
    "one row per value: where it stands and what read it",
    (),
    (
        Column("letter_id", "str", "the letter"),
        Column("table", "str", "the table that holds the value", ("letters", "issues", "citations")),
        Column("issue_number", "int", "the item, for issues and citations"),
        Column("citation_number", "int", "the citation, for citations"),
        Column("field", "str", "the column that holds the value"),
        Column("value", "str", "the value, of a list one member"),
        Column("text", "str", "the words of the letter, verbatim"),
        Column("section", "str", "part of the letter; file for what is known of the file itself"),
        Column("start", "int", "offset of the words' first character in texts/<letter_id>.txt"),
        Column("end", "int", "offset behind their last character"),
        Column("page", "int", "page of the first word, from 1"),
        Column("x0", "num", "left edge of the words on that page, in points"),
        Column("top", "num", "top edge, in points from the page's top"),
        Column("x1", "num", "right edge, in points"),
        Column("bottom", "num", "bottom edge, in points from the page's top"),
        Column("method", "str", "the rule, vocabulary or step that gave the value"),
        Column("confidence", "num", "0 to 1: the share of such values that are right, measured on letters with gold"),
    ),
    (
        _TO_LETTER,
        Reference(("letter_id", "issue_number"), "issues", partial=True),
        Reference(("letter_id", "issue_number", "citation_number"), "citations", partial=True),
    ),
)

FAILURES: Final = Table(
    "failures",
    "one row per file that gave no letter",
    ("source",),
    (
        Column("source", "str", "path below the input root, /-separated"),
        Column("sha256", "str", "hash of the file's bytes; empty where they could not be read"),
        Column("reason", "str", "a fixed code"),
        Column("detail", "str", "one line"),
    ),
)

_OF_LETTER: Final = tuple(c for c in LETTERS.columns if c.name not in {"letter_id", "body_parts", "decision"})

FLAT: Final = Table(
    "flat",
    "one row per disputed item with its letter's columns and citations beside it",
    ("letter_id", "issue_number"),
    (
        *ISSUES.columns,
        Column("claims_administrator_citations", "list", "citations of the claims administrator, verbatim"),
        Column("reviewer_citations", "list", "citations of the reviewer, verbatim"),
        Column("claims_administrator_guidelines_cited", "list", "their guideline codes, each once"),
        Column("reviewer_guidelines_cited", "list", "their guideline codes, each once"),
        *_OF_LETTER,
        Column("letter_body_parts", "list", "letters.body_parts"),
        Column("letter_decision", "str", "letters.decision", LETTER_DECISIONS),
    ),
    (_TO_LETTER, _TO_ISSUE),
)

TABLES: Final = (LETTERS, ISSUES, CITATIONS, PRIOR_CARE, EVIDENCE, FAILURES, FLAT)
