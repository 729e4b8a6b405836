"""A run over many files: reads each, writes the tables, keeps count."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from extract.failures import LetterError, Reason
from extract.inputs import InputFile, find_files, is_regular
from extract.pipeline import LetterReader, Source
from extract.record import FailureRecord, LetterRecord
from extract.schema import TABLES
from extract.tables import TEXTS, DatasetWriter

RUN_FILE = "run.json"


class OutputExistsError(Exception):
    """The output folder holds a dataset, and overwriting was not asked for."""


@dataclass
class Summary:
    """What a run did."""

    files: int = 0
    letters: int = 0
    issues: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    layouts: Counter[str] = field(default_factory=Counter)
    flagged: int = 0

    def add(self, result: LetterRecord | FailureRecord) -> None:
        """Count one letter or failure."""
        if isinstance(result, FailureRecord):
            self.failures[result.reason] += 1
            return
        self.letters += 1
        self.issues += result.issue_count
        self.flags.update(result.flags)
        self.layouts[result.layout] += 1
        self.flagged += bool(result.flags)


def holds_dataset(out: Path) -> bool:
    """True where a folder has a table of ours in it, finished or not."""
    return any((out / f"{t.name}.{s}").exists() for t in TABLES for s in ("csv", "parquet", "csv.part"))


def read_all(
    files: Iterable[InputFile], reader: LetterReader
) -> Iterator[tuple[InputFile, list[LetterRecord] | FailureRecord]]:
    """Each file with its letters or its failure; a second file with the same bytes is a failure."""
    seen: dict[str, str] = {}
    for file in files:
        if not is_regular(file.path):
            yield file, FailureRecord(file.name, "", Reason.UNREADABLE, "not a regular file")
            continue
        try:
            source = Source.of(file.path, file.name)
        except LetterError as error:
            yield file, FailureRecord(file.name, "", error.reason, error.detail)
            continue
        if source.sha256 in seen:
            detail = f"same bytes as {seen[source.sha256]}"
            yield file, FailureRecord(file.name, source.sha256, Reason.DUPLICATE, detail)
            continue
        result = reader.try_read(source)
        if not isinstance(result, FailureRecord):
            seen[source.sha256] = file.name
        yield file, result


def extract(
    inputs: Sequence[Path],
    out: Path,
    *,
    reader: LetterReader,
    overwrite: bool = False,
    on_start: Callable[[int], None] = lambda _: None,
    on_file: Callable[[Summary], None] = lambda _: None,
) -> Summary:
    """Read all files under ``inputs`` into the tables of ``out``.

    Raises OutputExistsError, and FileNotFoundError for an input that is not there.
    """
    files = find_files(inputs, leave_out=out)
    if holds_dataset(out):
        if not overwrite:
            raise OutputExistsError(out)
        clear(out)
    on_start(len(files))
    summary = Summary()
    with DatasetWriter(out) as writer:
        for _, result in read_all(files, reader):
            summary.files += 1
            for record in [result] if isinstance(result, FailureRecord) else result:
                summary.add(record)
                if isinstance(record, FailureRecord):
                    writer.fail(record)
                else:
                    writer.add(record)
            on_file(summary)
    _write_run(out, summary, reader)
    return summary


def clear(out: Path) -> None:
    """Take away the tables and texts of an earlier run, and nothing else."""
    for table in TABLES:
        for suffix in ("csv", "parquet", "csv.part", "parquet.part"):
            (out / f"{table.name}.{suffix}").unlink(missing_ok=True)
    (out / RUN_FILE).unlink(missing_ok=True)
    shutil.rmtree(out / TEXTS, ignore_errors=True)


def _write_run(out: Path, summary: Summary, reader: LetterReader) -> None:
    from extract import __version__

    data = {
        "program": "imr-letters",
        "version": __version__,
        "patterns": reader.patterns.digest,
        "engine": reader.engine,
        "model": reader.model_digest,
        "files": summary.files,
        "letters": summary.letters,
        "issues": summary.issues,
        "failures": dict(sorted(summary.failures.items())),
        "flags": dict(sorted(summary.flags.items())),
        "layouts": dict(sorted(summary.layouts.items())),
    }
    (out / RUN_FILE).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
