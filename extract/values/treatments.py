"""The DWC's treatment category and subcategory of a request heading.

The terms stand in ``patterns/vocab/treatments.yaml``; the categories are those of the
DWC's decision search (facts/dwc_treatment_categories.csv of the project's facts).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import regex
from pydantic import Field

from extract.evidence import Found, Span
from extract.expressions import TIME_LIMIT, Alternatives, Expression, Family
from extract.folding import folded
from extract.needs import EDGE, Needs
from extract.patterns import PatternError, Patterns, Strict, flags_of
from extract.values.drugs import DrugReader, DrugRequest
from extract.values.masks import Masks

DRUG_PRIORITY: Final = 50
"""Where a drug of the vocabulary stands among the terms' priorities."""
UNKNOWN_DRUG_PRIORITY: Final = 30
"""A word that is a drug only by its strength gives way to every term but the weakest."""
PHARMACEUTICALS: Final = "Pharmaceuticals"
INJECTION: Final = "Injection"
OF_DRUGS: Final = frozenset({PHARMACEUTICALS, INJECTION})
"""Categories whose items ask for a drug."""

_HIDDEN: Final = "¦"
_VISCOUS: Final = "Viscosupplementation"
_INJECTED: Final = Expression(r"\b(?:injections?|injectable|inj|intramuscular|im)\b", int(regex.IGNORECASE))
_BETWEEN: Final = r"\.?[\s/\-]{1,2}"
_PIECE = regex.compile(
    r"\s*(?:(?P<gap>~\d*)|(?P<opt>\[[^\]]*\])(?P<star>\*)?|(?P<alt>\([^()]*\))(?P<star>\*)?|(?P<word>[^\s\[\]()~]+))"
)


class TreatmentGroup(Strict):
    """Terms of one category and subcategory, with their weight and what they depend on."""

    category: str
    subcategory: str | None = None
    priority: int = Field(ge=0, le=100)
    confidence: float = Field(default=0.95, ge=0, le=1)
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    terms: tuple[str, ...] = Field(min_length=1)


class TreatmentFile(Strict):
    """``patterns/vocab/treatments.yaml``."""

    about: str
    cues: dict[str, str]
    masks: tuple[str, ...]
    groups: tuple[TreatmentGroup, ...]


@dataclass(frozen=True)
class Classified:
    """Category and subcategory of a request; None where nothing is recognised.

    ``subcategory`` is None too for the categories that have none. ``drug``: what was read of a drug; empty in the
    categories that ask for none.
    """

    category: Found[str] | None = None
    subcategory: Found[str] | None = None
    drug: DrugRequest = field(default_factory=DrugRequest)


def _word(word: str) -> str:
    """One word of a term as an expression: any ending for ``word*``, else singular and plural."""
    if word == "*":
        return r"[\w'’-]+"
    if word.endswith("*"):
        return regex.escape(word[:-1]) + r"[\w'’]*"
    if word.startswith("*"):
        return r"\w*" + regex.escape(word[1:])
    plural = ""
    if len(word) > 2 and word[-1].isalpha() and word[-1] != "s":
        plural = "(?:es)?" if word.endswith(("x", "z", "ch", "sh")) else "s?"
    if plural and word.endswith("y"):
        return f"(?:{regex.escape(word)}s?|{regex.escape(word[:-1])}ies)"
    return regex.escape(word) + plural


def _needed(term: str) -> list[Needs] | None:
    """The longest word that every form of a term holds, but for its ending, and the first, where it begins the term.

    None for a term of choices alone: its words are read off its expression, when they are asked for.
    """
    plain = [p["word"] for p in _PIECE.finditer(term)]
    stems = [_stem(word) for word in plain if word]
    longest = max(stems, key=len, default="")
    if len(longest.strip(EDGE)) < 2:
        return None
    first = _stem(plain[0] or "")
    return [Needs(frozenset([longest]), frozenset([first]) if first.startswith(EDGE) else None)]


def _stem(word: str) -> str:
    """What every form of a word of a term begins with, or holds; words of a term stand apart."""
    stem = folded(word.strip("*") if "*" in word else word[:-1] if word.endswith("y") else word)
    return EDGE + stem if stem and stem[0].isalnum() and not word.startswith("*") else stem


def _words(text: str) -> str:
    return _BETWEEN.join(_word(w) for w in text.split())


def term_pattern(term: str) -> str:
    """The expression for a term of the vocabulary, in the little language that its file explains.

    Raises PatternError for a term that is not in it.
    """
    out, at, glue = "", 0, ""
    while at < len(term.rstrip()):
        piece = _PIECE.match(term, at)
        if piece is None:
            raise PatternError(f"not a term: {term!r}")
        at = piece.end()
        if piece["gap"]:
            limit = piece["gap"][1:] or "4"
            glue = rf"[\s/,:;&()\-]{{1,3}}(?:[\w'’.#]+[\s/,:;&()\-]{{1,3}}){{0,{limit}}}"
            continue
        if piece["opt"]:
            inner = "|".join(_words(p) for p in piece["opt"][1:-1].split("|"))
            out += f"(?:{glue}(?:{inner}))?" if out else f"(?:(?:{inner}){_BETWEEN})?"
            glue = _BETWEEN if out and glue else glue
            continue
        if piece["alt"]:
            inner = "|".join(_words(p) for p in piece["alt"][1:-1].split("|"))
            out += f"{glue}(?:{inner})" + (r"[\w'’]*" if piece["star"] else "")
        else:
            out += glue + _word(piece["word"])
        glue = _BETWEEN
    return out


