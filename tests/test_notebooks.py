"""The notebooks run on a new dataset, state what the tables say, and as they are kept tell of no machine."""

import ast
import base64
import csv
import datetime
import io
import json
import re
import shutil
import statistics
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import matplotlib.image
import nbformat
import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook
from scipy import stats

from extract.evaluate import evaluate
from extract.metrics import KINDS
from extract.schema import TABLES
from notebooks.execute import executed, main, notebooks
from tests.conftest import CORPUS
from tests.runs import rows, run

HOME = CORPUS.parent / "notebooks"
GOLD = CORPUS / "gold" / "written"
FIRST, RATES, QUALITY = "01-first-steps", "02-overturn-rates", "03-how-good-is-the-extraction"
FIGURES = {
    FIRST: ["filled", "q1", "q2", "q3", "q4", "q5"],
    RATES: ["category", "funnel", "guideline", "modified", "model", "flags"],
    QUALITY: ["fields", "kinds", "layouts", "calibration", "coverage", "gain"],
}
MACHINE = re.compile(r"/(?:home|root|tmp|Users|work|usr|opt|var|mnt|private)/|[A-Z]:\\|\.venv|site-packages")
NUMBER = r"(\d+(?:\.\d+)?)"


@pytest.fixture(scope="module")
def dataset(corpus_pdfs, tmp_path_factory):
    """Every fourth letter, and one in which no item is found, read anew."""
    home = tmp_path_factory.mktemp("notebooks")
    for number, pdf in enumerate(corpus_pdfs):
        if number % 4 == 0 or pdf.stem == "CM18-9217004":
            target = home / "letters" / pdf.relative_to(CORPUS / "letters")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(pdf, target)
    run(home / "letters", "--out", home / "dataset")
    return home / "dataset"


@pytest.fixture(scope="module")
def gold(dataset, tmp_path_factory):
    """The annotations of the sample beside a manifest, as the corpus has them."""
    folder = tmp_path_factory.mktemp("corpus") / "gold" / "written"
    folder.mkdir(parents=True)
    shutil.copy(CORPUS / "manifest.csv", folder.parents[1])
    for row in rows(dataset, "letters"):
        shutil.copy(GOLD / f"{Path(row['source']).stem}.json", folder)
    return folder


def joined(folder):
    """The notebooks as one, so that one kernel does: each begins with nothing but the modules that are loaded."""
    cells = []
    for path in notebooks():
        own = nbformat.read(path, as_version=4).cells
        if path.stem == QUALITY:
            own.append(new_code_cell(f"values.to_parquet({str(folder / 'values.parquet')!r})", id="leave"))
        for cell in [new_code_cell("%reset -f", id="reset"), *own]:
            cell.id = f"{path.stem[:2]}-{cell.id}"
            cells.append(cell)
    return new_notebook(cells=cells)


@pytest.fixture(scope="module")
def ran(dataset, gold, tmp_path_factory):
    """The notebooks as they ran, and a folder where the last one has left its judged values."""
    folder = tmp_path_factory.mktemp("ran")
    nbformat.write(joined(folder), folder / "all.ipynb")
    cells = executed(folder / "all.ipynb", dataset=dataset, gold=gold).cells
    done = {name: new_notebook(cells=[c for c in cells if c.id.startswith(name[:2])]) for name in FIGURES}
    for cell in cells:
        cell.id = cell.id[3:]
    return done, folder


def kept(name):
    return nbformat.read(HOME / f"{name}.ipynb", as_version=4)


