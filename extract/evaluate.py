"""Scores a dataset folder against hand-annotated letters, field by field, and lists every miss.

A letter of the dataset belongs to the gold file with the stem of its ``source``. A
letter that the dataset lacks is held against empty cells: it misses every value
that its gold file states. Extra letters of the dataset are not looked at.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel

from extract import metrics
from extract.gold import EvaluationError, GoldFile, GoldIssue, GoldLetter, Number, read_gold
from extract.metrics import (
    CITATION_ASPECTS,
    DRUG_WORDS,
    ITEM_NUMBERS,
    ITEM_WORDS,
    KINDS,
    LETTER_LISTS,
    LETTER_WORDS,
    SPLIT_REQUESTS,
    Citation,
    FieldScore,
    Outcome,
)
from extract.tables import csv_cell

__all__ = [
    "COLUMNS", "Compared", "Evaluation", "EvaluationError", "GoldFile", "GoldIssue", "GoldLetter", "Miss",
    "as_markdown", "as_text", "compare", "compare_annotations", "evaluate", "read_gold", "write_errors",
]  # fmt: skip

Row = Mapping[str, str]

COLUMNS: dict[str, tuple[str, ...]] = {
    "letters": (
        *("letter_id", "source", "case_number", "age", "body_parts", "diagnoses"),
        *LETTER_WORDS,
        *LETTER_LISTS,
    ),
    "issues": (
        *("letter_id", "issue_number", "requested_treatment", "body_parts"),
        *SPLIT_REQUESTS,
        *ITEM_WORDS,
        *ITEM_NUMBERS,
        *DRUG_WORDS,
    ),
    "citations": (
        *("letter_id", "issue_number", "cited_by", "guideline"),
        *("chapter", "edition", "sections", "pages"),
    ),
}
"""The columns of each table that scoring reads."""

_CELL_LIMIT = 1 << 30  # characters; the csv module's own limit is 131,072
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NAMED = 10  # missing letters that a report names; `Evaluation.missing` has all


@dataclass(frozen=True, slots=True)
class Miss:
    """A disagreement at a place (``letter`` or ``letter#item``), and what each side alone has there."""

    field: str
    place: str
    wanted: str
    got: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores in the order of a report, misses in that of the letters, and the letters not in the dataset."""

    fields: tuple[FieldScore, ...]
    misses: tuple[Miss, ...]
    letters: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """Every comparison of a dataset with annotations, by letter (stem of the gold file)."""

    outcomes: Mapping[str, tuple[Outcome, ...]]
    partners: Mapping[str, Mapping[int, int | None]]
    """Of each letter the dataset's issue number for every issue number of the gold, None without a partner."""
    missing: tuple[str, ...]


@dataclass(frozen=True)
class _Dataset:
    letters: Mapping[str, Row]  # by stem of the source
    issues: Mapping[str, Sequence[Row]]  # by letter_id, in order of the issue number
    citations: Mapping[tuple[str, int], Sequence[Row]]  # by letter_id and issue number

    def items(self, stem: str) -> Sequence[Row]:
        """The disputed items of a letter."""
        found = self.letters.get(stem)
        return () if found is None else self.issues.get(found["letter_id"], ())


def evaluate(
    dataset: Path,
    gold: Path,
    *,
    resamples: int = 1000,
    seed: int = 0,
    only: Collection[str] | None = None,
) -> Evaluation:
    """Score the dataset in folder ``dataset`` against the JSON files in folder ``gold``.

    ``only`` keeps the gold files with these stems. ``resamples`` bootstrap samples
    (0: no intervals) are drawn from ``seed``, so equal input gives equal output.
    Raises EvaluationError where a folder or a file in it cannot be scored, ValueError
    for negative ``resamples``.
    """
    if resamples < 0:
        raise ValueError(f"resamples must not be negative: {resamples}")
    compared = compare(dataset, read_gold(gold, only))
    outcomes = list(compared.outcomes.values())
    return Evaluation(
        fields=metrics.score_fields(outcomes, KINDS, resamples=resamples, seed=seed),
        misses=tuple(Miss(o.field, o.place, o.wanted, o.got) for letter in outcomes for o in letter if o.missed),
        letters=len(outcomes),
        missing=compared.missing,
    )


def compare(dataset: Path, annotated: Mapping[str, GoldFile]) -> Compared:
    """Hold the dataset in folder ``dataset`` against annotations by stem, letter by letter.

    Rows of other letters are passed over as they are read, so that an archive needs no more
    memory than the annotated letters. Raises EvaluationError where a table cannot be read.
    """
    return _compare(annotated, _read_dataset(dataset, annotated))


def compare_annotations(annotated: Mapping[str, GoldFile], others: Mapping[str, GoldFile]) -> Compared:
    """Hold the annotations ``others`` against ``annotated`` by the same rules, as if they were a dataset."""
    letters: dict[str, Row] = {}
    issues: dict[str, Sequence[Row]] = {}
    citations: dict[tuple[str, int], Sequence[Row]] = {}
    for stem, other in others.items():
        letters[stem] = {"letter_id": stem, **_as_row(other), **_as_row(other.letter)}
        issues[stem] = [{"letter_id": stem, **_as_row(issue)} for issue in other.issues]
        for issue in other.issues:
            citations[stem, issue.issue_number] = [_as_row(c) for c in issue.citations]
    return _compare(annotated, _Dataset(letters, issues, citations))


def _as_row(annotation: BaseModel | Citation) -> Row:
    """The values of a part of an annotation as cells of a table."""
    values = dict(annotation) if isinstance(annotation, BaseModel) else asdict(annotation)
    return {
        name: csv_cell(value, raw=True)
        for name, value in values.items()
        if not isinstance(value, BaseModel) and name not in ("issues", "citations")
    }


def _compare(annotated: Mapping[str, GoldFile], tables: _Dataset) -> Compared:
    return Compared(
        outcomes={stem: tuple(_compare_letter(stem, letter, tables)) for stem, letter in annotated.items()},
        partners={
            stem: {
                issue.issue_number: None if item is None else _issue_number(item, "issues")
                for issue, item in _partners(letter, tables.items(stem))
            }
            for stem, letter in annotated.items()
        },
        missing=tuple(stem for stem in annotated if stem not in tables.letters),
    )


def _read_dataset(folder: Path, stems: Collection[str]) -> _Dataset:
    if not (folder / "letters.csv").is_file():
        raise EvaluationError(f"no letters.csv in {folder}: not a dataset folder")
    letters = {
        stem: row for row in _read_table(folder, "letters") if (stem := PurePosixPath(row["source"]).stem) in stems
    }
    wanted = {row["letter_id"] for row in letters.values()}
    issues: defaultdict[str, list[tuple[int, Row]]] = defaultdict(list)
    citations: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in _read_table(folder, "issues"):
        if row["letter_id"] in wanted:
            issues[row["letter_id"]].append((_issue_number(row, "issues"), row))
    for row in _read_table(folder, "citations"):
        if row["letter_id"] in wanted:
            citations[row["letter_id"], _issue_number(row, "citations")].append(row)
    return _Dataset(
        letters=letters,
        issues={letter: [row for _, row in sorted(rows, key=lambda pair: pair[0])] for letter, rows in issues.items()},
        citations=dict(citations),
    )


def _read_table(folder: Path, table: str) -> Iterator[Row]:
    """Rows of a table; a run without items or citations may have no such file, or an empty one."""
    path = folder / f"{table}.csv"
    if not path.exists():
        return
    limit = csv.field_size_limit(_CELL_LIMIT)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="")
            absent = [column for column in COLUMNS[table] if column not in (reader.fieldnames or ())]
            for row in reader:
                if absent:
                    raise EvaluationError(f"{path} lacks the column {', '.join(absent)}")
                yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path} cannot be read: {error}") from error
    finally:
        csv.field_size_limit(limit)


