"""``imr evaluate``: a dataset against annotations."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
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
