"""Confidence: properties that calibrated numbers must have, and figures that must hold."""

import json
import math
import pickle
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.archive.key import ReaderSpec
from extract.confidence import apply, page
from extract.confidence.apply import (
    HOME,
    INFERRED,
    LOW,
    NEW,
    Calibration,
    CalibrationError,
    is_low,
    load_calibration,
)
from extract.confidence.features import FACTS, UNMEASURED, Facts
from extract.confidence.labels import Judge
from extract.confidence.warnings import CONCERNS, warned
from extract.evaluate import read_gold
from extract.pipeline import LetterReader, Source
from extract.record import Evidence
from extract.schema import CITATIONS, FLAGS, ISSUES, LETTERS
from tests.letters import LETTER

ROOT = Path(__file__).parent.parent
CALIBRATION = Calibration.load()
STORED = json.loads(HOME.read_text(encoding="utf-8"))
FACTS_OF_A = Facts(layout="A", text_source="pdf_text", source="CM16-9001003.pdf")
CELLS = [(t.name, c) for t in (LETTERS, ISSUES, CITATIONS) for c in t.names if not c.endswith(("_id", "_number"))]


def usual(table, field):
    """The method that most letters with gold have shown for a field."""
    shown = {k: n for k, n in CALIBRATION.letters.items() if k.startswith(f"method:{table}.{field}:")}
    return max(shown, key=shown.get).split(":", 2)[2] if shown else "never met"


def row(
    table="letters",
    field="age",
    value="41",
    method=None,
    raw=0.98,
    start=0,
    end=2,
    issue=None,
    citation=None,
):
    method = usual(table, field) if method is None else method
    issue = 1 if issue is None and table != "letters" else issue
    citation = 1 if citation is None and table == "citations" else citation
    return Evidence(table, field, value, value, "case_summary", start, end, 1, None, method, raw, issue, citation)


def rate(rows, facts=FACTS_OF_A, **about):
    return CALIBRATION.rate(rows, replace(facts, **about))


def sure_of(one, *others, **about):
    """The confidence of a row that stands first in a letter."""
    return rate([one, *others], **about)[0]


# -- properties


@pytest.mark.parametrize(("table", "field"), CELLS)
def test_no_value_is_surer_than_the_letters_behind_its_field_allow(table, field):
    if (table, field) in FACTS:
        pytest.skip("known of the file, not read")
    n = CALIBRATION.letters.get(f"field:{table}.{field}", 0)
    known = [m.split(":", 2)[2] for m in CALIBRATION.weights if m.startswith(f"method:{table}.{field}:")]
    for method in [*known, "never met"]:
        assert 0 < sure_of(row(table, field, "x", method, 1.0)) <= max((n + 1) / (n + 2), INFERRED) < 1


@settings(deadline=None, max_examples=150)
@given(
    cell=st.sampled_from(CELLS),
    method=st.text(max_size=12),
    raw=st.floats(0, 1),
    layout=st.sampled_from(["A", "C", "unknown", "Z"]),
    source=st.sampled_from(["pdf_text", "ocr", "plain_text"]),
    quality=st.one_of(st.none(), st.floats(0, 1)),
    flags=st.frozensets(st.sampled_from(sorted(FLAGS))),
    rating=st.one_of(st.none(), st.floats(-60, 60)),
    value=st.text(max_size=40),
)
def test_confidence_is_a_probability_whatever_comes(cell, method, raw, layout, source, quality, flags, rating, value):
    facts = Facts(layout, source, "x.pdf", quality, flags, ratings={} if rating is None else {0: rating})
    (sure,) = CALIBRATION.rate([row(*cell, value, method, raw)], facts)
    assert 0 <= sure <= 1
    assert (sure == 1) == (cell in FACTS)


def test_what_is_remembered_of_other_rows_changes_no_confidence(monkeypatch):
    """Also where no more is remembered: what is not has no number to be taken for another by."""
    monkeypatch.setattr(apply, "_REMEMBERED", 3)
    shared = Calibration.load()
    rows = [
        row(field=f, method=m, raw=r)
        for f in ("age", "diagnoses")
        for m in ("a", usual("letters", f))
        for r in (0.5, 0.9)
    ]
    for one, flags in [(one, flags) for flags in (frozenset(), frozenset(FLAGS)) for one in rows * 2]:
        facts = replace(FACTS_OF_A, flags=flags)
        assert shared.rate([one], facts) == Calibration.load().rate([one], facts)


