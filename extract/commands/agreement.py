"""``imr agreement``: two annotators."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

_FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("first", metavar="DIR_A", type=_FOLDER)
@click.argument("second", metavar="DIR_B", type=_FOLDER)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every disagreement into this CSV file.",
)
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
@click.option("--resamples", default=1000, show_default=True, help="Bootstrap samples for the intervals; 0 for none.")
def agreement(first: Path, second: Path, csv_file: Path | None, markdown: bool, resamples: int) -> None:
    """Tell how far two folders of annotation files agree, field by field, over the letters that both have.

    Of fields with a closed vocabulary Cohen's kappa is given beside the share agreed, of lists F1, of dates,
    numbers and words the share agreed; each with its 95 % interval over letters.
    """
    from extract import agreement as measure
    from extract.gold import EvaluationError, read_gold

    try:
        found = measure.agreement(read_gold(first), read_gold(second), resamples=resamples)
    except (EvaluationError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(measure.as_markdown(found) if markdown else measure.as_text(found))
    if csv_file is not None:
        try:
            measure.write_disagreements(found, csv_file)
        except OSError as error:
            raise click.ClickException(f"{csv_file}: {error.strerror}") from error
        click.echo(f"{len(found.disagreements)} disagreements written to {csv_file}", err=True)
