"""Reads California Independent Medical Review letters into tables.

>>> from extract import read_letter, read_letters  # doctest: +SKIP
>>> record = read_letter("letter.pdf")  # doctest: +SKIP
>>> tables = read_letters(["letters/"])  # doctest: +SKIP
>>> tables["issues"]  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from extract.pipeline import LetterReader
    from extract.record import LetterRecord

__version__ = "0.1.0"
__all__ = ["__version__", "read_letter", "read_letters"]


def read_letter(path: str | PathLike[str], *, reader: LetterReader | None = None) -> LetterRecord:
    """Read one letter into a typed record.

    ``reader`` may be given to read many letters with one set of patterns. Raises
    ``extract.failures.LetterError`` with a reason where the file gives no letter. Of a file
    with several letters the first is returned.
    """
    from extract.pipeline import LetterReader, Source

    return (reader or LetterReader()).read(Source.of(Path(path)))[0]


def read_letters(
    paths: Iterable[str | PathLike[str]], *, reader: LetterReader | None = None
) -> dict[str, pd.DataFrame]:
    """Read files, folders and archives into DataFrames: letters, issues, citations, evidence, failures, flat.

    Raises FileNotFoundError for a path that is not there; any other fault of a file is a row of
    the failures.
    """
    from extract.inputs import list_files
    from extract.pipeline import LetterReader
    from extract.record import FailureRecord
    from extract.run import read_all
    from extract.tables import frames

    letters: list[LetterRecord] = []
    failures: list[FailureRecord] = []
    for _, result in read_all(list_files(paths), reader or LetterReader()):
        if isinstance(result, FailureRecord):
            failures.append(result)
        else:
            letters += result
    return frames(letters, failures)
