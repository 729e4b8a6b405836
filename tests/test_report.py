"""The report: its numbers are those of the CSV, its page is safe and whole, whatever the dataset."""

import math
import re
from collections import Counter
from html.parser import HTMLParser

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from scipy.stats import binom

from extract import report
from extract.cli import main
from extract.report import Dataset, Fold, comparison, figures
from extract.report.intervals import median_ranks, share_of, spread_of
from extract.report.page import make_page, render
from extract.schema import FLAGS, TABLES
from extract.tables import arrow_columns, columns_by_name
from tests.conftest import CORPUS
from tests.runs import make_letters, run


class Tables(HTMLParser):
    """Tables of a page by their id: rows of cells; and what a page would fetch or show."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.attributes, self.tags, self._cell, self._id = {}, [], Counter(), None, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes.append((tag, dict(attrs)))
        if tag == "table":
            self._id = dict(attrs)["id"]
            self.tables[self._id] = []
        elif tag == "tr":
            self.tables[self._id].append([])
        elif tag in ("td", "th"):
            self._cell = ""

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[self._id][-1].append(self._cell)
            self._cell = None


def made(home, letters=(), issues=(), citations=(), evidence=(), failures=()):
    """A dataset of rows that a test makes up; columns that are not told are empty."""
    home.mkdir(parents=True, exist_ok=True)
    told = {"letters": letters, "issues": issues, "citations": citations, "evidence": evidence, "failures": failures}
    for table in TABLES:
        if table.name in told:
            empty = {c.name: [] if c.type == "list" else None for c in table.columns}
            pq.write_table(
                arrow_columns(table, columns_by_name(table, [empty | row for row in told[table.name]])),
                home / f"{table.name}.parquet",
            )
    return home


def item(letter, number=1, decision="upheld", **more):
    return {"letter_id": letter, "issue_number": number, "decision": decision} | more


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Letters of two layouts and a file that fails, read by the command."""
    home = tmp_path_factory.mktemp("report")
    (home / "bad").mkdir()
    (home / "bad" / "x.pdf").write_bytes(b"no PDF")
    run(CORPUS / "letters" / "A", CORPUS / "letters" / "B", home / "bad", "--out", home / "whole")
    return home / "whole"


@pytest.fixture(scope="module")
def page(dataset):
    return report.write_report(dataset).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def flat(dataset):
    frame = pd.read_csv(dataset / "flat.csv", dtype=str, keep_default_na=False)
    assert len(frame) > 60, "a report on few items shows little"
    return frame


@pytest.fixture(scope="module")
def others(tmp_path_factory, dataset):
    """Datasets of other kinds, by name."""
    home = tmp_path_factory.mktemp("kinds")
    (home / "bad").mkdir()
    (home / "bad" / "x.pdf").write_bytes(b"no PDF")
    run(home / "bad", "--out", home / "empty", code=3)
    run(make_letters(home / "three", 3), "--out", home / "tiny")
    folders = [CORPUS / "letters" / "A", CORPUS / "letters" / "B", dataset.parent / "bad"]
    run(*folders, "--out", home / "deidentified", "--deidentify", "--run-dir", dataset / ".run")
    return home


def wilson(count, n, z=1.959963984540054):
    """Wilson's interval by its formula (Wilson 1927)."""
    p = count / n
    middle, width = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - width) / (1 + z * z / n), (middle + width) / (1 + z * z / n)


@pytest.mark.parametrize(("count", "n"), [(0, 1), (1, 1), (0, 12), (7, 9), (50, 100), (299, 300), (915_000, 1_000_000)])
def test_intervals_are_wilsons(count, n):
    found = share_of(count, n)
    assert (found.low, found.high) == pytest.approx(wilson(count, n), abs=1e-9)
    assert found.share == count / n


def test_nothing_has_no_share():
    assert share_of(0, 0) is None


