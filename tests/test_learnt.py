"""The learnt component: its files, how it is learnt, and what it may do to the rules' findings."""

import json
import pickle
import time
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from extract import metrics
from extract.ablation import FIELDS, VARIANTS, Measured, Reading, as_page, compare
from extract.cli import main
from extract.evaluate import GoldLetter
from extract.evidence import Span
from extract.learn import learn
from extract.learned import component, weights
from extract.learned.component import PART_ADDED, PART_DOUBTED, UNSURE, LearntModel, load_model
from extract.learned.features import ROWS, Features, Sight, features_of
from extract.learned.gold import GoldSummary, Labels, occurrences
from extract.learned.weights import HOME, ModelError, Weights, digest_of, fit, load, save
from extract.nlp import build_nlp
from extract.patterns import Patterns
from extract.pipeline import LetterReader, Source
from extract.values.body_parts import BodyPartFinder
from extract.values.context import ContextReader
from extract.values.diagnoses import DiagnosisFinder
from tests.letters import extract_with

PATTERNS = Patterns()
NLP = build_nlp(PATTERNS)
CONTEXT = ContextReader(PATTERNS)
TEXTS = {
    "one": ("The clerk fell. She was diagnosed with wrist sprain, and gout. Elbow tenderness was seen.", ("wrist sprain", "gout")),
    "two": ("He is being treated for hip strain. His knee is not swollen. Diagnoses include hip strain.", ("hip strain",)),
    "three": ("He has shoulder pain. On examination there was a contusion of the shoulder.", ()),
}  # fmt: skip


def features(text):
    doc = NLP(text)
    return features_of(doc, CONTEXT.of(doc))


def summary(case):
    text, diagnoses = TEXTS[case]
    doc = NLP(text)
    gold = GoldLetter(
        age=40, injury_date="2016-10-03", sex="male", body_parts=("wrist",), diagnoses=diagnoses, icd_codes=(),
        reviewer_license_states=(), reviewer_specialties=(),
    )  # fmt: skip
    return GoldSummary(case, doc, gold, features_of(doc, CONTEXT.of(doc)), kept_aside=False)


def leaning(*, statements=0.0, parts=0.0):
    """A model that says the same of every word."""
    bias = features("gout").near[0, 0]
    tables = {}
    for task, value in (("statements", statements), ("parts", parts)):
        table = np.zeros(ROWS)
        table[bias] = value
        tables[task] = Weights(table)
    return LearntModel(weights=tables, context=CONTEXT)


def finders(model):
    return [kind(nlp=NLP, patterns=PATTERNS, model=model) for kind in (DiagnosisFinder, BodyPartFinder)]


# -- the files


def test_the_model_is_small_and_loads_within_a_second():
    assert sum(p.stat().st_size for p in HOME.iterdir()) < 5_000_000
    start = time.perf_counter()
    load(HOME)
    assert time.perf_counter() - start < 1


def test_the_model_holds_numbers_and_no_words():
    assert sorted(p.name for p in HOME.iterdir()) == ["confidence.json", "model.json", "parts.npy", "statements.npy"]
    about = json.loads((HOME / "model.json").read_text(encoding="utf-8"))
    assert sorted(about) == ["digests", "features", "learnt_from", "patterns", "rows"]
    assert all(
        len(d) == 16 and set(d) <= set("0123456789abcdef") for d in (*about["digests"].values(), about["patterns"])
    )
    assert all(isinstance(n, int) for n in about["learnt_from"].values())
    for task in ("parts", "statements"):
        table = np.load(HOME / f"{task}.npy", allow_pickle=False)
        assert table.dtype == np.float16
        assert table.shape == (ROWS,)
        assert (HOME / f"{task}.npy").stat().st_size - table.nbytes == 128, "more than numbers behind the header"


@pytest.mark.parametrize("fault", ["missing", "cut", "other features", "exchanged", "not json", "pickled"])
def test_a_damaged_model_is_refused(tmp_path, fault):
    save(leaning().weights, tmp_path)
    about, table = tmp_path / "model.json", tmp_path / "parts.npy"
    match fault:
        case "missing":
            table.unlink()
        case "cut":
            table.write_bytes(table.read_bytes()[:1000])
        case "other features":
            about.write_text(about.read_text().replace('"features": 1', '"features": 0'))
        case "exchanged":
            np.save(table, np.ones(ROWS, dtype=np.float16))
        case "not json":
            about.write_text("[")
        case "pickled":
            np.save(table, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError):
        load_model(tmp_path, patterns=PATTERNS)


def test_what_is_saved_is_what_is_loaded(tmp_path):
    save(leaning(statements=1.5).weights, tmp_path)
    assert digest_of(load(tmp_path)) == leaning(statements=1.5).digest
    assert digest_of(load(tmp_path)) != leaning(statements=1.0).digest


# -- learning


def test_equal_letters_give_an_equal_model(tmp_path):
    labels = Labels(PATTERNS)
    for name in ("a", "b"):
        save(learn([summary(c) for c in TEXTS], labels, rounds=8), tmp_path / name)
    save(learn([summary(c) for c in ("one", "three")], labels, rounds=8), tmp_path / "c")
    a, b, c = ((tmp_path / n / "statements.npy").read_bytes() for n in "abc")
    assert a == b
    assert a != c