def _issue_number(row: Row, table: str) -> int:
    try:
        return int(float(row["issue_number"]))  # a float, where a spreadsheet or pandas has saved the table
    except (ValueError, OverflowError) as error:
        raise EvaluationError(
            f"{table}.csv, letter {row['letter_id']}: issue_number is {row['issue_number']!r}, not a number"
        ) from error


def _compare_letter(stem: str, gold: GoldFile, dataset: _Dataset) -> Iterator[Outcome]:
    found = dataset.letters.get(stem)
    row = found if found is not None else dict.fromkeys(COLUMNS["letters"], "")
    items = dataset.items(stem)
    letter = gold.letter
    yield _words("case_number", stem, gold.case_number, row["case_number"])
    for name in LETTER_WORDS:
        yield _words(name, stem, getattr(letter, name), row[name])
    yield _number("age", stem, letter.age, row["age"])
    parts = _normals(_cells(row["body_parts"]))
    yield metrics.compare_bags("body_parts", stem, letter.body_parts, parts)
    yield metrics.compare_bags(
        "body_parts_no_side",
        stem,
        set(map(metrics.sideless, letter.body_parts)),
        set(map(metrics.sideless, parts)),
    )
    diagnoses = _cells(row["diagnoses"])
    yield metrics.compare_wordings("diagnoses", stem, letter.diagnoses, diagnoses)
    yield metrics.compare_bags("diagnoses_exact", stem, _normals(letter.diagnoses), _normals(diagnoses))
    for name in LETTER_LISTS:
        yield metrics.compare_bags(name, stem, _normals(getattr(letter, name)), _normals(_cells(row[name])))
    yield metrics.compare_one("issue_count", stem, len(gold.issues), len(items))
    for issue, item in _partners(gold, items):
        place = f"{stem}#{issue.issue_number}"
        yield from _compare_item(place, issue, item or dict.fromkeys(COLUMNS["issues"], ""))
        key = (item["letter_id"], _issue_number(item, "issues")) if item else None
        yield from _compare_citations(place, issue.citations, dataset.citations.get(key, ()) if key else ())


