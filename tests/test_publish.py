"""``--out`` that is a URL: the dataset there is the one that a run on disk writes."""

import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner

from extract.archive.publish import Publisher, PublishError
from extract.cli import main
from tests.runs import make_letters, run

fsspec = pytest.importorskip("fsspec")
PLACE = "memory://published"


@pytest.fixture
def store():
    """The store behind the URLs of these tests, empty again afterwards."""
    found = fsspec.filesystem("memory")
    yield found
    if found.exists("/published"):
        found.rm("/published", recursive=True)


@pytest.fixture
def letters(tmp_path):
    return make_letters(tmp_path / "in", 3)


def there(store):
    """What lies at the URL, by name."""
    return {path.removeprefix("/published/"): store.cat_file(path) for path in store.find("/published")}


def here(folder):
    """The same of a folder, without what a run remembers."""
    files = (p for p in folder.rglob("*") if p.is_file() and ".run" not in p.parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_dataset_at_a_url_is_that_of_a_folder(tmp_path, store, letters):
    run(letters, "--out", tmp_path / "out")
    said = run(letters, "--out", PLACE, "--run-dir", tmp_path / "run")
    assert there(store) == here(tmp_path / "out")
    assert f"written to {PLACE}/" in said
    assert "0 left" in CliRunner().invoke(main, ["status", str(tmp_path / "run")]).output


def test_second_run_copies_only_what_changed(tmp_path, store, letters):
    run(letters, "--out", PLACE, "--run-dir", tmp_path / "run")
    before = {path: store.info(path)["created"] for path in store.find("/published")}
    run(letters, "--out", PLACE, "--run-dir", tmp_path / "run")
    assert {path: store.info(path)["created"] for path in store.find("/published")} == before
    make_letters(letters, 4)
    run(letters, "--out", PLACE, "--run-dir", tmp_path / "run")
    after = {path: store.info(path)["created"] for path in store.find("/published")}
    texts = [path for path in before if "/texts/" in path]
    assert len(texts) == 3
    assert all(after[path] == before[path] for path in texts)
    assert after["/published/letters.csv"] != before["/published/letters.csv"]
    assert len([path for path in after if "/texts/" in path]) == 4


def test_letters_that_are_gone_lose_their_texts(tmp_path, store, letters):
    run(letters, "--out", PLACE, "--run-dir", tmp_path / "run")
    (letters / "001.txt").unlink()
    run(letters, "--out", PLACE, "--run-dir", tmp_path / "run", "--drop-missing")
    run(letters, "--out", tmp_path / "out")
    assert there(store) == here(tmp_path / "out")


def test_copying_that_broke_off_goes_on(tmp_path, store, letters, monkeypatch):
    put = type(store).put

    def broken(self, sources, targets, **more):
        put(self, sources[:2], targets[:2], **more)
        raise ConnectionError("the network is gone")

    monkeypatch.setattr(type(store), "put", broken)
    said = run(letters, "--out", PLACE, "--run-dir", tmp_path / "run", code=1)
    assert "the network is gone" in said
    assert "goes on" in said
    assert "run.json" not in there(store), "what is half there must not look finished"
    monkeypatch.setattr(type(store), "put", put)
    run(letters, "--out", PLACE, "--run-dir", tmp_path / "run")
    run(letters, "--out", tmp_path / "out")
    assert there(store) == here(tmp_path / "out")


def test_dataset_of_another_run_is_not_replaced_unless_told(tmp_path, store, letters):
    run(letters, "--out", PLACE, "--run-dir", tmp_path / "one")
    store.pipe("/published/notes.txt", b"mine")
    store.pipe("/published/texts/0123456789abcdef.txt", b"a letter that is in no table any more")
    before = there(store)
    assert "--overwrite" in run(letters, "--out", PLACE, "--run-dir", tmp_path / "two", code=2)
    assert there(store) == before
    run(letters, "--out", PLACE, "--run-dir", tmp_path / "two", "--overwrite")
    assert there(store).keys() == before.keys() - {"texts/0123456789abcdef.txt"}
    assert there(store)["notes.txt"] == b"mine"


def test_own_texts_at_the_url_are_no_letters(tmp_path, store, letters):
    for path in letters.iterdir():
        store.pipe(f"/published/in/{path.name}", path.read_bytes())
    for _ in range(2):  # the second time the first one's texts lie there
        said = run("memory://published", "--out", f"{PLACE}/out", "--run-dir", tmp_path / "run")
        assert "from 3 files" in said


def test_deidentified_tables_at_a_url(tmp_path, store, letters):
    run(letters, "--out", PLACE, "--run-dir", tmp_path / "run", "--deidentify")
    assert not [name for name in there(store) if name.startswith("texts/")]
    assert b"CM16-999" not in there(store)["letters.csv"]


@pytest.mark.parametrize(
    ("url", "more", "says"),
    [
        (PLACE, (), "--run-dir"),  # a store has no locks for the ledger
        (PLACE, ("--run-dir", "memory://run"), "--run-dir"),  # not a folder called memory:
        ("nowhere://bucket", ("--run-dir", "RUN"), "nowhere"),
    ],
)
def test_output_that_cannot_be_used_says_why(tmp_path, letters, url, more, says):
    words = [tmp_path / "run" if word == "RUN" else word for word in more]
    said = run(letters, "--out", url, *words, code=1 if "nowhere" in url else 2)
    assert says in said


def test_store_that_cannot_be_asked(tmp_path, store, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError("not yours")

    monkeypatch.setattr(type(store), "exists", refuse)
    with pytest.raises(PublishError, match="not yours"):
        Publisher(Path(tmp_path), f"{PLACE}/{uuid.uuid4()}", home=tmp_path).holds_another()
