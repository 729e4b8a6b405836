"""Every change of a dataset is found where it stands, and gains and losses agree with the scores."""

import csv
import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from extract.changes.page import contrast
from extract.changes.paired import steps, tally
from extract.changes.pairs import pair_headings, pair_rows
from extract.changes.report import compare_datasets
from extract.changes.tables import ChangesError
from extract.cli import main
from extract.evaluate import compare, evaluate
from extract.gold import read_gold
from extract.metrics import KINDS, compare_bags, compare_one
from tests import datasets
from tests.runs import make_letters
from tests.test_evaluate import GOLD, gold_of, with_issues, write_gold

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="module")
def base(tmp_path_factory, reader):
    """A dataset of letters with two items each, one for each case of CELLS."""
    home = tmp_path_factory.mktemp("diff")
    letters = make_letters(home / "letters", len(CELLS))
    return datasets.of_letters(home / "base", sorted(letters.iterdir()), reader)


def listed(old, new, **options):
    with compare_datasets(old, new, **options) as report:
        return report, list(report.changes())


def letter(tables, number=0):
    source = f"{number:03d}.txt"
    return next(row for row in tables["letters"] if row["source"] == source)


def of_letter(tables, table, number=0):
    return [row for row in tables[table] if row["letter_id"] == letter(tables, number)["letter_id"]]


def drop(table, at=0):
    def change(tables, number=0):
        tables[table].remove(of_letter(tables, table, number)[at])

    return change


def set_cell(table, field, value, at=0):
    def change(tables, number=0):
        of_letter(tables, table, number)[at][field] = value

    return change


def drop_item(item):
    """Take an item of the letter away and count the others anew, as a run without it would."""

    def change(tables, number=0):
        key = letter(tables, number)["letter_id"]
        for table in ("issues", "citations", "evidence"):
            rows = [r for r in tables[table] if not (r["letter_id"] == key and r["issue_number"] == item)]
            for row in rows:
                if row["letter_id"] == key and (row["issue_number"] or 0) > item:
                    row["issue_number"] -= 1
            tables[table] = rows

    return change


def nothing(tables, number=0):
    pass


# change, what is found: table, field, kind, old, new; why
CELLS = [
    (nothing, [], "nothing changed"),
    (set_cell("letters", "age", 52), [("letters", "age", "changed", "41", "52")], "a number"),
    (set_cell("letters", "age", None), [("letters", "age", "removed", "41", None)], "a cell that is empty now"),
    (set_cell("letters", "injury_date_end", date(2016, 10, 4)),
     [("letters", "injury_date_end", "added", None, "2016-10-04")], "a cell that was empty"),
    (set_cell("letters", "body_parts", ["lower back", "neck"]),
     [("letters", "body_parts", "added", None, "neck")], "a member that came, alone"),
    (set_cell("letters", "body_parts", ["neck"]),
     [("letters", "body_parts", "added", None, "neck"), ("letters", "body_parts", "removed", "lower back", None)],
     "a member went, another came"),
    (set_cell("letters", "reviewer_license_states", ["New York", "California"]),
     [("letters", "reviewer_license_states", "reordered", "California | New York", "New York | California")],
     "the same members in another order"),
    (set_cell("issues", "decision", "overturned"), [("issues", "decision", "changed", "upheld", "overturned")],
     "a cell of an item"),
    (set_cell("citations", "chapter", "Neck"),
     [("citations", "chapter", "changed", "Low Back Complaints", "Neck")], "a cell of a citation"),
    (drop("letters"), [("letters", "(row)", "row removed", "009.txt", None)],
     "a letter gone is one change, not one for each of its items"),
    (drop("citations", at=1),
     [("citations", "(row)", "row removed", "Chronic Pain Medical Treatment 2016, Section(s): "
       "Physical medicine treatment", None)], "a citation gone"),
    (drop_item(1),
     [("issues", "(row)", "row removed", "Manual therapy twice weekly for 4 weeks, lumbar spine", None)],
     "the first item gone: the second is still held against itself, under another number"),
]  # fmt: skip