@pytest.mark.parametrize("field", ["age", "body_parts", "diagnoses", "injury_date"])
def test_a_rule_that_is_surer_is_not_believed_less(field):
    rated = [sure_of(row(field=field, raw=r / 20)) for r in range(21)]
    assert rated == sorted(rated)
    assert rated[0] < rated[-1]


@pytest.mark.parametrize("field", ["body_parts", "diagnoses"])
def test_the_learnt_component_raises_what_it_believes(field):
    rated = [sure_of(row(field=field, value="knee sprain"), ratings={0: r}) for r in (-9.0, -3.0, 0.0, 2.0, 5.0)]
    assert rated == sorted(rated)
    assert 1 - rated[0] > 3 * (1 - rated[-1])


DECISION = row("issues", "decision", "upheld", "heading_decision", 0.99)
INJURY = row(field="injury_date", value="2016-10-03", method="header_table", raw=0.99)
TOTAL = row("issues", "sessions_requested", "12", "sessions_total", 0.97)
PRODUCT = [row("issues", f, "2", "compact", 0.97) for f in ("frequency_min", "frequency_max")]
WEEKS = [row("issues", f, "6", "compact", 0.97) for f in ("weeks_min", "weeks_max")]
OTHER_WEEKS = [replace(w, value="9") for w in WEEKS]
SURE = {0: 5.0}
KNEE = row(field="body_parts", value="left knee", method="body_part:complaint", raw=0.9)


@pytest.mark.parametrize(
    ("agreeing", "silent", "disagreeing"),
    [
        pytest.param(
            sure_of(DECISION, second={("issues", "decision", 1): True}),
            sure_of(DECISION),
            sure_of(DECISION, second={("issues", "decision", 1): False}),
            id="heading and rationale",
        ),
        pytest.param(
            sure_of(INJURY, second={("letters", "injury_date", None): True}),
            sure_of(INJURY),
            sure_of(INJURY, flags=frozenset({"injury_date_conflict"})),
            id="header and summary",
        ),
        pytest.param(
            sure_of(TOTAL, *PRODUCT, *WEEKS),
            sure_of(TOTAL),
            sure_of(TOTAL, *PRODUCT, *OTHER_WEEKS),
            id="stated total and visits times weeks",
        ),
        pytest.param(
            sure_of(KNEE, row("issues", "body_parts", "left knee"), ratings=SURE),
            sure_of(KNEE, ratings=SURE),
            sure_of(KNEE, row("issues", "body_parts", "right knee"), ratings=SURE),
            id="summary and request",
        ),
        pytest.param(
            sure_of(row(field="decision", value="upheld"), row(field="cover_determination", value="upheld")),
            sure_of(row(field="decision", value="upheld")),
            sure_of(row(field="decision", value="upheld"), row(field="cover_determination", value="overturned")),
            id="items and cover letter",
        ),
        pytest.param(
            sure_of(row(field="case_number", value="CM16-9001003", method="header_table")),
            sure_of(row(field="case_number", value="CM16-9001003", method="header_table"), source="scan.pdf"),
            sure_of(row(field="case_number", value="CM16-9001003", method="header_table"), source="CM15-0000001.pdf"),
            id="header and file name",
        ),
        pytest.param(
            sure_of(row(field="diagnoses", value="knee sprain"), row(field="diagnosis_codes", value="S83")),
            sure_of(row(field="diagnoses", value="knee sprain")),
            sure_of(row(field="diagnoses", value="knee sprain", method="x, doubted by model", raw=0.5)),
            id="rule, vocabulary and learnt component",
        ),
    ],
)  # fmt: skip
def test_disagreement_lowers_and_agreement_does_not(agreeing, silent, disagreeing):
    assert disagreeing < silent <= agreeing


@pytest.mark.parametrize("flag", sorted(CONCERNS))
def test_a_warning_never_raises_and_is_bounded_by_its_letters(flag):
    n = CALIBRATION.letters.get(f"flag:{flag}", 0)
    for table, field in sorted(CONCERNS[flag]):
        if (table, field) in FACTS:
            continue
        plain, with_flag = (sure_of(row(table, field), flags=frozenset(f)) for f in ((), (flag,)))
        assert with_flag <= min(plain, (n + 1) / (n + 2) + 1e-4)


def test_every_flag_says_what_it_concerns_or_is_for_the_whole_row():
    assert CONCERNS.keys() <= FLAGS.keys()
    assert warned(["low_confidence"]) == warned(["a flag of the future"]) == frozenset()
    assert ("letters", "age") in warned(["age_conflict", "no_sex"])
    assert ("letters", "decision") not in warned(["age_conflict"])


