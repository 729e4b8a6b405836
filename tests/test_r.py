"""The code of docs/r.md runs in base R and gives the figures that pandas, SciPy and statsmodels give."""

import random
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from extract.schema import CITATIONS, ISSUES, LETTERS
from extract.tables import csv_cell, csv_line

PAGE = (Path(__file__).parent.parent / "docs" / "r.md").read_text(encoding="utf-8")
LETTERS_MADE = 120
TELL = """
tell <- function(name, x) for (i in seq_along(x)) cat("TOLD", name, i, format(x[i], digits = 15), "\\n")
tell("cases", nrow(cases)); tell("items", nrow(items)); tell("parts", nrow(parts))
tell("lower_back", sum(cases$lower_back)); tell("odg", sum(items$odg))
tell("most", part_counts[[1]]); tell("age", mean(cases$age, na.rm = TRUE))
tell("days", as.numeric(sum(cases$decision_date - cases$injury_date, na.rm = TRUE)))
tell("formula", sum(issues$requested_treatment == "=1+1 <b>\\u00e9 \\U1F600", na.rm = TRUE))
tell("rate", c(rate$estimate, rate$conf.int)); tell("draws", quantile(draws, c(0.025, 0.975)))
tell("categories", c(nrow(by_category), by_category[[2]][1, ]))
tell("model", coef(model)); tell("errors", summary(model)$coefficients[, 2])
"""


def blocks():
    """Code of the page that needs base R alone."""
    return [b for b in re.findall(r"```r\n(.*?)```", PAGE, re.S) if not b.startswith("library(")]


def write(home, table, rows):
    lines = [csv_line(table.names), *(csv_line([csv_cell(row[n]) for n in table.names]) for row in rows)]
    (home / f"{table.name}.csv").write_text("".join(lines), encoding="utf-8", newline="")


@pytest.fixture(scope="module")
def tables(datasets, tmp_path_factory):
    """Rows of real letters many times over, with ages, decisions and citations that were drawn."""
    home = tmp_path_factory.mktemp("r")
    (home / "dataset").mkdir()
    full = datasets / "full"
    letter, issue, citation = (
        pq.read_table(full / f"{n}.parquet").to_pylist() for n in ("letters", "issues", "citations")
    )
    draw = random.Random(5)
    cases, issues, citations = [], [], []
    for number in range(LETTERS_MADE):
        # as R would read a number if it were let: 0 before the digits, an exponent
        letter_id = f"{number:03d}e{draw.randrange(10**12):012d}"
        age = draw.choice([None, *range(20, 80)])
        cases.append(letter[number % len(letter)] | {"letter_id": letter_id, "age": age})
        for item in range(1, draw.randrange(2, 5)):
            key = {"letter_id": letter_id, "issue_number": item}
            odds = 0.2 + (age or 50) / 300
            decision = None if draw.random() < 0.05 else "overturned" if draw.random() < odds else "upheld"
            issues.append(draw.choice(issue) | key | {"decision": decision})
            cited = [c for c in citation if draw.random() < 0.1]
            citations += [c | key | {"citation_number": n} for n, c in enumerate(cited, start=1)]
    issues[7]["requested_treatment"] = "=1+1 <b>é 😀"
    for table, rows in ((LETTERS, cases), (ISSUES, issues), (CITATIONS, citations)):
        write(home / "dataset", table, rows)
    return home, pd.DataFrame(cases), pd.DataFrame(issues), pd.DataFrame(citations)


@pytest.fixture(scope="module")
def told(tables):
    """What R prints, by name."""
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    home = tables[0]
    (home / "page.R").write_text("options(warn = 2)\n" + "\n".join(blocks()) + TELL, encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "--vanilla", "page.R"], cwd=home, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found = {}
    for name, value in re.findall(r"^TOLD (\w+) \d+ (\S+)", done.stdout, re.M):
        found.setdefault(name, []).append(float(value))
    return found


@pytest.fixture(scope="module")
def figures(tables):
    """The same by pandas, SciPy and statsmodels."""
    scipy = pytest.importorskip("scipy.stats")
    _, cases, issues, citations = tables
    parts = cases["body_parts"].explode().dropna()
    odg = citations[(citations["cited_by"] == "reviewer") & (citations["guideline"] == "odg")]
    keys = set(zip(odg["letter_id"], odg["issue_number"], strict=True))
    items = issues.merge(cases, on="letter_id", suffixes=("", "_letter"))
    items["odg"] = [key in keys for key in zip(items["letter_id"], items["issue_number"], strict=True)]
    decided = items[items["decision"].notna()]
    overturned = decided["decision"].eq("overturned")
    test = scipy.binomtest(int(overturned.sum()), len(decided))
    wilson = test.proportion_ci(method="wilson")
    category = overturned.groupby(decided["treatment_category"]).agg(["size", "mean"])
    days = pd.to_datetime(cases["decision_date"]) - pd.to_datetime(cases["injury_date"])
    return {
        "cases": [len(cases)],
        "items": [len(items)],
        "parts": [len(parts)],
        "lower_back": [sum("lower back" in p for p in cases["body_parts"])],
        "odg": [items["odg"].sum()],
        "most": [parts.str.replace("^(left|right|bilateral) ", "", regex=True).value_counts().iloc[0]],
        "age": [cases["age"].mean()],
        "days": [days.dt.days.sum()],
        "formula": [1],
        "rate": [overturned.mean(), wilson.low, wilson.high],
        "categories": [len(category), *category.iloc[0]],
        "decided": decided,
    }


NAMES = ["cases", "items", "parts", "lower_back", "odg", "most", "age", "days", "formula", "rate", "categories"]


@pytest.mark.parametrize("name", NAMES)
def test_r_counts_what_pandas_counts(told, figures, name):
    assert told[name] == pytest.approx([float(x) for x in figures[name]], rel=1e-9)


def test_intervals_that_draw_letters_lie_about_the_rate(told, figures):
    low, high = told["draws"]
    rate, wilson_low, wilson_high = figures["rate"]
    assert low < rate < high
    assert 0.5 < (high - low) / (wilson_high - wilson_low) < 2


def test_r_fits_the_model_that_statsmodels_fits(told, figures):
    models = pytest.importorskip("statsmodels.api", reason="compared with; in the extra notebooks")
    known = figures["decided"].dropna(subset=["age"])
    given = models.add_constant(known[["age", "odg"]].astype(float))
    fit = models.GLM(known["decision"].eq("overturned").astype(float), given, family=models.families.Binomial()).fit()
    assert told["model"] == pytest.approx(list(fit.params), rel=1e-5)
    assert told["errors"] == pytest.approx(list(fit.bse), rel=1e-4)


def test_page_shows_other_packages_but_does_not_need_them():
    shown = set(re.findall(r"```r\nlibrary\((\w+)\)", PAGE))
    assert shown == {"readr", "arrow"}
    assert "library(" not in "".join(blocks())
    assert len(blocks()) >= 8
