"""``imr status``: how far a run is."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("dataset", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--run-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what the run remembers, where extract was given one.",
)
def status(dataset: Path, run_dir: Path | None) -> None:
    """Tell how far a run into DIR is: files done, failed and left, the rate, and the time it still needs.

    DIR may also be the run folder itself.

    It may be asked while the run goes on, and after it.
    """
    from extract.archive.layout import LEDGER, RUN_FOLDER
    from extract.archive.ledger import LedgerError
    from extract.archive.ledger import status as read
    from extract.archive.status import as_text

    beside = dataset.with_name(f"{dataset.name}{RUN_FOLDER}")
    homes = [run_dir] if run_dir else [dataset / RUN_FOLDER, beside, dataset]
    home = next((h for h in homes if (h / LEDGER).is_file()), homes[0])
    try:
        found = read(home / LEDGER)
    except LedgerError as error:
        raise click.ClickException(str(error)) from error
    click.echo(as_text(found))
