"""The command ``imr``. Heavy imports wait until a command needs them, so that help is quick."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from extract import __version__

if TYPE_CHECKING:
    from extract.archive.assemble import Summary
    from extract.archive.key import ReaderSpec
    from extract.pipeline import LetterReader
    from extract.reading import Engine
    from extract.run import Progress, Readers

EXIT_FAULT: Final = 1
EXIT_USAGE: Final = 2
EXIT_NO_LETTERS: Final = 3
EXIT_STOPPED: Final = 130
CLUSTER_WORKERS: Final = 64
"""Workers that chunks are cut for where a cluster reads, whose size is not known beforehand."""
LOG_EVERY: Final = 1_000

EXIT_HELP: Final = """\b
Exit codes:
    0  finished; files that gave no letter are rows of failures.csv
    1  the run itself failed (a fault of the program or of the disk)
    2  wrong use: unknown option, missing input, output folder in use
    3  finished, but no file gave a letter
  130  stopped by Ctrl-C; the same command goes on"""

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
@click.argument("inputs", nargs=-1)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the tables into.",
)
@click.option("--overwrite", is_flag=True, help="Start anew: forget the dataset and the run that OUT holds.")
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Text file with more inputs, one path a line, relative to its folder.",
)
@click.option("--shard", help="Read only one part of the inputs, as 3/64: the third of 64.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    help="Processes that read letters; 0: this one alone, unwatched.  [default: the number of cores]",
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds that reading one letter may take before it is given up (timeout).",
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    default=1024,
    show_default=True,
    help="MiB that a worker may hold before the letter it reads is given up (out_of_memory).",
)
@click.option(
    "--scheduler",
    help="Read on a Dask cluster: local, or its address as tcp://host:8786 (extra cluster).",
)
@click.option("--retry-failed", is_flag=True, help="Read the files again that failed in earlier runs.")
@click.option(
    "--drop-missing", is_flag=True, help="Take letters out of the dataset whose files the inputs do not name any more."
)
@click.option("--raw-csv", is_flag=True, help="Leave CSV cells that begin like a formula as they are.")
@click.option(
    "--run-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what the run remembers.  [default: OUT/.run, with --deidentify OUT.run]",
)
@click.option(
    "--deidentify",
    is_flag=True,
    help="Leave out what identifies a patient: years for dates, 90 for ages over 89, hashes, no free text.",
)
@click.option(
    "--salt",
    envvar="IMR_SALT",
    help="Secret for the hashes of --deidentify, to get the same ones again; best as IMR_SALT.  [default: random]",
)
@_engine_option
@_patterns_option
@_model_option
def extract(
    inputs: tuple[str, ...],
    out: Path,
    overwrite: bool,
    manifest: Path | None,
    shard: str | None,
    workers: int | None,
    deadline: float,
    memory: int,
    scheduler: str | None,
    retry_failed: bool,
    drop_missing: bool,
    raw_csv: bool,
    run_dir: Path | None,
    deidentify: bool,
    salt: str | None,
    engine: Engine,
    patterns_home: Path | None,
    no_model: bool,
) -> None:
    """Read letters (PDF or .txt) into tables.

    INPUTS are files, folders with all below them, patterns such as 'letters/**/*.pdf', archives (.zip, .tar,
    .tar.gz), or URLs.

    Writes letters, issues, citations, prior_care, evidence, failures and flat as CSV and Parquet, the letters'
    text under texts/, and run.json. A file that cannot be read becomes a row of failures with a
    reason code, and the run goes on. A run that was stopped or killed goes on where it was with the same
    command, and into a finished dataset only what is new is read.
    """
    from extract import run as runs
    from extract.archive.ledger import LedgerError
    from extract.archive.nursery import WorkersError
    from extract.archive.render import AsRead, Rendering
    from extract.inputs import InputError, Inputs, Shard
    from extract.stopping import Stopper

    count = (os.cpu_count() or 1 if os.name == "posix" else 0) if workers is None else workers
    try:
        wanted = Inputs(inputs, manifest, None if shard is None else Shard.parse(shard))
        wanted.check()
        rendering: Rendering = AsRead(raw_csv=raw_csv)
        if deidentify:
            from extract.archive.deidentify import Deidentified
            from extract.patterns import Patterns

            rendering = Deidentified(patterns=Patterns(patterns_home), salt=salt, raw_csv=raw_csv)
        with _progress() as shown, Stopper(on_stop=_say_stopping) as stopping:
            summary = runs.extract(
                wanted,
                runs.Output(out, run_dir, rendering),
                spec=_spec(engine, patterns_home, no_model=no_model),
                readers=_readers(count, deadline=deadline, memory=memory, scheduler=scheduler),
                redo=runs.Redo(everything=overwrite, failed=retry_failed, drop_missing=drop_missing),
                workers=count if scheduler is None else CLUSTER_WORKERS,
                stopping=stopping,
                on_start=shown.start,
                on_files=shown.step,
            )
    except InputError as error:
        raise click.UsageError(str(error)) from error
    except runs.OutputExistsError as error:
        raise click.UsageError(
            f"{out} holds a dataset that no run there remembers. Choose another --out, or replace it with --overwrite."
        ) from error
    except runs.ExposedError as error:
        raise click.UsageError(
            f"{out} holds, or would hold, what a run remembers of the letters themselves. "
            "Give de-identified tables another --out, and --run-dir outside of it."
        ) from error
    except runs.BusyError as error:
        raise click.UsageError(
            f"Another run is writing into {out}. Wait for it, or see how far it is: imr status {out}"
        ) from error
    except runs.MissingFilesError as error:
        raise click.UsageError(
            f"{_many(error.count, 'file')} of the dataset in {out} are not among the inputs. Name all inputs again, "
            "or take those letters out with --drop-missing, or start anew with --overwrite."
        ) from error
    except (LedgerError, WorkersError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error}. When that is mended, the same command goes on.") from error
    except runs.StoppedError as error:
        click.echo(
            f"Stopped: {error.done} of {_many(error.files, 'file')} are read. The same command goes on.", err=True
        )
        sys.exit(EXIT_STOPPED)
    _report(summary, out)
    if not summary.files:
        click.echo("No files were found under the given paths.", err=True)
    if not summary.letters:
        sys.exit(EXIT_NO_LETTERS)


@main.command()
@click.argument("dataset", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--run-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what the run remembers, where extract was given one.",
)
def status(dataset: Path, run_dir: Path | None) -> None:
    """Tell how far a run into DIR is: files done, failed and left, the rate, and the time it still needs.

    It may be asked while the run goes on, and after it.
    """
    from extract.archive.layout import LEDGER, RUN_FOLDER
    from extract.archive.ledger import LedgerError
    from extract.archive.ledger import status as read
    from extract.archive.status import as_text

    homes = [run_dir] if run_dir else [dataset / RUN_FOLDER, dataset.with_name(f"{dataset.name}{RUN_FOLDER}")]
    home = next((h for h in homes if (h / LEDGER).is_file()), homes[0])
    try:
        found = read(home / LEDGER)
    except LedgerError as error:
        raise click.ClickException(str(error)) from error
    click.echo(as_text(found))


@main.command()
@click.argument(
    "shards",
    metavar="DIR...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write the tables into."
)
@click.option("--raw-csv", is_flag=True, help="Leave CSV cells that begin like a formula as they are.")
def merge(shards: tuple[Path, ...], out: Path, raw_csv: bool) -> None:
    """Bring datasets of shards together: the same tables as of one run over all of the input.

    DIR... are finished output folders of imr extract --shard. No letter is read again.
    """
    from extract.archive.merge import MergeError
    from extract.archive.merge import merge as bring_together
    from extract.archive.part import PartError
    from extract.archive.render import AsRead

    try:
        summary = bring_together(shards, out, rendering=AsRead(raw_csv=raw_csv))
    except MergeError as error:
        raise click.UsageError(str(error)) from error
    except PartError as error:
        raise click.ClickException(f"{error}: run the shard's imr extract command again.") from error
    _report(summary, out)


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


def _spec(engine: Engine, patterns_home: Path | None, *, no_model: bool) -> ReaderSpec:
    from extract.archive.key import ReaderSpec
    from extract.learned.weights import ModelError

    try:
        return ReaderSpec.of(patterns=patterns_home, engine=engine, with_model=not no_model)
    except ModelError as error:
        raise click.ClickException(f"model: {error}") from error


def _readers(
    workers: int, *, deadline: float, memory: int, scheduler: str | None
) -> Callable[[ReaderSpec, int], AbstractContextManager[Readers]]:
    """What reads letters: a cluster, this process for 0 workers, else processes, no more than there are chunks."""
    from extract.archive.nursery import Nursery, WorkersError
    from extract.archive.pool import Pool, Watch
    from extract.run import InProcess

    def make(spec: ReaderSpec, chunks: int) -> AbstractContextManager[Readers]:
        watch = Watch(deadline, memory)
        if scheduler is not None:
            try:
                from extract.archive.cluster import Cluster
            except ImportError as error:
                raise WorkersError("--scheduler needs Dask: pip install 'imr-letters[cluster]'") from error
            return Cluster(spec, scheduler=scheduler, workers=max(1, min(workers, chunks)), watch=watch)
        if workers == 0:
            return InProcess(spec)
        return Pool(Nursery(spec), workers=min(workers, chunks), watch=watch)

    return make


def _say_stopping() -> None:
    click.echo("Stopping: letters in flight are finished. Press Ctrl-C again to end at once.", err=True)


class _Lines:
    """Progress for a log: a line every thousand files."""

    def start(self, progress: Progress) -> None:
        """Say what an earlier run did already."""
        self._said = 0
        if progress.done:
            click.echo(f"{progress.done} of {progress.files} files were read before", err=True)

    def step(self, progress: Progress) -> None:
        """Say how far it is."""
        if progress.read // LOG_EVERY > self._said:
            self._said = progress.read // LOG_EVERY
            click.echo(f"{progress.done} of {progress.files} files, {progress.failed} failures", err=True)


def _progress() -> AbstractContextManager[_Lines | _Bar]:
    """A bar with rate and remaining time on a terminal, lines in a log."""
    return _Bar() if sys.stderr.isatty() else nullcontext(_Lines())


class _Bar:
    """A rich progress bar."""

    def __enter__(self) -> _Bar:
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
        return self

    def start(self, progress: Progress) -> None:
        """Show what an earlier run did already."""
        self._task = self._bar.add_task("files", total=progress.files, completed=progress.done, rate="")

    def step(self, progress: Progress) -> None:
        """Move on."""
        speed = self._bar.tasks[0].speed
        self._bar.update(self._task, completed=progress.done, rate=f"{speed:.0f}/s" if speed else "")

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
