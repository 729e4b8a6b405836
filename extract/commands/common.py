"""What several commands share: options and readers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from extract.archive.key import ReaderSpec
    from extract.pipeline import LetterReader
    from extract.reading import Engine


class LocalFolder(click.Path):
    """A folder on a disk of this machine; a URL is no such thing, and would make a folder of its name."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """The path. Fails for a URL."""
        from extract.inputs import SCHEME

        if SCHEME in os.fspath(value):
            self.fail(f"{os.fspath(value)} is a URL; it must be a folder on a disk of this machine.", param, ctx)
        return super().convert(value, param, ctx)


patterns_option = click.option(
    "--patterns",
    "patterns_home",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of rules and vocabularies to use instead of the built-in ones.",
)
engine_option = click.option(
    "--engine",
    type=click.Choice(["pdfium", "pdfplumber"]),
    default="pdfium",
    show_default=True,
    help="What reads PDFs: pdfium is fast, pdfplumber is the reference.",
)

model_option = click.option(
    "--no-model", is_flag=True, help="Read diagnoses by the rules alone, without the learnt component."
)


def reader_of(engine: Engine, patterns_home: Path | None, *, no_model: bool) -> LetterReader:
    """A reader; its faults end the command with a message."""
    from extract.confidence.apply import CalibrationError
    from extract.learned.weights import HOME, ModelError
    from extract.patterns import PatternError, Patterns
    from extract.pipeline import LetterReader

    try:
        return LetterReader(patterns=Patterns(patterns_home), engine=engine, model=None if no_model else HOME)
    except (ModelError, CalibrationError) as error:
        raise click.ClickException(f"model: {error}") from error
    except PatternError as error:
        raise click.ClickException(f"patterns: {error}") from error


def spec_of(engine: Engine, patterns_home: Path | None, *, no_model: bool) -> ReaderSpec:
    """How letters are read, for workers; its faults end the command with a message."""
    from extract.archive.key import ReaderSpec
    from extract.confidence.apply import CalibrationError
    from extract.learned.weights import ModelError

    try:
        return ReaderSpec.of(patterns=patterns_home, engine=engine, with_model=not no_model)
    except (ModelError, CalibrationError) as error:
        raise click.ClickException(f"model: {error}") from error