@pytest.fixture(scope="module")
def cells(base, tmp_path_factory):
    """The first case changed in the first letter, and so on; what is found, by source of the letter."""

    def change(tables):
        for number, (one, *_) in enumerate(CELLS):
            one(tables, number)
        tables["failures"].append({"source": "x.pdf", "sha256": "", "reason": "not_a_pdf", "detail": ""})

    return listed(base, datasets.changed(tmp_path_factory.mktemp("cells") / "new", base, change))


@pytest.mark.parametrize(("at", "wanted"), [(n, c[1]) for n, c in enumerate(CELLS)], ids=[c[2] for c in CELLS])
def test_changes_of_cells_and_rows(cells, at, wanted):
    _, changes = cells
    own = [c for c in changes if c.letter == f"{at:03d}.txt"]
    assert sorted(((c.table, c.field, c.kind, c.old, c.new) for c in own), key=str) == sorted(wanted, key=str)


def test_files_without_a_letter_and_the_count_of_all(cells):
    report, changes = cells
    assert [(c.table, c.kind, c.new) for c in changes if not c.letter] == [
        ("failures", "row added", "x.pdf: not_a_pdf")
    ]
    assert report.count == len(changes) == sum(len(wanted) for _, wanted, _ in CELLS) + 1


@pytest.mark.parametrize(
    ("old_form", "new_form"),
    [("parquet", "csv_too"), ("csv_too", "csv_too")],
    ids=["Parquet and CSV beside CSV alone", "CSV alone"],
)
def test_csv_and_parquet_give_no_difference(base, tmp_path, old_form, new_form):
    def odd(tables):
        set_cell("letters", "diagnoses", ["=1+1", "-5 degrees"])(tables)
        set_cell("issues", "quantity", 2.5)(tables)

    old = datasets.changed(tmp_path / "old", base, odd, parquet=old_form == "parquet")
    new = datasets.changed(tmp_path / "new", base, odd, parquet=False)
    assert listed(old, new)[1] == []


# change to the new side, what the first letter is matched by; why
MATCHED = [
    (lambda t: None, "letter_id", "the same bytes"),
    (lambda t: rename(t, "0" * 16), "source", "the file was saved anew: other bytes, the same name"),
    (lambda t: (rename(t, "0" * 16), letter(t).update(source="elsewhere/x.txt")), "case_number", "renamed as well"),
]  # fmt: skip


def rename(tables, letter_id, number=0):
    old = letter(tables, number)["letter_id"]
    for rows in tables.values():
        for row in rows:
            if row.get("letter_id") == old:
                row["letter_id"] = letter_id


@pytest.mark.parametrize(("change", "by"), [m[:2] for m in MATCHED], ids=[m[2] for m in MATCHED])
def test_letters_are_matched(base, tmp_path, change, by):
    report, changes = listed(base, datasets.changed(tmp_path / "new", base, change))
    assert changes == []
    assert report.letters.get(by) == (len(CELLS) if by == "letter_id" else 1)
    assert not {"added", "removed"} & set(report.letters)


def test_case_number_that_two_letters_have_matches_neither(base, tmp_path):
    def change(tables):
        rename(tables, "0" * 16)
        letter(tables).update(source="elsewhere/x.txt", case_number=letter(tables, 1)["case_number"])
        rename(tables, "1" * 16, 1)
        letter(tables, 1).update(source="elsewhere/y.txt")

    report, _ = listed(base, datasets.changed(tmp_path / "new", base, change))
    assert (report.letters["added"], report.letters["removed"]) == (2, 2)


def test_evidence_of_both_sides_stands_beside_a_change(base, tmp_path):
    def change(tables):
        set_cell("letters", "age", 52)(tables)
        for row in of_letter(tables, "evidence"):
            if row["field"] == "age":
                row.update(value="52", text="52 year old", method="another_rule", confidence=0.5)

    _, [found] = listed(base, datasets.changed(tmp_path / "new", base, change))
    assert (found.old_text, found.old_page, found.old_method) == ("41", 1, "age_sex_of_worker")
    assert (found.new_text, found.new_page, found.new_method, found.new_confidence) == (
        "52 year old", 1, "another_rule", 0.5,
    )  # fmt: skip