def test_a_method_never_met_gets_what_its_field_has_up_to_a_bound():
    known = [m for m in CALIBRATION.weights if m.startswith("method:letters.age:")]
    pooled = replace(CALIBRATION, weights={n: w for n, w in CALIBRATION.weights.items() if n not in known})
    new = row(method="a rule of the future", raw=0.9)
    assert CALIBRATION.rate([new], FACTS_OF_A) == pooled.rate([new], FACTS_OF_A)
    assert sure_of(new) == NEW < 0.9 < sure_of(row(raw=0.9))


def test_a_method_of_few_letters_is_bounded_by_them():
    few = replace(CALIBRATION, letters={**CALIBRATION.letters, "method:letters.age:age_sex_of_worker": 8})
    assert few.rate([row()], FACTS_OF_A) == [pytest.approx(9 / 10, abs=1e-4)]


def test_a_field_never_met_gets_one_half_at_most():
    assert sure_of(row(field="a field of the future", raw=1.0)) <= 0.5


GUIDELINE = row("citations", "guideline", "odg", "odg", 0.95)
"""A field whose confidence is not at the bound that the number of letters sets."""


@pytest.mark.parametrize(
    "worse", [{"quality": 0.9, "text_source": "ocr"}, {"layout": "unknown"}, {"text_source": "plain_text"}]
)
def test_poor_sources_lower(worse):
    for one in (row(), INJURY, DECISION, KNEE, GUIDELINE):
        assert sure_of(one, **worse) <= sure_of(one)
    assert sure_of(GUIDELINE, **worse) < sure_of(GUIDELINE)


def test_a_poorer_scan_is_believed_less():
    rated = [sure_of(GUIDELINE, text_source="ocr", quality=q) for q in (0.7, 0.9, 0.97, 1.0)]
    assert rated == sorted(rated)
    assert rated[0] < rated[-1]


def test_values_that_nobody_measured_follow_their_source():
    for doubt, part in ((False, KNEE), (True, replace(KNEE, method="body_part:plain", confidence=0.5))):
        rows = [part, replace(part, field="body_part_codes", value="53", method="inferred:wcio")]
        sure, code = rate(rows, ratings={0: -9.0 if doubt else 5.0})
        assert code == min(sure, INFERRED)
        assert (code < INFERRED) == doubt
    assert all(sure_of(row(t, f, "x", "label", 1.0)) <= INFERRED for t, f in UNMEASURED)


def test_of_two_members_each_has_its_own_confidence():
    parts = [KNEE, replace(KNEE, value="abdomen", start=30, end=37)]
    codes = [replace(p, field="body_part_codes") for p in parts]
    one, other, of_one, of_other = rate([*parts, *codes], ratings={0: 5.0, 1: -6.0})
    assert other < 0.8 < one
    assert (of_one, of_other) == (INFERRED, other)


def test_facts_of_the_file_are_certain_and_a_name_is_no_fact():
    rows = [row(field=f, method="reading", raw=1.0) for f in ("source", "text_source", "pages", "flags")]
    assert rate(rows) == [1.0] * 4
    assert sure_of(row("citations", "pages", "78", "mtus_chapter", 0.98)) < 1, "pages of a citation are read"
    assert sure_of(row(field="case_number", value="CM16-9001003", method="file_name", raw=1.0)) < 1


@pytest.mark.parametrize(
    ("one", "low"),
    [
        pytest.param(row(raw=LOW - 0.01), True, id="below the line"),
        pytest.param(row(raw=LOW), False, id="on the line"),
        pytest.param(row("citations", "chapter", raw=0.2), True, id="citations count"),
        pytest.param(row(field="body_part_codes", raw=0.3), False, id="a code follows its part, which has the flag"),
    ],
)
def test_which_values_raise_the_flag(one, low):
    assert is_low(one, calibrated=True) is low


# -- what is stored