@pytest.mark.parametrize("n", [6, 7, 20, 101, 5000])
def test_median_interval_covers_what_it_says(n):
    low, high = median_ranks(n)
    # the median lies between the values of these ranks unless fewer than low, or more than high - 1, lie below it
    assert binom.cdf(high - 1, n, 0.5) - binom.cdf(low - 1, n, 0.5) >= 0.95
    assert binom.cdf(high - 2, n, 0.5) - binom.cdf(low, n, 0.5) < 0.95 or n < 9


def test_few_values_have_no_median_interval():
    assert [median_ranks(n) for n in range(6)] == [None] * 6
    assert spread_of(pd.Series({4: 1, 9: 1}))["median_low"] is None


def test_quantiles_are_values_that_occur():
    found = spread_of(pd.Series([1, 2, 1], index=[3.0, 8.0, 20.0]))
    assert (found["n"], found["q25"], found["q50"], found["q95"], found["largest"]) == (4, 3, 8, 20, 20)


def by_pandas(frame, label):
    """Items, letters, upheld, decided by a column of text, counted apart from the report."""
    out = {}
    for name, part in frame.groupby(label):
        decided = part[part["decision"] != ""]
        upheld = int((decided["decision"] == "upheld").sum())
        out[name or None] = (len(part), part["letter_id"].nunique(), upheld, len(decided))
    return out


def by_report(frame):
    return {
        None if r["kind"] == "missing" else r["label"]: (r["items"], r["letters"], r["upheld"], r["decided"])
        for r in frame.to_dict("records")
    }


def exploded(flat, column, change=lambda words: words):
    """Items with one row a member of a list, each member once."""
    frame = flat.assign(label=[sorted({change(w) for w in cell.split("|")}) for cell in flat[column]])
    return frame.explode("label")


def test_year_category_sex_are_those_of_the_csv(dataset, flat):
    with Dataset(dataset) as data:
        assert by_report(report.by_category(data)) == by_pandas(flat, "treatment_category")
        assert by_report(report.by_sex(data)) == by_pandas(flat, "sex")
        years = flat.assign(year=flat["decision_date"].str[:4])
        assert by_report(report.by_decision_year(data)) == by_pandas(years, "year")


def test_lists_are_those_of_the_csv(dataset, flat):
    with Dataset(dataset) as data:
        parts = exploded(flat, "letter_body_parts", lambda w: re.sub("^(left|right|bilateral) ", "", w))
        assert by_report(report.by_body_part(data)) == by_pandas(parts, "label")
        for side in ("claims_administrator", "reviewer"):
            cited = exploded(flat, f"{side}_guidelines_cited")
            assert by_report(report.by_guideline(data, side)) == by_pandas(cited, "label")


def test_specialties_are_those_of_the_csv_whatever_the_spelling(dataset, flat):
    def key(words):
        return words.lower().replace(" & ", " and ")

    with Dataset(dataset) as data:
        found = {label and key(label): row for label, row in by_report(report.by_specialty(data)).items()}
    assert found == by_pandas(exploded(flat, "reviewer_specialties", key), "label")


def test_agreement_of_the_sides_is_that_of_the_csv(dataset, flat):
    def told(row):
        ours, theirs = (
            set(filter(None, row[f"{s}_guidelines_cited"].split("|"))) for s in ("claims_administrator", "reviewer")
        )
        if not ours and not theirs:
            return "neither cites any"
        if not theirs:
            return "only the claims administrator cites any"
        if not ours:
            return "only the reviewer cites any"
        return "the same guidelines" if ours == theirs else "some in common" if ours & theirs else "none in common"

    wanted = by_pandas(flat.assign(label=[told(r) for r in flat.to_dict("records")]), "label")
    with Dataset(dataset) as data:
        assert by_report(report.by_agreement(data)) == wanted
        pairs = report.by_differing_pair(data)
    assert pairs["items"].sum() >= wanted["none in common"][0] > 0


