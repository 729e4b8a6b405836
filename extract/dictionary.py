"""The data dictionary as Markdown, made from the schema: ``python -m extract.dictionary``."""

from __future__ import annotations

from extract.archive.deidentify import added_columns
from extract.checks.catalogue import ALL, CATALOGUE
from extract.failures import Reason
from extract.schema import FLAGS, TABLES

HEAD = """# Data dictionary

Made by `python -m extract.dictionary` from `extract/schema.py`; do not edit.

CSV is UTF-8 with a header row; dates are ISO 8601, a missing value is an empty cell, lists are joined with `|`.
A cell of text that a spreadsheet would run as a formula begins with an apostrophe. Parquet holds the same rows
with real types. The text that evidence offsets count is `texts/<letter_id>.txt`.
"""

DEIDENTIFIED = """All columns keep their names; those that may identify are empty or hashed (`docs/archive.md`), and
these are added at the end of their tables."""


DOUBTS = """`letters.flags` has those of a letter, `issues.item_flags` those about an item; the evidence of both
points at the words in question. The last column names the values that a flag casts doubt on
(`extract.checks.catalogue.doubted`); it is empty where the flag tells that something is missing. How often each is
right: [quality](quality.md)."""


def markdown() -> str:
    """All tables, flags and failure codes."""
    out = [HEAD]
    for table in TABLES:
        key = f" Key: {', '.join(table.key)}." if table.key else ""
        out += [f"## {table.name}", "", f"{table.meaning}.{key}", ""]
        out += ["| column | type | meaning |", "| --- | --- | --- |"]
        for column in table.columns:
            values = ", ".join(f"`{v}`" for v in column.values) if column.values != tuple(FLAGS) else "see flags"
            meaning = f"{column.meaning}: {values}" if values else column.meaning
            out.append(f"| {column.name} | {column.type} | {meaning} |".replace("|-", "\\|-"))
        out.append("")
    out += [
        "## With --deidentify",
        "",
        DEIDENTIFIED,
        "",
        "| table | column | type | meaning |",
        "| --- | --- | --- | --- |",
    ]
    out += [f"| {t.name} | {c.name} | {c.type} | {c.meaning} |" for t in TABLES for c in added_columns(t)]
    out.append("")
    out += ["## flags", "", DOUBTS, "", "| flag | meaning | what to do | casts doubt on |", "| --- | --- | --- | --- |"]
    out += [f"| `{f.name}` | {f.meaning} | {f.advice} | {', '.join(_doubt(d) for d in f.doubts)} |" for f in CATALOGUE]
    out += ["", "## failures.reason", "", "| code | meaning |", "| --- | --- |"]
    out += [f"| `{reason}` | {reason.meaning} |" for reason in Reason]
    return "\n".join(out) + "\n"


def _doubt(column: str) -> str:
    return "everything" if column == ALL else f"`{column}`"


if __name__ == "__main__":
    print(markdown(), end="")
