"""What an item asks for: counts, sides and names that disagree, and values that nobody asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import regex

from extract.checks.facts import Facts, ItemFacts, Sign, place_of
from extract.checks.limits import MOST
from extract.evidence import Span
from extract.folding import folded
from extract.items.matching import overlap, tokens
from extract.patterns import Patterns
from extract.record import IssueRecord
from extract.values.sessions import SessionReader
from extract.words import one_line

LONGEST: Final = 450
"""Characters of the sentence that concludes, with its request."""
SENTENCE: Final = 200
"""Characters in which most sentences begin and end."""
SAME, OTHER = 0.8, 0.4
"""Share of words by which a conclusion names another item, and at most its own."""
NEAR: Final = 20
"""Items before and behind one whose paragraphs may have been taken for its own."""
_UNITS: Final = regex.compile(r"#\s?(\d+)(?![\d-])")
_SIDES: Final = ("left", "right", "bilateral", "both")
_SIDE: Final = regex.compile(rf"\b({'|'.join(_SIDES)})\b", regex.IGNORECASE)
_ONE_SIDE: Final = {"left": "right", "right": "left"}


def sessions_conflict(facts: Facts) -> Iterator[Sign]:
    """A request states a total of visits, and a frequency and duration that give another."""
    for each in facts.items:
        if each.asked.conflict:
            yield Sign("sessions_conflict", (facts.place(each.item.request),), each.issue.issue_number)


def split_conflict(facts: Facts) -> Iterator[Sign]:
    """Of a request approved in part, what was authorized and what is left make up what was asked for."""
    for each in facts.items:
        asked, given, left = (getattr(each.issue, f"sessions_{f}") for f in ("requested", "authorized", "disputed"))
        if asked is None or given is None or left is None:
            continue
        if given > asked or left not in (asked, asked - given):
            number = each.issue.issue_number
            fields = ("sessions_requested", "sessions_authorized", "sessions_disputed")
            yield Sign("split_conflict", facts.at(*fields, issue=number), number)


def implausible_value(facts: Facts) -> Iterator[Sign]:
    """More visits, weeks or units than any request asks for, or none at all."""
    for each in facts.items:
        fields = [f for f, most in MOST if (v := getattr(each.issue, f)) is not None and not 0 < v <= most]
        fields = [f for f in fields if f != "refills" or getattr(each.issue, f) != 0]
        if fields:
            number = each.issue.issue_number
            yield Sign("implausible_value", facts.at(*fields, issue=number), number)


def repeated_request(facts: Facts) -> Iterator[Sign]:
    """One request decided twice: a slip of the letter, or an item that was read twice."""
    same: defaultdict[tuple[str, ...], list[ItemFacts]] = defaultdict(list)
    for words, each in zip(facts.requests, facts.items, strict=True):
        same[tuple(words)].append(each)
    for request, twice in same.items():
        if request and len(twice) > 1:
            places = tuple(facts.place(each.item.request) for each in twice)
            for each in twice:
                yield Sign("repeated_request", places, each.issue.issue_number)


def side_conflict(facts: Facts) -> Iterator[Sign]:
    """A request for a part on a side that the case summary, which names the other, never speaks of."""
    told = {part for part in facts.letter.body_parts if part.startswith(("left ", "right "))}
    for each in facts.items:
        for part in each.issue.body_parts:
            side, _, rest = part.partition(" ")
            other = _ONE_SIDE.get(side)
            if other and f"{other} {rest}" in told and not _named(facts.prose) & {side, "bilateral", "both"}:
                rows = (row for row in facts.rows("body_parts") if row.value == f"{other} {rest}")
                places = [place for row in rows if (place := place_of(row)) is not None]
                yield Sign("side_conflict", (facts.place(each.item.request), *places[:1]), each.issue.issue_number)
                break


def _named(words: str) -> set[str]:
    """The sides that words name."""
    small = folded(words)
    if not any(side in small for side in _SIDES):
        return set()  # as most do, and to search for all of them takes long
    return {word.lower() for word in _SIDE.findall(words)}


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a rationale's conclusion is about: its words, and their span in the clean text."""

    words: str
    span: Span


class RequestConflict:
    """A rationale concludes on the request of its heading."""

    def __init__(self, *, patterns: Patterns) -> None:
        self._verdict = patterns.rule("checks", "verdict")
        self._gap = patterns.rule("checks", "sentence_gap")
        self._sessions = SessionReader(patterns=patterns)

    def __call__(self, facts: Facts) -> Iterator[Sign]:
        """The conclusion names another count of visits or units, the other side, or another item of the letter.

        Of an item that is approved in part the conclusion may name a part of the request.
        """
        for index, each in enumerate(facts.items):
            if each.issue.decision not in ("upheld", "overturned"):
                continue
            subject = self._of(facts, each)
            if subject is not None and (
                self._other_visits(subject.words, each.issue)
                or _other_units(subject.words, each.issue)
                or _other_side(subject.words, each.issue)
                or _other_item(subject.words, index, facts)
            ):
                places = (facts.place(each.item.request), facts.place(subject.span))
                yield Sign("request_conflict", places, each.issue.issue_number)

    def _of(self, facts: Facts, each: ItemFacts) -> _Subject | None:
        """The subject of the rationale's conclusion, where the sentence that concludes has one."""
        rationale = each.item.parts.get("rationale")
        if rationale is None or each.conclusion is None:
            return None
        words = one_line(rationale.of(facts.text.clean))
        end = each.conclusion.span.end - rationale.start
        low = max(end - LONGEST, 0)
        sentence = max(low, words.rfind(".", low, end) + 1, words.rfind(";", low, end) + 1)
        tame = facts.text.tame
        verdicts = self._verdict.alone.finditer(words, sentence, end, tame=tame)
        verdict = max(verdicts, key=lambda m: m.end(), default=None)
        if verdict is None or verdict.end() < end:
            return None
        start = min(self._sentence_start(words, low, verdict.start(), tame=tame), verdict.start())
        span = Span(start, verdict.start())
        return _Subject(span.of(words), span.shift(rationale.start))

    def _sentence_start(self, words: str, low: int, end: int, *, tame: bool) -> int:
        """Where the sentence that ends at ``end`` begins, not before ``low``: mostly in the characters just before."""
        for begin in (end - SENTENCE, low) if end - SENTENCE > low else (low,):
            gaps = [gap.end() for gap in self._gap.alone.finditer(words, begin, end, tame=tame)]
            if gaps:
                return gaps[-1]
        return low

    def _other_visits(self, subject: str, issue: IssueRecord) -> bool:
        known = {issue.sessions_requested, issue.sessions_authorized, issue.sessions_disputed} - {None}
        if not known:
            return False
        told = self._sessions.read(subject).total
        return told is not None and told.value not in known


def _other_units(subject: str, issue: IssueRecord) -> bool:
    if "#" not in subject or "#" not in issue.requested_treatment:
        return False
    asked, told = set(_UNITS.findall(issue.requested_treatment)), set(_UNITS.findall(subject))
    return bool(asked and told) and not asked & told


def _other_side(subject: str, issue: IssueRecord) -> bool:
    asked = _named(issue.requested_treatment)
    return len(asked) == 1 and {_ONE_SIDE.get(side) for side in asked} == _named(subject)


def _other_item(subject: str, index: int, facts: Facts) -> bool:
    words, requests = tokens(subject), facts.requests
    if overlap(words, requests[index]) > OTHER:
        return False
    number = facts.items[index].issue.issue_number
    near = range(max(number - NEAR, 0), min(number + NEAR, len(requests)))
    return any(overlap(words, requests[n]) >= SAME for n in near if n != index)
