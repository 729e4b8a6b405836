"""Drug, strength, quantity and refills of a request heading."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import regex

from extract.evidence import Found, Span
from extract.folding import words_of
from extract.needs import needs
from extract.patterns import Patterns, Rule
from extract.values.drug_names import DrugNames, DrugWords, Mention

FAMILY: Final = "drug_amounts"
EXACT: Final = 0.97
"""Confidence in a name that the vocabulary holds as written."""
MISSPELT: Final = 0.7
"""Confidence in a name that differs from one of the vocabulary by a letter or two."""
_HIDDEN: Final = "¦"
_FIGURE: Final = regex.compile(r"\d")
_LETTERS: Final = regex.compile(r"[a-z]+")
_SPACE: Final = regex.compile(r"\s")
_NEARBY: Final = 40
"""Characters after the name within which two bare numbers are its strength."""
_ORAL_SOLID: Final = regex.compile(
    r"\b(?:tabs?|tablets?|caps?|capsules?|pills?|caplets?|po|by mouth|orally)\b", regex.I
)


@dataclass(frozen=True)
class DrugRequest:
    """What a heading asks for, where it asks for a drug; every field None where it does not say.

    ``quantity`` counts the units asked for, or gives grams or millilitres where no
    count stands. ``route`` is the vocabulary's, None for a drug that it does not hold.
    """

    drug: Found[str] | None = None
    strength: Found[str] | None = None
    quantity: Found[float] | None = None
    refills: Found[int] | None = None
    ingredient: Found[str] | None = None
    drug_class: Found[str] | None = None
    route: str | None = None


@dataclass(frozen=True)
class _Name:
    """The words of the name, the vocabulary's drugs in it, and whether it lists ingredients with percentages."""

    span: Span
    mentions: tuple[Mention, ...]
    method: str
    confidence: float
    compound: bool = False


def _any(words: tuple[str, ...]) -> str:
    parts = sorted((regex.escape(w).replace(r"\ ", r"[\s-]") for w in words), key=len, reverse=True)
    return "(?:" + "|".join(parts) + ")"


class _Shapes:
    """Expressions built from the word lists."""

    def __init__(self, words: DrugWords) -> None:
        flags = regex.IGNORECASE
        affix = _any(words.salts + words.releases)
        form = _any(words.forms.topical + words.forms.patch + words.forms.oral)
        self.affixes = regex.compile(rf"(?:[\s,-]{{1,2}}{affix}\b\.?(?![-/]\s?\d)(?!\s?%))+", flags)
        self.affix_only = regex.compile(rf"(?:{affix}|generic|brand|for|of|name|the|or|[\s,./-])*", flags)
        percent = r"\(?\s?\d*\.?\d+\s?(?:%|percent\b)(?:\s?\))?"
        self.percent = regex.compile(rf"(?:\s{form})?[\s,:-]{{0,3}}{percent}", flags)
        self.percent_left = regex.compile(rf"{percent}\s?(?:of\s)?$", flags)
        self.joiner = regex.compile(r"\s?(?:/|-|–|\+|&)\s?|\s(?:and|with|w/)\s|\s?,\s?(?:and\s|with\s)?|\s?;\s?", flags)
        self.tight = regex.compile(r"\s?(?:/|-|–|\+|&)\s?|\s(?:and|with|w/)\s", flags)
        self.any_joiner = regex.compile(rf"(?:{self.joiner.pattern}|\s)", flags)
        self.open = regex.compile(r"\s?[(\[]\s?")
        self.close = regex.compile(r"\s?[)\]]")
        self.unknown_part = regex.compile(rf"(?P<name>[a-z][a-z-]{{3,}}(?:\s[a-z]{{2,}})?)\s{percent}", flags)
        # A maker's prefix that a hyphen ties to the name is part of it.
        self.prefix = regex.compile(r"(?<![\w-])(?!post|pre|anti|with)[a-z]{4,}-$", flags)
        self.number_part = regex.compile(r"\s?(?:[#]|no\.?)\s?[2-4](?!\d)", flags)
        self.brand_form = regex.compile(rf"\s(?P<form>{_any(words.brand_forms)})(?!\w)", flags)
        self.topical = regex.compile(rf"(?<![\w-]){_any(words.forms.topical)}(?!\w)", flags)
        self.patch = regex.compile(rf"(?<![\w-]){_any(words.forms.patch)}(?!\w)", flags)
        self.compound = regex.compile(rf"\b{_any(words.compound_words)}\b", flags)
        starts = [needs(shape.pattern).starts for shape in (self.topical, self.patch, _ORAL_SOLID)]
        self.forms = None if None in starts else frozenset(words_of(w)[0] for own in starts for w in own or ())
        """Words with which a form of drug begins, as they stand in a bare text; None where they are not known."""


