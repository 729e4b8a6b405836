"""Injured parts of a summary and parts that a request names. Each row: why, the words, what they give."""

import csv
import pickle
import subprocess
import sys

import pytest

from extract.nlp import BODY_PARTS, CONDITIONS, Parser, body_part_file, build_nlp, sentences_of, words_of
from extract.patterns import Patterns
from extract.values.body_parts import BodyPartFinder
from extract.values.context import Context, ContextReader

PATTERNS = Patterns()
NLP = build_nlp(PATTERNS)
FINDER = BodyPartFinder(nlp=NLP, patterns=PATTERNS)

SENTENCES = [
    ("", []),
    ("The knee hurts! The hip too. (Both.) Soon.", ["The knee hurts!", "The hip too.", "(Both.)", "Soon."]),
    ("It hurts. and more", ["It hurts. and more"]),
    ("Diagnoses: 1. Hip strain. 2. Gout.", ["Diagnoses: 1. Hip strain.", "2. Gout."]),
]

SUMMARY = [
    ("claim of cumulative trauma", "He has a claim, CT 2/1/05 to 3/1/06, involving both knees.", ["bilateral knee"]),
    ("passive", "A cook whose left hand was caught in a mixer.", ["left hand"]),
    ("ruled out behind", "He complains of elbow pain. Carpal tunnel syndrome was suspected but not proved.", ["elbow"]),
    ("does not travel", "He complains of shoulder pain. The pain does not go below the elbow.", ["shoulder"]),
    ("free of symptoms", "He complains of left hip pain. The knee is free of symptoms.", ["left hip"]),
    ("a movement, then a new pain", "She has shoulder pain with reaching, wrist pain with tingling of the thumb.", ["shoulder", "wrist", "thumb"]),
    ("removed long ago", "In 2001 she had a cataract removed from the left eye.", []),
    ("claim", "The clerk filed a claim for neck and low back pain.", ["neck", "lower back"]),
    ("mechanism", "The baker slipped on flour, landing on her left hip.", ["left hip"]),
    ("mechanism after when", "He was injured when a crate fell onto his right foot and ankle.", ["right foot", "right ankle"]),
    ("accepted parts", "Accepted body parts are the cervical spine and both wrists.", ["neck", "bilateral wrist"]),
    ("diagnosis", "She was diagnosed with right carpal tunnel syndrome.", ["right wrist"]),
    ("diagnosis without a part", "The diagnoses include insomnia and hypertension.", []),
    ("suspected only", "He is being treated for elbow pain, rule out wrist fracture.", ["elbow"]),
    ("a neighbour's doubt does not reach", "Diagnoses are hip strain, possible rib fracture and a left thumb sprain.", ["hip", "left thumb"]),
    ("complaint", "He complains of numbness in the toes of the left foot.", ["left toe"]),
    ("complaint carried on", "She reports headaches. There is also pain in the jaw.", ["head", "jaw"]),
    ("symptom without a speaker", "There was ongoing shoulder pain.", ["shoulder"]),
    ("psyche", "The worker complains of anxiety and depression.", ["psyche"]),
    ("denied", "He complains of neck pain and denies numbness of the hands.", ["neck"]),
    ("denial behind", "She reports wrist pain. Headaches were denied.", ["wrist"]),
    ("no longer", "She has back pain without weakness in the legs.", ["back"]),
    ("radiating", "He complains of low back pain radiating down the right leg to the foot.", ["lower back"]),
    ("travelling", "She reports neck pain that travels into both arms.", ["neck"]),
    ("radiating, then a seat of its own", "She reports back pain radiating to the hip and numbness in the left foot.", ["back", "left foot"]),
    ("radiating, then another pain", "Complaints are back pain radiating to the leg, elbow pain.", ["back", "elbow"]),
    ("movement", "She complains of wrist pain that is worse with turning the head.", ["wrist"]),
    ("examination", "On examination the knee was tender.", []),
    ("examination goes on", "Physical examination was done. The left calf was warm and sore.", []),
    ("sign in passing", "He complains of hip pain. Range of motion of the knee was full. The pain is worse.", ["hip"]),
    ("complaint after examination", "Examination showed a stiff knee. The worker reported ankle pain.", ["ankle"]),
    ("imaging", "MRI of the right shoulder showed a tear of the supraspinatus.", []),
    ("treatment", "Treatment to date has included therapy for the thoracic spine.", []),
    ("aid", "She uses a splint on the thumb.", []),
    ("request", "The request for a knee brace was denied by utilization review.", []),
    ("part before its noun", "He reports elbow pain. Lumbar x-rays were taken.", ["elbow"]),
    ("family", "His father had a painful hip.", []),
    ("past history", "Past medical history is remarkable for ankle pain.", []),
    ("one entry with its side", "He has left shoulder pain. He also complains of shoulder stiffness.", ["left shoulder"]),
    ("side from a mention that does not count", "She complains of elbow pain. X-rays of the left elbow were clear.", ["left elbow"]),
    ("routine of both sides", "He complains of arm pain. Strength was full in both arms.", ["upper extremity"]),
    ("left and right apart", "She has pain in the left knee and pain in the right knee.", ["bilateral knee"]),
    ("both", "She has pain in both knees.", ["bilateral knee"]),
    ("plural without both", "She has pain in the knees.", ["knee"]),
    ("greater than", "He complains of knee pain, left greater than right.", ["knee"]),
    ("unpaired", "He complains of left neck pain.", ["neck"]),
    ("back dropped", "He complains of back pain and mid back spasm.", ["upper back"]),
    ("back alone", "He complains of back pain.", ["back"]),
    ("trapezius", "She complains of soreness in the trapezius bilaterally.", ["bilateral shoulder"]),
    ("level", "He is being treated for disc protrusion at L4-5.", ["lower back"]),
    ("level of a rib", "He is being treated for rib fracture T5-6.", ["chest"]),
    ("ICD title", "Diagnoses are strain of muscle at forearm level, left arm.", ["left forearm"]),
    ("idiom", "The worker went back to work with no complaints.", []),
    ("dominance", "The right-hand dominant painter complains of neck pain.", ["neck"]),
    ("unit", "He fell ten feet from a roof.", []),
    ("unit behind a hyphen", "He fell off a 6-foot ladder.", []),
    ("number behind a foot", "He hurt a foot 6 - foot 7 is a bed.", ["foot"]),
    ("phalanx of the thumb", "He sustained a fracture of the distal phalanx of the left thumb.", ["left thumb"]),
    ("abbreviation with side", "He complains of RUE weakness.", ["right upper extremity"]),
    ("hernia", "The diagnosis is left inguinal hernia.", ["left groin"]),
    ("empty", "", []),
]  # fmt: skip

