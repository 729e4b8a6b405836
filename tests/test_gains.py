"""A run is held against the accepted figures: a real loss fails and is named, and none is accepted by the way."""

import csv
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from extract.changes import accepted, gains
from extract.changes.accepted import AcceptedError, Counts, Line
from extract.metrics import KINDS
from extract.patterns import Patterns
from extract.pipeline import LetterReader
from tests import datasets
from tests.runs import letter
from tests.test_evaluate import GOLD, gold_of, write_gold

ROOT = Path(__file__).parent.parent
TWELVE = {f"L{n:02d}": GOLD for n in range(12)}
WRONG = gold_of(letter={"sex": "female"})


def with_wrong(count):
    """Twelve letters, the first ``count`` of them with the wrong sex."""
    return TWELVE | {f"L{n:02d}": WRONG for n in range(count)}


def invoke(command, dataset, home, *options):
    arguments = [
        command,
        str(dataset),
        "--gold",
        str(home / "gold"),
        "--accepted",
        str(home / "accepted.csv"),
        *options,
    ]
    return CliRunner().invoke(gains.main, arguments)


@pytest.fixture
def home(tmp_path):
    """Annotations of twelve letters, and a perfect run of them accepted."""
    write_gold(tmp_path / "gold", TWELVE)
    result = invoke("accept", datasets.of_golds(tmp_path / "perfect", TWELVE), tmp_path)
    assert "12 letters new" in result.output
    return tmp_path


# letters with a wrong value, exit code; why
LOSSES = [
    (0, 0, "nothing lost"),
    (1, 0, "one letter of twelve may be missing from a resample: noise"),
    (3, 0, "three may be missing from one resample in thirty: noise at 95 %"),
    (4, 1, "four are missing from fewer than one in forty"),
    (12, 1, "all lost"),
]


@pytest.mark.parametrize(("count", "code"), [row[:2] for row in LOSSES], ids=[row[2] for row in LOSSES])
def test_what_is_noise_and_what_is_a_loss(home, count, code):
    result = invoke("check", datasets.of_golds(home / "run", with_wrong(count)), home)
    assert result.exit_code == code, result.output
    for n in range(12):
        assert (f"L{n:02d}" in result.output) == (n < count)
    assert ("sex" in result.output) == (count > 0)
    assert ("FAILED: sex fell" in result.output) == (code == 1)


def test_values_are_told_only_when_asked(home):
    run = datasets.of_golds(home / "run", with_wrong(4))
    assert "female" not in invoke("check", run, home).output
    assert "L00: wanted male, got female" in invoke("check", run, home, "--values").output


def lines_of(home):
    with (home / "accepted.csv").open(encoding="utf-8", newline="") as stream:
        return {(row["letter"], row["field"]): row for row in csv.DictReader(stream)}


def test_accept_never_takes_up_a_loss(home):
    before = (home / "accepted.csv").read_bytes()
    result = invoke("accept", datasets.of_golds(home / "run", with_wrong(5)), home)
    assert "5 losses not accepted" in result.output
    assert "L04 sex" in result.output
    assert (home / "accepted.csv").read_bytes() == before


def test_accept_takes_up_a_gain_beside_a_loss(home):
    # Five were wrong when the figures were accepted; now those are right and another one is wrong.
    (home / "accepted.csv").unlink()
    invoke("accept", datasets.of_golds(home / "run", with_wrong(5)), home)
    now = TWELVE | {"L11": WRONG}
    result = invoke("accept", datasets.of_golds(home / "now", now), home)
    assert "5 figures better" in result.output
    assert "1 losses not accepted" in result.output
    assert all(lines_of(home)[f"L{n:02d}", "sex"]["hit"] == "1" for n in range(12))


