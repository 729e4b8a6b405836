"""``imr report``: a dataset as one page."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("dataset", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, where it is not to be report.html in the dataset's folder.",
)
@click.option(
    "--groups",
    default=15,
    show_default=True,
    type=click.IntRange(min=1),
    help="Groups that a table shows at most; the others become one row.",
)
def report(dataset: Path, out: Path | None, groups: int) -> None:
    """Write a report on a dataset: outcomes with 95 % intervals, published figures, data quality.

    DATASET is an output folder of imr extract. The report is one HTML file that needs no network.
    """
    from extract.report import Fold, ReportError, write_report

    try:
        path = write_report(dataset, out, fold=Fold(most=groups))
    except ReportError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}. Choose another --out.") from error
    click.echo(f"Report written to {path}")
