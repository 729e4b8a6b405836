"""``imr review``: a page to check a dataset against its letters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from extract.commands.common import patterns_option
from extract.words import many

if TYPE_CHECKING:
    from extract.review.site import Report

LIMIT: Final = 500
FOLDER: Final = "review"
SAY_EVERY: Final = 100


@click.command()
@click.argument("dataset", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write into.  [default: DATASET/review]"
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=LIMIT,
    show_default=True,
    help="Letters at most, those to be looked at first; 0 for all. A letter takes some 200 KB.",
)
@click.option("--only", type=click.Choice(["flagged"]), help="Only letters that have a flag.")
@click.option(
    "--letters",
    type=click.Path(exists=True, path_type=Path),
    help="Folder or archive that holds the letters' files, where they are not where the run read them.",
)
@click.option(
    "--run-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder for what the run remembers, where extract was given one.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes that draw pages.  [default: the number of cores, 4 at most]",
)
@patterns_option
def review(
    dataset: Path,
    out: Path | None,
    limit: int,
    only: str | None,
    letters: Path | None,
    run_dir: Path | None,
    workers: int | None,
    patterns_home: Path | None,
) -> None:
    """Write a page on which DATASET is checked against its letters and corrected.

    The page works from disk in any browser, without a server. It shows the letters' pages with a box around the words
    of each value; corrections are saved as annotations, which imr evaluate --gold reads. Letters with flags
    come first, then those with the least certain values.
    """
    from extract.letter_rows import DatasetError
    from extract.patterns import PatternError, Patterns
    from extract.review.site import FolderError, Options, write

    place = out or dataset / FOLDER
    options = Options(
        limit=limit or None,
        only_flagged=only is not None,
        letters=letters,
        run=run_dir,
        workers=workers or min(4, os.cpu_count() or 1),
    )
    try:
        report = write(dataset, place, options, patterns=Patterns(patterns_home), on_letter=_say)
    except (DatasetError, FolderError) as error:
        raise click.UsageError(str(error)) from error
    except PatternError as error:
        raise click.ClickException(f"patterns: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{error}. When that is mended, run the same command again.") from error
    _summarise(report, place)


def _say(done: int, of: int) -> None:
    if done % SAY_EVERY == 0 and done < of:
        click.echo(f"{done} of {of} letters", err=True)


def _summarise(report: Report, place: Path) -> None:
    shown = many(report.letters, "letter")
    if report.letters < report.of:
        shown += f" of {report.of} (--limit 0 for all)" if report.letters else f" of {report.of}"
    click.echo(f"{shown}, {report.flagged} of them flagged: open {place / 'index.html'}")
    if report.absent:
        click.echo(
            f"The files of {many(report.absent, 'letter')} were not found as they were read; their text is shown in "
            "place of their pages. Name the folder that holds them with --letters."
        )
    for why, number in sorted(report.broken.items()):
        click.echo(f"The pages of {many(number, 'letter')} are not shown: {why}.")