def test_the_stored_numbers_are_those_of_their_digest():
    assert STORED["digest"] == CALIBRATION.digest
    assert HOME.stat().st_size < 200_000
    assert all(math.isfinite(w) and abs(w) < 20 for w in CALIBRATION.weights.values())


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda s: {**s, "weights": {**s["weights"], "raw": 9.0}}, id="a weight changed"),
        pytest.param(lambda s: {**s, "letters": {**s["letters"], "field:letters.age": 9999}}, id="a count changed"),
        pytest.param(lambda s: {**s, "features": 0}, id="of other features"),
        pytest.param(lambda s: {k: v for k, v in s.items() if k != "weights"}, id="no weights"),
        pytest.param(lambda s: {**s, "weights": {"raw": "x"}}, id="words for numbers"),
        pytest.param(lambda s: [], id="no table at all"),
    ],
)
def test_a_damaged_calibration_is_refused(tmp_path, fault):
    path = tmp_path / "confidence.json"
    path.write_text(json.dumps(fault(STORED)), encoding="utf-8")
    with pytest.raises(CalibrationError, match=re.escape(str(path))):
        load_calibration(path)
    with pytest.raises(CalibrationError):
        load_calibration(tmp_path / "absent.json")


def test_the_calibration_can_be_pickled_and_gives_the_same_again():
    rows = [KNEE, INJURY, DECISION, TOTAL]
    again = pickle.loads(pickle.dumps(CALIBRATION))
    assert again.digest == CALIBRATION.digest
    assert again.rate(rows, FACTS_OF_A) == rate(rows) == rate(rows)


def test_a_figure_of_the_page_is_a_stored_one():
    text = (ROOT / "docs" / "confidence.md").read_text(encoding="utf-8")
    assert page.with_figures(text, STORED["figures"]) == text
    with pytest.raises(ValueError, match="marks"):
        page.with_figures("no place for figures", STORED["figures"])


def test_the_plot_is_of_the_stored_figures(tmp_path):
    page.plot(STORED["figures"]["reliability"], tmp_path / "plot.svg")
    drawn = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert set(re.findall(r">([\d,]+)</text>", drawn)) >= {f"{b['values']:,}" for b in STORED["figures"]["reliability"]}
    kept = (ROOT / "docs" / "confidence.svg").read_text(encoding="utf-8")
    assert re.findall(r">([^<>]+)</text>", kept) == re.findall(r">([^<>]+)</text>", drawn)


def test_the_bound_that_is_promised_holds_in_the_stored_figures():
    whole = STORED["figures"]["sets"]["all letters"]
    assert whole["silent_share"] <= 0.005
    assert whole["kept"] >= 0.9
    flagged = STORED["figures"]["flagged"]["all letters"]
    assert flagged["flagged"] < 0.25 * flagged["letters"], "a flag on many rows says little"
    assert flagged["deserved"] / flagged["flagged"] > 1.5 * flagged["faulty"] / flagged["letters"]


def test_scikit_learn_is_not_needed_to_read():
    code = "import sys; from extract.pipeline import LetterReader; LetterReader(); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# -- whole letters


def text_letter(tmp_path, words=LETTER):
    path = tmp_path / "letter.txt"
    path.write_text(words, encoding="utf-8")
    return Source.of(path)


def without_confidence(record):
    rows = [replace(e, confidence=0) for e in record.evidence if (e.field, e.value) != ("flags", "low_confidence")]
    return replace(record, evidence=tuple(rows), flags=tuple(f for f in record.flags if f != "low_confidence"))


@pytest.fixture(scope="module")
def uncalibrated(patterns):
    return LetterReader(patterns=patterns, calibration=None)


def test_nothing_but_confidence_and_its_flag_depends_on_the_calibration(reader, uncalibrated, corpus_pdfs):
    for path in corpus_pdfs[::40]:
        one, other = (r.read(Source.of(path))[0] for r in (reader, uncalibrated))
        assert without_confidence(one) == without_confidence(other)
        assert [e.confidence for e in one.evidence] != [e.confidence for e in other.evidence]


def test_without_a_calibration_the_rules_speak(uncalibrated, tmp_path):
    (record,) = uncalibrated.read(text_letter(tmp_path))
    sure = {e.field: e.confidence for e in record.evidence if e.table == "letters"}
    assert (sure["age"], sure["body_part_codes"]) == (0.98, INFERRED)
    assert uncalibrated.calibration_digest is None


def test_without_the_learnt_component_the_calibration_stays(patterns, tmp_path):
    alone = LetterReader(patterns=patterns, model=None)
    (record,) = alone.read(text_letter(tmp_path))
    assert alone.calibration_digest == CALIBRATION.digest
    assert all(0 < e.confidence < 1 for e in record.evidence if (e.table, e.field) not in FACTS)


def test_a_letter_of_an_unknown_kind_is_not_trusted(reader, tmp_path):
    known, unknown = (
        reader.read(text_letter(tmp_path, words))[0]
        for words in (LETTER, re.sub(r"^(HOW THE|CLINICAL|IMR ISSUES).*\n", "", LETTER, flags=re.M))
    )
    assert "unknown_layout" in unknown.flags
    read = [{e.field: e.confidence for e in r.evidence if e.table == "letters"} for r in (known, unknown)]
    assert read[1]["case_number"] < 0.9 < read[0]["case_number"]


