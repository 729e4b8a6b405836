"""A letter as the page gets it: its annotation, its evidence with boxes, its text and images, as JSON data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from extract.annotation import Annotation, annotation_of_rows
from extract.letter_rows import LetterRows
from extract.review.drawing import Drawn, turn
from extract.review.queue import SHOWN, Entry

BASE_DIGITS: Final = 12
SIDES: Final = ("x0", "top", "x1", "bottom")
CARE: Final = "prior_care"


def annotation(rows: LetterRows) -> Annotation:
    """The annotation that the dataset amounts to."""
    return annotation_of_rows(rows.letter, rows.issues, rows.citations, rows.evidence)


def base(of: Annotation) -> str:
    """Tells whether a letter's values are still those that a person has looked at."""
    return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:BASE_DIGITS]


def spans(rows: LetterRows) -> tuple[tuple[int, int], ...]:
    """The places in the letter's text that hold values."""
    both = [*rows.evidence, *rows.prior_care]
    return tuple(dict.fromkeys((r["start"], r["end"]) for r in both if r["start"] is not None and r["end"] is not None))


def letter(
    rows: LetterRows, *, text: str | None, drawn: Drawn | None, pages: Sequence[dict[str, Any]], why: str
) -> dict[str, Any]:
    """All that the page shows of one letter. ``pages`` say where the images lie; ``why`` there are none."""
    row = rows.letter
    cited: dict[int, list[int]] = {}
    for citation in sorted(rows.citations, key=lambda r: (r["issue_number"], r["citation_number"])):
        cited.setdefault(int(citation["issue_number"]), []).append(int(citation["citation_number"]))
    found = annotation(rows)
    return {
        "id": row["letter_id"],
        "source": row["source"],
        "layout": row["layout"],
        "text_source": row["text_source"],
        "flags": list(row["flags"] or ()),
        "base": base(found),
        "annotation": found,
        "cited": cited,
        "evidence": [_evidence(e, drawn) for e in rows.evidence] + [_care(c, drawn) for c in rows.prior_care],
        "text": text,
        "pages": list(pages),
        "why": why,
    }


def entry(of: Entry, rows: LetterRows, file: str) -> dict[str, Any]:
    """A letter's line of the queue. ``file``: name of its annotation."""
    row = of.letter
    return {
        "id": of.letter_id,
        "source": row["source"],
        "case": row["case_number"],
        "layout": row["layout"],
        "flags": list(row["flags"] or ()),
        "least": of.least,
        "doubted": of.doubted,
        "items": row["issue_count"],
        "base": base(annotation(rows)),
        "file": file,
    }


def script(call: str, *arguments: Any) -> str:
    """JSON data as a script that calls ``Review.<call>``: ASCII, and nothing in it that ends a script element."""
    words = ",".join(json.dumps(a, ensure_ascii=True, separators=(",", ":"), allow_nan=False) for a in arguments)
    for mark in "<>&":
        words = words.replace(mark, f"\\u{ord(mark):04x}")
    return f"Review.{call}({words});\n"


def _evidence(row: dict[str, Any], drawn: Drawn | None) -> dict[str, Any]:
    """One value's evidence. ``shown``: it belongs to a field that people annotate."""
    out = {
        "table": row["table"],
        "issue": row["issue_number"],
        "citation": row["citation_number"],
        "field": row["field"],
        "value": row["value"],
        "section": row["section"],
        "start": row["start"],
        "end": row["end"],
        "page": row["page"],
        "method": row["method"],
        "confidence": row["confidence"],
        "shown": f"{row['table']}.{row['field']}" in SHOWN,
        "boxes": _boxes(row, drawn),
    }
    words = row["text"] or ""
    if words and words != row["value"]:
        out["words"] = words
    return out


def _care(row: dict[str, Any], drawn: Drawn | None) -> dict[str, Any]:
    """A stretch of earlier care, as evidence of one value: its cells in one line."""
    parts = (row["treatment"], None if row["sessions"] is None else f"{row['sessions']} visits", row["status"])
    told = ", ".join(str(p) for p in (*parts, row["date"]) if p)
    place = {**dict.fromkeys(SIDES), "table": CARE, "issue_number": None, "citation_number": None}
    return _evidence({**row, **place, "field": CARE, "value": told, "section": "case_summary"}, drawn)


def _boxes(row: dict[str, Any], drawn: Drawn | None) -> list[list[float]]:
    """Page and sides of each line of the words; the one box of the table where the lines are not known."""
    if drawn is None:
        return []
    lines = drawn.boxes.get((row["start"], row["end"]), ())
    if not lines and row["page"] is not None and row["x0"] is not None:
        lines = ((row["page"], row["x0"], row["top"], row["x1"], row["bottom"]),)
    out = []
    for page, *sides in lines:
        turned = drawn.turned.get(page)
        out.append([page, *(round(s, 1) for s in (turn(sides, turned) if turned else sides))])
    return out
