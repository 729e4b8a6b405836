#!/usr/bin/env python3
"""Render the sources of the invented letters, corpus/sources/LAYOUT/STEM.md, to corpus/letters/LAYOUT/STEM.pdf.

A source is front matter between two `---` lines and then blocks parted by blank lines:
table rows (`| a | b |`), `# ` centred bold, `= ` centred, `- ` list line, `>> ` right-aligned,
`<pagebreak>`, or a paragraph. `**` switches bold on and off, a backslash at a line's end breaks the line.
Needs LibreOffice (`soffice`) and python-docx (the `corpus` extra); parse_source needs neither.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import yaml

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import ParagraphStyle
    from docx.text.paragraph import Paragraph

HERE = Path(__file__).resolve().parent
EPOCH = dt.datetime(2024, 1, 1)
FONT = "Times New Roman"
TABLE_FONT = "Arial"
TABLE_SIZE = 11.0
# Label, value, label, value as in the letters of 2016: "Application Received:" takes two lines.
COLUMN_INCHES = (1.46, 2.02, 1.34, 1.68)
TEXT_INCHES = 6.5

Kind = Literal["paragraph", "heading", "centred", "right", "bullet", "table", "pagebreak"]
Span = tuple[str, bool]  # text, "\n" for a hard line break; bold or not
PREFIXES: dict[str, Kind] = {"# ": "heading", "= ": "centred", ">> ": "right", "- ": "bullet"}


@dataclass(frozen=True)
class Block:
    """A paragraph of some kind, a page break, or a table (then `rows` holds its cells)."""

    kind: Kind
    spans: tuple[Span, ...] = ()
    rows: tuple[tuple[tuple[Span, ...], ...], ...] = ()


@dataclass(frozen=True)
class LetterSource:
    """One letter as written: what the front matter says, and the blocks in order."""

    layout: str
    kept_aside: bool
    subject: str
    footer: str
    font: str
    size: float
    blocks: tuple[Block, ...]


def parse_spans(text: str) -> tuple[Span, ...]:
    """Split at `**`, which switches bold on and off."""
    return tuple((part, i % 2 == 1) for i, part in enumerate(text.split("**")) if part)


def join_lines(lines: Sequence[str]) -> str:
    """Join with spaces; a line that ends in a backslash is followed by a hard break instead."""
    out = ""
    for i, line in enumerate(lines):
        broken = line.rstrip().endswith("\\")
        out += line.rstrip()[:-1].removesuffix(" ") if broken else line.rstrip()
        if i < len(lines) - 1:
            out += "\n" if broken else " "
    return out


def parse_block(lines: Sequence[str]) -> Block:
    first = lines[0]
    if first.strip() == "<pagebreak>":
        return Block("pagebreak")
    if first.startswith("|"):
        cells = (line.strip().removeprefix("|").removesuffix("|").split("|") for line in lines)
        return Block("table", rows=tuple(tuple(parse_spans(cell.strip()) for cell in row) for row in cells))
    for prefix, kind in PREFIXES.items():
        if first.startswith(prefix):
            spans = parse_spans(join_lines([first.removeprefix(prefix).lstrip(), *lines[1:]]))
            return Block(kind, tuple((text, True) for text, _ in spans) if kind == "heading" else spans)
    return Block("paragraph", parse_spans(join_lines(lines)))


def split_blocks(lines: Iterable[str]) -> list[list[str]]:
    """Group the lines: blank lines part, and so do rows, list lines and the other prefixes."""
    groups: list[list[str]] = [[]]
    for line in lines:
        first = groups[-1][0] if groups[-1] else ""
        broken = bool(first) and groups[-1][-1].rstrip().endswith("\\")
        starts = line.startswith(("# ", ">> ", "<pagebreak>")) or first.startswith(("# ", "<pagebreak>"))
        item = line.startswith("- ") and first.startswith("- ")
        table_edge = line.startswith("|") != first.startswith("|")
        if not line.strip():
            groups.append([])
        elif first and not broken and (starts or item or table_edge):
            groups.append([line])
        else:
            groups[-1].append(line)
    return [group for group in groups if group]


def fill(text: str) -> str:
    """Put the fixed wording of the layouts in the place of `{{name}}`."""
    fixed = yaml.safe_load((HERE / "fixed.yaml").read_text(encoding="utf-8"))
    return re.sub(r"\{\{([a-z-]+)\}\}", lambda m: str(fixed[m[1]]), text)


def parse_source(text: str) -> LetterSource:
    """Read one letter source; raise ValueError where it has no front matter or no layout."""
    match = re.match(r"---\n(.*?)\n---[ \t]*(?:\n|$)", text.replace("\r\n", "\n"), re.S)
    head: dict[str, str] = {}
    for line in match[1].splitlines() if match else ():
        key, _, value = line.partition(":")
        value = value.strip()
        quoted = re.match(r"""(["'])(.*?)\1\s*(?:#.*)?$""", value)
        head[key.strip()] = quoted[2] if quoted else re.sub(r"\s+#.*$", "", value)
    if match is None or not head.get("layout"):
        raise ValueError("no front matter between two lines of ---, or no layout in it")
    body = fill(match.string[match.end() :]).splitlines()
    return LetterSource(
        layout=head["layout"],
        kept_aside=head.get("kept_aside", "false").lower() == "true",
        subject=head.get("subject", ""),
        footer=head.get("footer", ""),
        font=head.get("font", FONT),
        size=float(head.get("size", "12")),
        blocks=tuple(parse_block(lines) for lines in split_blocks(body)),
    )


def add_spans(paragraph: Paragraph, spans: Iterable[Span]) -> None:
    from docx.oxml.ns import qn

    for text, bold in spans:
        run = paragraph.add_run(text)
        run.bold = bold or None
        for element in run._element.t_lst:
            element.set(qn("xml:space"), "preserve")


def add_table(document: Document, block: Block, letter: LetterSource) -> None:
    from docx.shared import Inches, Pt

    columns = max(len(row) for row in block.rows)
    widths = COLUMN_INCHES if columns == len(COLUMN_INCHES) else (TEXT_INCHES / columns,) * columns
    table = document.add_table(rows=len(block.rows), cols=columns, style="Table Grid")
    table.autofit = False
    for row, cells in zip(table.rows, block.rows, strict=True):
        padded = cells + ((),) * (columns - len(cells))
        for cell, width, spans in zip(row.cells, widths, padded, strict=True):
            cell.width = Inches(width)
            cell.paragraphs[0].paragraph_format.space_after = Pt(0)
            add_spans(cell.paragraphs[0], spans)
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(min(letter.size, TABLE_SIZE))
                run.font.name = TABLE_FONT if letter.font == FONT else letter.font


def add_footer(document: Document, footer: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = document.sections[0].footer.paragraphs[0]
    for i, part in enumerate(footer.split("{page}")):
        if i:
            field = OxmlElement("w:fldSimple")
            field.set(qn("w:instr"), "PAGE")
            paragraph._element.append(field)
        add_spans(paragraph, [(part, False)])


def write_docx(letter: LetterSource, path: Path) -> None:
    """Lay one letter out on US Letter with margins of one inch."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.enum.text import WD_BREAK
    from docx.shared import Inches, Pt

    document = docx.Document()
    core = document.core_properties
    core.author, core.comments, core.created, core.modified = "", "", EPOCH, EPOCH
    section = document.sections[0]
    section.page_width, section.page_height = Inches(8.5), Inches(11)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Inches(1)
    normal = cast("ParagraphStyle", document.styles["Normal"])
    normal.font.name, normal.font.size = letter.font, Pt(letter.size)
    normal.paragraph_format.space_after, normal.paragraph_format.line_spacing = Pt(letter.size), 1.0
    aligned = {"heading": ALIGN.CENTER, "centred": ALIGN.CENTER, "right": ALIGN.RIGHT}
    for block in letter.blocks:
        if block.kind == "table":
            add_table(document, block, letter)
            document.add_paragraph().paragraph_format.space_after = Pt(0)
        elif block.kind == "pagebreak":
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        else:
            paragraph = document.add_paragraph(style="List Bullet" if block.kind == "bullet" else None)
            paragraph.alignment = aligned.get(block.kind, ALIGN.LEFT)
            paragraph.paragraph_format.keep_with_next = block.kind == "heading"
            add_spans(paragraph, block.spans)
    add_footer(document, letter.footer)
    document.save(str(path))


def render(sources: Sequence[Path]) -> None:
    """Write the PDF of every source, with one run of LibreOffice for all."""
    if len({source.stem for source in sources}) < len(sources):
        raise ValueError("two sources have the same name")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for source in sources:
            try:
                write_docx(parse_source(source.read_text(encoding="utf-8")), work / f"{source.stem}.docx")
            except ValueError as error:
                raise ValueError(f"{source.name}: {error}") from error
        command = ["soffice", f"-env:UserInstallation={(work / 'profile').as_uri()}", "--headless"]
        command += ["--convert-to", "pdf", "--outdir", folder, *map(str, sorted(work.glob("*.docx")))]
        subprocess.run(command, check=True, capture_output=True)
        for source in sources:
            pdf = (work / f"{source.stem}.pdf").read_bytes()
            # Without the time and the identifiers of this run; the same lengths, so offsets hold.
            pdf = re.sub(rb"(?<=/CreationDate\(D:)\d{14}", EPOCH.strftime("%Y%m%d%H%M%S").encode(), pdf)
            pdf = re.sub(rb"(?<=[</])[0-9A-F]{32}(?=[>\n])", b"0" * 32, pdf)
            target = pdf_of(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(pdf)


def pdf_of(source: Path) -> Path:
    """Where the PDF of a source belongs: of what is no letter (corpus/others), beside it."""
    if source.parent.name == "others":
        return source.with_suffix(".pdf")
    return HERE / "letters" / source.parent.name / f"{source.stem}.pdf"


def manifest(sources: Sequence[Path]) -> str:
    """The table of all invented letters as CSV: case number, layout, kept aside or not, subject."""
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(("letter", "layout", "kept_aside", "subject"))
    for source in sorted(sources):
        letter = parse_source(source.read_text(encoding="utf-8"))
        rows.writerow((source.stem, letter.layout, "yes" if letter.kept_aside else "no", letter.subject))
    return stream.getvalue()


def stale(source: Path) -> bool:
    pdf = pdf_of(source)
    return not pdf.exists() or pdf.stat().st_mtime < source.stat().st_mtime


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Render the invented letters to PDF.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILES", help="sources (default: all)")
    parser.add_argument("--force", action="store_true", help="render also what is up to date")
    arguments = parser.parse_args(argv)
    every = sorted((HERE / "sources").rglob("*.md"))
    others = sorted((HERE / "others").glob("*.md"))
    sources = [p for p in arguments.files or [*every, *others] if arguments.force or stale(p)]
    if sources:
        render(sources)
    (HERE / "manifest.csv").write_text(manifest(every), encoding="utf-8")
    print(f"{len(sources)} rendered")
    return 0


if __name__ == "__main__":
    sys.exit(main())
