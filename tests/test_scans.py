"""Letters as images: read by OCR with boxes, mixed with pages of text, and what is said where the extra is missing."""

import importlib.util

import pypdfium2
import pytest
from PIL import Image

from extract.evidence import Span
from extract.failures import LetterError, Reason
from extract.header import HeaderReader
from extract.pipeline import LetterReader, Source
from tests.conftest import CORPUS

HAS_OCR = importlib.util.find_spec("tesserocr") is not None
needs_ocr = pytest.mark.skipif(not HAS_OCR, reason="the ocr extra is not installed (.ci/run installs it)")


def scan(source, target, *, dpi=200, skew=0.4, pages=None):
    """Draw a PDF's pages as a scanner would, a little askew; ``pages`` limits what is drawn."""
    document = pypdfium2.PdfDocument(source)
    images = []
    for page in list(document)[:pages]:
        image = page.render(scale=dpi / 72, grayscale=True).to_pil()
        images.append(image.rotate(skew, resample=Image.Resampling.BICUBIC, fillcolor=255))
    images[0].save(target, save_all=True, append_images=images[1:], resolution=dpi)


@pytest.fixture(scope="module")
def letter(corpus_pdfs):
    return next(p for p in corpus_pdfs if p.parent.name == "A")


@needs_ocr
def test_scanned_letter_gives_the_values_of_the_printed_one(letter, reader, tmp_path):
    scan(letter, tmp_path / "scan.pdf")
    (read,) = reader.read(Source.of(tmp_path / "scan.pdf"))
    (printed,) = reader.read(Source.of(letter))
    assert read.text_source == "ocr"
    for field in ("case_number", "priority", "injury_date", "decision_date", "age", "sex", "decision", "issue_count"):
        assert getattr(read, field) == getattr(printed, field), field
    assert [i.decision for i in read.issues] == [i.decision for i in printed.issues]
    assert [i.sessions_requested for i in read.issues] == [i.sessions_requested for i in printed.issues]
    assert "low_ocr_quality" not in read.flags


@needs_ocr
def test_boxes_of_a_scan_are_where_the_words_are_printed(letter, reader, tmp_path):
    scan(letter, tmp_path / "scan.pdf", skew=0)
    (read,) = reader.read(Source.of(tmp_path / "scan.pdf"))
    (printed,) = reader.read(Source.of(letter))

    def box(record):
        return next(e.box for e in record.evidence if e.field == "case_number")

    assert box(read).x0 == pytest.approx(box(printed).x0, abs=4)
    assert box(read).top == pytest.approx(box(printed).top, abs=6)


@needs_ocr
def test_only_pages_without_text_are_read_as_images(letter, reader, tmp_path):
    scan(letter, tmp_path / "first.pdf", pages=1)
    mixed = pypdfium2.PdfDocument(tmp_path / "first.pdf")
    mixed.import_pages(pypdfium2.PdfDocument(letter), pages=list(range(1, len(pypdfium2.PdfDocument(letter)))))
    mixed.save(tmp_path / "mixed.pdf")
    (read,) = reader.read(Source.of(tmp_path / "mixed.pdf"))
    (printed,) = reader.read(Source.of(letter))
    assert read.text_source == "ocr"
    assert read.issue_count == printed.issue_count


@needs_ocr
def test_poor_scan_is_flagged(letter, reader, tmp_path):
    scan(letter, tmp_path / "poor.pdf", dpi=60, skew=1.5)
    result = reader.try_read(Source.of(tmp_path / "poor.pdf"))
    flags = result[0].flags if isinstance(result, list) else (result.reason,)
    assert {"low_ocr_quality", Reason.NOT_A_LETTER} & set(flags)


@needs_ocr
def test_blank_page_is_no_text(reader, tmp_path):
    Image.new("L", (850, 1100), 255).save(tmp_path / "blank.pdf")
    with pytest.raises(LetterError) as error:
        reader.read(Source.of(tmp_path / "blank.pdf"))
    assert error.value.reason == Reason.NO_TEXT


@needs_ocr
def test_engines_read_a_scan_alike(letter, patterns, reader, tmp_path):
    scan(letter, tmp_path / "scan.pdf")
    (one,) = reader.read(Source.of(tmp_path / "scan.pdf"))
    (two,) = LetterReader(patterns=patterns, engine="pdfplumber").read(Source.of(tmp_path / "scan.pdf"))
    assert one.issues == two.issues


def test_without_the_extra_the_failure_says_what_to_install(letter, reader, tmp_path, monkeypatch):
    monkeypatch.setattr("extract.reading.ocr.available", lambda: False)
    scan(letter, tmp_path / "scan.pdf", dpi=72, pages=1)
    failure = reader.try_read(Source.of(tmp_path / "scan.pdf"))
    assert failure.reason == Reason.NO_TEXT
    assert "imr-letters[ocr]" in failure.detail


@needs_ocr
def test_scan_of_low_resolution_is_flagged(letter, reader, tmp_path):
    """At 100 dpi and with noise words are still read, and some of them wrongly: a person should look."""
    spec = importlib.util.spec_from_file_location("corpus_scan", CORPUS / "scan.py")
    drawn = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawn)
    drawn.scan(letter, tmp_path / "low.pdf", dpi=100, skew=1, noise=25, blur=0.5)
    (read,) = reader.read(Source.of(tmp_path / "low.pdf"))
    assert "low_ocr_quality" in read.flags


@pytest.mark.parametrize(
    ("printed", "wanted"),
    [
        ("Case Number: CM16-90O0l01", "CM16-9000101"),
        ("Case Number: CM16-9000001", "CM16-9000001"),
        ("Claim Number: 16-9000001", None),
    ],
    ids=["letters that look like digits", "printed well", "no case number"],
)
def test_case_number_of_a_scan(patterns, printed, wanted):
    found = HeaderReader(patterns=patterns).case_number(printed, Span(0, len(printed)))
    assert (found and found.value) == wanted
    if "O" in printed:
        assert found.confidence <= 0.6