def test_visits_and_days_are_those_of_the_csv(dataset, flat):
    with Dataset(dataset) as data:
        visits = report.sessions(data).set_index(["treatment", "visits"]).loc["all visits"]
        days = report.days_between(data).set_index("step").loc["injury to decision"]
    for measure in ("requested", "authorized", "disputed"):
        values = pd.to_numeric(flat[f"sessions_{measure}"]).dropna().sort_values()
        assert visits.loc[measure, "n"] == len(values)
        assert visits.loc[measure, "q50"] == values.iloc[math.ceil(len(values) / 2) - 1]
    letters = pd.read_csv(dataset / "letters.csv", parse_dates=["decision_date", "injury_date"])
    spans = (letters["decision_date"] - letters["injury_date"]).dt.days.dropna().sort_values()
    assert days["n"] == len(spans)
    assert days["q50"] == spans.iloc[math.ceil(len(spans) / 2) - 1]


def test_quality_is_that_of_the_csv(dataset):
    letters = pd.read_csv(dataset / "letters.csv", dtype=str, keep_default_na=False)
    evidence = pd.read_csv(dataset / "evidence.csv")
    with Dataset(dataset) as data:
        flags = report.flags(data).set_index("flag")["count"]
        missing = report.missing(data).set_index(["table", "field"])["missing"]
        sure = report.confidence(data).set_index(["table", "field"])
        failed = report.failures(data).to_dict("records")
    counted = Counter(f for cell in letters["flags"] for f in cell.split("|") if f)
    assert {k: v for k, v in flags.items() if v} == counted
    assert set(flags.index) == set(FLAGS)
    for column in ("age", "body_parts", "icd_codes", "injury_date_end", "decision"):
        assert missing["letters", column] == (letters[column] == "").sum(), column
    for (table, field), part in evidence[evidence["field"] != "flags"].groupby(["table", "field"]):
        assert sure.loc[(table, field), "high"] == (part["confidence"] >= 0.9).sum()
        assert sure.loc[(table, field), ["high", "middle", "low"]].sum() == len(part)
    assert [(r["reason"], r["count"], r["n"]) for r in failed] == [("not_a_pdf", 1, len(letters) + 1)]


def test_the_page_shows_these_numbers(page, flat):
    header, *rows = Tables(page).tables["t-category"]
    shown = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    for name, (items, letters, upheld, decided) in by_pandas(flat, "treatment_category").items():
        row = shown[name or "not stated"]
        assert (row["Items (n)"], row["Letters"], row["Upheld"]) == (str(items), str(letters), str(upheld))
        low, high = wilson(upheld, decided)
        digits = 0 if decided < 100 else 1
        assert row["Upheld share"] == f"{100 * upheld / decided:.{digits}f} %"
        assert row["95 % interval of it"] == f"{100 * low:.{digits}f} to {100 * high:.{digits}f}"


def test_rare_groups_are_one_row_that_counts_an_item_once(tmp_path):
    parts = [f"part {n}" for n in range(12)]
    home = made(
        tmp_path / "d",
        letters=[{"letter_id": "a", "body_parts": parts}, {"letter_id": "b", "body_parts": ["part 0"]}],
        issues=[item("a"), item("b", decision="overturned")],
    )
    with Dataset(home) as data:
        frame = report.by_body_part(data, fold=Fold(most=1, least=0))
        assert len(report.by_body_part(data)) == 12
    assert frame[["kind", "groups", "items", "upheld"]].values.tolist() == [["group", 1, 2, 1], ["other", 11, 1, 1]]


def test_a_group_named_other_is_not_the_row_of_rare_ones(tmp_path):
    issues = [item("a", n, treatment_category=c) for n, c in enumerate(["Other", "Other", *map(str, range(12))])]
    with Dataset(made(tmp_path / "d", letters=[{"letter_id": "a"}], issues=issues)) as data:
        frame = report.by_category(data, fold=Fold(least=2))
    assert frame["label"].iloc[0] == "Other"
    assert frame[["kind", "items", "groups"]].values.tolist() == [
        ["group", 2, 1],
        *[["group", 1, 1]] * 9,
        ["other", 3, 3],
    ]


