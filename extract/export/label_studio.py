"""Label Studio: tasks with the values as predictions, and the labelling interface.

See https://labelstud.io/guide/predictions and https://labelstud.io/tags/labels.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from extract.export.dataset import Dataset
from extract.export.spans import ALL_LABELS, Letter, Span, letters

FOLDER: Final = "label-studio"
INSIDE: Final = re.compile(r"tasks-\d{4,}\.json|config\.xml")
TASKS_A_FILE: Final = 2_000
"""Some 60 MB: Label Studio takes uploads of up to 250 MB."""
COLOURS: Final = ("#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#66a61e", "#e6ab02", "#a6761d", "#386cb0", "#bf5b17")
"""ColorBrewer Dark2 and Accent, in turn."""


def write(dataset: Dataset, folder: Path) -> list[str]:
    """Write tasks, some thousand a file, and ``config.xml``."""
    home = folder / FOLDER
    home.mkdir()
    model = f"imr-letters {dataset.about.get('version', '')} (patterns {dataset.about.get('patterns', '')})"
    found = letters(dataset)
    number = 0
    while batch := list(islice(found, TASKS_A_FILE)):
        number += 1
        with (home / f"tasks-{number:04d}.json").open("w", encoding="utf-8", newline="\n") as stream:
            lines = (json.dumps(_task(letter, model), ensure_ascii=False) for letter in batch)
            stream.write("[\n" + ",\n".join(lines) + "\n]\n")
    (home / "config.xml").write_text(config() + "\n", encoding="utf-8")
    return []


def config() -> str:
    """The labelling interface: one text, all labels; a label that is used less is below."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Header", value="$case_number")
    labels = ElementTree.SubElement(view, "Labels", name="label", toName="text", showInline="true")
    for number, label in enumerate(ALL_LABELS):
        ElementTree.SubElement(labels, "Label", value=label, background=COLOURS[number % len(COLOURS)])
    ElementTree.SubElement(view, "Text", name="text", value="$text", granularity="word")
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode")


def _task(letter: Letter, model: str) -> dict[str, Any]:
    result = [_region(number, span, letter.text) for number, span in enumerate(letter.spans)]
    prediction: dict[str, Any] = {"model_version": model, "result": result}
    if letter.spans:
        prediction["score"] = round(sum(s.confidence for s in letter.spans) / len(letter.spans), 4)
    data = {
        "text": letter.text,
        "letter_id": letter.letter_id,
        "source": letter.source,
        "case_number": letter.case_number or "",
    }
    return {"data": data, "predictions": [prediction]}


def _region(number: int, span: Span, text: str) -> dict[str, Any]:
    return {
        "id": f"s{number}",
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": {"start": span.start, "end": span.end, "text": text[span.start : span.end], "labels": [span.label]},
        "score": span.confidence,
        "meta": {"text": [span.value], "method": span.method, "issue_number": span.issue},
    }
