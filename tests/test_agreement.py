"""Agreement of two annotators: kappa against scikit-learn, the rules of scoring, intervals that are honest."""

import copy
import csv
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from extract.agreement import agreement, all_agree_low, as_markdown, cohen_kappa, figure, interval, kappa_with_interval
from extract.cli import main
from extract.evaluate import compare, compare_annotations
from extract.gold import read_gold
from tests import datasets
from tests.test_evaluate import GOLD, gold_of, with_issues, write_gold


def test_kappa_is_that_of_scikit_learn():
    random = np.random.default_rng(7)
    for labels in (2, 3, 7):
        one = random.integers(labels, size=200)
        other = np.where(random.random(200) < 0.6, one, random.integers(labels, size=200))
        table = np.zeros((labels, labels))
        np.add.at(table, (one, other), 1)
        assert float(cohen_kappa(table)) == pytest.approx(cohen_kappa_score(one, other))


# pairs of labels, kappa; why
KAPPAS = [
    ([("a", "a")] * 5 + [("b", "b")] * 5, 1.0, "full agreement"),
    ([("a", "b"), ("b", "a")] * 5, -1.0, "full disagreement"),
    ([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")], 0.0, "no more than chance"),
    ([("a", "a")] * 9 + [("a", "b")], 0.0, "nine of ten agree, as chance would have it: one of the two has one label"),
    ([("a", "a")] * 10, None, "one label throughout: not defined"),
    ([], None, "nothing to compare"),
]


@pytest.mark.parametrize(("pairs", "kappa"), [k[:2] for k in KAPPAS], ids=[k[2] for k in KAPPAS])
def test_kappa(pairs, kappa):
    found, _, _ = kappa_with_interval([[pair] for pair in pairs], resamples=10, seed=0)
    assert found == (kappa if kappa is None else pytest.approx(kappa))


def test_interval_of_kappa_is_over_letters():
    # Two letters of ten items each, one agreed on and one not: any mixture may come up.
    agreed, not_agreed = [("a", "a"), ("b", "b")] * 5, [("a", "b"), ("b", "a")] * 5
    kappa, low, high = kappa_with_interval([agreed, not_agreed], resamples=500, seed=0)
    assert (kappa, low, high) == (0, -1, 1)


@pytest.mark.parametrize("letters", [1, 7, 24, 500])
def test_bound_where_all_agree_is_wilsons(letters):
    wanted = binomtest(letters, letters).proportion_ci(0.95, method="wilson").low
    assert all_agree_low(letters) == pytest.approx(wanted)


def of(tmp_path, first, second):
    sides = [read_gold(write_gold(tmp_path / name, golds)) for name, golds in (("a", first), ("b", second))]
    return agreement(*sides, resamples=200)


TEN = {str(n): GOLD if n % 2 else gold_of(letter={"sex": "female"}) for n in range(10)}


def test_full_agreement_has_wilsons_bound_and_not_a_point(tmp_path):
    fields = {f.field: f for f in of(tmp_path, TEN, TEN).fields}
    assert (fields["sex"].agreed, fields["sex"].kappa, fields["sex"].high) == (1, 1, 1)
    assert fields["sex"].low == pytest.approx(0.722, abs=0.001)
    assert fields["priority"].kappa is None  # standard throughout
    assert fields["age"].kappa is None  # no closed vocabulary
    assert fields["body_parts"].measure == "F1"


def test_disagreements_lower_the_figures_and_are_listed(tmp_path):
    other = {stem: copy.deepcopy(gold) for stem, gold in TEN.items()}
    other["0"]["letter"]["sex"] = "male"
    other["1"]["letter"]["body_parts"] = ["neck"]
    other["2"]["issues"][0]["treatment_category"] = "Surgery"
    found = of(tmp_path, TEN, other)
    fields = {f.field: f for f in found.fields}
    assert fields["sex"].agreed == pytest.approx(0.9)
    assert fields["sex"].kappa == pytest.approx(0.8)
    assert fields["sex"].low < 0.9 < fields["sex"].high
    assert fields["body_parts"].agreed == pytest.approx(2 * 19 / (2 * 19 + 1))
    assert [(o.field, o.place, o.wanted, o.got) for o in found.disagreements] == [
        ("sex", "0", "female", "male"),
        ("body_parts", "1", "left shoulder", ""),
        ("body_parts_no_side", "1", "shoulder", ""),
        ("issue.treatment_category", "2#1", "Diagnostic Testing", "Surgery"),
    ]


def test_agreement_is_the_same_whoever_comes_first(tmp_path):
    other = {str(n): TEN[str((n + n % 3) % 10)] for n in range(10)}
    one, two = of(tmp_path, TEN, other), None
    two = agreement(read_gold(tmp_path / "b"), read_gold(tmp_path / "a"), resamples=200)
    assert [(f.field, f.agreed, f.kappa) for f in one.fields] == [(f.field, f.agreed, f.kappa) for f in two.fields]


def test_annotations_are_compared_as_a_dataset_of_the_same_values_is(tmp_path):
    golds = {"a": with_issues("Knee brace", "Lumbar MRI"), "b": GOLD}
    others = {"a": with_issues("Lumbar MRI"), "b": gold_of(issue={"quantity": 2.5}, citation={"pages": ["1", "2"]})}
    wanted = read_gold(write_gold(tmp_path / "gold", golds))
    dataset = compare(datasets.of_golds(tmp_path / "out", others), wanted)
    people = compare_annotations(wanted, read_gold(write_gold(tmp_path / "others", others)))
    assert people.outcomes == dataset.outcomes
    assert people.partners == dataset.partners == {"a": {1: None, 2: 1}, "b": {1: 1}}


def test_letters_of_one_annotator_alone_are_left_out(tmp_path):
    found = of(tmp_path, {"a": GOLD, "b": GOLD}, {"b": GOLD, "c": GOLD})
    assert (found.letters, found.first_alone, found.second_alone) == (1, ("a",), ("c",))


def test_no_letter_in_both_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="same name"):
        of(tmp_path, {"a": GOLD}, {"b": GOLD})


def test_command(tmp_path):
    other = TEN | {"0": gold_of(letter={"sex": "male", "diagnoses": ["=1+1"]})}
    folders = [str(write_gold(tmp_path / name, golds)) for name, golds in (("a", TEN), ("b", other))]
    result = CliRunner().invoke(main, ["agreement", *folders, "--markdown", "--csv", str(tmp_path / "d.csv")])
    assert result.exit_code == 0, result.output
    assert "| sex | share agreed | 0.900 |" in result.output
    with (tmp_path / "d.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert ("sex", "0", "female", "male") in {tuple(row.values()) for row in rows}
    assert "'=1+1" in {row["second"] for row in rows}
    plain = CliRunner().invoke(main, ["agreement", *folders])
    assert "10 letters annotated by both" in plain.output


def test_markdown_is_one_row_a_field(tmp_path):
    found = of(tmp_path, TEN, TEN)
    assert as_markdown(found).count("\n| ") == len(found.fields) + 2


GOLD_HOME = Path(__file__).parent.parent / "corpus" / "gold"


def test_page_of_the_second_annotation_is_up_to_date():
    """Figures of the two annotators and the list of disagreements; those of the tool need the letters."""
    page = (GOLD_HOME.parent.parent / "docs" / "agreement.md").read_text(encoding="utf-8")
    found = agreement(read_gold(GOLD_HOME / "public"), read_gold(GOLD_HOME / "second"))
    assert f"{found.letters} of the 130 public letters" in page
    for f in found.fields:
        assert f"| {f.field} | {f.measure} | {figure(f.agreed)} ({interval(f.low, f.high)}) |" in page
    for o in found.disagreements:
        assert f"| {o.field} | {o.place} |" in page


def test_every_disagreement_has_been_judged():
    found = agreement(read_gold(GOLD_HOME / "public"), read_gold(GOLD_HOME / "second"), resamples=0)
    with (GOLD_HOME / "second" / "disagreements.csv").open(encoding="utf-8", newline="") as stream:
        judged = {(r["field"], r["place"]): r["verdict"] for r in csv.DictReader(stream)}
    assert set(judged) == {(o.field, o.place) for o in found.disagreements}
    assert set(judged.values()) <= {"mistake of first", "mistake of second", "rule unclear"}