READ_BEFORE = [
    ("statements", "No wrist strain before. Diagnosed with wrist strain.", -8.0, "it would drop what the rules found"),
    ("parts", "Request: wrist strain brace. Wrist strain.", 3.0, "it would find what the rules do not"),
]


@pytest.mark.parametrize(("of", "text", "leans", "why"), READ_BEFORE, ids=[each[-1] for each in READ_BEFORE])
def test_labels_are_of_the_rules_alone(of, text, leans, why):
    """In an ablation a model has read the same summaries before, and left what it found."""
    read = getattr(Labels(PATTERNS), of)
    clean, read_before = (
        replace(summary("one"), doc=NLP(text), gold=replace_gold(("wrist strain",))) for _ in range(2)
    )
    model = leaning(statements=leans)
    by_model, by_rules = (finders(m)[0].in_doc(read_before.doc) for m in (model, None))
    assert by_model != by_rules, why
    np.testing.assert_array_equal(read(read_before), read(clean))


def test_it_learns_what_it_is_shown():
    model = LearntModel(weights=learn([summary(c) for c in TEXTS], Labels(PATTERNS)), context=CONTEXT)
    doc = NLP(TEXTS["one"][0])
    inside = [span.of(doc.text) for span in model.stretches(doc)]
    assert inside == ["wrist sprain, and gout"]


def test_the_slope_is_that_of_the_logits():
    parts = Features.together([features(text) for text, _ in TEXTS.values()])
    chance = np.random.default_rng(0)
    slope, table = chance.normal(size=len(parts)), chance.normal(size=ROWS)
    gradient = weights._gradient(parts, slope)
    for row in (parts.near[7, 3], parts.before[2], parts.previous[3], parts.near[0, 0]):
        nudged = table.copy()
        nudged[row] += 1e-3
        rise = slope @ (Weights(nudged).logits(parts) - Weights(table).logits(parts)) / 1e-3
        assert gradient[row] == pytest.approx(rise, rel=1e-4, abs=1e-6)


def test_letters_read_together_are_rated_as_apart():
    table = Weights(np.random.default_rng(0).normal(size=ROWS))
    apart = [features(text) for text, _ in TEXTS.values()]
    whole = table.logits(Features.together(apart))
    assert whole == pytest.approx(np.concatenate([table.logits(f) for f in apart]))


def test_words_by_themselves_are_rated_as_among_all():
    table = Weights(np.random.default_rng(0).normal(size=ROWS))
    for text, _ in TEXTS.values():
        doc = NLP(text)
        sight = Sight(doc, CONTEXT.of(doc))
        whole = table.logits(features_of(doc, CONTEXT.of(doc)))
        for asked in ([0], [3], [len(doc) - 1], [1, 2, 9], list(range(len(doc)))):
            assert table.logits(sight.features(np.array(asked))).tolist() == whole[asked].tolist()


def test_a_span_is_rated_by_the_words_it_touches():
    random = np.random.default_rng(0)
    model = LearntModel(weights={"parts": Weights(random.normal(size=ROWS))}, context=CONTEXT)
    text = "Hip  pain, and gout. He fell on 9 stairs in May."
    doc = NLP(text)
    logits = model.weights["parts"].logits(features_of(doc, CONTEXT.of(doc)))
    spans = [Span(a, b) for a in range(len(text)) for b in range(a + 1, len(text) + 1)]
    for span, rating in model.rates(doc, "parts", spans).items():
        words = doc.char_span(span.start, span.end, alignment_mode="expand")
        assert rating == pytest.approx(logits[words.start : words.end].mean() if words else 0)


def test_nothing_to_learn_from_is_an_error():
    some = features("gout")
    with pytest.raises(ValueError, match="no words"):
        fit(some, np.full(len(some), np.nan))


def test_labels_are_the_statement_and_not_an_earlier_mention():
    doc = NLP("He has hip strain in his words. The diagnoses are hip strain, and gout.")
    labels = Labels(PATTERNS).statements(replace(summary("one"), doc=doc, gold=replace_gold(("hip strain", "gout"))))
    assert [t.text for t in doc if labels[t.i]] == ["hip", "strain", ",", "and", "gout"]
    assert int(np.flatnonzero(labels)[0]) > 6


def replace_gold(diagnoses):
    return summary("one").gold.model_copy(update={"diagnoses": diagnoses})


def test_places_of_words():
    text = "Knee  Sprain, knee sprains and knee\nsprain"
    assert list(occurrences(text, "knee sprain")) == [Span(0, 12), Span(31, 42)]


def test_letters_of_one_worker_share_a_fold():
    one = summary("one")
    assert one.fold == summary("two").fold
    others = [replace(one, gold=one.gold.model_copy(update={"age": age})).fold for age in range(20, 60)]
    assert set(others) == set(range(5))


# -- at work


def test_a_diagnosis_that_the_model_finds_incredible_is_dropped():
    diagnoses, parts = finders(leaning(statements=component.DROPPED - 1))
    assert diagnoses.in_summary("She was diagnosed with gout.") == []
    assert [f.value for f in parts.in_summary("She was diagnosed with gout. He has left knee pain.")] == ["left knee"]


