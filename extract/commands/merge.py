"""``imr merge``: datasets of shards into one."""

from __future__ import annotations

from pathlib import Path

import click

from extract.commands.summary import summarise


@click.command()
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
    summarise(summary, out)
