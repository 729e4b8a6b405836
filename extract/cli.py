"""The command ``imr``. Heavy imports wait until a command needs them, so that help is quick."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from extract import __version__

if TYPE_CHECKING:
    from extract.pipeline import LetterReader
    from extract.reading import Engine
    from extract.run import Summary

EXIT_FAULT: Final = 1
EXIT_USAGE: Final = 2
EXIT_NO_LETTERS: Final = 3
LOG_EVERY: Final = 1_000

EXIT_HELP: Final = """\b
Exit codes:
  0  finished; files that gave no letter are rows of failures.csv
  1  the run itself failed (a fault of the program or of the disk)
  2  wrong use: unknown option, missing input, output folder in use
  3  finished, but no file gave a letter"""

_patterns_option = click.option(
    "--patterns",
    "patterns_home",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of rules and vocabularies to use instead of the built-in ones.",
)
_engine_option = click.option(
    "--engine",
    type=click.Choice(["pdfium", "pdfplumber"]),
    default="pdfium",
    show_default=True,
    help="What reads PDFs: pdfium is fast, pdfplumber is the reference.",
)

_model_option = click.option(
    "--no-model", is_flag=True, help="Read diagnoses by the rules alone, without the learnt component."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="imr")
def main() -> None:
    """Turn Independent Medical Review letters into a dataset, with the evidence for every value."""


@main.command(epilog=EXIT_HELP)
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the tables into.",
)
@click.option("--overwrite", is_flag=True, help="Replace the dataset that the output folder holds.")
@_engine_option
@_patterns_option
@_model_option
def extract(
    inputs: tuple[Path, ...], out: Path, overwrite: bool, engine: Engine, patterns_home: Path | None, no_model: bool
) -> None:
    """Read letters (PDF or .txt; files, or folders with all below them) into tables.

    Writes letters, issues, citations, evidence, failures and flat as CSV and Parquet, the letters'
    text under texts/, and run.json. A file that cannot be read becomes a row of failures with a
    reason code, and the run goes on.
    """
    from extract import run as runs

    for path in inputs:
        if not path.exists():
            raise click.UsageError(f"{path} is not there.")
    if runs.holds_dataset(out) and not overwrite:
        raise click.UsageError(f"{out} holds a dataset. Choose another --out, or replace it with --overwrite.")
    reader = _reader(engine, patterns_home, no_model=no_model)
    with _progress() as (on_start, on_file):
        summary = runs.extract(inputs, out, reader=reader, overwrite=overwrite, on_start=on_start, on_file=on_file)
    _report(summary, out)
    if not summary.files:
        click.echo("No files were found under the given paths.", err=True)
    if not summary.letters:
        sys.exit(EXIT_NO_LETTERS)


@main.command()
@click.argument("letter", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON, with all evidence.")
@click.option("--sections", is_flag=True, help="Print the letter's sections instead of its values.")
@_engine_option
@_patterns_option
@_model_option
def show(
    letter: Path, as_json: bool, sections: bool, engine: Engine, patterns_home: Path | None, no_model: bool
) -> None:
    """Show one letter's record: each value beside the words it came from."""
    from extract import show as screen
    from extract.failures import LetterError
    from extract.pipeline import Source

    try:
        records = _reader(engine, patterns_home, no_model=no_model).read(Source.of(letter))
    except LetterError as error:
        raise click.ClickException(f"{letter.name}: {error.reason} ({error.detail})") from error
    if as_json:
        rows = [asdict(r) for r in records]
        click.echo(json.dumps(rows[0] if len(rows) == 1 else rows, indent=1, default=str, ensure_ascii=False))
        return
    for record in records:
        click.echo(screen.sections(record) if sections else screen.record(record))


@main.command()
@click.argument("dataset", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--gold",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of annotation files, one JSON per letter, named as the letter's file.",
)
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="Write every miss into this CSV file.")
@click.option(
    "--only",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Score only the letters listed in this file, one name a line.",
)
@click.option("--resamples", default=1000, show_default=True, help="Bootstrap samples for the interval; 0 for none.")
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
def evaluate(dataset: Path, gold: Path, errors: Path | None, only: Path | None, resamples: int, markdown: bool) -> None:
    """Score a dataset against annotations: accuracy or F1 of every field, with a 95 % interval."""
    from extract import evaluate as scoring

    names = None
    if only is not None:
        lines = (line.partition("#")[0].strip() for line in only.read_text(encoding="utf-8").splitlines())
        names = [line for line in lines if line]
    try:
        result = scoring.evaluate(dataset, gold, resamples=resamples, only=names)
    except scoring.EvaluationError as error:
        raise click.ClickException(str(error)) from error
    click.echo(scoring.as_markdown(result) if markdown else scoring.as_text(result))
    if errors is not None:
        scoring.write_errors(result, errors)
        click.echo(f"{len(result.misses)} misses written to {errors}", err=True)


def _reader(engine: Engine, patterns_home: Path | None, *, no_model: bool) -> LetterReader:
    from extract.learned.weights import HOME, ModelError
    from extract.patterns import PatternError, Patterns
    from extract.pipeline import LetterReader

    try:
        return LetterReader(patterns=Patterns(patterns_home), engine=engine, model=None if no_model else HOME)
    except ModelError as error:
        raise click.ClickException(f"model: {error}") from error
    except PatternError as error:
        raise click.ClickException(f"patterns: {error}") from error


Callbacks = tuple[Callable[[int], None], Callable[["Summary"], None]]


def _progress() -> AbstractContextManager[Callbacks]:
    """A bar with rate and remaining time on a terminal; a line every thousand files in a log."""
    if sys.stderr.isatty():
        return _Bar()

    total = 0

    def start(files: int) -> None:
        nonlocal total
        total = files

    def step(summary: Summary) -> None:
        if summary.files % LOG_EVERY == 0:
            click.echo(f"{summary.files} of {total} files, {sum(summary.failures.values())} failures", err=True)

    return nullcontext((start, step))


class _Bar:
    """A rich progress bar as a context manager that gives the two callbacks."""

    def __enter__(self) -> Callbacks:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("Reading"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        return self._start, self._step

    def _start(self, files: int) -> None:
        self._task = self._bar.add_task("files", total=files, rate="")

    def _step(self, summary: Summary) -> None:
        speed = self._bar.tasks[0].speed
        self._bar.update(self._task, completed=summary.files, rate=f"{speed:.0f}/s" if speed else "")

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()


def _report(summary: Summary, out: Path) -> None:
    from extract.failures import Reason
    from extract.schema import FLAGS

    failed = sum(summary.failures.values())
    click.echo(
        f"{_many(summary.letters, 'letter')} with {_many(summary.issues, 'disputed item')}"
        f" from {_many(summary.files, 'file')}, written to {out}/"
    )
    if summary.letters:
        layouts = ", ".join(f"{name} {n}" for name, n in sorted(summary.layouts.items()))
        click.echo(f"Layouts: {layouts}")
    if failed:
        click.echo(f"Gave no letter ({out}/failures.csv):")
        for reason, n in summary.failures.most_common():
            click.echo(f"  {n:6d}  {reason:16s} {Reason(reason).meaning}")
    if summary.flagged:
        click.echo(f"To be looked at ({_many(summary.flagged, 'letter')}, column flags):")
        for flag, n in summary.flags.most_common():
            click.echo(f"  {n:6d}  {flag:22s} {FLAGS[flag]}")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    main()
