"""``imr annotate``: pre-filled annotation files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from extract.commands.common import engine_option, model_option, patterns_option, reader_of
from extract.words import many

if TYPE_CHECKING:
    from extract.reading import Engine
    from extract.record import LetterRecord

NO_LETTER: Final = 3


@click.command()
@click.argument("letters", metavar="LETTER...", nargs=-1, required=True)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the annotation files, one JSON per letter.",
)
@click.option("--overwrite", is_flag=True, help="Replace annotation files that are there; without it they stay.")
@engine_option
@patterns_option
@model_option
def annotate(
    letters: tuple[str, ...],
    out: Path,
    overwrite: bool,
    engine: Engine,
    patterns_home: Path | None,
    no_model: bool,
) -> None:
    """Write LETTERs (files, folders, archives) as annotation files to be corrected, the least sure first.

    review/ below the folder has a worksheet for each: its values in the order of their confidence, with the
    words and page they came from. Exit code 3 where no file gave a letter.
    """
    from extract import annotate as drafting
    from extract.inputs import list_files
    from extract.record import FailureRecord
    from extract.run import read_all

    try:
        files = list_files(letters)
    except FileNotFoundError as error:
        raise click.UsageError(str(error)) from error
    records: list[LetterRecord] = []
    for file, result in read_all(files, reader_of(engine, patterns_home, no_model=no_model)):
        if isinstance(result, FailureRecord):
            click.echo(f"{file.name}: no letter, {result.reason} ({result.detail})", err=True)
        else:
            records += result
    drafts = drafting.drafts(records)
    kept = 0
    try:
        for draft in drafts:
            written = drafting.write(draft, out, overwrite=overwrite)
            kept += not written
            note = "" if written else "  left as it is"
            click.echo(f"{draft.least:4.2f}  {draft.unsure:3d} unsure  {out / draft.name}.json{note}")
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    click.echo(f"{many(len(drafts) - kept, 'annotation file')} written to {out}", err=True)
    if kept:
        click.echo(f"{many(kept, 'file')} there already and left as they are (--overwrite replaces them)", err=True)
    if not drafts:
        raise SystemExit(NO_LETTER)