def test_items_that_end_alike_within_letters_widen_the_interval(tmp_path):
    letters = [{"letter_id": str(n)} for n in range(40)]
    issues = [item(str(n), i, "upheld" if n % 4 else "overturned") for n in range(40) for i in (1, 2, 3)]
    with Dataset(made(tmp_path / "d", letters=letters, issues=issues)) as data:
        assert report.design_effect(data) == pytest.approx(3 * 40 / 39)


def test_a_decision_before_the_injury_is_a_row_of_its_own(tmp_path):
    from datetime import date

    letter = {"letter_id": "a", "injury_date": date(2017, 5, 1), "decision_date": date(2017, 4, 1)}
    with Dataset(made(tmp_path / "d", letters=[letter], issues=[item("a")])) as data:
        assert list(report.by_years_since_injury(data)["label"]) == ["before the injury"]
        assert report.days_between(data)["negative"].iloc[0] == 1


NASTY = '<script>alert(1)</script> $x_1$ & "q" \' \x07\n'


def test_words_of_letters_are_escaped(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_svg", lambda figure: "<svg/>")
    home = made(
        tmp_path / "<b>d",
        letters=[{"letter_id": "a", "body_parts": [NASTY], "reviewer_specialties": [NASTY], "layout": NASTY}],
        issues=[
            item("a", treatment_category=NASTY, drug=NASTY, drug_ingredient=NASTY, drug_class=NASTY),
            item("a", 2, sessions_requested=3, treatment_category=NASTY),
        ],
        citations=[{"letter_id": "a", "issue_number": 1, "cited_by": "reviewer", "guideline": NASTY}],
        evidence=[{"letter_id": "a", "table": "letters", "field": NASTY, "confidence": 0.5}],
        failures=[{"source": "x", "reason": NASTY}],
    )
    with Dataset(home) as data:
        text = render(make_page(data))
    parsed = Tables(text)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert parsed.tags["script"] == parsed.tags["b"] == 0
    assert any(NASTY.strip() in row[0] for row in parsed.tables["t-ingredient"])


@pytest.mark.parametrize("label", [r"$\frac{$ " + "x" * 80, NASTY])
def test_a_label_of_a_picture_is_no_mathematics_and_no_markup(label):
    shares = figures.Series("s", [50.0], [40.0], [60.0], figures.BLUE, "o")
    svg = figures.outcome_bars([label], [1], shares, counted="items", share="upheld")
    assert svg.startswith("<?xml")
    assert "<script" not in svg


@pytest.mark.parametrize("kind", ["whole", "empty", "tiny", "deidentified"])
def test_page_is_whole_and_fetches_nothing(kind, page, others, monkeypatch):
    if kind == "whole":
        text = page
    else:
        if kind == "deidentified":  # its pictures are those of the whole one, and drawing takes time
            monkeypatch.setattr(figures, "_svg", lambda figure: "<svg/>")
        result = CliRunner().invoke(main, ["report", str(others / kind)])
        assert result.exit_code == 0, result.output
        text = (others / kind / "report.html").read_text(encoding="utf-8")
    parsed = Tables(text)
    for tag, attributes in parsed.attributes:
        assert tag not in ("script", "link", "iframe", "object"), tag
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:image/svg+xml;base64,")), attributes
        if tag == "img":
            assert len(attributes["alt"]) > 60
    assert "url(" not in text
    anchors = [a["href"][1:] for _, a in parsed.attributes if a.get("href", "").startswith("#")]
    ids = [a["id"] for _, a in parsed.attributes if "id" in a]
    assert set(anchors) <= set(ids)
    assert len(ids) == len(set(ids))
    for name, (header, *rows) in parsed.tables.items():
        assert any("(n)" in cell for cell in header), f"{name} has no n"
        assert all(len(row) == len(header) for row in rows), name
    assert ("not_a_pdf" in text) == (kind != "tiny")
    assert "imr-letters 0.1.0" in text


def test_empty_dataset_says_so(others):
    with Dataset(others / "empty") as data:
        found = make_page(data)
    assert any("No file gave a letter" in words for words in found.caveats)


def test_tiny_dataset_says_how_little_it_tells(others):
    with Dataset(others / "tiny") as data:
        found = make_page(data)
        frame = report.by_decision_year(data)
    assert any("3 letters" in words for words in found.caveats)
    assert frame[["items", "upheld"]].values.tolist() == [[6, 3]]
    low, high = frame[["upheld_share_low", "upheld_share_high"]].iloc[0]
    assert high - low > 0.6


def test_deidentified_dataset_has_years_and_the_same_outcomes(others, dataset):
    with Dataset(others / "deidentified") as data, Dataset(dataset) as whole:
        assert data.deidentified
        assert not whole.deidentified
        for ask in (report.by_decision_year, report.by_category, report.by_age, report.by_body_part):
            assert by_report(ask(data)) == by_report(ask(whole)), ask.__name__
        assert report.days_between(data).empty
        assert report.by_years_since_injury(data)["items"].sum() == report.by_category(whole)["items"].sum()
        rates = report.rates(data).set_index("period")
        assert pd.isna(rates.loc["2021H1", "n"])
        found = make_page(data)
        assert any("De-identified" in words for words in found.caveats)
        own = [s for s in found.sections if s.id != "published"]  # sources bear dates
    cells = [cell for s in own for b in s.blocks for row in getattr(b, "rows", ()) for cell in row]
    assert cells
    assert not [cell for cell in cells if re.fullmatch(r"\d{4}-\d\d-\d\d", cell)]


def test_same_dataset_gives_the_same_bytes(others, tmp_path):
    one = report.write_report(others / "empty", tmp_path / "one" / "r.html").read_bytes()
    assert report.write_report(others / "empty", tmp_path / "two.html").read_bytes() == one
    shares = figures.Series("s", [50.0], [40.0], [60.0], figures.BLUE, "o")
    drawn = [figures.outcome_bars(["a"], [1], shares, counted="items", share="upheld") for _ in range(2)]
    assert drawn[0] == drawn[1]


PUBLISHED = ("outcomes_by_year", "outcomes_by_category")


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures_have_period_and_source(name):
    for row in comparison.published(name):
        assert comparison.Period.of(row["year"]).first[0] >= 2013
        assert row["source"], row
        assert row["value"], row
        assert row["publisher"] in ("DWC", "CWCI", "derived")


def test_every_published_category_metric_is_known():
    assert {row["metric"] for row in comparison.published("outcomes_by_category")} == set(comparison.SHARES)


@pytest.mark.parametrize(
    ("printed", "first", "last"),
    [
        ("2017", (2017, 1), (2017, 12)),
        ("2022H1", (2022, 1), (2022, 6)),
        ("2025Q1", (2025, 1), (2025, 3)),
        ("2015-16", (2015, 1), (2016, 12)),
        ("2015-2025Q1", (2015, 1), (2025, 3)),
    ],
)
def test_periods(printed, first, last):
    assert comparison.Period.of(printed) == comparison.Period(first, last)


def test_a_period_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="no period"):
        comparison.Period.of("lately")