def outputs(notebook):
    return [(cell, output) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def prose(notebook, cell):
    """What a cell says in sentences, without bold."""
    said = [
        o.data["text/markdown"] for c, o in outputs(notebook) if c.id == cell and "text/markdown" in o.get("data", {})
    ]
    return "\n".join(said).replace("*", "")


def words(notebook):
    """All that a notebook holds but its pictures."""
    parts = [cell.source for cell in notebook.cells]
    for _, output in outputs(notebook):
        parts.append(output.get("text", ""))
        parts += [text for kind, text in output.get("data", {}).items() if kind != "image/png"]
    return "\n".join(parts)


def numbers(text, pattern):
    found = re.search(pattern, text)
    assert found, f"{pattern!r} not in {text!r}"
    return [float(group) for group in found.groups()]


def test_all_notebooks_are_known():
    assert [path.stem for path in notebooks()] == list(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_runs_without_error_or_warning(ran, name):
    bad = [(cell.id, o) for cell, o in outputs(ran[0][name]) if o.output_type in ("error", "stream")]
    assert bad == []


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("which", ["run", "kept"])
def test_figures_are_there_and_drawn(request, name, which):
    notebook = request.getfixturevalue("ran")[0][name] if which == "run" else kept(name)
    drawn = {cell.id: o.data["image/png"] for cell, o in outputs(notebook) if "image/png" in o.get("data", {})}
    assert list(drawn) == FIGURES[name]
    for cell, image in drawn.items():
        pixels = mpl.image.imread(io.BytesIO(base64.b64decode(image)))
        assert pixels.shape[0] > 150, cell
        assert (pixels[..., :3].min(axis=2) < 0.9).mean() > 0.01, f"{cell} is all but empty"


def decided(dataset):
    return [row for row in rows(dataset, "issues") if row["decision"]]


def wilson(part, whole):
    """By scipy, where the notebooks take statsmodels."""
    interval = stats.binomtest(part, whole).proportion_ci(method="wilson")
    return [round(100 * v, 1) for v in (part / whole, interval.low, interval.high)]


def upheld(dataset, _gold):
    items = decided(dataset)
    part = sum(row["decision"] == "upheld" for row in items)
    return [part, len(items), *wilson(part, len(items)), len(rows(dataset, "issues")) - len(items)]


def flagged_letters(dataset, _gold):
    letters = rows(dataset, "letters")
    return [sum(bool(row["flags"]) for row in letters), len(letters)]


def shared_guidelines(dataset, _gold):
    cited = {}
    for row in rows(dataset, "citations"):
        sides = cited.setdefault(
            (row["letter_id"], row["issue_number"]), {"claims_administrator": set(), "reviewer": set()}
        )
        sides[row["cited_by"]].add(row["guideline"])
    both = [sides for sides in cited.values() if all(sides.values())]
    return [sum(bool(set.intersection(*sides.values())) for sides in both), len(both)]


def visits(dataset, _gold):
    items = rows(dataset, "issues")
    asked = [int(row["sessions_requested"]) for row in items if row["sessions_requested"]]
    return [len(asked), len(items), sum(bool(row["sessions_authorized"]) for row in items), statistics.median(asked)]


def days(dataset, _gold):
    spans = []
    for row in rows(dataset, "letters"):
        if row["ur_denial_date"] and row["decision_date"] and "date_order" not in row["flags"]:
            start, end = (datetime.date.fromisoformat(row[c]) for c in ("ur_denial_date", "decision_date"))
            spans.append((end - start).days)
    return [float(f"{statistics.median(spans):.0f}"), len(spans)]


def overturned(dataset, _gold):
    """Rate with letters as units: the delete-one-letter jackknife is another way to the same variance."""
    items = [(row["letter_id"], row["decision"] != "upheld") for row in decided(dataset)]
    part, whole = sum(hit for _, hit in items), len(items)
    hits, sizes = Counter(key for key, hit in items if hit), Counter(key for key, _ in items)
    left = np.array([(part - hits[key]) / (whole - size) for key, size in sizes.items()])
    p = part / whole
    variance = (len(left) - 1) / len(left) * ((left - p) ** 2).sum()
    return [part, whole, *wilson(part, whole), pytest.approx(variance / (p * (1 - p) / whole), rel=0.04)]


def bounds(dataset, _gold):
    items = rows(dataset, "issues")
    hits, missing = (
        sum(row["decision"] in ("overturned", "modified") for row in items),
        len(items) - len(decided(dataset)),
    )
    return [missing, len(items), round(100 * hits / len(items), 1), round(100 * (hits + missing) / len(items), 1)]


def unflagged(dataset, _gold):
    clean = {row["letter_id"] for row in rows(dataset, "letters") if not row["flags"]}
    items = [row for row in decided(dataset) if row["letter_id"] in clean]
    return [sum(row["decision"] != "upheld" for row in items), len(items)]


def scored(dataset, gold):
    result = evaluate(dataset, gold, resamples=0)
    return [len(result.misses), result.letters, sum(s.score == 1 for s in result.fields), len(result.fields)]


def wrong_values(dataset, gold):
    """From the misses alone, without looking at evidence: a chapter that is not given is no value."""
    wrong = 0
    for miss in evaluate(dataset, gold, resamples=0).misses:
        if KINDS[miss.field] == "accuracy":
            wrong += miss.got != ""
        elif miss.field not in ("body_parts_no_side", "diagnoses_exact") and miss.got:
            bare = " / " if miss.field == "citation.guideline+chapter" else "\0"
            wrong += sum(not value.endswith(bare) for value in miss.got.split(" | "))
    return [wrong]


def flags_find(dataset, gold):
    derived = ("body_parts_no_side", "diagnoses_exact", "citation.guideline+chapter")
    found = [m.place.split("#")[0] for m in evaluate(dataset, gold, resamples=0).misses if m.field not in derived]
    letters = {Path(row["source"]).stem for row in rows(dataset, "letters") if row["flags"]}
    return [len(letters & set(found)), len(set(found)), sum(stem in letters for stem in found), len(found)]


PERCENT = NUMBER + "%"
COLUMNS = sum(len(table.columns) for table in TABLES)

# notebook, cell, the sentence, what its numbers must be
STATED = [
    (FIRST, "load-csv", f"^{NUMBER} of {NUMBER} columns", lambda d, g: [COLUMNS, COLUMNS]),
    (FIRST, "q1", f"Upheld: {NUMBER} of {NUMBER} \\({PERCENT}; 95 % interval {PERCENT} to {PERCENT}\\)"
                  f".* {NUMBER} items have no decision", upheld),
    (FIRST, "flags", f"Flagged letters: {NUMBER} of {NUMBER}", flagged_letters),
    (FIRST, "q3", f"share a document in {NUMBER} of {NUMBER}", shared_guidelines),
    (FIRST, "q4", f"^{NUMBER} of {NUMBER} items count visits; .* review in {NUMBER}\\. Median asked: {NUMBER}", visits),
    (FIRST, "q5", f"median {NUMBER} days .*; {NUMBER} letters", days),
    (RATES, "rate", f"Overall {NUMBER} of {NUMBER} items \\({PERCENT}\\) are overturned: {PERCENT} to {PERCENT} for"
                    f".*\\(design effect {NUMBER}\\)", overturned),
    (RATES, "flags", f"Without flagged letters: {NUMBER} of {NUMBER}", unflagged),
    (RATES, "missing", f"^{NUMBER} of {NUMBER} items have no .* between {PERCENT} and {PERCENT}", bounds),
    (QUALITY, "fields", f"^{NUMBER} misses in {NUMBER} letters; {NUMBER} of {NUMBER} fields", scored),
    (QUALITY, "judge", f"values judged, {NUMBER} wrong", wrong_values),
    (QUALITY, "judge", f"precision as `imr evaluate` in {NUMBER} of {NUMBER}", lambda d, g: [10, 10]),
    (QUALITY, "flags", f"{NUMBER} of {NUMBER} erroneous letters are flagged.* hold {NUMBER} of {NUMBER} misses", flags_find),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cell", "sentence", "computed"), STATED, ids=[f"{s[0][:2]} {s[1]}" for s in STATED])
def test_stated_numbers_are_those_of_the_tables(ran, dataset, gold, name, cell, sentence, computed):
    assert numbers(prose(ran[0][name], cell), sentence) == computed(dataset, gold)


def test_offsets_lead_to_the_words(ran):
    found, of = numbers(prose(ran[0][FIRST], "words"), f"offsets of {NUMBER} of {NUMBER} rows")
    assert found == of > 1000


@pytest.fixture(scope="module")
def values(ran):
    return pd.read_parquet(ran[1] / "values.parquet")


@pytest.mark.parametrize("field", ["age", "sex", "decision_date", "body_parts", "issue.decision"])
def test_verdicts_agree_with_the_gold_read_directly(values, gold, field):
    part = values[values["scored"] == field]
    assert len(part) > 30
    for stem, mine in part.groupby("stem"):
        letter = json.loads((gold / f"{stem}.json").read_text(encoding="utf-8"))
        for row in mine.itertuples():
            if field == "issue.decision":
                if row.place.split("#")[1] == str(int(row.issue_number)):  # items in the gold's order
                    item = letter["issues"][int(row.issue_number) - 1]
                    assert row.right == (item["decision"] == row.value), row.place
            elif field == "body_parts":
                assert row.right == (row.value in letter["letter"][field]), stem
            else:
                assert row.right == (str(letter["letter"][field]) == row.value), stem


def test_calibration_error_is_that_of_its_definition(ran, values):
    stated, low, high, promised = numbers(
        prose(ran[0][QUALITY], "calibration"),
        f"error {NUMBER} \\(95 % interval {NUMBER} to {NUMBER}\\)\\. Confidence promises {NUMBER} wrong",
    )
    confidence, right = values["confidence"].to_numpy(), values["right"].to_numpy()
    levels = np.unique(confidence)
    if len(levels) <= 20:  # else the notebook bins by quantiles
        error = sum(abs((confidence - right)[confidence == level].sum()) for level in levels) / len(values)
        assert stated == round(error, 3)
    assert low <= high
    assert promised == round((1 - confidence).sum())


def cell_of(name, cell):
    return next(c.source for c in kept(name).cells if c.get("id") == cell)


def functions(name, cell, **known):
    """The functions that a cell defines, without running the rest of it."""
    tree = ast.parse(cell_of(name, cell))
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    exec(compile(tree, name, "exec"), known)
    return known


@pytest.mark.parametrize(("confidence", "right", "limit"), [
    ([0.9, 0.8, 0.7], [1, 1, 1], 0.7),  # no error: the lowest
    ([0.9, 0.8, 0.7], [0, 1, 1], None),  # the surest is wrong: one in three is too many at every cut
    ([0.9, 0.8, 0.7], [1, 1, 0], 0.8),
    ([0.9, 0.9, 0.7], [1, 0, 1], None),  # equal confidences are cut together
    ([0.9] * 50 + [0.8] + [0.7] * 50, [1] * 50 + [0] + [1] * 50, 0.7),  # below the target at 0.8, above it again at 0.7
])  # fmt: skip
def test_threshold(confidence, right, limit):
    threshold = functions(QUALITY, "coverage", TARGET=0.99)["threshold"]
    assert threshold(pd.DataFrame({"confidence": confidence, "right": right})) == limit


@pytest.mark.parametrize(("spread", "near"), [
    (0.0, 0.4),  # at zero the likelihood is flat: 0.3 comes by chance
    (1.2, 0.25),
])  # fmt: skip
def test_mixed_logit_finds_what_data_were_made_with(spread, near):
    import statsmodels.api as sm
    from scipy import optimize, special
    from statsmodels.tools.numdiff import approx_hess

    known = {"np": np, "pd": pd, "sm": sm, "optimize": optimize, "special": special, "approx_hess": approx_hess}
    mixed_logit = functions(RATES, "model", FEWEST=1, **known)["mixed_logit"]
    chance = np.random.default_rng(1)
    groups = np.repeat(np.arange(400), 4)
    matrix = pd.DataFrame({"constant": 1.0, "term": chance.integers(0, 2, len(groups)).astype(float)})
    odds = -0.5 + 1.0 * matrix["term"] + spread * chance.normal(size=400)[groups]
    outcome = pd.Series((chance.random(len(groups)) < special.expit(odds)).astype(float))
    estimate, error, found = mixed_logit(outcome, matrix, groups)
    assert abs(estimate["term"] - 1.0) < 2.5 * error["term"]
    assert 0.05 < error["term"] < 0.3
    assert found == pytest.approx(spread, abs=near)


def run_cells(name, monkeypatch, dataset, gold=GOLD):
    """The cells of a notebook in this process: quicker than a kernel, without pictures."""
    monkeypatch.chdir(HOME)
    monkeypatch.setenv("IMR_DATASET", str(dataset))
    monkeypatch.setenv("IMR_GOLD", str(gold))
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: mpl.pyplot.close("all"))
    with mpl.rc_context({"backend": "agg"}):
        scope = {}
        for cell in kept(name).cells:
            if cell.cell_type == "code":
                exec(compile(re.sub(r"^%.*", "", cell.source, flags=re.M), f"{name} {cell.id}", "exec"), scope)
    return scope


def only(dataset, letter_id, target):
    """The dataset with the rows and the text of one letter."""
    (target / "texts").mkdir(parents=True)
    shutil.copy(dataset / "texts" / f"{letter_id}.txt", target / "texts")
    for path in dataset.glob("*.parquet"):
        table = pq.read_table(path)
        if "letter_id" in table.column_names:
            table = table.filter(pc.field("letter_id") == letter_id)
        pq.write_table(table, target / path.name)
        with path.with_suffix(".csv").open(encoding="utf-8", newline="") as stream:
            head, *lines = csv.reader(stream)
        with (target / path.name).with_suffix(".csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([head, *(line for line in lines if line[0] == letter_id)])
    return target


@pytest.fixture(scope="module")
def small(dataset, tmp_path_factory):
    """Datasets that lack most of what the notebooks show."""
    home = tmp_path_factory.mktemp("small")
    with_items = {row["letter_id"] for row in rows(dataset, "issues")}
    letters = [row["letter_id"] for row in rows(dataset, "letters")]
    only(dataset, next(key for key in letters if key in with_items), home / "one")
    only(dataset, next(key for key in letters if key not in with_items), home / "no items")
    run(dataset.parent / "letters", "--out", home / "safe", "--deidentify", "--run-dir", dataset / ".run")
    return home


@pytest.mark.parametrize(("name", "kind"), [
    (FIRST, "one"), (RATES, "one"), (QUALITY, "one"),
    (FIRST, "no items"), (QUALITY, "no items"),
    (FIRST, "safe"), (RATES, "safe"),  # de-identified: no dates, no words, no texts
])  # fmt: skip
def test_small_datasets_do(name, kind, small, monkeypatch):
    assert run_cells(name, monkeypatch, small / kind)


@pytest.mark.parametrize("name", FIGURES)
def test_without_a_dataset_the_message_says_what_to_do(name, monkeypatch, tmp_path):
    with pytest.raises(FileNotFoundError, match="make dataset"):
        run_cells(name, monkeypatch, tmp_path)


def test_without_decisions_there_are_no_rates(small, monkeypatch):
    with pytest.raises(ValueError, match=r"no item .* has a decision"):
        run_cells(RATES, monkeypatch, small / "no items")


def test_letters_without_gold_are_told(small, monkeypatch, tmp_path):
    shutil.copy(GOLD / "CM14-9217002.json", tmp_path)
    with pytest.raises(ValueError, match="set IMR_GOLD"):
        run_cells(QUALITY, monkeypatch, small / "one", tmp_path)


@pytest.mark.parametrize("name", FIGURES)
def test_kept_notebooks_are_run_from_top_to_bottom(name):
    cells = [cell for cell in kept(name).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [cell.id for cell, o in outputs(kept(name)) if o.output_type in ("error", "stream")]


@pytest.mark.parametrize("name", FIGURES)
def test_kept_notebooks_tell_of_no_machine_or_moment(name):
    notebook = kept(name)
    assert not MACHINE.search(words(notebook))
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert {key for cell in notebook.cells for key in cell.metadata} <= {"tags"}


@pytest.mark.parametrize("name", FIGURES)
def test_kept_notebooks_show_invented_letters_only(name):
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        aside = {row["letter"]: row["kept_aside"] == "yes" for row in csv.DictReader(stream)}
    shown = set(re.findall(r"CM\d\d-\d{7}", words(kept(name))))
    assert shown <= aside.keys()
    assert not [letter for letter in shown if aside[letter]], "letters kept aside stay unread"


def test_kept_notebooks_show_the_whole_corpus():
    annotated, found = numbers(prose(kept(QUALITY), "setup"), f"^{NUMBER} annotated letters, {NUMBER} of them")
    assert annotated == found == len(list(GOLD.glob("*.json"))), "run `make notebooks`"


def test_own_letters_are_not_written_into_the_folder(dataset):
    result = CliRunner().invoke(main, ["--dataset", str(dataset)])
    assert result.exit_code == 2
    assert "--out" in result.output


def test_notebooks_of_the_readme_are_there():
    page = (HOME / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((.*?)\.ipynb\)", page) == list(FIGURES)
