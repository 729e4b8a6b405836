"""Scores are what the definitions say, misses name their place, and broken input is refused by name."""

import copy
import csv
import json
import os
import pickle
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from extract.evaluate import COLUMNS, EvaluationError, as_markdown, as_text, evaluate, write_errors
from extract.metrics import KINDS

SHARED = Path(os.environ.get("IMR_SHARED") or Path(__file__).parents[2] / "shared")

CITATION = {
    "cited_by": "reviewer",
    "guideline": "mtus_acoem",
    "chapter": "Shoulder Complaints",
    "edition": "2004",
    "sections": ["Special Studies"],
    "pages": ["207-208"],
}
ISSUE = {
    "issue_number": 1,
    "requested_treatment": "MRI of the left shoulder",
    "original_request": None,
    "authorized_request": None,
    "treatment_category": "Diagnostic Testing",
    "treatment_subcategory": "Imaging / Radiology",
    "body_parts": ["left shoulder"],
    "sessions_requested": None,
    "sessions_authorized": None,
    "sessions_disputed": None,
    "frequency_min": None,
    "frequency_max": None,
    "weeks_min": None,
    "weeks_max": None,
    "drug": None,
    "strength": None,
    "quantity": None,
    "refills": None,
    "decision": "upheld",
    "citations": [CITATION],
}
GOLD = {
    "case_number": "CM16-9000001",
    "letter": {
        "priority": "standard",
        "injury_date": "2016-01-02",
        "injury_date_end": None,
        "ur_denial_date": "2016-02-03",
        "application_received_date": "2016-03-04",
        "assigned_date": "2016-04-05",
        "decision_date": "2016-05-06",
        "age": 48,
        "sex": "male",
        "body_parts": ["left shoulder", "neck"],
        "diagnoses": ["left shoulder impingement", "neck strain"],
        "icd_codes": ["M75.42"],
        "reviewer_license_states": ["California"],
        "reviewer_specialties": ["Family Practice"],
        "decision": "upheld",
    },
    "issues": [ISSUE],
}


def gold_of(letter=None, issue=None, citation=None):
    """The letter above with other values: None leaves a part as it is."""
    gold = copy.deepcopy(GOLD)
    gold["letter"] |= letter or {}
    gold["issues"][0] |= issue or {}
    gold["issues"][0]["citations"][0] |= citation or {}
    return gold


def with_issues(*headings):
    gold = copy.deepcopy(GOLD)
    gold["issues"] = [ISSUE | {"issue_number": n, "requested_treatment": h} for n, h in enumerate(headings, 1)]
    return gold


def cell(value):
    if value is None:
        return ""
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)


def write_gold(folder, golds):
    folder.mkdir()
    for stem, gold in golds.items():
        (folder / f"{stem}.json").write_text(json.dumps(gold), encoding="utf-8")
    return folder


def write_dataset(folder, letters, *, encoding="utf-8"):
    """The tables that say exactly what ``letters`` (in the form of gold files, by stem) say."""
    tables = {name: [] for name in COLUMNS}
    for stem, letter in letters.items():
        key = {"letter_id": f"id-{stem}"}
        head = {"source": f"in/{stem}.pdf", "case_number": letter["case_number"]}
        tables["letters"].append(key | head | letter["letter"])
        for issue in letter["issues"]:
            tables["issues"].append(key | issue)
            number = {"issue_number": issue["issue_number"]}
            tables["citations"] += [key | number | citation for citation in issue["citations"]]
    folder.mkdir()
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding=encoding, newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS[name])
            writer.writerows([cell(row.get(column)) for column in COLUMNS[name]] for row in rows)
    return folder


def scored(tmp_path, golds, letters, **options):
    return evaluate(write_dataset(tmp_path / "out", letters), write_gold(tmp_path / "gold", golds), **options)


def by_field(evaluation):
    return {score.field: score for score in evaluation.fields}


def test_perfect_dataset_is_right_everywhere(tmp_path):
    result = scored(tmp_path, {"a": GOLD}, {"a": GOLD})
    assert {score.score for score in result.fields} == {1.0}
    assert (result.misses, result.letters, result.missing) == ((), 1, ())