def _partners(gold: GoldFile, items: Sequence[Row]) -> Iterator[tuple[GoldIssue, Row | None]]:
    """Each item of the gold with its row in the dataset."""
    found = metrics.align(
        [issue.requested_treatment for issue in gold.issues], [item["requested_treatment"] for item in items]
    )
    for issue, partner in zip(gold.issues, found, strict=True):
        yield issue, None if partner is None else items[partner]


def _compare_item(place: str, gold: GoldIssue, item: Row) -> Iterator[Outcome]:
    """Values that most items do not have are compared only where either side has one."""
    yield _words("issue.requested_treatment", place, gold.requested_treatment, item["requested_treatment"])
    for name in SPLIT_REQUESTS:
        if getattr(gold, name) or item[name]:
            yield _words(f"issue.{name}", place, getattr(gold, name), item[name])
    for name in ITEM_WORDS:
        # Some categories have no subcategory, and what a dataset puts there does no harm.
        if name != "treatment_subcategory" or getattr(gold, name):
            yield _words(f"issue.{name}", place, getattr(gold, name), item[name])
    parts = _normals(_cells(item["body_parts"]))
    yield metrics.compare_bags("issue.body_parts", place, gold.body_parts, parts)
    for name in ITEM_NUMBERS:
        if getattr(gold, name) is not None or metrics.number(item[name]) is not None:
            yield _number(f"issue.{name}", place, getattr(gold, name), item[name])
    for name in DRUG_WORDS:
        wanted = getattr(gold, name)
        if wanted or metrics.normal(item[name]):
            yield metrics.compare_one(
                f"issue.{name}",
                place,
                metrics.compact(wanted),
                metrics.compact(item[name]),
                shown=(wanted, item[name]),
            )


def _compare_citations(place: str, wanted: Sequence[Citation], rows: Sequence[Row]) -> Iterator[Outcome]:
    got = [
        Citation(
            cited_by=row["cited_by"],
            guideline=row["guideline"],
            chapter=row["chapter"],
            edition=row["edition"],
            sections=_cells(row["sections"]),
            pages=_cells(row["pages"]),
        )
        for row in rows
    ]
    for aspect in CITATION_ASPECTS:
        sides = [[key for citation in side for key in citation.keys(aspect)] for side in (wanted, got)]
        yield metrics.compare_bags(f"citation.{aspect}", place, *sides)


def _words(field: str, place: str, wanted: str | None, got: str) -> Outcome:
    return metrics.compare_one(field, place, metrics.normal(wanted), metrics.normal(got), shown=(wanted, got))


def _number(field: str, place: str, wanted: Number, got: str) -> Outcome:
    return metrics.compare_one(field, place, metrics.number(wanted), metrics.number(got), shown=(wanted, got))


def _cells(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _normals(values: Iterable[str]) -> list[str]:
    return [metrics.normal(value) for value in values]


def as_text(evaluation: Evaluation) -> str:
    """The scores as an aligned table for a terminal, one field a line."""
    head, *rows = _table(evaluation)
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [_summary(evaluation), ""]
    for row in (head, ["-" * width for width in widths], *rows):
        # Words to the left, figures to the right.
        cells = [
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def as_markdown(evaluation: Evaluation) -> str:
    """The scores as a Markdown table."""
    head, *rows = _table(evaluation)
    rule = ["---", "---", *["---:"] * (len(head) - 2)]
    lines = [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
    return "\n".join([_summary(evaluation), "", *lines]) + "\n"


def _summary(evaluation: Evaluation) -> str:
    missing = evaluation.missing
    text = f"{evaluation.letters} annotated letters, {len(missing)} missing from the dataset"
    if missing:
        rest = len(missing) - _NAMED
        text += f" ({', '.join(missing[:_NAMED])}{f' and {rest} more' if rest > 0 else ''})"
    return f"{text}; {len(evaluation.misses)} misses"


def _table(evaluation: Evaluation) -> list[list[str]]:
    head = ["field", "kind", "score", f"{metrics.LEVEL:.0%} interval", "precision", "recall", "support"]
    return [head, *([s.field, s.kind, *_figures(s)] for s in evaluation.fields)]


def _figures(score: FieldScore) -> list[str]:
    def figure(value: float | None) -> str:
        return "–" if value is None else f"{value:.3f}"

    interval = "–" if score.low is None else f"{figure(score.low)}–{figure(score.high)}"
    return [figure(score.score), interval, figure(score.precision), figure(score.recall), str(score.support)]


def write_errors(evaluation: Evaluation, path: Path) -> None:
    """Write every miss to a CSV file: field, place, wanted, got.

    A cell that a spreadsheet could take for a formula gets a leading apostrophe
    (OWASP, "CSV Injection"). Raises OSError where the file cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("field", "place", "wanted", "got"))
        for miss in evaluation.misses:
            writer.writerow(
                f"'{cell}" if cell.startswith(_FORMULA) else cell
                for cell in (miss.field, miss.place, miss.wanted, miss.got)
            )