@pytest.mark.parametrize("printed", [">40", "nearly 90", "7 to 8", "80 to 90", "about 5", "half", ""])
def test_what_is_not_printed_as_a_number_is_not_counted_with(printed):
    assert comparison.number(printed) is None


def test_published_rates_stand_beside_the_right_unit(tmp_path):
    from datetime import date

    letters = [
        {"letter_id": "a", "decision": "partially_overturned", "decision_date": date(2017, 3, 1)},
        {"letter_id": "b", "decision": "upheld", "decision_date": date(2017, 12, 31)},
        {"letter_id": "c", "decision": "upheld", "decision_date": date(2018, 1, 1)},
    ]
    issues = [item("a"), item("a", 2, "overturned"), item("a", 3, "modified"), item("b"), item("c"), item("b", 2, None)]
    with Dataset(made(tmp_path / "d", letters=letters, issues=issues)) as data:
        found = report.rates(data)
    own = found[found["period"] == "2017"]
    requests, cases = own[own["unit"] == "requests"], own[own["metric"] == "case_outcome_upheld"]
    assert requests[["count", "n"]].values.tolist() == [[2, 4]]  # items, modified among those not upheld
    assert cases[["count", "n"]].values.tolist() == [[1, 2]]  # letters
    overturn = found[found["metric"] == "overturn_rate_treatment_requests"].set_index("period")["published"]
    assert overturn["2016"] == pytest.approx(0.916)  # the other way round: printed 8.4 overturned


