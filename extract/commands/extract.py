"""``imr extract``: letters into tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from extract.commands.common import LocalFolder, engine_option, model_option, patterns_option, spec_of
from extract.commands.progress import progress
from extract.commands.summary import summarise
from extract.words import many

if TYPE_CHECKING:
    from extract.archive.key import ReaderSpec
    from extract.archive.render import Rendering
    from extract.reading import Engine
    from extract.run import Output, Readers

EXIT_FAULT: Final = 1
EXIT_USAGE: Final = 2
EXIT_NO_LETTERS: Final = 3
EXIT_STOPPED: Final = 130
CLUSTER_WORKERS: Final = 64
"""Workers that chunks are cut for where a cluster reads, whose size is not known beforehand."""

EXIT_HELP: Final = """\b
Exit codes:
    0  finished; files that gave no letter are rows of failures.csv
    1  the run itself failed (a fault of the program or of the disk)
    2  wrong use: unknown option, missing input, output folder in use
    3  finished, but no file gave a letter
  130  stopped by Ctrl-C; the same command goes on"""


@click.command(epilog=EXIT_HELP)
@click.argument("inputs", nargs=-1)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False),
    help="Folder to write the tables into, or a URL with --run-dir.",
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
    type=LocalFolder(),
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
@engine_option
@patterns_option
@model_option
def extract(
    inputs: tuple[str, ...],
    out: str,
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
    text under texts/, what describes the tables (datapackage.json, croissant.json), and run.json. A file that
    cannot be read becomes a row of failures with a reason code, and the run goes on. A run that was
    stopped or killed goes on where it was with the same command, and into a finished dataset only what is new is read.
    """
    from extract import run as runs
    from extract.archive.ledger import LedgerError
    from extract.archive.nursery import WorkersError
    from extract.archive.render import AsRead
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
        with progress() as shown, Stopper(on_stop=_say_stopping) as stopping:
            summary = runs.extract(
                wanted,
                _output(out, run_dir, rendering),
                spec=spec_of(engine, patterns_home, no_model=no_model),
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
            f"{out} holds, or would hold, what a run remembers of the letters themselves, or exports that were not "
            "de-identified. Give de-identified tables another --out, and --run-dir outside of it."
        ) from error
    except runs.BusyError as error:
        raise click.UsageError(
            f"Another run is writing into {out}. Wait for it, or see how far it is: imr status {out}"
        ) from error
    except runs.MissingFilesError as error:
        raise click.UsageError(
            f"{many(error.count, 'file')} of the dataset in {out} are not among the inputs. Name all inputs again, "
            "or take those letters out with --drop-missing, or start anew with --overwrite."
        ) from error
    except (LedgerError, WorkersError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error}. When that is mended, the same command goes on.") from error
    except runs.StoppedError as error:
        click.echo(
            f"Stopped: {error.done} of {many(error.files, 'file')} are read. The same command goes on.", err=True
        )
        sys.exit(EXIT_STOPPED)
    summarise(summary, out)
    if not summary.files:
        click.echo("No files were found under the given paths.", err=True)
    if not summary.letters:
        sys.exit(EXIT_NO_LETTERS)


def _output(out: str, run_dir: Path | None, rendering: Rendering) -> Output:
    """Where the run writes. A URL knows no locks, so what the run remembers lies elsewhere."""
    from extract.inputs import SCHEME
    from extract.run import Output

    if SCHEME not in out:
        return Output(Path(out), run_dir, rendering)
    if run_dir is None:
        raise click.UsageError("An --out that is a URL needs --run-dir: a folder on a disk of this machine.")
    return Output.at(out, run_dir, rendering)


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