def doubt(tables):
    """A flag more, and less confidence in one body part."""
    letter(tables)["flags"] = ["low_confidence"]
    for row in of_letter(tables, "evidence"):
        if (row["table"], row["field"]) == ("letters", "body_parts"):
            row["confidence"] = 0.5


def test_flags_and_confidence_are_summed_up_and_listed_when_asked(base, tmp_path):
    new = datasets.changed(tmp_path / "new", base, doubt)
    report, changes = listed(base, new)
    assert changes == []
    assert [(f.flag, f.came, f.went) for f in report.flags] == [("low_confidence", 1, 0)]
    assert [(c.field, c.lower, c.higher) for c in report.confidences] == [("body_parts", 1, 0)]
    _, changes = listed(base, new, everything=True)
    assert {(c.field, c.kind, c.new) for c in changes} == {
        ("flags", "added", "low_confidence"),
        ("body_parts", "confidence", "lower back (0.5)"),
    }


def test_column_of_one_side_alone_is_named_and_not_compared(base, tmp_path):
    new = datasets.changed(tmp_path / "new", base, nothing, parquet=False)
    text = (new / "letters.csv").read_text(encoding="utf-8").splitlines()
    (new / "letters.csv").write_text("\n".join([f"{text[0]},more", *(f"{line},1" for line in text[1:])]) + "\n")
    report, changes = listed(base, new)
    assert changes == []
    assert report.alone == (("new", "letters.more"),)


def test_letter_id_twice_is_refused(base, tmp_path):
    new = datasets.changed(tmp_path / "new", base, lambda t: t["letters"].append(letter(t)))
    with pytest.raises(ChangesError, match="twice"):
        listed(base, new)


# gold, old, new (changes to GOLD), field, gains, losses, neutral; why
VERDICTS = [
    ({}, {"letter": {"age": 50}}, {}, "age", (1, 0, 0), "wrong, now right"),
    ({}, {}, {"letter": {"age": 50}}, "age", (0, 1, 0), "right, now wrong"),
    ({}, {"letter": {"age": 50}}, {"letter": {"age": 51}}, "age", (0, 0, 1), "wrong, now otherwise wrong"),
    ({}, {"letter": {"sex": "male"}}, {"letter": {"sex": " Male"}}, "sex", (0, 0, 0), "right both times"),
    ({}, {"issue": {"quantity": 5}}, {}, "issue.quantity", (1, 0, 0), "an invented value is gone"),
    ({}, {}, {"issue": {"quantity": 5}}, "issue.quantity", (0, 1, 0), "a value is invented"),
    ({}, {"letter": {"body_parts": ["neck"]}}, {}, "body_parts", (1, 0, 0), "a member was missed, is found"),
    ({}, {"letter": {"body_parts": ["neck", "shoulder"]}}, {}, "body_parts", (2, 0, 0),
     "a wrong member gone, the right one found"),
    ({}, {"letter": {"body_parts": ["neck"]}}, {"letter": {"body_parts": ["left shoulder", "hand"]}},
     "body_parts", (1, 2, 0), "one found, one lost, one wrong"),
    ({}, {}, {"citation": {"chapter": "Neck"}}, "citation.guideline+chapter", (0, 2, 0),
     "a chapter misread: one lost, one wrong"),
    ({}, {}, {"letter": {"diagnoses": ["impingement of left shoulder", "neck strain"]}}, "diagnoses", (0, 0, 0),
     "another wording of the same diagnosis"),
]  # fmt: skip


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """The first case in the first letter, and so on; and a letter without any change."""
    home = tmp_path_factory.mktemp("verdicts")
    sides = [{str(n): gold_of(**case[at]) for n, case in enumerate(VERDICTS)} | {"same": GOLD} for at in range(3)]
    annotated = read_gold(write_gold(home / "gold", sides[0]))
    return listed(datasets.of_golds(home / "old", sides[1]), datasets.of_golds(home / "new", sides[2]), gold=annotated)