def edit(home, change):
    """Edit the accepted figures by hand: ``change`` gets each line and gives what stands there then."""
    path = home / "accepted.csv"
    path.write_text("\n".join(map(change, path.read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")


def test_loss_is_accepted_by_the_lines_that_the_report_gives_with_a_reason(home):
    run = datasets.of_golds(home / "run", with_wrong(5))
    told = invoke("check", run, home).output
    given = {line.rsplit(",", 2)[0].rsplit(",", 3)[0]: line for line in re.findall(r"^L\d\d,sex,.*,$", told, re.M)}
    assert len(given) == 5
    edit(home, lambda line: given.get(line.rsplit(",", 5)[0], line))
    result = invoke("check", run, home)
    assert result.exit_code == 2  # the reason is still missing
    assert "write why" in result.output
    edit(home, lambda line: f"{line}the gold was mistaken" if line in given.values() else line)
    result = invoke("check", run, home)
    assert result.exit_code == 0, result.output
    assert "5 losses were accepted by hand" in result.output
    # The best stays known, and comes back with the first run that reaches it.
    assert "5 figures better" in invoke("accept", home / "perfect", home).output
    assert lines_of(home)["L00", "sex"] == {
        "letter": "L00", "field": "sex", "hit": "1", "lost": "0", "extra": "0", "loss": "", "reason": "",
    }  # fmt: skip


HEAD = "letter,field,hit,lost,extra,loss,reason\n"
# file, what the message says; why
BROKEN = [
    ("letter,field\n", "first line", "other columns"),
    (HEAD + "a,sex,1,0,x,,\n", "whole numbers", "no number"),
    (HEAD + "a,sex,1,0,0,0-1-0,why\n", "hit/lost/extra", "a loss in another form"),
    (HEAD + "a,sex,1,0,0,0/1/0,\n", "reason", "a loss without a reason"),
    (HEAD + "a,sex,1,0,0,,why\n", "without a loss", "a reason without a loss"),
    (HEAD + "a,sex,0,1,0,1/0/0,why\n", "no worse", "a loss that is none"),
    (HEAD + "a,sex,1,0,0,,\na,sex,1,0,0,,\n", "twice", "a line twice"),
    (HEAD + "a,shoes,1,0,0,,\n", "no scored field", "an unknown field"),
]


@pytest.mark.parametrize(("text", "message"), [b[:2] for b in BROKEN], ids=[b[2] for b in BROKEN])
def test_broken_file_is_refused_by_line(tmp_path, text, message):
    (tmp_path / "accepted.csv").write_text(text, encoding="utf-8")
    with pytest.raises(AcceptedError, match=message):
        accepted.read(tmp_path / "accepted.csv")


def test_letter_whose_annotation_is_gone_stops_the_check(home):
    (home / "gold" / "L03.json").unlink()
    result = invoke("check", home / "perfect", home)
    assert result.exit_code == 2
    assert "L03" in result.output
    assert "by hand" in result.output


def test_new_letter_is_not_compared_and_taken_up(home):
    write_gold(home / "more", {"new": GOLD})
    shutil.copy(home / "more" / "new.json", home / "gold")
    result = invoke("check", home / "perfect", home)
    assert result.exit_code == 0
    assert "new" in result.output
    assert "1 letters new" in invoke("accept", home / "perfect", home).output


def test_no_accepted_figures_stop_the_check(home):
    (home / "accepted.csv").unlink()
    result = invoke("check", home / "perfect", home)
    assert result.exit_code == 2
    assert "make accept" in result.output


# field, worse, better; why
RANKS = [
    ("sex", Counts(0, 1, 0), Counts(1, 0, 0), "wrong and right"),
    ("issue.drug", Counts(3, 1, 0), Counts(4, 0, 0), "one of four"),
    ("body_parts", Counts(2, 0, 1), Counts(2, 0, 0), "a wrong member"),
    ("body_parts", Counts(0, 1, 0), Counts(1, 0, 2), "one found beside two wrong ones is better than none"),
    ("body_parts", Counts(0, 2, 0), Counts(0, 1, 0), "none found: fewer errors"),
    ("issue.quantity", Counts(0, 1, 0), Counts(), "an invented value is gone, nothing left to compare"),
]


@pytest.mark.parametrize(("field", "worse", "better"), [r[:3] for r in RANKS], ids=[r[3] for r in RANKS])
def test_better_and_worse(field, worse, better):
    assert worse.rank(field) < better.rank(field)
    key = ("a", field)
    found = accepted.take_up({key: Line(better)}, {key: worse}, ["a"])
    assert (found.worse, found.lines.get(key, Line(Counts()))) == ((key,), Line(better))
    assert accepted.take_up({key: Line(worse)}, {key: better}, ["a"]).better == (key,)


def test_part_of_an_accepted_loss_that_is_won_back_is_kept():
    key = ("a", "body_parts")
    line = Line(Counts(4, 0, 0), Counts(1, 3, 0), "why")
    found = accepted.take_up({key: line}, {key: Counts(3, 1, 0)}, ["a"])
    assert found.lines[key] == Line(Counts(4, 0, 0), Counts(3, 1, 0), "why")


def test_broken_pattern_is_named_with_its_letters(tmp_path, reader):
    """The rule that reads ages loses its words: the check fails, and says which field and which letters."""
    broken = tmp_path / "patterns"
    shutil.copytree(reader.patterns.home, broken)
    rules = broken / "rules" / "person.yaml"
    text = rules.read_text(encoding="utf-8")
    for year in ("years?", "yrs?", r"|y)[\s"):
        assert text.count(year) > 2
        text = text.replace(year, r"|yeer)[\s" if year.startswith("|") else "yeers?")
    rules.write_text(text, encoding="utf-8")
    (tmp_path / "letters").mkdir()
    paths = [tmp_path / "letters" / f"CM16-999{n:04d}.txt" for n in range(6)]
    for n, path in enumerate(paths):
        path.write_text(letter(n), encoding="utf-8")
    good = datasets.of_letters(tmp_path / "good", paths, reader)
    bad = datasets.of_letters(tmp_path / "bad", paths, LetterReader(patterns=Patterns(broken), model=None))
    golds = {p.stem: gold_of(letter={"age": 41}) for p in paths}
    write_gold(tmp_path / "gold", golds)
    invoke("accept", good, tmp_path)
    assert invoke("check", good, tmp_path).exit_code == 0
    result = invoke("check", bad, tmp_path)
    assert result.exit_code == 1
    assert re.search(r"FAILED: .*\bage\b.* fell", result.output)
    for path in paths:
        assert f"{path.stem},age,1,0,0,0/1/0," in result.output


@pytest.mark.parametrize("corpus", ["written", "public"])
def test_accepted_figures_of_the_repository_are_of_its_letters_and_hold_no_words(corpus, tmp_path):
    path = ROOT / "corpus" / "accepted" / f"{corpus}.csv"
    lines = accepted.read(path)
    stems = {p.stem for p in (ROOT / "corpus" / "gold" / corpus).glob("*.json")}
    assert {letter for letter, _ in lines} == stems
    assert {field for _, field in lines} <= set(KINDS)
    accepted.write(tmp_path / "again.csv", lines)
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()
