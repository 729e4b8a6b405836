"""Inputs: archives, patterns, manifests and shards give the names and rows that folders give; hostile members a row."""

import gzip
import io
import os
import stat
import tarfile
import zipfile

import pytest

from extract.archive import containers
from extract.archive.key import ReaderSpec
from extract.inputs import InputError, Inputs, Listed, Shard, list_files
from tests.runs import failures, letter, make_letters, rows, run, sources


def pack(path, members):
    """An archive of the kind its name says, of (name, bytes) pairs."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                archive.writestr(name, data)
        return path
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture(autouse=True)
def one_reader(monkeypatch, reader):
    """Runs in this process share a reader: loading one takes longer than these letters."""
    monkeypatch.setattr(ReaderSpec, "reader", lambda self: reader)


LETTERS = [(f"2016/{n:02d}.txt", letter(n).encode()) for n in (3, 1, 2)]


@pytest.mark.parametrize(
    ("name", "workers"), [("all.zip", 0), ("all.tar", 0), ("all.tar.gz", 0), ("all.tgz", 0), ("all.tar.gz", 1)]
)
def test_archive_gives_what_its_folder_gives(tmp_path, name, workers):
    (tmp_path / "in").mkdir()
    pack(tmp_path / "in" / name, [*LETTERS, ("2016/", b"")][:3])
    run(tmp_path / "in" / name, "--out", tmp_path / "out", "--workers", workers)
    assert sources(tmp_path / "out") == [f"{name}/2016/{n:02d}.txt" for n in (1, 2, 3)]
    assert {r["age"] for r in rows(tmp_path / "out", "letters")} == {"41"}


def test_archive_below_a_folder_and_stored_without_compression(tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "in" / "sub" / "a.zip", "w") as archive:
        archive.writestr("x/1.txt", letter(1))
        archive.writestr("__MACOSX/x/._1.txt", "left by a Mac")
        archive.writestr(".hidden", "not read")
        archive.writestr("windows\\2.txt", letter(2))
    run(tmp_path / "in", "--out", tmp_path / "out")
    assert sources(tmp_path / "out") == ["sub/a.zip/windows/2.txt", "sub/a.zip/x/1.txt"]
    assert failures(tmp_path / "out") == {}


def test_names_that_stand_twice_in_an_archive_are_numbered(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for number in range(3):
            info = tarfile.TarInfo("1.txt")
            info.size = len(letter(number))
            archive.addfile(info, io.BytesIO(letter(number).encode()))
    run(tmp_path / "a.tar", "--out", tmp_path / "out")
    assert sources(tmp_path / "out") == ["a.tar/1#2.txt", "a.tar/1#3.txt", "a.tar/1.txt"]


def zip_with(path, **changes):
    info = zipfile.ZipInfo(changes.pop("name", "a.txt"))
    for name, value in changes.items():
        setattr(info, name, value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, letter(1))


def encrypted(path):
    zip_with(path)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def other_crc(path):
    zip_with(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 16
    data[at] ^= 1
    path.write_bytes(data)


def overlapping(path):
    """Two directory entries for one member, as bombs that need no nesting are built."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", letter(1))
        archive.writestr("b.txt", letter(1))
        archive.infolist()[1].header_offset = 0


