"""Findings for the screen, as JSON and as CSV."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from extract.checks.catalogue import ALL, CATALOGUE
from extract.doctor.findings import Case, Findings
from extract.tables import csv_cell, csv_line
from extract.words import fold, many

WIDTH: Final = 108
WORDS: Final = 100
"""Characters shown of the words that a flag points at."""
CSV_COLUMNS: Final = ("letter_id", "source", "case_number", "flag", "items", "meaning", "advice", "words")


def as_text(found: Findings) -> str:
    """What was found, section by section; a section without findings says so in a line."""
    share = f" ({found.flagged / found.letters:.0%})" if found.letters else ""
    out = [
        f"{many(found.letters, 'letter')}, {many(found.issues, 'disputed item')},"
        f" {many(found.failed, 'file')} without a letter",
        "",
        f"Flags: {many(found.flagged, 'letter')}{share} for a person to look at",
    ]
    for flag in found.flags:
        of_items = f" ({many(flag.items, 'item')})" if flag.items else ""
        out += ["", f"  {flag.letters:7d}  {flag.flag}{of_items}"]
        out += _wrapped(flag.meaning) + _wrapped(f"Do: {flag.advice}")
        out += _wrapped(f"Doubts: {_doubts(flag.doubts)}" if flag.doubts else "")
        out += _wrapped(_named(flag.examples, flag.letters))
    out += ["", "Files that gave no letter: none" if not found.failures else "Files that gave no letter"]
    for failed in found.failures:
        out += [f"  {failed.files:7d}  {failed.reason}", *_wrapped(failed.meaning)]
        out += _wrapped(_named(failed.examples, failed.files))
    out += ["", f"Fields missing more often than is usual{'' if found.gaps else ': none'}"]
    for gap in found.gaps:
        out.append(
            f"  {gap.missing:7d}  {gap.field}: {gap.missing / gap.letters:.1%} of {gap.letters} letters of layout"
            f" {gap.layout}, usual is at most {gap.usual:.0%}"
        )
        out += _wrapped(_named(gap.examples, gap.missing))
    out += ["", f"Values that cannot be, tables that disagree{'' if found.strange else ': none'}"]
    for strange in found.strange:
        out += [f"  {strange.rows:7d}  {strange.what}", *_wrapped(_named(strange.examples, strange.rows))]
    out += ["", f"Letters that are there twice{'' if found.twice else ': none'}"]
    for twice in found.twice:
        out += [
            f"  {len(twice.letters):7d}  {safe(twice.what)}",
            *_wrapped(_named(twice.letters[:5], len(twice.letters))),
        ]
    if found.twice_in_all > len(found.twice):
        out.append(f"           … and {found.twice_in_all - len(found.twice)} groups more (--limit)")
    return "\n".join(out) + "\n"


def as_json(found: Findings, cases: Iterable[Case] | None = None) -> str:
    """The same as JSON, with the letters behind a flag where some are given."""
    data: dict[str, Any] = asdict(found)
    if cases is not None:
        data["cases"] = [asdict(case) for case in cases]
    return json.dumps(data, ensure_ascii=False, indent=1)


def cases_as_text(flag: str, cases: Iterable[Case]) -> Iterator[str]:
    """Lines that tell every letter behind a flag, with the words it points at."""
    about = next((f for f in CATALOGUE if f.name == flag), None)
    if about is not None:
        yield f"{flag}: {about.meaning}"
        yield f"Do: {about.advice}"
        yield ""
    number = 0
    for number, case in enumerate(cases, start=1):  # noqa: B007
        items = f"  item{'s' if len(case.items) > 1 else ''} {', '.join(map(str, case.items))}" if case.items else ""
        yield f"{safe(case.source)}  {safe(case.case_number or 'no case number')}{items}"
        for words in case.words:
            yield f"    “{textwrap.shorten(safe(fold(words)), WORDS, placeholder=' …')}”"
    yield f"{'' if number else 'No letter has this flag.'}" if not number else f"\n{many(number, 'letter')}"


def write_csv(cases: Iterable[Case], path: Path) -> int:
    """Write one row for each flag of each letter (CSV_COLUMNS); how many. Raises OSError."""
    about = {flag.name: flag for flag in CATALOGUE}
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(csv_line(CSV_COLUMNS))
        for case in cases:
            flag = about.get(case.flag)
            cells = (
                case.letter_id,
                case.source,
                case.case_number,
                case.flag,
                [str(n) for n in case.items],
                flag.meaning if flag else "",
                flag.advice if flag else "",
                [fold(words) for words in case.words],
            )
            stream.write(csv_line([csv_cell(cell) for cell in cells]))
            rows += 1
    return rows


def safe(text: str) -> str:
    """Text without characters that would steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _doubts(columns: Sequence[str]) -> str:
    return "every value of the row" if ALL in columns else ", ".join(columns)


def _named(examples: Sequence[str], number: int) -> str:
    if not examples:
        return ""
    rest = number - len(examples)
    return f"{', '.join(safe(e) for e in examples)}{f', … and {rest} more' if rest > 0 else ''}"


def _wrapped(words: str) -> list[str]:
    indent = " " * 11
    return textwrap.wrap(
        words, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