def test_a_diagnosis_that_the_model_doubts_has_low_confidence_and_says_so():
    diagnoses, _ = finders(leaning(statements=component.DOUBTED - 1))
    (found,) = diagnoses.in_summary("She was diagnosed with gout.")
    assert (found.value, found.confidence) == ("gout", UNSURE)
    assert found.method.endswith("doubted by model")


def test_the_model_speaks_where_no_rule_does_and_its_spans_are_the_words():
    diagnoses, _ = finders(leaning(statements=component.SURE + 1))
    text = "Knee sprain;  gout. Hip pain."
    found = diagnoses.in_summary(text)
    assert [(f.value, f.confidence, f.method) for f in found] == [
        ("Knee sprain", UNSURE, "diagnosis:model"),
        ("gout", UNSURE, "diagnosis:model"),
    ]
    assert all(f.span.of(text) == f.value for f in found)
    assert [f.value for f in diagnoses.in_summary("Diagnosed with gout. Knee sprain.")] == ["gout"]


def test_parts_against_the_rules():
    text = "He has left knee pain. The examination of the hip was normal."
    assert [f.value for f in finders(None)[1].in_summary(text)] == ["left knee"]
    doubted = finders(leaning(parts=PART_DOUBTED - 1))[1].in_summary(text)
    assert doubted
    assert {f.confidence for f in doubted} == {UNSURE}
    found = finders(leaning(parts=PART_ADDED + 1))[1].in_summary(text)
    assert [(f.value, f.method) for f in found][1:] == [("hip", "body_part:model")]
    assert found[1].span.of(text) == "hip"
    assert found[1].confidence == UNSURE


def test_the_shipped_model_tells_a_statement_from_a_finding():
    model = load_model(HOME, patterns=PATTERNS)
    text = "The baker was diagnosed with wrist sprain. On examination there was stiffness of the elbow."
    doc = NLP(text)
    sprain, stiff = (Span(text.index(w), text.index(w) + len(w)) for w in ("wrist sprain", "stiffness"))
    assert model.rate(doc, "statements", sprain) > 0 > model.rate(doc, "statements", stiff)


def test_an_empty_summary_is_rated():
    model = load_model(HOME, patterns=PATTERNS)
    assert model.stretches(NLP("")) == []
    assert [finder.in_summary("") for finder in finders(model)] == [[], []]


# -- in the reader


def test_without_the_model_the_rules_read_alone(corpus_pdfs, monkeypatch, tmp_path):
    alone = LetterReader(patterns=PATTERNS, model=None)
    monkeypatch.setattr(component, "HOME", tmp_path)  # a package whose model was left out
    lacking = LetterReader(patterns=PATTERNS, model=tmp_path)
    assert alone.model_digest is lacking.model_digest is None
    for path in corpus_pdfs[:3]:
        (record,) = alone.read(Source.of(path))
        assert [record] == lacking.read(Source.of(path))
        assert not any("model" in row.method for row in record.evidence)
        prose = alone.summary(Source.of(path))
        diagnoses, parts = (kind(nlp=NLP, patterns=PATTERNS) for kind in (DiagnosisFinder, BodyPartFinder))
        assert record.diagnoses == tuple(f.value for f in diagnoses.in_summary(prose))
        assert record.body_parts == tuple(f.value for f in parts.in_summary(prose))


def test_a_reader_with_its_model_can_be_pickled(reader, corpus_pdfs):
    assert reader.model_digest
    source = Source.of(corpus_pdfs[0])
    assert pickle.loads(pickle.dumps(reader)).read(source) == reader.read(source)


def test_the_run_names_its_model(reader, corpus_pdfs, tmp_path):
    extract_with(reader, corpus_pdfs[:1], tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["model"] == reader.model_digest


def test_the_command_reads_without_the_model(corpus_pdfs):
    result = CliRunner().invoke(main, ["show", str(corpus_pdfs[0]), "--json", "--no-model"])
    assert result.exit_code == 0
    assert "model" not in {w for row in json.loads(result.output)["evidence"] for w in row["method"].split(":")}


# -- the ablation


def test_the_page_of_the_ablation():
    case = summary("one")
    right, wrong = Reading(("Wrist sprain", "gout"), ("wrist",)), Reading(("gout",), ("left wrist", "hip"))
    outcomes = {v: [compare(case, right), compare(case, wrong if v == "all" else right)] for v in VARIANTS}
    measured = Measured("two letters", ("a", "b"), outcomes)
    scores = measured.scores("all")
    assert [round(scores[f].score, 2) for f in FIELDS] == [0.86, 0.86, 0.4, 0.8]
    assert measured.only("first", {"a"}).scores("all")["body_parts"].score == 1
    page = as_page([measured])
    assert "| one | wrist sprain |  |" in page
    assert "| one | wrist | hip; left wrist |" in page
    assert [o.field for o in compare(case, right)] == list(FIELDS)
    assert all(metrics.KINDS[f] == "f1" for f in FIELDS)
