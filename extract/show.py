"""A record for the screen: each value beside the words it came from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from extract.record import Evidence, LetterRecord
from extract.schema import ISSUES, LETTERS
from extract.words import fold

WORDS: Final = 60
"""Characters of the letter's words that are shown beside a value."""
VALUE: Final = 44
_TINY: Final = 1e-9
_LONG: Final = frozenset({"requested_treatment", "disputed_request", "original_request", "authorized_request"})
_PARAGRAPHS: Final = frozenset({"claims_administrator_guideline", "reviewer_guideline", "rationale"})


def record(letter: LetterRecord) -> str:
    """All values of a letter as text, section by section."""
    lines = [f"{letter.source}  ({letter.layout}, {letter.text_source}, {letter.pages} pages)", ""]
    lines += _table((e for e in letter.evidence if e.table == "letters"), LETTERS.names)
    for issue in letter.issues:
        own = [e for e in letter.evidence if e.table == "issues" and e.issue_number == issue.issue_number]
        lines += ["", f"Item {issue.issue_number}: {issue.requested_treatment}"]
        lines += _table((e for e in own if e.field not in _LONG | _PARAGRAPHS), ISSUES.names)
        split = issue.original_request is not None
        for field in ("original_request", "authorized_request", "disputed_request") if split else ():
            lines.append(f"  {field:30s} {getattr(issue, field)}")
        for field in sorted(_PARAGRAPHS):
            words = getattr(issue, field)
            if words:
                lines.append(f"  {field:30s} {_cut(words, VALUE + WORDS)}")
        for citation in issue.citations:
            parts = [citation.guideline, citation.chapter or "", citation.edition or ""]
            parts += [
                "; ".join(citation.sections),
                f"p. {', '.join(citation.pages)}" if citation.pages else "",
            ]
            lines.append(f"  {citation.cited_by + ' cites':30s} {' | '.join(p for p in parts if p)}")
    return "\n".join(lines) + "\n"


def _table(rows: Iterable[Evidence], order: Iterable[str]) -> Iterator[str]:
    rank = {name: n for n, name in enumerate(order)}
    skipped = {"source", "text_source", "pages", "layout"}
    for row in sorted(rows, key=lambda e: rank.get(e.field, len(rank))):
        if row.field in skipped:
            continue
        place = f"p{row.page} " if row.page is not None else ""
        words = f"{place}“{_cut(row.text, WORDS)}”" if row.text else f"({row.section})"
        yield f"  {row.field:30s} {_cut(row.value, VALUE):{VALUE}s} {_down(row.confidence):4.2f}  {words}"


def sections(letter: LetterRecord) -> str:
    """The letter's text, cut into its sections."""
    out = [f"{letter.source}  layout {letter.layout}", ""]
    for name, start, end in letter.sections:
        out += [f"--- {name} [{start}:{end}]", letter.text[start:end].strip(), ""]
    return "\n".join(out)


def _down(confidence: float) -> float:
    """Two places, never more than it is: 0.996 is not 1."""
    return math.floor(100 * confidence + _TINY) / 100


def _cut(words: str, length: int) -> str:
    folded = fold(words)
    return folded if len(folded) <= length else folded[: length - 1] + "…"