def test_the_key_and_the_run_know_the_calibration(reader):
    spec = ReaderSpec.of()
    assert spec.calibration == reader.calibration_digest == CALIBRATION.digest
    assert replace(spec, calibration="another").key != spec.key


def test_rating_a_letter_takes_no_time(uncalibrated, corpus_pdfs):
    (record,) = uncalibrated.read(Source.of(corpus_pdfs[3]))
    rows = [e for e in record.evidence if e.field != "flags"]
    CALIBRATION.rate(rows, FACTS_OF_A)
    best = min(_seconds(lambda: CALIBRATION.rate(rows, FACTS_OF_A)) for _ in range(20))
    assert best / len(rows) < 20e-6, "a letter has a hundred rows or two"


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def test_silent_errors_of_invented_letters_stay_within_limits(reader, corpus_pdfs):
    """Those kept aside, from which no calibration has learnt, and as many others."""
    gold = read_gold(ROOT / "corpus" / "gold" / "written")
    aside = [p for p in corpus_pdfs if "-93" in p.stem]
    chosen = [*aside, *[p for p in corpus_pdfs if p not in aside and "U" not in p.parts][:: 132 // len(aside)]]
    cells = silent = kept = 0
    for path in chosen:
        (record,) = reader.read(Source.of(path))
        of_flags = warned(record.flags)
        for e, label in zip(record.evidence, Judge(record, gold[path.stem], None).labels(), strict=True):
            if label is not None:
                vouched = e.confidence >= 0.9 and (e.table, e.field) not in of_flags
                cells, kept, silent = cells + 1, kept + vouched, silent + (vouched and not label.right)
    assert len(chosen) >= 48
    assert kept / cells >= 0.9
    assert silent / kept <= 0.01, "what these few letters allow: see the interval in docs/confidence.md"


# -- learning, on values made for it


def readings(*, wrong_methods=(), letters=60):
    from extract.confidence.examples import Reading, _examples
    from extract.confidence.labels import Label

    made = []
    for n in range(letters):
        rows = [row(), row(field="sex", value="male", method="sex_noun" if n % 2 else "sex_pronoun", raw=0.9)]
        facts = Facts("A", "pdf_text", "x.pdf")
        labels = [Label(r.method not in wrong_methods or n % 4 < 2, True) for r in rows]
        examples = tuple(_examples(rows, facts, labels))
        made.append(Reading(f"{n}", "written", "printed", n % 5, False, facts, tuple(rows), examples, (), ()))
    return made


def test_learning_finds_the_method_that_fails_and_claims_no_more_than_its_letters():
    from extract.confidence.fit import fit

    learnt = fit(readings(wrong_methods={"sex_pronoun"}))
    again = fit(readings(wrong_methods={"sex_pronoun"}))
    assert learnt.digest == again.digest, "no chance in it"
    age, noun, pronoun = (
        learnt.rate([one], FACTS_OF_A)[0]
        for one in (
            row(),
            row(field="sex", method="sex_noun", raw=0.9),
            row(field="sex", method="sex_pronoun", raw=0.9),
        )
    )
    assert pronoun < 0.8 < noun <= 61 / 62
    assert age <= 61 / 62
    assert learnt.letters["field:letters.age"] == 60


def test_held_out_confidences_come_from_other_letters():
    from extract.confidence.fit import fit, held_out, rate

    made = readings(wrong_methods={"sex_pronoun"})
    rated = held_out(made)
    others = fit([r for r in made if r.fold != made[0].fold])
    assert rated[0] == rate(others, made[0])
    assert rated[0] != rate(fit(made), made[0])


def test_calibration_error_and_coverage_by_hand():
    import numpy as np

    from extract.confidence.figures import calibration_error, coverage

    sure = np.array([0.9] * 50 + [0.6] * 50)
    right = np.array([True] * 45 + [False] * 5 + [True] * 20 + [False] * 30)
    assert calibration_error(sure, right) == pytest.approx((0 + 0.2) / 2)
    assert coverage(np.array([0.9, 0.8, 0.8, 0.1]), np.array([True, True, False, False]), precision=0.99) == 0.25
    assert coverage(np.array([0.9, 0.8]), np.array([True, True])) == 1
    assert coverage(np.array([0.9, 0.8]), np.array([False, True])) == 0