def wrong_place(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", letter(1))
        archive.infolist()[0].header_offset = 7


ZIPS = [
    (lambda p: zip_with(p, name="../../a.txt"), "unsafe_member", "a name that climbs out of the archive"),
    (lambda p: zip_with(p, name="/etc/a.txt"), "unsafe_member", "an absolute name"),
    (lambda p: zip_with(p, name="C:\\a.txt"), "unsafe_member", "a drive of Windows"),
    (lambda p: zip_with(p, external_attr=(stat.S_IFLNK | 0o777) << 16), "unsafe_member", "a symbolic link"),
    (lambda p: zip_with(p, external_attr=(stat.S_IFCHR | 0o777) << 16), "unsafe_member", "a device"),
    (lambda p: zip_with(p, compress_type=zipfile.ZIP_BZIP2), "unreadable", "a method of packing that is not read"),
    (lambda p: pack(p, [("a.txt", b"0" * 5_000_000)]), "too_large", "5 MB of zeros: expands a thousand times"),
    (lambda p: pack(p, [("a.txt", os.urandom(100) * 510_000)]), "too_large", "over the limit of a file"),
    (lambda p: pack(p, [("a.zip", b"PK\x03\x04")]), "not_a_pdf", "an archive in an archive is not opened"),
    (encrypted, "encrypted", "a member with a password"),
    (other_crc, "damaged", "a checksum that is wrong"),
    (overlapping, "unsafe_member", "members that share their bytes"),
    (wrong_place, "damaged", "a directory that points into nothing"),
]


@pytest.mark.parametrize(("make", "reason"), [z[:2] for z in ZIPS], ids=[z[2] for z in ZIPS])
def test_hostile_zip_member_is_a_row(tmp_path, make, reason):
    make(tmp_path / "a.zip")
    run(tmp_path / "a.zip", "--out", tmp_path / "out", code=0 if make is overlapping else 3)
    assert list(failures(tmp_path / "out").values()) == [reason]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
@pytest.mark.parametrize("data", [b"", b"no archive at all" * 100], ids=["empty", "other bytes"])
def test_archive_by_name_only(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    run(tmp_path / name, "--out", tmp_path / "out", code=3)
    assert failures(tmp_path / "out") == {name: "damaged"}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_archive_cut_off_gives_what_can_be_read_and_a_row(tmp_path, name):
    path = pack(tmp_path / name, [(f"{n:02d}.txt", b"\0" + os.urandom(2000)) for n in range(40)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 700])
    run(path, "--out", tmp_path / "out", code=3)
    found = failures(tmp_path / "out")
    assert found[name] == "damaged"
    assert name == "a.zip" or len(found) > 5


TARS = [
    (tarfile.SYMTYPE, "a.txt", "a symbolic link"),
    (tarfile.LNKTYPE, "a.txt", "a hard link"),
    (tarfile.CHRTYPE, "a.txt", "a device"),
    (tarfile.FIFOTYPE, "a.txt", "a pipe"),
    (tarfile.REGTYPE, "../a.txt", "a name that climbs out"),
    (tarfile.REGTYPE, "/a.txt", "an absolute name"),
]


@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
@pytest.mark.parametrize(("kind", "name"), [t[:2] for t in TARS], ids=[t[2] for t in TARS])
def test_hostile_tar_member_is_a_row_and_the_next_one_is_read(tmp_path, suffix, kind, name):
    path = tmp_path / f"a.{suffix}"
    with tarfile.open(path, "w:gz" if suffix == "tar.gz" else "w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
        info = tarfile.TarInfo("z.txt")
        info.size = len(letter(1))
        archive.addfile(info, io.BytesIO(letter(1).encode()))
    run(path, "--out", tmp_path / "out")
    assert failures(tmp_path / "out") == {f"a.{suffix}/{name}": "unsafe_member"}
    assert sources(tmp_path / "out") == [f"a.{suffix}/z.txt"]


def test_stream_that_unpacks_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "STREAM_FREE_BYTES", 1_000_000)
    path = pack(
        tmp_path / "a.tar.gz", [("a.txt", letter(1).encode()), *((f"{n}.bin", b"\0" * 900_000) for n in range(9))]
    )
    run(path, "--out", tmp_path / "out")
    assert failures(tmp_path / "out")["a.tar.gz"] == "too_large"
    assert sources(tmp_path / "out") == ["a.tar.gz/a.txt"]


def test_header_that_claims_the_whole_memory_is_given_up(tmp_path):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 10**12
    for name, opened in (("a.tar", open), ("b.tar.gz", gzip.open)):
        with opened(tmp_path / name, "wb") as stream:
            stream.write(header.tobuf(tarfile.GNU_FORMAT) + b"\0" * 10_000)
    run(tmp_path, "--out", tmp_path / "out", code=3)
    assert failures(tmp_path / "out") == {"a.tar": "too_large", "b.tar.gz": "damaged"}


def test_pattern_names_files_below_its_fixed_part(tmp_path):
    make_letters(tmp_path / "in" / "2016", 2)
    make_letters(tmp_path / "in" / "2017", 1, {0: "other words"})
    run(tmp_path / "in" / "*" / "00*.txt", "--out", tmp_path / "out")
    assert sources(tmp_path / "out") == ["2016/000.txt", "2016/001.txt", "2017/000.txt"]


def test_pattern_that_matches_nothing_is_wrong_use(tmp_path):
    run(tmp_path / "*.pdf", "--out", tmp_path / "out", code=2)


def test_manifest(tmp_path):
    make_letters(tmp_path / "in", 3)
    (tmp_path / "list.txt").write_text("# letters\nin/002.txt\n\nin/000.txt\nin/not-there.txt\n")
    run("--manifest", tmp_path / "list.txt", "--out", tmp_path / "out")
    assert sources(tmp_path / "out") == ["in/000.txt", "in/002.txt"]
    assert failures(tmp_path / "out") == {"in/not-there.txt": "unreadable"}


def test_nothing_to_read_is_wrong_use(tmp_path):
    assert "--manifest" in run("--out", tmp_path / "out", code=2)
    run("--manifest", tmp_path / "none.txt", "--out", tmp_path / "out", code=2)


def test_shards_part_the_input(tmp_path):
    make_letters(tmp_path / "in", 12)
    (tmp_path / "in" / "more.tar").write_bytes(pack(tmp_path / "m.tar", LETTERS).read_bytes())
    whole = {f.name for f in list_files([tmp_path / "in"])}
    parts = []
    for number in (1, 2, 3):
        inputs = Inputs((str(tmp_path / "in"),), shard=Shard(number, 3))
        parts.append({e.name for e in inputs.entries() if isinstance(e, Listed)})
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)
    run(tmp_path / "in", "--shard", "2/3", "--out", tmp_path / "out")
    assert set(sources(tmp_path / "out")) == parts[1]


def test_shard_of_a_name_never_changes():
    """What a run of last year put into shard 3 must be there today."""
    assert [n for n in range(20) if Shard(3, 4).holds(f"{n}.pdf")] == [8, 9, 11, 13, 16, 19]


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/", "-1/3"])
def test_shard_that_is_none(text):
    with pytest.raises(InputError, match="3/64"):
        Shard.parse(text)


def test_url(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    for name, data in LETTERS:
        store.pipe(f"/bucket/{name}", data)
    try:
        run("memory://bucket", "--out", tmp_path / "out")
        assert sources(tmp_path / "out") == ["2016/01.txt", "2016/02.txt", "2016/03.txt"]
        run("memory://bucket/2016/0[12].txt", "--out", tmp_path / "two")
        assert sources(tmp_path / "two") == ["01.txt", "02.txt"]
    finally:
        store.rm("/bucket", recursive=True)
