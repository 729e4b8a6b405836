"""``imr export``: a dataset in the format of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

NAMES: Final = ("sqlite", "duckdb", "excel", "stata", "label-studio", "prodigy", "brat")


@click.command()
@click.argument("dataset", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--to",
    "name",
    required=True,
    type=click.Choice(NAMES),
    help="Format to write: databases, spreadsheets, statistics, or input of annotation tools.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write into.  [default: the dataset's own]",
)
@click.option("--overwrite", is_flag=True, help="Replace what an earlier export into that folder wrote.")
def export(dataset: Path, name: str, out: Path | None, overwrite: bool) -> None:
    """Write a finished dataset in the format of another program.

    \b
    sqlite        dataset.sqlite, and metadata.json for Datasette
    duckdb        dataset.duckdb
    excel         dataset.xlsx, a sheet a table
    stata         stata/*.dta, a file a table
    label-studio  label-studio/, the letters' texts with the values as predictions
    prodigy       prodigy.jsonl, likewise
    brat          brat/, likewise

    The dataset is not changed. What was exported does not follow when imr extract adds letters: export again.
    """
    from extract.export.dataset import ExportError
    from extract.export.formats import export as write

    try:
        done = write(dataset, name, out=out, overwrite=overwrite)
    except ExportError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error}. Nothing was replaced; when that is mended, export again.") from error
    for path in done.paths:
        click.echo(f"{path}{'/' if path.is_dir() else ''} written")
    for note in done.notes:
        click.echo(f"Note: {note}", err=True)
