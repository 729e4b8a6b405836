"""Folders whose names mean something to DuckDB are read as themselves, by every command that asks it."""

import shutil

import pytest
from click.testing import CliRunner

from extract.cli import main
from extract.sql import file_name, quoted, string

COMMANDS = [
    (("doctor", "{}", "--json"), "it asks by views"),
    (("report", "{}", "--out", "{}/r.html"), "likewise"),
    (("review", "{}", "--limit", "1", "--workers", "1"), "it asks with parameters"),
    (("export", "{}", "--to", "duckdb"), "files are read into tables"),
    (("diff", "{}", "{}", "--fail-on", "change"), "sides are literals"),
]


@pytest.mark.parametrize("name", ["it's *", "a[1]b"])
@pytest.mark.parametrize(("command", "why"), COMMANDS, ids=[c[0][0] for c in COMMANDS])
def test_a_folder_with_an_odd_name(datasets, tmp_path, name, command, why):
    odd = tmp_path / name
    shutil.copytree(datasets / "full", odd)
    for other in ("it's other", "a1b"):  # what the name would match as a pattern
        (tmp_path / other).mkdir()
        for file in (datasets / "full").glob("*.parquet"):
            (tmp_path / other / file.name).write_bytes(b"not a table")
    result = CliRunner().invoke(main, [part.format(odd) for part in command])
    assert result.exit_code == 0, (why, result.output)


def test_names_and_strings_keep_their_quotes():
    assert quoted('a "b"') == '"a ""b"""'
    assert string("it's") == "'it''s'"


def test_a_file_is_no_pattern(tmp_path):
    import glob

    path = tmp_path / "a[1]*?.parquet"
    path.write_bytes(b"")
    assert glob.glob(file_name(path)) == [str(path)]
