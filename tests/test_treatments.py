"""Request headings and the DWC category that each belongs to: one row a heading, the reason beside it."""

import csv
import pickle
from pathlib import Path

import pytest

from extract.patterns import PatternError, Patterns
from extract.values.treatments import OF_DRUGS, TreatmentClassifier, TreatmentFile, term_pattern

CASES = list(csv.DictReader((Path(__file__).parent / "cases" / "treatment_headings.csv").open(encoding="utf-8")))
"""Columns heading, category, subcategory (empty where there is none), why."""

VOCABULARY = {
    "Diagnostic Testing": {"Imaging / Radiology", "EMG/NCV/NCS", "Lab & Pathology", "Other Diagnostic Tests"},
    "DMEPOS": {"DME", "Electrical Stimulation", "Prosthetics/Orthotics", "Supplies", None},
    "Evaluation & Management": {"Medical Specialties", "Dental Services"},
    "Home Health": {None},
    "Injection": {"Facet Injection", "Injection"},
    "Programs": {None},
    "Psych Services": {"Evaluation & Management", "Therapies"},
    "Rehabilitation": {
        "Physical Therapy/Occupational Therapy (PT/OT)",
        "Chiropractic",
        "Acupuncture",
        "Other Therapies",
    },
    "Surgery": {
        "Spine",
        "Arthroscopic Surgery",
        "Non-arthroscopic Surgery",
        "Adjunct Surgical Services",
        "Surgical Consult",
        None,
    },
    "Transportation": {None},
    "Other": {None},
}


@pytest.fixture(scope="module")
def classifier(patterns):
    return TreatmentClassifier(patterns=patterns)


def value(found):
    return "" if found is None else found.value


@pytest.mark.parametrize("case", CASES, ids=[c["heading"] for c in CASES])
def test_category(classifier, case):
    got = classifier.classify(case["heading"])
    names = (value(got.category), value(got.subcategory))
    assert names == (case["category"], case["subcategory"]), case["why"]


@pytest.mark.parametrize(
    ("heading", "drug"),
    [
        ("Zanthorol 10mg #30", "Zanthorol"),
        ("Tramadol 50mg #60", "Tramadol"),
        ("Lumbar epidural steroid injection with Depo-Medrol 40mg", None),
        ("Urine drug screen for Tramadol 50mg", None),
        ("MRI of the knee after Zanthorol 10mg #30", None),
    ],
)
def test_a_drug_is_read_where_the_category_asks_for_one(classifier, heading, drug):
    got = classifier.classify(heading)
    asked = got.category.value in OF_DRUGS and got.drug.drug is not None
    assert (got.drug.drug.value if asked else None) == drug


def test_span_is_of_the_words_that_decided(classifier):
    heading = "Retrospective request for MRI of the left knee"
    found = classifier.classify(heading).category
    assert found.span.of(heading) == "MRI"
    assert found.method == "vocabulary:treatments"


def test_a_guess_is_less_sure_than_a_name(classifier):
    named = classifier.classify("Lumbar epidural steroid injection").category
    guessed = classifier.classify("Device for the knee").category
    assert guessed.confidence < 0.7 < named.confidence


def test_vocabulary_uses_the_dwc_names(patterns):
    groups = patterns.parse(TreatmentFile, "vocab/treatments.yaml").groups
    named = [g for g in groups if g.category != "Pharmaceuticals"]
    assert {(g.category, g.subcategory) for g in named} <= {(c, s) for c, names in VOCABULARY.items() for s in names}


def test_every_plain_term_gives_its_own_category(patterns, classifier):
    """A term that another group outweighs wherever it stands is dead."""
    wrong = []
    for group in patterns.parse(TreatmentFile, "vocab/treatments.yaml").groups:
        for term in group.terms:
            if group.needs or set(term) & set("*~()[]|"):
                continue
            got = classifier.classify(term).category
            if got is None or got.value != group.category:
                wrong.append((term, group.category, got and got.value))
    assert wrong == []


@pytest.mark.parametrize(
    ("term", "text", "why"),
    [
        ("bone scan", "bone-scans", "hyphen and plural"),
        ("biopsy", "biopsies", "plural of y"),
        ("x ray", "x-rays", "plural of y after a vowel"),
        ("arthroscop*", "arthroscopically", "any ending"),
        ("[total] disc replacement", "disc replacement", "a word that may be missing"),
        ("[total] disc replacement", "total disc replacement", "or be there"),
        ("consult* ~3 surgeon", "consultation with an orthopedic surgeon", "words between"),
        ("(gym|pool) membership", "pool membership", "a choice"),
    ],
)
def test_term_language_takes(patterns, term, text, why):
    assert patterns.compile(term_pattern(term)).fullmatch(text), why


@pytest.mark.parametrize(
    ("term", "text", "why"),
    [
        ("tub", "tubes", "es is a plural only after x, z, ch and sh"),
        ("consult* ~1 surgeon", "consultation with an orthopedic surgeon", "too many words between"),
        ("bone scan", "bone of scan", "nothing may stand between without ~"),
    ],
)
def test_term_language_leaves(patterns, term, text, why):
    assert not patterns.compile(term_pattern(term)).fullmatch(text), why


def test_a_broken_term_is_refused():
    with pytest.raises(PatternError, match="not a term"):
        term_pattern("scan (of")


def test_an_unknown_cue_is_refused(tmp_path):
    (tmp_path / "vocab").mkdir()
    (tmp_path / "vocab" / "treatments.yaml").write_text(
        "about: x\ncues: {}\nmasks: []\ngroups:\n  - {category: Other, priority: 50, needs: [moon], terms: [lodging]}\n"
    )
    with pytest.raises(PatternError, match="moon"):
        TreatmentClassifier(patterns=Patterns(tmp_path))


def test_travels_between_processes(classifier):
    again = pickle.loads(pickle.dumps(classifier))
    assert again.classify("Gym membership") == classifier.classify("Gym membership")