# field, changes to the gold above, changes to the same letter in the dataset, score, misses (wanted, got), why
PAIRS = [
    ("priority", {"letter": {"priority": "standard"}}, {"letter": {"priority": " Standard "}}, 1, [],
     "case and outer space are no difference"),
    ("sex", {}, {"letter": {"sex": None}}, 0, [("male", "")], "an empty cell is wrong where gold has a value"),
    ("injury_date_end", {}, {}, 1, [], "an empty cell is right where the gold says null"),
    ("injury_date_end", {}, {"letter": {"injury_date_end": "2016-01-09"}}, 0, [("", "2016-01-09")],
     "an invented value is wrong"),
    ("age", {}, {"letter": {"age": "48.0"}}, 1, [], "a spreadsheet's 48.0 is 48"),
    ("age", {}, {"letter": {"age": "48 years"}}, 0, [("48", "48 years")], "text is no number"),
    ("body_parts", {}, {"letter": {"body_parts": ["Neck", "left shoulder"]}}, 1, [],
     "order and case do not count"),
    ("body_parts", {}, {"letter": {"body_parts": ["neck", "shoulder"]}}, 0.5, [("left shoulder", "shoulder")],
     "a lost side is one loss and one extra"),
    ("body_parts_no_side", {}, {"letter": {"body_parts": ["neck", "right shoulder"]}}, 1, [],
     "without sides left and right are the same"),
    ("body_parts_no_side", {"letter": {"body_parts": ["left knee", "right knee"]}},
     {"letter": {"body_parts": ["bilateral knee"]}}, 1, [], "without sides each part counts once"),
    ("diagnoses", {}, {"letter": {"diagnoses": ["neck sprain and strain", "shoulder impingement"]}}, 1, [],
     "half of the words are enough for the same diagnosis"),
    ("diagnoses", {}, {"letter": {"diagnoses": ["neck strain", "hand numbness"]}}, 0.5,
     [("left shoulder impingement", "hand numbness")], "no shared word: a loss and an extra, shown alone"),
    ("diagnoses", {"letter": {"diagnoses": ["neck strain"]}},
     {"letter": {"diagnoses": ["neck strain", "neck strain"]}}, 2 / 3, [("", "neck strain")],
     "one wording matches one diagnosis, not two"),
    ("diagnoses", {"letter": {"diagnoses": ["knee sprain"]}}, {"letter": {"diagnoses": ["knee pain"]}}, 1, [],
     "exactly half of the words shared is enough"),
    ("diagnoses", {"letter": {"diagnoses": ["left knee sprain"]}}, {"letter": {"diagnoses": ["knee pain"]}}, 0,
     [("left knee sprain", "knee pain")], "two fifths are not"),
    ("diagnoses_exact", {}, {"letter": {"diagnoses": ["Neck  strain", "impingement, left shoulder"]}}, 0.5,
     [("left shoulder impingement", "impingement, left shoulder")], "exact forgives case and spaces alone"),
    ("icd_codes", {}, {"letter": {"icd_codes": ["m75.42", "M54.2"]}}, 2 / 3, [("", "m54.2")],
     "an extra code costs precision"),
    ("issue.requested_treatment", {"issue": {"requested_treatment": "Worker’s brace – knee"}},
     {"issue": {"requested_treatment": "worker's  brace - knee"}}, 1, [], "typographic quotes and dashes"),
    ("issue.decision", {}, {"issue": {"decision": "overturned"}}, 0, [("upheld", "overturned")],
     "wrong decision"),
    ("issue.original_request", {}, {"issue": {"original_request": "Something"}}, 0, [("", "Something")],
     "a split that the letter does not make is wrong"),
    ("issue.quantity", {"issue": {"quantity": 1200}}, {"issue": {"quantity": "1,200"}}, 1, [],
     "a comma for thousands"),
    ("issue.quantity", {}, {"issue": {"quantity": "0"}}, 0, [("", "0")], "zero is a value, not a gap"),
    ("issue.sessions_requested", {"issue": {"sessions_requested": 12}}, {}, 0, [("12", "")], "lost sessions"),
    ("issue.strength", {"issue": {"strength": "10/325mg"}}, {"issue": {"strength": "10/325 MG"}}, 1, [],
     "a strength is the same with and without a space"),
    ("citation.guideline", {}, {"citation": {"cited_by": "claims_administrator"}}, 0,
     [("reviewer / mtus_acoem", "claims_administrator / mtus_acoem")], "the side is part of a citation"),
    ("citation.guideline+chapter", {}, {"citation": {"chapter": "Chapter on the shoulder"}}, 0,
     [("reviewer / mtus_acoem / shoulder", "reviewer / mtus_acoem / on shoulder")],
     "weightless words drop out, others count"),
    ("citation.guideline+chapter", {"citation": {"chapter": None}}, {"citation": {"chapter": None}}, 1, [],
     "no chapter on either side agrees"),
    ("citation.sections", {}, {"citation": {"sections": ["The special-studies section"]}}, 1, [],
     "punctuation and weightless words do not count"),
    ("citation.edition", {}, {"citation": {"edition": None}}, 0, [("reviewer / mtus_acoem / 2004", "")],
     "an edition left out is lost"),
    ("citation.edition", {"citation": {"edition": 2004}}, {}, 1, [], "a year written as a number in the gold"),
    ("citation.pages", {"citation": {"pages": ["207–208"]}}, {}, 1, [], "dashes of page ranges"),
    ("citation.pages", {}, {"citation": {"pages": ["207"]}}, 0,
     [("reviewer / mtus_acoem / 207-208", "reviewer / mtus_acoem / 207")], "a range is not its first page"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "wanted", "given", "score", "misses"), [p[:5] for p in PAIRS], ids=[p[5] for p in PAIRS]
)
def test_definition_of_a_field(tmp_path, field, wanted, given, score, misses):
    result = scored(tmp_path, {"a": gold_of(**wanted)}, {"a": gold_of(**given)})
    assert by_field(result)[field].score == pytest.approx(score)
    assert [(m.wanted, m.got) for m in result.misses if m.field == field] == misses


