"""Stated diagnoses and ICD codes. Each row: why, the words, what they give."""

import pytest

from extract.nlp import build_nlp
from extract.patterns import Patterns
from extract.values.diagnoses import DiagnosisFinder

PATTERNS = Patterns()
FINDER = DiagnosisFinder(nlp=build_nlp(PATTERNS), patterns=PATTERNS)

ROWS = [
    ("diagnosed with", "She was diagnosed with a wrist sprain.", ["wrist sprain"]),
    ("diagnoses include", "The diagnoses include gout and obesity.", ["gout", "obesity"]),
    ("treated for a complaint", "He is being treated for elbow pain.", ["elbow pain"]),
    ("a bare complaint", "He complains of elbow pain.", []),
    ("comma and and", "Diagnoses are hip strain, rib contusion, and scalp laceration.",
     ["hip strain", "rib contusion", "scalp laceration"]),
    ("shared head", "Diagnosed with cervical and thoracic strain.", ["cervical and thoracic strain"]),
    ("three before one head", "Diagnosed with neck, hip and knee strain.", ["neck, hip and knee strain"]),
    ("two heads of one kind", "Diagnosed with elbow tendinitis and bursitis.", ["elbow tendinitis and bursitis"]),
    ("a head that stands alone", "Diagnosed with hip strain and headache.", ["hip strain", "headache"]),
    ("with stays one", "Diagnosed with disc bulge with radiculopathy, and gout.", ["disc bulge with radiculopathy", "gout"]),
    ("due to stays one", "Diagnosed with insomnia due to pain.", ["insomnia due to pain"]),
    ("and inside of", "Diagnosed with bruise of chin, nose and lip and acute hip sprain.",
     ["bruise of chin, nose and lip", "acute hip sprain"]),
    ("tissues of one strain", "Diagnosed with strain of muscle, fascia and tendon of the thigh.",
     ["strain of muscle, fascia and tendon of the thigh"]),
    ("ordinals", "Diagnosed with fracture of the first and second toes.", ["fracture of the first and second toes"]),
    ("qualifier behind", "Diagnosed with burn of hand, initial encounter, and gout.", ["burn of hand, initial encounter", "gout"]),
    ("semicolons", "Diagnosis: gout; hip pain; left thumb sprain.", ["gout", "hip pain", "left thumb sprain"]),
    ("numbers over sentences", "Impression: 1. Hip strain. 2. Gout. 3. Obesity. Plan: therapy.", ["Hip strain", "Gout", "Obesity"]),
    ("numbers in brackets", "Diagnostic impressions: (1) hip strain; (2) gout.", ["hip strain", "gout"]),
    ("short form", "The worker has dx of gout.", ["gout"]),
    ("missing comma", "Diagnosed with hip strain left thumb sprain.", ["hip strain", "left thumb sprain"]),
    ("part behind its head", "Diagnosed with bursitis right hip.", ["bursitis right hip"]),
    ("suspected", "Diagnoses are hip strain, possible labral tear and gout.", ["hip strain", "gout"]),
    ("ruled out", "He is being treated for hip pain, rule out fracture.", ["hip pain"]),
    ("no such diagnosis", "There is no diagnosis of gout.", []),
    ("another person's", "His mother was diagnosed with gout.", []),
    ("next statement", "She was diagnosed with gout and was given a brace for hip pain.", ["gout"]),
    ("which", "She was diagnosed with gout, for which she takes tablets against pain.", ["gout"]),
    ("status post an operation", "Diagnoses: status post hip arthroplasty, gout.", ["status post hip arthroplasty", "gout"]),
    ("status post a fall", "He is being treated for hip contusion, status post being pushed.", ["hip contusion"]),
    ("operation behind and", "Diagnosed with torn meniscus and repair on 1/2/2014.", ["torn meniscus"]),
    ("code behind", "The diagnosis was hip strain (843.9).", ["hip strain"]),
    ("code before", "Diagnoses: 843.9 hip strain; M10.9 gout.", ["hip strain", "gout"]),
    ("no list: the injury counts", "The cook sustained a right ankle fracture.", ["right ankle fracture"]),
    ("no list: only injured", "The cook sustained an injury of the ankle.", []),
    ("a list: the injury does not", "The cook sustained a burn. The diagnosis is gout.", ["gout"]),
    ("visit for more than a complaint", "He was seen for follow-up of a rib fracture.", ["rib fracture"]),
    ("visit for a complaint", "He was seen for follow-up of rib pain.", []),
    ("each wording once", "Diagnosed with gout. The current diagnosis is Gout.", ["gout"]),
    ("a visit before the verb", "His diagnoses at the second visit (3-4-12) were hip strain and gout.", ["hip strain", "gout"]),
    ("an author between commas", "The examiner's diagnoses, set out on 5/6/14, were: gout; hip strain.", ["gout", "hip strain"]),
    ("capitals, numbers without stops", "DIAGNOSES: 1. HIP STRAIN 2. GOUT 3. OBESITY", ["HIP STRAIN", "GOUT", "OBESITY"]),
    ("sentences behind a colon", "Impressions: Hip strain. Gout. Plan: rest.", ["Hip strain", "Gout"]),
    ("a report lists", "The note of 3/4/12 lists: hip strain; gout.", ["hip strain", "gout"]),
    ("a report lists complaints", "The note of 3/4/12 lists: hip pain; stiffness.", []),
    ("codes without a lead-in", "He was told that he had a hip strain, grade II (843.9).", ["hip strain, grade II"]),
    ("criteria met", "She meets the criteria for panic disorder.", ["panic disorder"]),
    ("criteria not met", "The criteria for panic disorder were not met.", []),
    ("found to have", "He was found to have an inguinal hernia.", ["inguinal hernia"]),
    ("found to have a sign", "He was found to have tenderness.", []),
    ("treated somewhere", "She was treated at a clinic for a hand burn and sent home.", ["hand burn"]),
    ("passive", "A rib fracture was diagnosed, and she took rest.", ["rib fracture"]),
    ("cause behind a comma", "The diagnoses are gout and insomnia, aggravated by pain.", ["gout", "insomnia, aggravated by pain"]),
    ("ruled out behind", "Diagnoses: hip strain; gout was ruled out; obesity.", ["hip strain", "obesity"]),
    ("axes", "Axis I: panic disorder. Axis III: gout.", ["panic disorder", "gout"]),
    ("a brother of some age", "A brother, 40, was treated for gout.", []),
    ("empty", "", []),
]  # fmt: skip

