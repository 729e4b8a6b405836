"""Headings of drug requests and what they ask for: one row a heading, the reason beside it."""

import csv
import pickle
from pathlib import Path

import pytest

from extract.values.drug_names import COLUMNS
from extract.values.drugs import DrugReader
from extract.values.treatments import TreatmentClassifier

CASES = list(csv.DictReader((Path(__file__).parent / "cases" / "drug_headings.csv").open(encoding="utf-8")))
"""Columns heading, drug, strength, quantity, refills, subcategory (empty where there is none), why."""

# heading, reason
NO_DRUG = [
    ("Trigger point injections with lidocaine", "part of a procedure"),
    ("Right shoulder Kenalog injection", "part of a procedure, the joint named first"),
    ("Gabapentin level", "measured, not asked for"),
    ("Urine screen for Norco", "looked for, not asked for"),
    ("Ketamine infusion", "a procedure"),
    ("Morphine pump refill", "a procedure"),
    ("Consultation for Suboxone", "a visit"),
    ("MRI of the lumbar spine", "no drug"),
    ("Flexion and extension x-rays", "one letter from a brand, but no sign of a drug"),
    ("TENS unit #1", "a count does not make a drug"),
]


@pytest.fixture(scope="module")
def drugs(patterns):
    return DrugReader(patterns=patterns)


@pytest.fixture(scope="module")
def classifier(patterns):
    return TreatmentClassifier(patterns=patterns)


def value(found):
    return None if found is None else found.value


@pytest.mark.parametrize("case", CASES, ids=[c["heading"] for c in CASES])
def test_drug_request(drugs, classifier, case):
    read = drugs.read(case["heading"])
    assert (value(read.drug) or "") == case["drug"], case["why"]
    assert (value(read.strength) or "") == case["strength"], case["why"]
    assert value(read.quantity) == (float(case["quantity"]) if case["quantity"] else None), case["why"]
    assert value(read.refills) == (int(case["refills"]) if case["refills"] else None), case["why"]
    assert (value(classifier.classify(case["heading"]).subcategory) or "") == case["subcategory"], case["why"]


@pytest.mark.parametrize(("heading", "why"), NO_DRUG, ids=[c[0] for c in NO_DRUG])
def test_no_drug_is_asked_for(drugs, heading, why):
    assert drugs.read(heading).drug is None, why


def test_spans_are_the_words(drugs):
    heading = "Retrospective Tramadol (Ultram) 50 mg #30"
    read = drugs.read(heading)
    assert read.drug.span.of(heading) == read.drug.value
    assert read.strength.span.of(heading) == read.strength.value
    assert "30" in read.quantity.span.of(heading)


def test_confidence_falls_from_known_to_misspelt_to_unknown(drugs):
    sure = [drugs.read(f"{name} 10mg #30").drug.confidence for name in ("Flexeril", "Flexerill", "Zanthorol")]
    assert sure == sorted(sure, reverse=True)
    assert len(set(sure)) == 3


@pytest.mark.parametrize("slip", ["Flexerl", "Flexerill", "Flexeirl", "Flexerol", "Cyclobenzapirine", "Cycolbenzaprin"])
def test_slips_of_every_kind_are_seen(drugs, slip):
    """A letter more, less, changed or swapped; two of them in a long name."""
    assert drugs.read(f"{slip} 10mg #30").ingredient.value == "cyclobenzaprine"


@pytest.mark.parametrize("amount", ["tablets", "(pills)", "ROLL-ON", "patch", "10mg", "#30"])
def test_a_form_or_an_amount_shows_a_misspelt_drug(drugs, amount):
    assert drugs.read(f"Flexerill {amount}").ingredient.value == "cyclobenzaprine"
    assert drugs.read("Flexerill for an exam").ingredient is None


def test_vocabulary_names_are_read_whole(patterns, drugs, classifier):
    """Every name of the vocabulary, with a strength and a count, gives itself and its class."""
    wrong = []
    for row in patterns.table("drugs.csv", COLUMNS):
        heading = f"{row['name']} 10mg #30"
        read = drugs.read(heading)
        got = (value(read.drug), value(read.strength), value(read.quantity), value(read.drug_class) or "")
        if got != (row["name"], "10mg", 30, row["drug_class"]):
            wrong.append((row["name"], got))
        if value(classifier.classify(heading).category) not in ("Pharmaceuticals", "Injection"):
            wrong.append((row["name"], "category"))
    assert wrong == []


def test_a_name_may_be_in_capitals_with_a_typographic_apostrophe(drugs):
    assert value(drugs.read("DOAN’S 10mg #30").drug) == "DOAN’S"


def test_vocabulary_has_no_name_twice(patterns):
    names = [row["name"].lower() for row in patterns.table("drugs.csv", COLUMNS)]
    assert sorted({n for n in names if names.count(n) > 1}) == []


def test_travels_between_processes(drugs):
    again = pickle.loads(pickle.dumps(drugs))
    assert again.read("Norco 10/325mg #60") == drugs.read("Norco 10/325mg #60")