class DrugReader:
    """Reads the heading of a drug request."""

    def __init__(self, *, patterns: Patterns) -> None:
        self.names = DrugNames(patterns=patterns)
        self._shapes = _Shapes(self.names.words)
        rules = patterns.rules(FAMILY)
        self._rules: dict[str, tuple[Rule, ...]] = {
            kind: tuple(r for r in rules if r.name.startswith(kind + "_"))
            for kind in ("mask", "allow", "name", "strength", "refills", "quantity")
        }
        self._block = {r.name: r for r in rules if r.name.startswith("block_")}

    def read(self, request: str, *, known_only: bool = False) -> DrugRequest:
        """The drug that the heading asks for and its amounts; ``known_only``: one of the vocabulary.

        Nothing where the heading names no drug or names one that it does not ask for
        (an injection's steroid, a test for a drug). Raises TimeoutError past the time
        limit of a rule.
        """
        name = self._known(request) or (None if known_only else self._unknown(request))
        if name is None:
            return DrugRequest()
        words = name.span.of(request)
        if words.endswith(")") and words.count(")") > words.count("("):
            name = replace(name, span=Span(name.span.start, name.span.end - 1))
            words = name.span.of(request)
        read = DrugRequest(drug=Found(words, name.span, name.method, name.confidence))
        text = self._hide(self._masked(request), name.span)
        strength = None if name.compound else self._strength(text, name)
        if strength is not None:
            text = self._hide(text, strength.span)
        refills, text = self._refills(text)
        read = replace(read, strength=strength, refills=refills, quantity=self._quantity(text, name))
        if name.mentions:
            read = self._with_class(read, request, name)
        return read

    def topical(self, text: str) -> bool:
        """True where the text names a form that is put on the skin."""
        return bool(self._shapes.topical.search(text) or self._shapes.patch.search(text))

    # names

    def _known(self, text: str) -> _Name | None:
        first = next((m for m in self.names.all(text) if not self._blocked(text, m.span)), None)
        if first is None:
            guess = self.names.misspelt(text) if self._like_a_drug(text) else None
            if guess is None or self._blocked(text, guess.span):
                return None
            first = guess
        method = "vocabulary:drugs" if first.exact else "vocabulary:drugs (spelling)"
        mentions, end, compound = self._extend(text, first)
        if not compound and len(mentions) == 1:
            end = self._brand_form(text, first, end)
        confidence = EXACT if first.exact else MISSPELT
        prefix = self._shapes.prefix.search(text, 0, first.span.start)
        start = prefix.start() if prefix is not None else first.span.start
        return _Name(Span(start, end), mentions, method, confidence, compound)

    def _like_a_drug(self, text: str) -> bool:
        """True where the heading has a strength, a form of drug or a count, as it needs for a guessed spelling."""
        forms = self._shapes.forms
        # most headings have none of the words: to look for the forms one by one takes far longer
        may = forms is None or not forms.isdisjoint(words_of(text))
        if may and (self.topical(text) or _ORAL_SOLID.search(text)):
            return True
        if _FIGURE.search(text) is None:
            return False
        return any(rule.search_alone(text) for rule in self._rules["strength"][:1] + self._rules["quantity"][:1])

    def _blocked(self, text: str, span: Span) -> bool:
        before, after = self._block["block_before"], self._block["block_after"]
        if before.search(text, 0, span.start) and not any(
            rule.search(text[: span.start]) for rule in self._rules["allow"]
        ):
            return True
        if after.search(text[span.end :]):
            return True
        return self._block["block_injection"].search(text) is not None

    def _unknown(self, text: str) -> _Name | None:
        masked = self._masked(text)
        for rule in self._rules["name"]:
            for match in rule.finditer(masked):
                span = Span(*match.span("name"))
                if not self._blocked(text, span):
                    return _Name(span, (), rule.name, rule.data.confidence)
        return None

    def _extend(self, text: str, first: Mention) -> tuple[tuple[Mention, ...], int, bool]:
        """The ingredients that the name goes on with, its end, and whether it is a list with percentages."""
        shapes = self._shapes
        mentions, end = [first], self._tail(text, first.span.end)
        percents = 0
        while True:
            percent = shapes.percent.match(text, end)
            after = percent.end() if percent else end
            following, stop = self._next(text, after, interleaved=percent is not None, last=mentions[-1])
            if following is None:
                if percent and percents:
                    percents += 1
                    end = after
                break
            percents += percent is not None
            mentions.extend(following)
            end = stop
        if percents == 1:
            # One percentage inside the list and none after it: "Lidocaine 5%/Menthol".
            percents = 2
        return tuple(mentions), end, percents > 1

    def _next(self, text: str, at: int, *, interleaved: bool, last: Mention) -> tuple[list[Mention] | None, int]:
        """A further ingredient that begins at ``at``, behind what joins it, with the end of its words."""
        shapes = self._shapes
        topical = interleaved or self.topical(text) or bool(shapes.compound.search(text))
        joiner = (shapes.joiner if topical else shapes.tight).match(text, at)
        if joiner is None and interleaved:
            joiner = shapes.any_joiner.match(text, at)
        if joiner is not None:
            mention = self.names.at(text, joiner.end())
            if mention is not None:
                return [mention], self._tail(text, mention.span.end)
            part = shapes.unknown_part.match(text, joiner.end()) if interleaved else None
            if part is not None:
                return [], part.end("name")
        if not interleaved and _SPACE.match(text, at) is not None:
            mention = self.names.at(text, at + 1)
            if mention is not None and self._same(mention, last):
                return [mention], self._tail(text, mention.span.end)
        return None, at

    @staticmethod
    def _same(left: Mention, right: Mention) -> bool:
        """True where two names are of one drug, as a brand beside its generic name."""
        ours, theirs = set(left.drug.ingredient.split("/")), set(right.drug.ingredient.split("/"))
        return ours <= theirs or theirs <= ours

    def _brand_form(self, text: str, first: Mention, end: int) -> int:
        """The end of a brand's name with the form behind it, unless the name says the form already."""
        drug = first.drug
        form = self._shapes.brand_form.match(text, end)
        if form is None or drug.name.lower() == drug.ingredient.lower():
            return end
        return end if text[first.span.start : end].lower().endswith(form.group("form").lower()) else form.end()

    def _tail(self, text: str, end: int) -> int:
        """The end of a name with its salt, release form and the brand in brackets."""
        shapes = self._shapes
        for _ in range(2):
            affixes = shapes.affixes.match(text, end)
            if affixes is not None:
                end = affixes.end()
            end = self._bracket(text, end) or end
        if "codeine" in text[:end].lower() or "tylenol" in text[:end].lower():
            number = shapes.number_part.match(text, end)
            end = number.end() if number is not None else end
        return end

    def _bracket(self, text: str, at: int) -> int | None:
        """The end of a bracket that holds names of drugs and nothing else."""
        opened = self._shapes.open.match(text, at)
        if opened is None:
            return None
        closed = self._shapes.close.search(text, opened.end())
        if closed is None:
            return None
        inside = Span(opened.end(), closed.start())
        rest, names = inside.of(text), 0
        for mention in reversed(list(self.names.all(rest))):
            rest = rest[: mention.span.start] + " " + rest[mention.span.end :]
            names += 1
        pure = names and self._shapes.affix_only.fullmatch(rest) is not None
        return closed.end() if pure else None

    # amounts

    def _masked(self, text: str) -> str:
        for rule in self._rules["mask"]:
            for match in list(rule.finditer(text)):
                text = self._hide(text, Span(match.start(), match.end()))
        return text

    @staticmethod
    def _hide(text: str, span: Span) -> str:
        return text[: span.start] + _HIDDEN * (span.end - span.start) + text[span.end :]

    def _strength(self, text: str, name: _Name) -> Found[str] | None:
        for rule in self._rules["strength"]:
            match = None
            if rule.name == "strength_bare_number":
                found = rule.search(text[name.span.end :])
                if found is not None:
                    span = Span(*found.span("value")).shift(name.span.end)
                    return Found(span.of(text), span, rule.name, rule.data.confidence)
                continue
            match = rule.search(text, name.span.end)
            if rule.name == "strength_bare_pair" and match is not None and match.start() > name.span.end + _NEARBY:
                match = None
            if match is None:
                match = next(iter(reversed(list(rule.finditer(text, 0, name.span.start)))), None)
            if match is not None:
                span = Span(*match.span("value"))
                return Found(span.of(text), span, rule.name, rule.data.confidence)
        return None

    def _refills(self, text: str) -> tuple[Found[int] | None, str]:
        found: Found[int] | None = None
        for rule in self._rules["refills"]:
            for match in list(rule.finditer(text)):
                number = float(rule.data.value) if rule.data.value is not None else self._number(match)
                span = Span(match.start(), match.end())
                if number is not None and found is None:
                    found = Found(int(number), span, rule.name, rule.data.confidence)
                text = self._hide(text, span)
        return found, text

    def _quantity(self, text: str, name: _Name) -> Found[float] | None:
        for rule in self._rules["quantity"]:
            match = rule.search(text, name.span.end) or rule.search(text, 0, name.span.start)
            if match is None:
                continue
            number = self._number(match)
            if number is not None and number > 0:
                return Found(number, Span(match.start(), match.end()), rule.name, rule.data.confidence)
        return None

    def _number(self, match: regex.Match[str]) -> float | None:
        groups = match.groupdict()
        if groups.get("value"):
            return float(groups["value"].replace(",", ""))
        total = 0
        for word in _LETTERS.findall((groups.get("word") or "").lower()):
            number = self.names.words.numbers.get(word)
            if number is None:
                continue
            total = max(total, 1) * 100 if number == 100 else total + number
        return float(total) or None

    # class

    def _with_class(self, read: DrugRequest, text: str, name: _Name) -> DrugRequest:
        first = name.mentions[0].drug
        ingredients = list(dict.fromkeys(p for m in name.mentions for p in m.drug.ingredient.split("/")))
        words = self.names.words
        percent = name.compound or (read.strength is not None and "%" in read.strength.value)
        around = self._hide(text, Span(name.span.start, max(m.span.end for m in name.mentions)))
        topical, patch = bool(self._shapes.topical.search(around)), bool(self._shapes.patch.search(around))
        topical = (topical or percent) and _ORAL_SOLID.search(text) is None
        classes = [m.drug.drug_class for m in name.mentions]
        drug_class = next((c for c in words.combination_order if c in classes), first.drug_class)
        several = len(name.mentions) > 1 and len(ingredients) > 1 and not self._same(*name.mentions[:2])
        compounded = self._shapes.compound.search(around) is not None
        if name.compound or compounded or (several and topical):
            drug_class = words.compound_to
        elif (drug_class in words.topical_from and (topical or patch)) or (
            drug_class in words.topical_from_except_patch and topical and not patch
        ):
            drug_class = words.topical_to
        found = Found("/".join(ingredients), name.span, name.method, name.confidence)
        return replace(
            read,
            ingredient=found,
            drug_class=None if drug_class is None else found.map(lambda _: drug_class),
            route=first.route,
        )