def term_source(term: str) -> str:
    """The expression for a term as it stands between other words. Raises PatternError."""
    return rf"(?<![\w])(?:{term_pattern(term)})(?!\w)"


@dataclass(frozen=True)
class _Candidate:
    """A reading of the heading; ``order`` puts the best first."""

    priority: int
    span: Span
    category: str
    subcategory: str | None
    confidence: float
    method: str

    @property
    def order(self) -> tuple[int, int, int]:
        return (-self.priority, self.span.start, self.span.start - self.span.end)


@dataclass(frozen=True, slots=True)
class _Term:
    """A term's group, and the words that a heading must all hold for it."""

    group: TreatmentGroup
    stems: tuple[str, ...]


class TreatmentClassifier:
    """Finds the category of a heading: by its terms, or by the drug it names."""

    def __init__(self, *, patterns: Patterns) -> None:
        data = patterns.parse(TreatmentFile, "vocab/treatments.yaml")
        flags = int(regex.IGNORECASE | regex.POSIX)
        self._terms: list[_Term] = []
        members: list[Alternatives] = []
        for group in sorted(data.groups, key=lambda group: -group.priority):
            unknown = {*group.needs, *group.unless} - set(data.cues)
            if unknown:
                raise PatternError(f"treatments.yaml: no such cue: {sorted(unknown)}")
            for term in group.terms:
                source = term_source(term)
                members.append(Alternatives(source, flags, branches=[source], words=_needed(term)))
                stems = tuple(_stem(p["word"]).strip(EDGE) for p in _PIECE.finditer(term) if p["word"])
                self._terms.append(_Term(group, stems))
        self._family = Family(members)
        self._cues = {name: patterns.compile(cue) for name, cue in data.cues.items()}
        self._masks = Masks([patterns.compile(mask).pattern for mask in data.masks], flags_of(case_sensitive=False))
        self._drugs = DrugReader(patterns=patterns)

    def classify(self, request: str) -> Classified:
        """Category and subcategory of one heading (of a partly approved item, the original request).

        Spans are of ``request``: the words that decided. Raises TimeoutError past the
        time limit of an expression.
        """
        best = self._by_terms(request)
        read = self._drug(request, best)
        drug = self._by_drug(request, read)
        if drug is not None and (best is None or drug.order < best.order):
            best = drug
        if best is None:
            return Classified(drug=read)
        category = Found(best.category, best.span, best.method, best.confidence)
        name = best.subcategory
        subcategory = None if name is None else Found(name, best.span, best.method, best.confidence)
        return Classified(category, subcategory, read)

    def _drug(self, request: str, best: _Candidate | None) -> DrugRequest:
        """The drug of a heading, as far as it may still decide the category or is asked for in the one found."""
        if best is None or best.category in OF_DRUGS:
            return self._drugs.read(request)
        if best.priority > DRUG_PRIORITY:
            return DrugRequest()
        return self._drugs.read(request, known_only=best.priority > UNKNOWN_DRUG_PRIORITY)

    def _by_terms(self, request: str) -> _Candidate | None:
        """The best reading by the terms; groups of a lower priority than the best one found are not tried."""
        text = self._masked(request)
        words = folded(text)
        cues: dict[str, bool] = {}
        best: _Candidate | None = None
        reading = self._family.reading(text)
        for number in reading.numbers(0, len(text)):
            term = self._terms[number]
            data = term.group
            if best is not None and data.priority < best.priority:
                break
            if not all(stem in words for stem in term.stems):
                continue
            # as a whole: in a few words it does not pay to tell first where it may begin
            hit = self._family.members[number].whole.search(text, 0, len(text), tame=reading.tame)
            if hit is None or ((data.needs or data.unless) and not self._fits(data, request, cues)):
                continue
            span = Span(*hit.span())
            if best is None or (span.start, -span.end) < (best.span.start, -best.span.end):
                best = _Candidate(
                    data.priority, span, data.category, data.subcategory, data.confidence, "vocabulary:treatments"
                )
        return best

    def _masked(self, request: str) -> str:
        """A request without the words that would tell another treatment."""
        return self._masks.hide(request, lambda words: _HIDDEN * len(words))

    def _fits(self, data: TreatmentGroup, request: str, cues: dict[str, bool]) -> bool:
        """Whether the cues that a group depends on stand in a request; ``cues``: those that were looked for."""
        for name in (*data.needs, *data.unless):
            if name not in cues:
                cues[name] = self._cues[name].search(request, timeout=TIME_LIMIT) is not None
        needed = not data.needs or any(cues[name] for name in data.needs)
        return needed and not any(cues[name] for name in data.unless)

    @staticmethod
    def _by_drug(request: str, read: DrugRequest) -> _Candidate | None:
        drug = read.drug
        if drug is None:
            return None
        if read.ingredient is None:
            return _Candidate(UNKNOWN_DRUG_PRIORITY, drug.span, PHARMACEUTICALS, None, drug.confidence, drug.method)
        drug_class = None if read.drug_class is None else read.drug_class.value
        given = _INJECTED.search(request, 0, len(request)) is not None and read.route != "self_injection"
        bare = read.route == "injection" and drug_class != _VISCOUS
        if given or bare:
            # The DWC files what is injected at the visit with the injections, what the patient injects with the drugs.
            return _Candidate(DRUG_PRIORITY, drug.span, INJECTION, INJECTION, drug.confidence, drug.method)
        return _Candidate(DRUG_PRIORITY, drug.span, PHARMACEUTICALS, drug_class, drug.confidence, drug.method)
