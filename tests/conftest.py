"""Where letters for tests lie, and one reader for all tests."""

import os
from pathlib import Path

import pytest

from extract.archive import worker
from extract.archive.key import ReaderSpec
from extract.patterns import Patterns
from extract.pipeline import LetterReader

HERE = Path(__file__).parent
CORPUS = HERE.parent / "corpus"


def public_home() -> Path:
    """The folder with the public letters: IMR_LETTERS, else beside the project."""
    return Path(os.environ.get("IMR_LETTERS", HERE.parent.parent / "shared"))


@pytest.fixture(scope="session")
def public():
    """Folder of the public letters; tests that need them are skipped where they are not at hand."""
    home = public_home()
    if not (home / "letters").is_dir():
        pytest.skip(f"the public letters are not at {home} (set IMR_LETTERS)")
    return home


@pytest.fixture(scope="session")
def patterns():
    return Patterns()


@pytest.fixture(scope="session")
def reader(patterns):
    return LetterReader(patterns=patterns)


@pytest.fixture(scope="session")
def corpus_pdfs():
    found = sorted((CORPUS / "letters").rglob("*.pdf"))
    assert found, "corpus/letters has no PDFs"
    return found


@pytest.fixture(scope="session")
def datasets(corpus_pdfs, reader, patterns, tmp_path_factory):
    """Folder with one small dataset three times: ``full``, ``safe`` (de-identified), ``raw`` (raw CSV)."""
    from tests.exports import make_datasets

    return make_datasets(tmp_path_factory.mktemp("datasets"), corpus_pdfs, reader, patterns)


@pytest.fixture
def read_names(monkeypatch, reader):
    """Names of the files that runs in this process really read; they share a reader."""
    names = []
    real = worker.ChunkReader._one

    def one(self, task, part, desk):
        outcome = yield from real(self, task, part, desk)
        names.append(task.name if outcome.state != "same" else f"{task.name} hashed")
        return outcome

    monkeypatch.setattr(worker.ChunkReader, "_one", one)
    monkeypatch.setattr(ReaderSpec, "reader", lambda self: reader)
    return names