REQUEST = [
    ("plain", "MRI of the right elbow", ["right elbow"]),
    ("adjective", "Thoracic x-ray", ["upper back"]),
    ("side for the list", "Acupuncture for the left hip, thigh and knee", ["left hip", "left thigh", "left knee"]),
    ("new side in the list", "Therapy, right wrist and left elbow", ["right wrist", "left elbow"]),
    ("two regions before one noun", "MRI of the cervical and lumbar spine", ["neck", "lower back"]),
    ("extremities", "EMG of the bilateral upper and lower extremities", ["bilateral upper extremity", "bilateral lower extremity"]),
    ("level", "Facet block at L5-S1", ["lower back"]),
    ("level across regions", "Epidural at C7-T1", ["neck"]),
    ("side ends before an unpaired part", "Therapy for bilateral hand, neck, and leg", ["bilateral hand", "neck", "lower extremity"]),
    ("side behind", "Hip injection: hip, left", ["left hip"]),
    ("slash", "Orthotics for the right foot/ankle", ["right foot", "right ankle"]),
    ("technique", "Spinal manipulation 3 visits", []),
    ("technique of the hand", "Hand therapy 6 visits", []),
    ("technique with a side", "Left hand therapy 6 visits", ["left hand"]),
    ("specialist", "Consultation with a spine surgeon", []),
    ("condition", "Right carpal tunnel release", ["right wrist"]),
    ("what a drug is for", "Examplidone 5mg #30 for headache", []),
    ("where a drug goes", "Examplidone 5% patch for the knee", ["knee"]),
    ("nothing", "Urine drug screen", []),
    ("split request names it thrice, gives it once",
     "Therapy of the left foot 9 visits was the original request. Therapy of the left foot 3 visits was authorized.", ["left foot"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "wanted"), SUMMARY, ids=[row[0] for row in SUMMARY])
def test_injured_parts(why, text, wanted):
    assert [f.value for f in FINDER.in_summary(text)] == wanted, why


@pytest.mark.parametrize(("why", "text", "wanted"), REQUEST, ids=[row[0] for row in REQUEST])
def test_parts_of_a_request(why, text, wanted):
    assert [f.value for f in FINDER.in_request(text)] == wanted, why


@pytest.mark.parametrize(("text", "wanted"), SENTENCES)
def test_sentences(text, wanted):
    assert [span.of(text) for span in sentences_of(NLP(text))] == wanted


def test_a_sentence_by_itself_is_read_as_among_all():
    text = (
        "He fell. On examination the knee was stiff. The hip was sore. Muscle strength was full. The jaw. "
        "He complains of neck pain. The elbow. Tenderness of the rib was seen. Persistent wrist pain. The ankle. "
        "MRI of the toe was clear. There was ongoing foot pain. The thumb. He fell on a stair, without pain. The eye."
    )
    reader = ContextReader(PATTERNS)
    sentences = sentences_of(NLP(text))
    whole = Context(reader, text, sentences)
    numbers = range(len(sentences.things))
    wanted = [whole.sentence(n) for n in numbers]
    assert {"exam", "complaint", "plain", "imaging"} <= {s.topic for sentence in wanted for s in sentence.segments}
    assert [Context(reader, text, sentences).sentence(n) for n in numbers] == wanted
    backwards = Context(reader, text, sentences)
    assert [backwards.sentence(n) for n in reversed(numbers)] == wanted[::-1]


def test_evidence_stands_where_the_text_says_it():
    text = "He complains of pain in the left elbow."
    (found,) = FINDER.in_summary(text)
    assert found.span.of(text) == "elbow"
    assert 0 < found.confidence < 1
    assert found.method.startswith("body_part:")


def test_every_part_has_a_wcio_code_of_the_published_list(public):
    with (public / "facts" / "wcio_body_parts.csv").open(encoding="utf-8") as stream:
        codes = {row["code"] for row in csv.DictReader(stream)}
    data = body_part_file(PATTERNS)
    assert {p.wcio for p in data.parts} <= codes
    assert FINDER.wcio("left knee") == "53"
    assert FINDER.wcio("soul") is None


def test_finder_goes_to_worker_processes():
    text = "She complains of right wrist pain."
    again = pickle.loads(pickle.dumps(FINDER))
    assert [f.value for f in again.in_summary(text)] == ["right wrist"]


def test_importing_the_room_does_not_load_spacy():
    code = "import sys, extract.values.body_parts; sys.exit('spacy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_pipeline_knows_its_words_in_worker_processes():
    text = "Left hand therapy at C5 for carpal tunnel syndrome, 6 feet off, and a wristwatch."
    for nlp in (NLP, pickle.loads(pickle.dumps(NLP)), pickle.loads(pickle.dumps(Parser(NLP)))):
        doc = nlp(text)
        known = [(words.span.of(text), words.id_) for words in words_of(doc, BODY_PARTS)]
        assert known == [
            ("hand therapy", "technique"), ("C5", "level"), ("carpal tunnel syndrome", "condition"), ("6 feet", "none"),
        ]  # fmt: skip
        assert [words.lower for words in words_of(doc, CONDITIONS)] == ["carpal tunnel syndrome"]
        assert not words_of(nlp("It rained."), BODY_PARTS).things


def test_a_long_text_costs_its_length_only():
    """Twenty times the length of a long summary: without sentence ends, the worst case."""
    assert len(FINDER.in_summary("left knee pain and " * 3000)) == 1
