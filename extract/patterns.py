"""Rules and vocabularies: loads ``patterns/`` and refuses what it does not know.

Rules are regular expressions of the ``regex`` module, kept as data with the reason
they exist, the examples they must match and the ones they must not. A rule may use
``{{fragment}}`` for a piece that several rules share (``rules/fragments.yaml``).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import regex
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extract.expressions import Alternatives, Expression, Family


class PatternError(ValueError):
    """A pattern file that is not what the schema says, with the file's name."""


class Strict(BaseModel):
    """Base of all pattern data: an unknown key is an error, not a silent no-op."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_PIECE = regex.compile(r"\{\{(\w+)\}\}")
M = TypeVar("M", bound=Strict)


class Example(Strict):
    """A text that a rule must match, and what its named groups must hold."""

    text: str
    gives: dict[str, str | None] = Field(default_factory=dict)


class RuleData(Strict):
    """One rule as it stands in a file of ``patterns/rules``."""

    name: str
    why: str
    pattern: str
    case_sensitive: bool = False
    confidence: float = Field(default=1.0, ge=0, le=1)
    value: str | None = None
    examples: list[Example] = Field(min_length=1)
    counter_examples: list[str] = Field(default_factory=list)


class RuleFile(Strict):
    """A file of ``patterns/rules``: rules of one family, tried in this order."""

    about: str
    rules: list[RuleData] = Field(min_length=1)


class FragmentFile(Strict):
    """``patterns/rules/fragments.yaml``."""

    about: str
    fragments: dict[str, str]


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule with its expression; equal to itself alone. ``value`` is what a match means, where that is fixed."""

    data: RuleData
    family: Family
    number: int
    """Its place in the family."""

    @property
    def name(self) -> str:
        """The rule's name, written into evidence.method."""
        return self.data.name

    @property
    def alone(self) -> Expression:
        """The expression by itself, asked without a look at what its family needs."""
        return self.family.members[self.number].whole

    @property
    def compiled(self) -> regex.Pattern[str]:
        """The compiled expression."""
        return self.alone.compiled

    def search(self, text: str, start: int = 0, end: int | None = None) -> regex.Match[str] | None:
        """First match within ``text[start:end]``, under the time limit.

        Raises TimeoutError past the limit.
        """
        return self.family.search(self.number, text, start, end)

    def search_alone(self, text: str, start: int = 0, end: int | None = None) -> regex.Match[str] | None:
        """As ``search``, without looking for the words of the whole family first.

        That does not pay for a few words, nor for a text that no other rule of the family reads.
        """
        return self.alone.search(text, start, len(text) if end is None else end)

    def match(self, text: str, start: int = 0, end: int | None = None) -> regex.Match[str] | None:
        """A match that begins exactly at ``start``, under the time limit."""
        return self.alone.match(text, start, len(text) if end is None else end)

    def finditer(self, text: str, start: int = 0, end: int | None = None) -> Iterator[regex.Match[str]]:
        """All matches within ``text[start:end]``, under the time limit."""
        return self.family.finditer(self.number, text, start, end)


def expanded(pattern: str, fragments: Mapping[str, str]) -> str:
    """An expression with ``{{fragments}}`` filled in. Raises PatternError for an unknown one."""

    def fill(match: regex.Match[str]) -> str:
        name = match.group(1)
        if name not in fragments:
            raise PatternError(f"unknown fragment {name!r} in {pattern!r}")
        return "(?:" + expanded(fragments[name], fragments) + ")"

    return str(_PIECE.sub(fill, pattern))


def flags_of(*, case_sensitive: bool) -> int:
    """Patterns are verbose, and case-insensitive unless told."""
    return int(regex.VERBOSE) | (0 if case_sensitive else int(regex.IGNORECASE))


def compile_pattern(pattern: str, fragments: Mapping[str, str], *, case_sensitive: bool = False) -> regex.Pattern[str]:
    """Fill in ``{{fragments}}`` and compile.

    Raises PatternError for an unknown fragment or a bad expression.
    """
    try:
        return regex.compile(expanded(pattern, fragments), flags_of(case_sensitive=case_sensitive))
    except regex.error as error:
        raise PatternError(f"{error} in {pattern!r}") from error


def _filled(data: Any, pieces: Mapping[str, str]) -> Any:
    """Data with ``{{name}}`` in its strings filled from ``pieces``. Raises PatternError for an unknown name."""
    if isinstance(data, dict):
        return {key: _filled(value, pieces) for key, value in data.items()}
    if isinstance(data, list):
        return [_filled(value, pieces) for value in data]
    if not isinstance(data, str):
        return data
    unknown = [name for name in _PIECE.findall(data) if name not in pieces]
    if unknown:
        raise PatternError(f"unknown piece {unknown[0]!r} in {data!r}")
    return _PIECE.sub(lambda m: pieces[m[1]], data)


