"""Every kind of bad file gives rows, or a failures row that says why; nothing raises."""

import csv
import json
import shutil

import pypdfium2
import pytest
from click.testing import CliRunner
from PIL import Image
from pypdf import PdfReader, PdfWriter

from extract.cli import main
from tests.letters import HEADER, ITEMS, LETTER, MADE, SUMMARY


def run(folder, out, *more):
    return CliRunner().invoke(main, ["extract", str(folder), "--out", str(out), "--workers", "0", *more])


def table(out, name):
    with (out / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def letters(tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    return folder


@pytest.fixture
def pdf(corpus_pdfs):
    return next(p for p in corpus_pdfs if p.parent.name == "A")


def one_failure(letters, tmp_path):
    result = run(letters, tmp_path / "out")
    assert result.exit_code == 3, result.output
    failures = table(tmp_path / "out", "failures")
    assert len(failures) == 1
    assert table(tmp_path / "out", "letters") == []
    assert "\n" not in failures[0]["detail"]
    return failures[0]


def test_empty_folder(letters, tmp_path):
    result = run(letters, tmp_path / "out")
    assert result.exit_code == 3
    assert "No files" in result.output
    assert table(tmp_path / "out", "letters") == []


def test_folder_of_spreadsheets(letters, tmp_path):
    for name in ("a.xlsx", "b.csv"):
        (letters / name).write_bytes(b"PK\x03\x04 not a letter")
    run(letters, tmp_path / "out")
    assert [f["reason"] for f in table(tmp_path / "out", "failures")] == ["not_a_pdf", "not_a_pdf"]


def test_truncated_pdf(letters, tmp_path, pdf):
    (letters / "cut.pdf").write_bytes(pdf.read_bytes()[:1500])
    assert one_failure(letters, tmp_path)["reason"] == "damaged"


def test_pdf_with_a_password(letters, tmp_path, pdf):
    writer = PdfWriter(clone_from=PdfReader(pdf))
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(letters / "locked.pdf")
    assert one_failure(letters, tmp_path)["reason"] == "encrypted"


def test_pdf_of_images(letters, tmp_path):
    Image.new("L", (850, 1100), 255).save(letters / "scan.pdf")
    assert one_failure(letters, tmp_path)["reason"] == "no_text"


def test_file_without_bytes(letters, tmp_path):
    (letters / "nothing.pdf").touch()
    assert one_failure(letters, tmp_path)["reason"] == "empty"


def test_text_of_blanks(letters, tmp_path):
    (letters / "blank.txt").write_text(" \n\n ")
    assert one_failure(letters, tmp_path)["reason"] == "empty"


def test_pdf_by_name_only(letters, tmp_path):
    (letters / "page.pdf").write_text("<html>moved</html>")
    assert one_failure(letters, tmp_path)["reason"] == "not_a_pdf"


def test_a_text_that_is_no_letter(letters, tmp_path):
    (letters / "invoice.txt").write_text("Invoice 12\nClaim: CM16-9990009\nPhysical therapy, 3 visits: 240.00\n")
    assert one_failure(letters, tmp_path)["reason"] == "not_a_letter"


def test_text_in_latin_1(letters, tmp_path):
    (letters / "latin.txt").write_bytes(LETTER.replace("slid", "slid – café").encode("cp1252"))
    assert run(letters, tmp_path / "out").exit_code == 0
    row = table(tmp_path / "out", "letters")[0]
    assert row["age"] == "41"
    assert row["text_source"] == "plain_text"
    assert "café" in (tmp_path / "out" / "texts" / f"{row['letter_id']}.txt").read_text(encoding="utf-8")


def test_letter_cut_in_an_item(letters, tmp_path):
    cut = LETTER[: LETTER.index("Norco") + len("Norco 10/325mg #60: Overturned\n\nClaims Administrator guide")]
    (letters / "cut.txt").write_text(cut)
    assert run(letters, tmp_path / "out").exit_code == 0
    issues = table(tmp_path / "out", "issues")
    assert [i["requested_treatment"] for i in issues][-1] == "Norco 10/325mg #60"
    assert issues[-1]["decision"] == "overturned"
    assert issues[-1]["rationale"] == ""
    assert "incomplete_item" in table(tmp_path / "out", "letters")[0]["flags"]


def test_two_letters_in_one_pdf(letters, tmp_path, corpus_pdfs):
    two = [p for p in corpus_pdfs if p.parent.name == "A"][:2]
    joined = pypdfium2.PdfDocument.new()
    for path in two:
        joined.import_pages(pypdfium2.PdfDocument(path))
    joined.save(letters / "two.pdf")
    assert run(letters, tmp_path / "out").exit_code == 0
    rows = table(tmp_path / "out", "letters")
    assert [r["case_number"] for r in rows] == [p.stem for p in two]
    assert [r["source"] for r in rows] == ["two.pdf", "two.pdf/2"]
    assert len({r["letter_id"] for r in rows}) == 2
    assert all("several_letters" in r["flags"] for r in rows)


def test_names_with_blanks_quotes_and_other_alphabets(letters, tmp_path):
    names = ['a "quoted" letter.txt', "Carta número 5 – año.txt", "письмо, 手紙.txt", "it's;here.txt"]
    for number, name in enumerate(names):
        (letters / name).write_text(LETTER.replace("CM16-9990001", f"CM16-999000{number}"), encoding="utf-8")
    assert run(letters, tmp_path / "out").exit_code == 0
    assert sorted(r["source"] for r in table(tmp_path / "out", "letters")) == sorted(names)


def test_name_that_is_not_utf_8(letters, tmp_path):
    (letters / b"bad\xff.txt".decode("utf-8", "surrogateescape")).write_text(LETTER)
    assert run(letters, tmp_path / "out").exit_code == 0
    assert table(tmp_path / "out", "letters")[0]["source"] == "bad\ufffd.txt"


def test_same_bytes_under_two_names(letters, tmp_path, pdf):
    shutil.copy(pdf, letters / "one.pdf")
    shutil.copy(pdf, letters / "two.pdf")
    run(letters, tmp_path / "out")
    assert len(table(tmp_path / "out", "letters")) == 1
    failure = table(tmp_path / "out", "failures")[0]
    assert (failure["source"], failure["reason"], failure["detail"]) == (
        "two.pdf",
        "duplicate",
        "same bytes as one.pdf",
    )


def test_pipe_does_not_hang_the_run(letters, tmp_path):
    import os

    os.mkfifo(letters / "pipe.pdf")
    assert one_failure(letters, tmp_path)["reason"] == "unreadable"


def test_formula_in_a_letter_is_harmless_in_csv_and_verbatim_in_parquet(letters, tmp_path):
    import pandas as pd

    heading = '=HYPERLINK("http://example.org","x")'
    (letters / "formula.txt").write_text(LETTER.replace("Norco 10/325mg #60", heading))
    run(letters, tmp_path / "out")
    assert table(tmp_path / "out", "issues")[1]["requested_treatment"] == "'" + heading
    assert pd.read_parquet(tmp_path / "out" / "issues.parquet")["requested_treatment"][1] == heading


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("IMR ISSUES, DECISIONS AND RATIONALES\n" + ": Upheld\n" * 3000, "headings without words"),
        (MADE + SUMMARY + "a, " * 60_000 + ITEMS, "a list without an end"),
        (HEADER * 500 + MADE + SUMMARY + ITEMS, "a header again and again"),
        (MADE + SUMMARY + ITEMS.replace("Low Back Complaints", "(" * 20_000), "brackets that never close"),
        (MADE + SUMMARY + ITEMS + "\x0c" * 5000, "empty pages"),
        (MADE + "CLINICAL CASE SUMMARY\n" + "diagnosed with pain and " * 8000 + ITEMS, "a diagnosis without an end"),
    ],
)
def test_hostile_text_ends_with_a_row(letters, tmp_path, text, why):
    (letters / "hostile.txt").write_text(text)
    result = run(letters, tmp_path / "out")
    assert result.exception is None or isinstance(result.exception, SystemExit), why
    rows = table(tmp_path / "out", "letters") + table(tmp_path / "out", "failures")
    assert len(rows) == 1, why
    assert rows[0].get("reason") != "internal_error", (why, rows[0])


def test_missing_input_is_wrong_use(tmp_path):
    result = run(tmp_path / "nowhere", tmp_path / "out")
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_no_text_of_a_letter_in_the_failures(letters, tmp_path, monkeypatch):
    (letters / "a.txt").write_text(LETTER)

    def fault(*_, **__):
        raise ValueError("pallet slid")

    monkeypatch.setattr("extract.pipeline.find_items", fault)
    run(letters, tmp_path / "out")
    failure = table(tmp_path / "out", "failures")[0]
    assert failure["reason"] == "internal_error"
    assert "pallet" not in json.dumps(failure)