ABSENT = [
    ("issue.quantity", {}, "neither side has a number"),
    ("issue.drug", {}, "neither side has a drug"),
    ("issue.original_request", {}, "no split request on either side"),
    (
        "issue.treatment_subcategory",
        {"issue": {"treatment_subcategory": None}},
        "category without subcategories",
    ),
    ("icd_codes", {"letter": {"icd_codes": []}}, "no code wanted, none given"),
]


@pytest.mark.parametrize(("field", "change"), [a[:2] for a in ABSENT], ids=[a[2] for a in ABSENT])
def test_field_with_nothing_to_compare_has_no_score(tmp_path, field, change):
    gold = gold_of(**change)
    assert field in KINDS
    assert field not in by_field(scored(tmp_path, {"a": gold}, {"a": gold}))


def test_subcategory_where_none_is_wanted_does_no_harm(tmp_path):
    gold = gold_of(issue={"treatment_subcategory": None})
    assert "issue.treatment_subcategory" not in by_field(scored(tmp_path, {"a": gold}, {"a": GOLD}))


def test_precision_recall_and_support(tmp_path):
    gold = gold_of(letter={"body_parts": ["neck", "head", "chest", "left knee"]})
    letter = gold_of(letter={"body_parts": ["neck", "jaw"]})
    score = by_field(scored(tmp_path, {"a": gold}, {"a": letter}))["body_parts"]
    assert (score.kind, score.precision, score.recall, score.support) == ("f1", 0.5, 0.25, 4)
    assert score.score == pytest.approx(1 / 3)


UNDEFINED = [
    (["neck"], [], None, 0.0, "nothing given: no precision"),
    ([], ["neck"], 0.0, None, "nothing wanted: no recall"),
]


@pytest.mark.parametrize(
    ("wanted", "given", "precision", "recall"), [u[:4] for u in UNDEFINED], ids=[u[4] for u in UNDEFINED]
)
def test_undefined_figures_are_none(tmp_path, wanted, given, precision, recall):
    letters = [gold_of(letter={"body_parts": parts}) for parts in (wanted, given)]
    score = by_field(scored(tmp_path, {"a": letters[0]}, {"a": letters[1]}))["body_parts"]
    assert (score.score, score.precision, score.recall) == (0, precision, recall)


