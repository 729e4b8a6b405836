"""``imr diff``: what changed between two datasets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, Literal

import click

FailOn = Literal["change", "loss", "never"]
DIFFERENT: Final = 1
TROUBLE: Final = 2
WIDTH: Final = 100
"""Characters that the tables need."""
_FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE: Final = click.Path(dir_okay=False, path_type=Path)


class _Trouble(click.ClickException):
    """As ``diff`` has it: 1 says that values differ, 2 that they could not be compared."""

    exit_code = TROUBLE


@click.command()
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@click.option("--gold", type=_FOLDER, help="Folder of annotation files: tells gains from losses.")
@click.option("--csv", "csv_file", type=_FILE, help="Write every change with its evidence into this CSV file.")
@click.option("--html", "html_file", type=_FILE, help="Write a page with the changes, to be filtered by field.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    help="Changes that the page lists, losses first; the CSV file has all.",
)
@click.option(
    "--all", "everything", is_flag=True, help="List changes of flags, confidence and file places one by one, too."
)
@click.option(
    "--fail-on",
    type=click.Choice(["change", "loss", "never"]),
    default="change",
    show_default=True,
    help="What gives exit code 1: any change, a loss by the annotations (with --gold), nothing.",
)
def diff(
    old: Path,
    new: Path,
    gold: Path | None,
    csv_file: Path | None,
    html_file: Path | None,
    limit: int,
    everything: bool,
    fail_on: FailOn,
) -> None:
    """Tell what changed from dataset OLD to dataset NEW, cell by cell, and with annotations what was gained and lost.

    Letters are matched by letter_id, else by source, else by case number. Exit codes: 0 no value differs,
    1 values differ (or what --fail-on says), 2 the datasets cannot be compared.
    """
    from rich.console import Console

    from extract.changes import page, screen
    from extract.changes.report import compare_datasets
    from extract.changes.tables import ChangesError
    from extract.gold import EvaluationError, read_gold

    if fail_on == "loss" and gold is None:
        raise click.UsageError("--fail-on loss needs --gold: without annotations nothing tells a loss")
    # A narrow terminal wraps lines; cut figures would be worse. A file or a pipe takes lines of any length.
    console = Console(width=max(Console().width, WIDTH) if sys.stdout.isatty() else 160)
    try:
        annotated = None if gold is None else read_gold(gold)
        with compare_datasets(old, new, gold=annotated, everything=everything) as report:
            screen.show(report, console)
            if csv_file is not None:
                click.echo(f"{screen.write_csv(report, csv_file)} changes written to {csv_file}", err=True)
            if html_file is not None:
                click.echo(f"{page.write_page(report, html_file, limit=limit)} changes shown in {html_file}", err=True)
            failed = {"change": report.count, "loss": report.losses, "never": 0}[fail_on]
    except (ChangesError, EvaluationError) as error:
        raise _Trouble(str(error)) from error
    except OSError as error:
        raise _Trouble(f"{error.filename}: {error.strerror}") from error
    if failed:
        raise SystemExit(DIFFERENT)
