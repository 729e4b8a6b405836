"""Every pattern file is what its schema says, and every rule does what its examples claim."""

import pytest

from extract.expressions import Family
from extract.patterns import PatternError, Patterns, Rule, RuleFile

PATTERNS = Patterns()
RULES = [(family, rule) for family in PATTERNS.families for rule in PATTERNS.rules(family)]
EXAMPLES = [
    pytest.param(rule, example, id=f"{family}-{rule.name}-{n}")
    for family, rule in RULES
    for n, example in enumerate(rule.data.examples)
]
COUNTER_EXAMPLES = [
    pytest.param(rule, text, id=f"{family}-{rule.name}-{n}")
    for family, rule in RULES
    for n, text in enumerate(rule.data.counter_examples)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_rule_matches_its_examples(rule, example):
    match = rule.search(example.text)
    assert match, f"{rule.name} does not match {example.text!r}"
    groups = match.groupdict()
    for group, wanted in example.gives.items():
        got = groups[group]
        assert (got.strip() if got else got) == wanted, f"{rule.name}: {group} in {example.text!r}"


@pytest.mark.parametrize(("rule", "text"), COUNTER_EXAMPLES)
def test_rule_leaves_its_counter_examples_alone(rule, text):
    match = rule.search(text)
    assert match is None, f"{rule.name} matches {match.group()!r} in {text!r}"


def test_rule_names_are_unique():
    names = [(family, rule.name) for family, rule in RULES]
    assert len(names) == len(set(names))


def test_every_rule_says_why():
    assert [r.name for _, r in RULES if len(r.data.why) < 20] == []


def test_unknown_key_is_refused(tmp_path):
    home = tmp_path / "rules"
    home.mkdir()
    (home / "x.yaml").write_text("about: x\nrules: []\ncolour: red\n")
    with pytest.raises(PatternError, match="colour"):
        Patterns(tmp_path).parse(RuleFile, "rules/x.yaml")


def test_unknown_fragment_is_refused():
    with pytest.raises(PatternError, match="no_such_piece"):
        PATTERNS.compile("{{no_such_piece}}")


def test_catastrophic_pattern_ends_by_the_time_limit(monkeypatch):
    monkeypatch.setattr("extract.expressions.TIME_LIMIT", 0.05)
    rule = Rule(RULES[0][1].data, Family([PATTERNS.alternatives(r"(?:a|aa)+(?:b|bb)+$")]), 0)
    text = "a" * 80 + "b" * 80 + "c"
    for search in (rule.search, rule.search_alone, rule.match, lambda words: list(rule.finditer(words))):
        with pytest.raises(TimeoutError):
            search(text)