# headings of the gold, of the dataset, places whose heading is missed, places without a partner, why
ALIGNMENTS = [
    (["Knee brace", "Ibuprofen 800mg"], ["Ibuprofen 800mg", "Knee brace"], ["a#1", "a#2"], [],
     "equal counts pair by position, right or wrong"),
    (["Knee brace", "Ibuprofen 800mg"], ["Ibuprofen 800mg"], ["a#1"], ["a#1"],
     "a lost item leaves the others alone"),
    (["Ibuprofen 800mg"], ["Knee brace", "Ibuprofen 800mg"], [], [],
     "an extra item shows in issue_count alone"),
    (["Knee brace", "Lumbar MRI"], ["Lumbar MRI scan"], ["a#1", "a#2"], ["a#1"],
     "a heading similar enough is a partner, though not equal"),
    (["one two three four five", "other"], ["one two three six seven"], ["a#1", "a#2"], ["a#2"],
     "exactly three fifths of the words are enough"),
    (["one two", "other"], ["one three"], ["a#1", "a#2"], ["a#1", "a#2"], "half of the words are not"),
    (["Knee brace", "Knee brace"], ["Knee brace"], ["a#2"], ["a#2"], "a partner is taken once"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "given", "missed", "alone"), [a[:4] for a in ALIGNMENTS], ids=[a[4] for a in ALIGNMENTS]
)
def test_items_find_their_partners(tmp_path, wanted, given, missed, alone):
    result = scored(tmp_path, {"a": with_issues(*wanted)}, {"a": with_issues(*given)})
    assert [m.place for m in result.misses if m.field == "issue.requested_treatment"] == missed
    # Every item has the same decision, so that only an item without a partner can miss it.
    assert [m.place for m in result.misses if m.field == "issue.decision"] == alone
    assert by_field(result)["issue_count"].score == (len(wanted) == len(given))


def test_partner_lends_its_values_and_no_partner_gives_none(tmp_path):
    result = scored(
        tmp_path,
        {"a": with_issues("Knee brace", "Lumbar MRI")},
        {"a": with_issues("Lumbar MRI without contrast")},
    )
    # The partner of item 2 is item 1 of the dataset: decision and citations come from there.
    assert [m.place for m in result.misses if m.field == "issue.decision"] == ["a#1"]
    assert [m.place for m in result.misses if m.field == "citation.pages"] == ["a#1"]


def test_items_are_taken_in_the_order_of_their_numbers(tmp_path):
    letter = with_issues(*(f"Item number {n}" for n in range(1, 12)))
    shuffled = copy.deepcopy(letter)
    shuffled["issues"].sort(key=lambda issue: str(issue["issue_number"]))  # 1, 10, 11, 2, … as text sorts
    assert scored(tmp_path, {"a": letter}, {"a": shuffled}).misses == ()


def test_missing_letter_misses_all_that_its_gold_states(tmp_path):
    result = scored(tmp_path, {"a": GOLD, "b": GOLD}, {"a": GOLD})
    scores = by_field(result)
    assert result.missing == ("b",)
    # Two letters, one of them absent: half of everything, but for the null that empty cells agree with.
    assert {f: s.score for f, s in scores.items() if s.kind == "accuracy" and s.score != 0.5} == {
        "injury_date_end": 1.0
    }
    assert {(s.precision, s.recall) for s in result.fields if s.kind == "f1"} == {(1.0, 0.5)}
    assert {m.place for m in result.misses} == {"b", "b#1"}


def test_letter_without_gold_is_not_looked_at(tmp_path):
    result = scored(tmp_path, {"a": GOLD}, {"a": GOLD, "b": gold_of(letter={"sex": "female"})})
    assert (result.letters, result.misses) == (1, ())


def test_only_keeps_the_named_letters(tmp_path):
    result = scored(tmp_path, {"a": GOLD, "b": GOLD, "c": GOLD}, {"a": GOLD}, only={"b", "c", "not-annotated"})
    assert (result.letters, result.missing) == (2, ("b", "c"))


def test_byte_order_mark_and_float_numbers_are_read(tmp_path):
    out = write_dataset(tmp_path / "out", {"a": GOLD}, encoding="utf-8-sig")
    for name in ("issues", "citations"):
        path = out / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").replace("id-a,1,", "id-a,1.0,"), encoding="utf-8")
    assert evaluate(out, write_gold(tmp_path / "gold", {"a": GOLD})).misses == ()