def test_published_shares_stand_beside_the_right_whole(tmp_path):
    from datetime import date

    letters = [{"letter_id": "a", "decision_date": date(2024, 3, 1)}]
    kinds = [("Pharmaceuticals", "Opioids"), ("Pharmaceuticals", "NSAID"), ("Surgery", None), (None, None)]
    issues = [item("a", n, treatment_category=c, treatment_subcategory=s) for n, (c, s) in enumerate(kinds, 1)]
    with Dataset(made(tmp_path / "d", letters=letters, issues=issues)) as data:
        found = report.shares(data)
    own = found[(found["period"] == "2024") & (found["publisher"] == "DWC")].set_index(["shown", "metric"])
    assert own.loc[("Pharmaceuticals", "share_of_requests_pct"), ["count", "n"]].tolist() == [2, 3]
    assert own.loc[("Opioids", "share_of_pharmaceutical_pct"), ["count", "n"]].tolist() == [1, 2]


def test_page_shows_published_figures_with_source_and_caveat(page):
    rows = Tables(page).tables["t-published-rates"]
    assert any(row[:2] == ["2019", "DWC"] and "dir.ca.gov" in row[-1] and "89.6 %" in row for row in rows)
    shares = Tables(page).tables["t-published-shares"]
    assert any(row[:3] == ["2017", "DWC", "Pharmaceuticals"] and "42.6" in row for row in shares)
    assert "a sample, as it was collected, not the archive" in page
    assert "rates of treatment requests" in page
    assert "2019, rate upheld: 88.4 % / 89.6 %" in page  # two publishers disagree


def fault(home, *more):
    result = CliRunner().invoke(main, ["report", str(home), *more])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    return result.output


def test_a_folder_that_is_no_dataset(tmp_path):
    assert "imr extract --out" in fault(tmp_path)


def test_a_run_that_has_not_finished(tmp_path):
    (tmp_path / ".run").mkdir()
    assert "Run its imr extract command again" in fault(tmp_path)


def test_a_damaged_table(tmp_path):
    home = made(tmp_path / "d")
    (home / "issues.parquet").write_bytes(b"PAR1 and no more")
    assert "issues.parquet is damaged" in fault(home)


def test_a_table_of_another_version(tmp_path):
    home = made(tmp_path / "d")
    pq.write_table(pa.table({"letter_id": ["a"]}), home / "issues.parquet")
    assert "written by another version" in fault(home)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    assert "Choose another --out" in fault(made(tmp_path / "d"), "--out", str(tmp_path / "file" / "r.html"))


def test_a_dataset_without_run_file_is_said_to_lack_it(tmp_path):
    with Dataset(made(tmp_path / "d[1]*?")) as data:  # a name that a glob would take apart
        assert any("run.json is missing" in words for words in make_page(data).caveats)


def test_groups_says_how_many_a_table_shows(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_svg", lambda figure: "<svg/>")
    letters = [{"letter_id": "a", "body_parts": [f"part {n}" for n in range(20)]}]
    home = made(tmp_path / "d", letters=letters, issues=[item("a")])
    out = tmp_path / "r.html"
    result = CliRunner().invoke(main, ["report", str(home), "--groups", "4", "--out", str(out)])
    assert result.exit_code == 0, result.output
    rows = Tables(out.read_text(encoding="utf-8")).tables["t-body_part"]
    assert [row[0] for row in rows[1:]] == ["part 0", "part 1", "part 10", "part 11", "other (16 groups)"]
