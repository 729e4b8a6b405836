"""``imr show``: one letter on the screen."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from extract.commands.common import engine_option, model_option, patterns_option, reader_of

if TYPE_CHECKING:
    from extract.reading import Engine


@click.command()
@click.argument("letter", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON, with all evidence.")
@click.option("--sections", is_flag=True, help="Print the letter's sections instead of its values.")
@engine_option
@patterns_option
@model_option
def show(
    letter: Path, as_json: bool, sections: bool, engine: Engine, patterns_home: Path | None, no_model: bool
) -> None:
    """Show one letter's record: each value beside the words it came from."""
    from extract import show as screen
    from extract.failures import LetterError
    from extract.pipeline import Source

    try:
        records = reader_of(engine, patterns_home, no_model=no_model).read(Source.of(letter))
    except LetterError as error:
        raise click.ClickException(f"{letter.name}: {error.reason} ({error.detail})") from error
    if as_json:
        rows = [asdict(r) for r in records]
        click.echo(json.dumps(rows[0] if len(rows) == 1 else rows, indent=1, default=str, ensure_ascii=False))
        return
    for record in records:
        click.echo(screen.sections(record) if sections else screen.record(record))