def test_cell_longer_than_the_csv_default_is_read_and_the_limit_put_back(tmp_path):
    limit = csv.field_size_limit()
    long = gold_of(issue={"requested_treatment": "x" * (limit + 1)})
    assert scored(tmp_path, {"a": long}, {"a": long}).misses == ()
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize(
    "content", [None, "", "letter_id,issue_number\n"], ids=["no file", "empty file", "header alone"]
)
def test_dataset_without_items_is_scored(tmp_path, content):
    out = write_dataset(tmp_path / "out", {"a": GOLD})
    for name in ("issues", "citations"):
        (out / f"{name}.csv").unlink()
        if content is not None:
            (out / f"{name}.csv").write_text(content)
    scores = by_field(evaluate(out, write_gold(tmp_path / "gold", {"a": GOLD})))
    assert (scores["issue_count"].score, scores["sex"].score) == (0, 1)


# Half of ten letters right: the binomial spread of the share is 0.16, so 95 % lie about 0.2 to 0.8.
HALF = {str(n): gold_of(letter={"sex": "male" if n % 2 else "female"}) for n in range(10)}
TEN = {str(n): GOLD for n in range(10)}


def test_interval_spans_the_spread_over_letters(tmp_path):
    score = by_field(scored(tmp_path, TEN, HALF))["sex"]
    assert score.low == pytest.approx(0.2, abs=0.1)
    assert score.high == pytest.approx(0.8, abs=0.1)


def test_interval_resamples_letters_not_values(tmp_path):
    # Ten right items in one letter and ten wrong in the other are two clusters: any score may come up.
    right, wrong = (with_issues(*[f"{word} {n}" for n in range(10)]) for word in ("right", "wrong"))
    score = by_field(scored(tmp_path, {"a": right, "b": right}, {"a": right, "b": wrong}))
    score = score["issue.requested_treatment"]
    assert (score.score, score.support, score.low, score.high) == (0.5, 20, 0, 1)


def test_interval_leaves_out_resamples_without_the_field(tmp_path):
    # Only one letter of ten has the field: a resample without it has no score, not a score of 0.
    gold = TEN | {"0": gold_of(issue={"quantity": 5})}
    score = by_field(scored(tmp_path, gold, gold))["issue.quantity"]
    assert (score.support, score.low, score.high) == (1, 1, 1)


def test_equal_seed_gives_equal_result_and_other_seed_another(tmp_path):
    # F1 of uneven letters takes many values, so two seeds do not agree by chance.
    golds = {str(n): gold_of(letter={"body_parts": ["neck"] * (n + 1)}) for n in range(30)}
    given = {str(n): gold_of(letter={"body_parts": ["neck"] * (n * 7 % 11)}) for n in range(30)}
    out, gold = write_dataset(tmp_path / "out", given), write_gold(tmp_path / "gold", golds)
    assert evaluate(out, gold, seed=3) == evaluate(out, gold, seed=3)
    pair = [by_field(evaluate(out, gold, seed=seed))["body_parts"] for seed in (3, 4)]
    assert (pair[0].low, pair[0].high) != (pair[1].low, pair[1].high)
    assert all(score.low < score.score < score.high for score in pair)


@pytest.mark.parametrize(
    ("letters", "resamples"), [(1, 1000), (10, 0)], ids=["one letter has no spread", "no resamples wanted"]
)
def test_no_interval_is_none_not_a_point(tmp_path, letters, resamples):
    golds = {str(n): GOLD for n in range(letters)}
    result = scored(tmp_path, golds, golds, resamples=resamples)
    assert {(s.low, s.high) for s in result.fields} == {(None, None)}
    assert "–" in as_text(result)


def test_negative_resamples_are_refused(tmp_path):
    with pytest.raises(ValueError, match="-1"):
        scored(tmp_path, {"a": GOLD}, {"a": GOLD}, resamples=-1)


def test_thousand_resamples_of_many_letters_are_fast(tmp_path):
    golds = {str(n): GOLD for n in range(300)}
    out, gold = write_dataset(tmp_path / "out", golds), write_gold(tmp_path / "gold", golds)
    start = time.perf_counter()
    evaluate(out, gold)
    assert time.perf_counter() - start < 10  # about 0.3 s on one core; the limit allows a busy machine


def without(text):
    return lambda out, gold: (out / "letters.csv").write_text(text)


