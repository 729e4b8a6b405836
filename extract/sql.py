"""How names, strings and files stand in a question to DuckDB."""

from __future__ import annotations

import glob
from pathlib import Path


def quoted(name: str) -> str:
    """A name of a table or column, which may be a reserved word."""
    return '"' + name.replace('"', '""') + '"'


def string(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def file_name(path: Path) -> str:
    """A path that is not taken for a pattern of several files: a folder's name may hold ``*`` or ``[``."""
    return glob.escape(str(path.absolute()))
