"""``imr doctor``: what is wrong with a dataset, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import click

from extract.words import many

UNSOUND = 3
"""Exit code of ``--strict`` where something beside flags is listed."""


@click.command()
@click.argument("dataset", metavar="DATASET", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--limit", type=click.IntRange(min=0), default=3, show_default=True, help="Letters named for each finding."
)
@click.option("--flag", metavar="NAME", help="List every letter with this flag, and the words it points at.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON; with --flag its letters too.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a row for each flag of each letter into this file; with --flag that flag's alone.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 where anything but flags is listed.")
def doctor(dataset: Path, limit: int, flag: str | None, as_json: bool, csv_file: Path | None, strict: bool) -> None:
    """Examine a dataset: flags, failures, gaps, values that cannot be, letters that are there twice.

    Each finding comes with its meaning, what to do about it, and the first letters behind it. Only the Parquet
    tables are read; a dataset made with --deidentify will do.

    Exit codes: 0 looked, whatever was found; 1 the dataset cannot be read; 2 wrong use; 3 see --strict.
    """
    from extract.checks.catalogue import CATALOGUE
    from extract.doctor import report
    from extract.doctor.examine import cases, examine
    from extract.doctor.tables import DatasetError

    if flag is not None and flag not in {known.name for known in CATALOGUE}:
        names = ", ".join(sorted(known.name for known in CATALOGUE))
        raise click.BadParameter(f"{flag!r} is no flag; there are {names}", param_hint="--flag")
    try:
        found = examine(dataset, limit=limit)
        if as_json:
            click.echo(report.as_json(found, cases(dataset, flag=flag, words=True) if flag else None))
        elif flag is not None:
            for line in report.cases_as_text(flag, cases(dataset, flag=flag, words=True)):
                click.echo(line)
        else:
            click.echo(report.as_text(found), nl=False)
        if csv_file is not None:
            try:
                rows = report.write_csv(cases(dataset, flag=flag, words=True), csv_file)
            except OSError as error:
                raise click.ClickException(f"{csv_file} cannot be written: {error.strerror or error}") from error
            click.echo(f"{many(rows, 'row')} written to {csv_file}", err=True)
    except DatasetError as error:
        raise click.ClickException(str(error)) from error
    if strict and found.unsound:
        raise click.exceptions.Exit(UNSOUND)