CODES = [
    ("ICD-10", "Sprain (S63.501A) and M54.5.", ["S63.501A", "M54.5"]),
    ("ICD-9 in brackets", "He was diagnosed with sprain (842.00).", ["842.00"]),
    ("ICD-9 in a list", "Diagnosis: 724.2 lumbago.", ["724.2"]),
    ("by name, without a point", "Depression, ICD-9 311.", ["311"]),
    ("a vertebra", "Disc bulge at T10 and L4-5.", []),
    ("a measure", "The weight was 185.5 pounds. BMI was 131.5 then.", []),
    ("each once", "Sprain (842.00), later again sprain (842.00).", ["842.00"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_stated_diagnoses(why, text, wanted):
    assert [f.value for f in FINDER.in_summary(text)] == wanted, why


@pytest.mark.parametrize(("why", "text", "wanted"), CODES, ids=[row[0] for row in CODES])
def test_icd_codes(why, text, wanted):
    assert [f.value for f in FINDER.icd_codes(text)] == wanted, why


def test_value_is_the_words_under_its_span():
    text = "The worker is being treated for: 1. a hip strain (843.9); 2. gout."
    for found in FINDER.in_summary(text):
        assert found.span.of(text) == found.value


def test_an_injury_statement_is_less_sure_than_a_diagnosis():
    (stated,) = FINDER.in_summary("She was diagnosed with a burn.")
    (implied,) = FINDER.in_summary("She sustained a burn.")
    assert implied.confidence < stated.confidence