@pytest.mark.parametrize(
    ("at", "field", "wanted"), [(n, *v[3:5]) for n, v in enumerate(VERDICTS)], ids=[v[5] for v in VERDICTS]
)
def test_gains_and_losses(verdicts, at, field, wanted):
    report, changes = verdicts
    found = {g.step.field: g.letters for g in report.gains}.get(field, {}).get(str(at))
    assert ((found.gains, found.losses, found.neutral) if found else (0, 0, 0)) == wanted
    # The cells tell the same: of the column that the field is scored by.
    column = {"citation.guideline+chapter": "chapter"}.get(field, field.removeprefix("issue."))
    own = [c.verdict for c in changes if c.field == column and c.letter == f"in/{at}.pdf"]
    if field == "citation.guideline+chapter":
        assert own == ["loss"]  # one cell, where the score counts the lost key and the wrong one
    else:
        assert (own.count("gain"), own.count("loss")) == wanted[:2]
    assert None not in own


def test_gold_and_items_without_a_partner(tmp_path):
    old = datasets.of_golds(tmp_path / "old", {"a": with_issues("Knee brace")})
    new = datasets.of_golds(tmp_path / "new", {"a": with_issues("Knee brace", "Lumbar MRI")})
    annotated = read_gold(write_gold(tmp_path / "gold", {"a": with_issues("Knee brace", "Lumbar MRI")}))
    _, changes = listed(old, new, gold=annotated)
    assert [(c.table, c.field, c.verdict, c.gold) for c in changes] == [("issues", "(row)", "gain", "Lumbar MRI")]
    _, changes = listed(new, old, gold=annotated)
    assert [(c.kind, c.verdict) for c in changes] == [("row removed", "loss")]


MANY = {
    str(n): gold_of(
        letter={"age": 40 + n % 3, "body_parts": ["neck", "head", "left knee"][: n % 4]},
        issue={"quantity": n % 2 or None, "body_parts": ["neck"][: n % 2]},
        citation={"edition": str(2004 + n % 3), "sections": [f"Topic {n % 5}"]},
    )
    for n in range(12)
}


def test_figures_are_those_of_evaluate_and_gains_less_losses_are_errors_fewer(tmp_path):
    shifted = {str(n): MANY[str((n + n % 3) % 12)] for n in range(12) if n != 7}
    other = {str(n): MANY[str((n + n % 2) % 12)] for n in range(12)}
    folders = [datasets.of_golds(tmp_path / name, side) for name, side in (("old", shifted), ("new", other))]
    gold = write_gold(tmp_path / "gold", MANY)
    report, _ = listed(*folders, gold=read_gold(gold))
    assert report.absent == {"old": ("7",), "new": ()}
    results = [evaluate(folder, gold, resamples=0) for folder in folders]
    scores = [{s.field: s.score for s in result.fields} for result in results]
    errors = [Counter(), Counter()]
    for total, folder in zip(errors, folders, strict=True):
        for outcomes in compare(folder, read_gold(gold)).outcomes.values():
            for outcome in outcomes:
                total[outcome.field] += outcome.lost + outcome.extra
    assert len(report.gains) > 8
    for gain in report.gains:
        field = gain.step.field
        assert (gain.step.old, gain.step.new) == (scores[0].get(field), scores[1].get(field))
        assert gain.total.gains - gain.total.losses == errors[0][field] - errors[1][field]
    changed = {gain.step.field for gain in report.gains}
    assert all(scores[0][f] == scores[1][f] for f in scores[0] if f not in changed)


def test_figures_are_those_of_the_contract(base, tmp_path):
    if not (SHARED / "score.py").is_file():
        pytest.skip("score.py of the contract is not at hand")
    new = datasets.of_golds(tmp_path / "new", {str(n): MANY[str((n + 1) % 12)] for n in range(12)})
    old = datasets.of_golds(tmp_path / "old", MANY)
    gold = write_gold(tmp_path / "gold", MANY)
    report, _ = listed(old, new, gold=read_gold(gold))
    told = subprocess.run(
        [sys.executable, str(SHARED / "score.py"), str(new), str(gold), "--json"], capture_output=True, check=True
    )
    scores = json.loads(told.stdout)
    assert {g.step.field: round(g.step.new, 4) for g in report.gains} == {
        g.step.field: scores[g.step.field] for g in report.gains
    }