def patterns_home() -> Path:
    """The folder of the patterns: inside an installed wheel, else beside the package in a checkout."""
    inside = Path(__file__).parent / "_patterns"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "patterns"


def load_yaml(path: Path) -> Any:
    """Parse one YAML file with the safe loader."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=loader)


class Patterns:
    """All pattern data of one folder, loaded once and handed to the rooms that need it."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or patterns_home()
        self._families: dict[str, tuple[Rule, ...]] = {}
        self._parsed: dict[tuple[type[Strict], str], Strict] = {}
        # expressions of our own are compiled when they are used, which is tested; others are looked at now
        self._check = home is not None and home.resolve() != patterns_home().resolve()

    def _compile(self, family: Family, rules: Sequence[RuleData]) -> None:
        for member, rule in zip(family.members, rules, strict=True):
            try:
                member.whole.compiled  # noqa: B018
            except regex.error as error:
                raise PatternError(f"rule {rule.name!r}: {error}") from error

    @cached_property
    def fragments(self) -> dict[str, str]:
        """Shared pieces of expressions by name."""
        return self.parse(FragmentFile, "rules/fragments.yaml").fragments

    @cached_property
    def families(self) -> list[str]:
        """Names of the rule files, without the fragments."""
        return sorted(p.stem for p in (self.home / "rules").glob("*.yaml") if p.stem != "fragments")

    @cached_property
    def digest(self) -> str:
        """Hash over all files, to tell which patterns made a dataset."""
        total = hashlib.sha256()
        for path in sorted(p for p in self.home.rglob("*") if p.is_file()):
            total.update(path.relative_to(self.home).as_posix().encode() + b"\0" + path.read_bytes())
        return total.hexdigest()[:16]

    def parse(self, model: type[M], name: str, *, pieces: Mapping[str, str] | None = None) -> M:
        """``patterns/<name>`` as ``model``, loaded once; ``{{name}}`` in its words filled from ``pieces``.

        Raises PatternError that names the file.
        """
        known = self._parsed.get((model, name))
        if isinstance(known, model) and pieces is None:
            return known
        path = self.home / name
        try:
            data = load_yaml(path)
            read = model.model_validate(data if pieces is None else _filled(data, pieces))
        except (ValidationError, yaml.YAMLError, OSError) as error:
            raise PatternError(f"{name}: {error}") from error
        if pieces is None:
            self._parsed[model, name] = read
        return read

    def rules(self, family: str) -> tuple[Rule, ...]:
        """The rules of ``patterns/rules/<family>.yaml`` in file order."""
        if family not in self._families:
            data = self.parse(RuleFile, f"rules/{family}.yaml")
            members = [
                Alternatives(expanded(d.pattern, self.fragments), flags_of(case_sensitive=d.case_sensitive))
                for d in data.rules
            ]
            shared = Family(members)
            if self._check:
                self._compile(shared, data.rules)
            self._families[family] = tuple(Rule(d, shared, n) for n, d in enumerate(data.rules))
        return self._families[family]

    def prepare(self) -> None:
        """Have what was loaded ready for the first text; else it is made ready when it is asked."""
        for rules in self._families.values():
            rules[0].family.prepare()

    def family(self, name: str) -> Family:
        """The expressions of ``patterns/rules/<name>.yaml`` together."""
        return self.rules(name)[0].family

    def rule(self, family: str, name: str) -> Rule:
        """One rule by name. Raises PatternError where there is none."""
        for rule in self.rules(family):
            if rule.name == name:
                return rule
        raise PatternError(f"no rule {name!r} in rules/{family}.yaml")

    def compile(self, pattern: str, *, case_sensitive: bool = False) -> regex.Pattern[str]:
        """Compile an expression that stands in other pattern data, with the shared fragments."""
        return compile_pattern(pattern, self.fragments, case_sensitive=case_sensitive)

    def alternatives(self, pattern: str) -> Alternatives:
        """An expression of other pattern data, for a family. Raises PatternError for an unknown fragment."""
        return Alternatives(expanded(pattern, self.fragments), flags_of(case_sensitive=False))

    def table(self, name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
        """Rows of a CSV vocabulary. Raises PatternError where its columns are not ``columns``."""
        path = self.home / "vocab" / name
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != columns:
                raise PatternError(f"{path.name}: columns are {reader.fieldnames}, not {list(columns)}")
            return [{k: (v or "").strip() for k, v in row.items()} for row in reader]
