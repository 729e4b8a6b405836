"""Prodigy: one JSON line a letter with text, spans and what it is of (https://prodi.gy/docs/api-interfaces#spans).

Spans overlap (a drug lies in its request), so the interface for them is ``spans_manual``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from extract.export.dataset import Dataset
from extract.export.spans import Letter, letters

FILE: Final = "prodigy.jsonl"


def write(dataset: Dataset, folder: Path) -> list[str]:
    """Write the examples."""
    with (folder / FILE).open("w", encoding="utf-8", newline="\n") as stream:
        for letter in letters(dataset):
            stream.write(json.dumps(_example(letter), ensure_ascii=False) + "\n")
    return []


def _example(letter: Letter) -> dict[str, Any]:
    spans = [
        {
            "start": s.start,
            "end": s.end,
            "label": s.label,
            "value": s.value,
            "method": s.method,
            "confidence": s.confidence,
        }
        for s in letter.spans
    ]
    meta = {"letter_id": letter.letter_id, "source": letter.source, "case_number": letter.case_number or ""}
    return {"text": letter.text, "spans": spans, "meta": meta}