# what breaks, words the message must have, why
BROKEN = [
    (lambda out, gold: (out / "letters.csv").unlink(), "letters.csv", "not a dataset folder"),
    (without("letter_id,source\nx,a.pdf\n"), "letters.csv lacks the column case_number", "a column is gone"),
    (lambda out, gold: (out / "letters.csv").write_bytes(b"source\n\xff\n"), "letters.csv", "not UTF-8"),
    (lambda out, gold: (out / "issues.csv").write_text(
        (out / "issues.csv").read_text().replace("id-a,1,", "id-a,one,")), "id-a: issue_number is 'one'",
     "an item number that is none"),
    (lambda out, gold: [p.unlink() for p in gold.iterdir()], "no gold files", "empty gold folder"),
    (lambda out, gold: [p.unlink() for p in gold.iterdir()] + [gold.rmdir()], "no gold files",
     "no gold folder"),
    (lambda out, gold: (gold / "b.json").write_text("{"), "b.json", "broken JSON"),
    (lambda out, gold: (gold / "b.json").write_bytes(b'{"a": "\xff"}'), "b.json", "gold not UTF-8"),
    (lambda out, gold: (gold / "b.json").mkdir(), "b.json", "gold file is a folder"),
    (lambda out, gold: (gold / "b.json").write_text('{"issues": []}'), "b.json: letter",
     "gold without a letter"),
    (lambda out, gold: (gold / "b.json").write_text(json.dumps(gold_of(letter={"diagnoses": "strain"}))),
     "b.json: letter.diagnoses", "a text where a list belongs"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "words"), [b[:2] for b in BROKEN], ids=[b[2] for b in BROKEN])
def test_broken_input_is_refused_by_name(tmp_path, spoil, words):
    out, gold = write_dataset(tmp_path / "out", {"a": GOLD}), write_gold(tmp_path / "gold", {"a": GOLD})
    spoil(out, gold)
    with pytest.raises(EvaluationError, match=words):
        evaluate(out, gold)


@pytest.mark.parametrize("only", [[], ["z"]], ids=["empty choice", "no such letter"])
def test_choice_without_gold_is_refused(tmp_path, only):
    with pytest.raises(EvaluationError, match="none of the"):
        scored(tmp_path, {"a": GOLD}, {"a": GOLD}, only=only)


def test_text_table_is_aligned_and_says_what_is_missing(tmp_path):
    golds = {f"{n:02}": GOLD for n in range(14)}
    text = as_text(scored(tmp_path, golds, {"00": GOLD, "01": gold_of(letter={"sex": None})}))
    lines = text.splitlines()
    assert lines[0].startswith("14 annotated letters, 12 missing from the dataset (02, 03,")
    assert "11 and 2 more)" in lines[0]
    assert len({len(line) for line in lines[2:]}) == 1
    assert next(line.split() for line in lines if line.startswith("sex "))[:3] == ["sex", "accuracy", "0.071"]


def test_markdown_table_has_one_row_a_field(tmp_path):
    result = scored(tmp_path, {"a": GOLD}, {"a": GOLD})
    rows = [line for line in as_markdown(result).splitlines() if line.startswith("|")]
    assert len(rows) == len(result.fields) + 2
    assert {row.count("|") for row in rows} == {8}


# cell as the dataset has it, cell in the file, why
CELLS = [
    ("=1+1", "'=1+1", "formula"),
    ("+1", "'+1", "formula"),
    ("-1", "'-1", "formula"),
    ("@SUM(A1)", "'@SUM(A1)", "formula of an old spreadsheet"),
    ("\tx", "'\tx", "a tab is skipped before a formula"),
    ("\rx", "'\rx", "so is a carriage return"),
    ("a=1", "a=1", "harmless inside"),
    ('a, "b"\nc', 'a, "b"\nc', "quotes, commas and line breaks survive"),
    ("'=x", "'=x", "already text"),
]


