"""The documentation says what the program does: commands, help, transcript, data dictionary."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from extract import __version__
from extract.cli import main
from extract.dictionary import markdown
from extract.failures import Reason

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_and_stands_in_the_readme(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5
    assert f"`imr {name} " in README
    for option in main.commands[name].params:
        if option.param_type_name == "option":
            assert option.help, f"{name} {option.name} has no help"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_option_stands_in_the_docs(name):
    docs = README + "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "docs").glob("*.md")))
    for option in main.commands[name].params:
        if option.param_type_name == "option":
            assert any(o in docs for o in option.opts), f"{name} {option.name}"


def test_readme_names_no_option_that_does_not_exist():
    known = {o for c in main.commands.values() for p in c.params for o in p.opts}
    rows = [line for line in README.splitlines() if line.startswith("| `imr ")]
    assert rows
    for option in re.findall(r"--[a-z-]+", " ".join(rows)):
        assert option in known, option


def test_transcript_of_the_readme_is_real(monkeypatch):
    monkeypatch.chdir(ROOT)
    block = re.search(r"```console\n\$ imr (show [^\n]+)\n(.*?)\n…\n```", README, re.S)
    assert block
    result = CliRunner().invoke(main, block[1].split())
    assert result.exit_code == 0
    shown = "\n".join(line.rstrip() for line in result.output.split("\n"))
    assert shown.startswith(block[2])


def test_data_dictionary_is_up_to_date():
    assert (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8") == markdown()


def test_links_of_the_docs_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "corpus" / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)


def test_every_failure_code_has_a_meaning():
    assert all(reason.meaning for reason in Reason)


def test_python_block_of_the_readme_runs(corpus_pdfs, tmp_path, monkeypatch):
    block = re.search(r"```python\n(.*?)```", README, re.S)[1]
    (tmp_path / "letters").mkdir()
    for name in ("letter.pdf", "letters/one.pdf"):
        (tmp_path / name).write_bytes(corpus_pdfs[0].read_bytes())
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(main, ["extract", "letters", "--out", "dataset"])
    scope = {}
    exec(block, scope)
    assert scope["record"].case_number == corpus_pdfs[0].stem
    assert len(scope["flat"])


def test_show_as_json_and_sections(corpus_pdfs):
    import json

    result = CliRunner().invoke(main, ["show", str(corpus_pdfs[0]), "--json"])
    assert json.loads(result.output)["evidence"]
    result = CliRunner().invoke(main, ["show", str(corpus_pdfs[0]), "--sections"])
    assert "--- case_summary" in result.output


def test_show_of_a_bad_file_says_why(tmp_path):
    (tmp_path / "x.pdf").write_bytes(b"not a pdf")
    result = CliRunner().invoke(main, ["show", str(tmp_path / "x.pdf")])
    assert result.exit_code == 1
    assert "not_a_pdf" in result.output


def test_tab_completion_knows_the_commands():
    from click.shell_completion import BashComplete

    completed = BashComplete(main, {}, "imr", "_IMR_COMPLETE")
    assert {c.value for c in completed.get_completions([], "ex")} == {"extract", "export"}
    assert "--gold" in {c.value for c in completed.get_completions(["evaluate"], "--g")}
    assert "_IMR_COMPLETE=bash_source imr" in README


def test_citation_file_names_this_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == __version__
    assert {"cff-version", "message", "title", "authors", "license"} <= set(cited)
