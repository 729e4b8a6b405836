"""What is inferred from values: codes of body parts and diagnoses, ingredients and classes; and earlier care."""

from datetime import date

import pytest

from extract.pipeline import Source
from extract.values.icd10 import CategoryFinder
from extract.values.prior_care import PriorCareFinder
from tests.letters import LETTER

CATEGORIES = [
    ("lumbar strain", "S39", "a strain by its part"),
    ("cervical sprain", "S13", "a sprain of the same part is another category"),
    ("left knee medial meniscus tear", "S83", "a tear that is said of an injury"),
    ("L4-5 disc protrusion with radiculopathy", "M51", "the disc tells more than the nerve"),
    ("depression secondary to chronic pain", "F32", "the illness, not its cause"),
    ("closed fracture of the left ankle", "S82", "the ankle is counted with the lower leg"),
    ("fracture of the right great toe", "S92", "the foot has its own"),
    ("lumbar, hip, and neck strain", None, "several parts with different categories: none"),
    ("status post left knee arthroscopy", None, "an operation is no illness"),
    ("left knee injury", None, "too little is said"),
    ("bruxism", None, "two categories have it, so none is taken"),
    ("Legionnaires' disease", "A48", "a name of the classification itself"),
]


@pytest.mark.parametrize(("diagnosis", "category", "why"), CATEGORIES, ids=[c[2] for c in CATEGORIES])
def test_icd10_category(patterns, diagnosis, category, why):
    assert CategoryFinder(patterns=patterns).category(diagnosis) == category, why


CARE = [
    ("She had 18 sessions of physical therapy.", [("physical therapy", 18, "completed", None)], "given"),
    ("The physician requested 12 visits of acupuncture.", [("acupuncture", 12, "requested", None)], "asked for"),
    ("Six chiropractic visits were authorized on 3/4/2013.", [("chiropractic", 6, "authorized", date(2013, 3, 4))], "allowed"),
    ("The request for 8 visits of CBT was denied.", [("CBT", 8, "requested", None)], "what was refused was asked for"),
    ("Treatment to date: ibuprofen, PT x 8, acupuncture times six.", [("PT", 8, "completed", None), ("acupuncture", 6, "completed", None)], "a list"),
    ("Eight of 8 authorized OT visits were used.", [("OT", 8, "completed", None)], "so many of the approved"),
    ("PT x 6 weeks gave relief.", [], "weeks are no visits"),
    ("His wife had 12 visits of physical therapy.", [], "somebody else's"),
    ("He takes Norco #120 a month.", [], "a drug"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted", "why"), CARE, ids=[c[2] for c in CARE])
def test_prior_care(patterns, text, wanted, why):
    found = PriorCareFinder(patterns=patterns).in_summary(text)
    assert [(c.treatment, c.sessions, c.status, c.day) for c in found] == wanted, why
    assert all(c.found.span.of(text).strip() for c in found)


def test_inferred_columns_of_a_letter(reader, tmp_path):
    path = tmp_path / "letter.txt"
    told = LETTER.replace("He complains of", "He has had six visits of physical therapy. He complains of")
    path.write_text(told)
    (record,) = reader.read(Source.of(path))
    assert record.body_part_codes == ("42",)
    assert record.diagnosis_codes == ("S39",)
    assert (record.issues[1].drug_ingredient, record.issues[1].drug_class) == ("hydrocodone/acetaminophen", "Opioids")
    assert record.issues[0].drug_class is None
    (care,) = record.prior_care
    assert (care.treatment, care.sessions, care.status) == ("physical therapy", 6, "completed")
    assert record.text[care.start : care.end] == care.text
    methods = {e.field: (e.method, e.confidence) for e in record.evidence}
    for field in ("body_part_codes", "diagnosis_codes"):
        method, confidence = methods[field]
        assert method.startswith("inferred:")
        assert confidence <= 0.8