def test_tally_of_one_comparison():
    right, wrong, other = (compare_one("age", "a", 1, n) for n in (1, 2, 3))
    assert tally(wrong, None).gains == tally(None, wrong).losses == tally(wrong, other).neutral == 1
    assert not tally(right, None)
    old, new = (compare_bags("body_parts", "a", ["x", "y"], given) for given in (["x", "z"], ["y", "z", "z"]))
    assert (tally(old, new).gains, tally(old, new).losses) == (1, 2)


def test_counts_of_other_letters_are_refused():
    import numpy as np

    with pytest.raises(ValueError, match="other letters"):
        steps(np.zeros((2, len(KINDS), 3)), np.zeros((3, len(KINDS), 3)))


def test_shifted_rows_find_each_other():
    items = [(n, (words,)) for n, words in enumerate(("knee brace", "lumbar MRI", "Norco 10mg"), 1)]
    found = pair_headings(items, [(1, ("lumbar MRI scan",)), (2, ("Norco 10mg",))])
    assert set(found) == {(1, None), (2, 1), (3, 2)}
    # the first words differ, the rest of the words is the same
    assert pair_rows([(1, ("a", "odg"))], [(1, ("x", "mtus")), (2, ("b", "odg"))]) == [(1, 2), (None, 1)]


def test_long_values_show_what_differs():
    old = "word " * 100 + "old" + " tail" * 100
    pieces = contrast(old, old.replace("old", "new"))
    assert [[text for text, marked in side if marked] for side in pieces] == [["old"], ["new"]]
    assert all(sum(len(text) for text, _ in side) < 200 for side in pieces)


def diff(*arguments):
    return CliRunner().invoke(main, ["diff", *map(str, arguments)])


def evil(tables):
    set_cell("letters", "diagnoses", ["<script>alert(1)</script>", "=1+1"])(tables)


def test_page_and_csv_hold_no_live_text(base, tmp_path):
    new = datasets.changed(tmp_path / "new", base, evil)
    result = diff(base, new, "--html", tmp_path / "page.html", "--csv", tmp_path / "changes.csv")
    assert result.exit_code == 1, result.output
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page
    with (tmp_path / "changes.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert "'=1+1" in {row["new"] for row in rows}


def test_limit_of_the_page_is_told(base, tmp_path):
    new = datasets.changed(tmp_path / "new", base, evil)
    result = diff(base, new, "--html", tmp_path / "page.html", "--limit", 1)
    assert "1 changes shown" in result.output
    assert "The first 1 of 3" in (tmp_path / "page.html").read_text(encoding="utf-8")


# arguments beside the folders, change, exit code; why
EXITS = [
    ((), nothing, 0, "no value differs"),
    ((), set_cell("letters", "age", 52), 1, "a value differs"),
    ((), doubt, 1, "a flag differs"),
    (("--fail-on", "never"), set_cell("letters", "age", 52), 0, "told not to fail"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "change", "code"), [e[:3] for e in EXITS], ids=[e[3] for e in EXITS])
def test_exit_codes(base, tmp_path, options, change, code):
    assert diff(base, datasets.changed(tmp_path / "new", base, change), *options).exit_code == code


def test_exit_code_of_losses(tmp_path):
    good = datasets.of_golds(tmp_path / "good", {"a": GOLD})
    bad = datasets.of_golds(tmp_path / "bad", {"a": gold_of(letter={"age": 3})})
    gold = write_gold(tmp_path / "gold", {"a": GOLD})
    assert diff(bad, good, "--gold", gold, "--fail-on", "loss").exit_code == 0
    result = diff(good, bad, "--gold", gold, "--fail-on", "loss")
    assert result.exit_code == 1
    assert "age" in result.output
    assert diff(good, bad, "--fail-on", "loss").exit_code == 2


def test_trouble_has_its_own_exit_code(base, tmp_path):
    (tmp_path / "empty").mkdir()
    result = diff(base, tmp_path / "empty")
    assert result.exit_code == 2
    assert "name folders that imr extract wrote" in result.output
    assert diff(base, base, "--csv", tmp_path / "no" / "such.csv").exit_code == 2
    (tmp_path / "empty" / "letters.parquet").write_bytes(b"no table")
    assert diff(base, tmp_path / "empty").exit_code == 2