@pytest.mark.parametrize(("value", "written"), [c[:2] for c in CELLS], ids=[c[2] + repr(c[0]) for c in CELLS])
def test_error_file_is_safe_in_a_spreadsheet(tmp_path, value, written):
    write_errors(scored(tmp_path, {"a": GOLD}, {"a": gold_of(letter={"sex": value})}), tmp_path / "e.csv")
    with (tmp_path / "e.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [["field", "place", "wanted", "got"], ["sex", "a", "male", written]]


def test_evaluation_can_be_pickled(tmp_path):
    result = scored(tmp_path, {"a": GOLD}, {})
    assert pickle.loads(pickle.dumps(result)) == result


WORDS = (
    "neck",
    "left knee",
    "right knee",
    "MRI",
    "of the",
    "Chronic pain",
    "chapter",
    "10 mg",
    "1,200",
    "12",
    "3.5",
)


def some(rng, options=WORDS, most=3):
    return [rng.choice(options) for _ in range(rng.randrange(most + 1))]


def phrase(rng):
    return " ".join(some(rng, most=4)) or "brace"


def random_letter(rng):
    """A letter whose values come from few words, so that agreement, likeness and difference all happen."""
    letter = copy.deepcopy(GOLD)
    for name, value in letter["letter"].items():
        if isinstance(value, list):
            letter["letter"][name] = some(rng) if name != "diagnoses" else [phrase(rng) for _ in some(rng)]
        else:
            letter["letter"][name] = rng.choice([None, "12", "male"])
    letter["issues"] = []
    for number in range(1, rng.randrange(1, 6)):
        issue = copy.deepcopy(ISSUE) | {"issue_number": number, "requested_treatment": phrase(rng)}
        for name in sorted(set(ISSUE) - {"issue_number", "requested_treatment", "body_parts", "citations"}):
            issue[name] = rng.choice([None, "12", 12, 12.0, "1,200", "10 mg", "10mg", 0])
            if name in ("original_request", "authorized_request", "decision", "drug", "strength") or "treat" in name:
                issue[name] = rng.choice([None, "10 mg", "10mg", "10 MG", "Norco"])
        issue["body_parts"] = some(rng)
        issue["citations"] = [
            {
                "cited_by": rng.choice(["reviewer", "claims_administrator"]),
                "guideline": rng.choice(["odg", "other"]),
                "chapter": rng.choice([None, "Neck", "The Neck Chapter", "Neck (Acute & Chronic)"]),
                "edition": rng.choice([None, "2016", "2004"]),
                "sections": some(rng),
                "pages": some(rng, ("7", "7-8", "7–8")),
            }
            for _ in some(rng)
        ]
        letter["issues"].append(issue)
    return letter


def disturbed(rng, letter, other):
    """A letter between two: values of the one, some of the other, items lost or added."""
    mixed = copy.deepcopy(letter)
    for name, value in other["letter"].items():
        if rng.random() < 0.3:
            mixed["letter"][name] = value
    for issue, model in zip(mixed["issues"], other["issues"], strict=False):
        for name in sorted(set(issue) - {"issue_number"}):
            if rng.random() < 0.3:
                issue[name] = model[name]
    if mixed["issues"] and rng.random() < 0.4:
        del mixed["issues"][rng.randrange(len(mixed["issues"]))]
    elif rng.random() < 0.3:
        mixed["issues"].append(copy.deepcopy(ISSUE) | {"issue_number": 9, "requested_treatment": phrase(rng)})
    return mixed


@pytest.mark.skipif(
    not (SHARED / "score.py").is_file(), reason="the shared scorer is not beside the project (set IMR_SHARED)"
)
@pytest.mark.parametrize("seed", range(8))
def test_scores_equal_those_of_the_shared_scorer(tmp_path, seed):
    rng = random.Random(seed)
    golds = {f"CM16-{n}": random_letter(rng) for n in range(40)}
    letters = {stem: disturbed(rng, gold, random_letter(rng)) for stem, gold in golds.items() if rng.random() < 0.9}
    out, gold = write_dataset(tmp_path / "out", letters), write_gold(tmp_path / "gold", golds)
    command = [sys.executable, str(SHARED / "score.py"), str(out), str(gold), "--json"]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    wanted = json.loads(run.stdout)
    got = {score.field: score.score for score in evaluate(out, gold, resamples=0).fields}
    assert got.keys() == wanted.keys() == KINDS.keys()
    # The shared scorer rounds to four places.
    assert {f: (s, wanted[f]) for f, s in got.items() if abs(s - wanted[f]) > 0.5001e-4} == {}
