"""Engines, joined words, and the header table read by positions and by order."""

import logging
from dataclasses import replace
from itertools import combinations, pairwise

import pypdfium2
import pytest

from extract.evidence import Span
from extract.expressions import Alternatives, Family
from extract.header import HeaderReader
from extract.items.item import find_marks
from extract.layout import Label, LayoutReader, compile_words, never_first
from extract.pipeline import LetterReader, Source
from extract.reading import Page, open_letter
from extract.reading.page import Box, Line
from extract.record import FailureRecord
from extract.text import LetterText
from tests.letters import HEADER, LETTER


class Piece:
    """A printed piece of text without a place."""

    bold = False
    box = Box(0, 0, 0, 0)

    def __init__(self, text):
        self.text = text

    def box_of(self, start, end):
        return self.box


def pages(*texts):
    made = []
    for number, text in enumerate(texts, start=1):
        lines = tuple(Line((Piece(t),)) for t in text.split("\n"))
        made.append(Page(number, 0, 0, lines, tuple(False for _ in lines)))
    return made


JOINTS = [
    ("seen on 10-28-\n2016 again", "seen on 10-28-2016 again", "a date broken at its hyphen"),
    ("an Electro-\ndiagnostic test", "an Electro-diagnostic test", "a word broken at its hyphen"),
    ("Treatment Guide-\nlines and other Guidelines", "Treatment Guidelines and other Guidelines", "a soft hyphen"),
    ("pre-\nand post-operative", "pre- and post-operative", "a hyphen that hangs before a conjunction"),
    ("neck -\nback", "neck - back", "a dash with a blank before it"),
    ("hip and/\nor knee", "hip and/or knee", "a slash at the line's end"),
    ("one line\ntwo", "one line two", "an ordinary line end"),
    ("a  b\u00a0 c", "a b c", "runs of blanks"),
    ("a b\nc\x07d", "a b c d", "a character that is not printed"),
    ("a b\nc \nd", "a b c d", "a blank at a line's end"),
]


@pytest.mark.parametrize(("raw", "clean"), [j[:2] for j in JOINTS], ids=[j[2] for j in JOINTS])
def test_lines_are_joined(raw, clean):
    text = LetterText(pages(raw))
    assert text.clean == clean


def test_word_broken_by_a_page_end():
    text = LetterText(pages("pain in the low-\nback re-", "evaluation was asked for"))
    assert "re-evaluation" in text.clean
    start = text.clean.index("re-evaluation")
    raw = text.to_raw(type(text.lines[0].raw)(start, start + len("re-evaluation")))
    assert raw.of(text.raw) == "re-\n\x0cevaluation"


def test_each_clean_character_knows_its_place_in_the_raw_text():
    text = LetterText(
        pages("\u00ad low  back re-\nevaluation; Guide-\nlines", "and Guidelines,\u00ad\n\u00ad of the neck")
    )
    assert text.clean == "low back re-evaluation; Guidelines and Guidelines, of the neck"
    came_from = [text.to_raw(Span(at, at + 1)).of(text.raw) for at in range(len(text.clean))]
    folded = [" " if c.isspace() or c == "\u00ad" else c for c in came_from]
    assert "".join(folded) == text.clean
    assert text.to_raw(Span(len(text.clean), len(text.clean))) == Span(len(text.raw), len(text.raw))


def test_lines_of_a_region():
    text = LetterText(pages("one\ntwo\nthree\nfour"))
    at, end = text.clean.index("two"), text.clean.index("three") + len("three")
    assert list(text.lines_in(Span(at, end))) == [1, 2]
    assert list(text.lines_in(Span(at + 1, end - 1))) == []
    assert text.starts_in(Span(at, end)) == [at, text.clean.index("three")]
    assert [text.ends_line(p) for p in (end - 1, end, end + 1, len(text.clean))] == [False, True, False, True]


def test_place_is_the_box_of_the_words_on_the_first_page(corpus_pdfs):
    """Whole lines have their box at hand; parts of lines are measured: both give the same."""
    with open_letter(corpus_pdfs[0]) as document:
        text = LetterText(document.pages)
        first, second = next((a, b) for a, b in pairwise(text.lines) if a.page == b.page and " " in a.line.text)
        whole = first.line.segments[0].box_of(0, len(first.line.segments[0].text))
        assert first.line.segments[0].box == whole
        word = Span(first.raw.start, first.raw.start + first.line.text.index(" "))
        measured = first.line.box_of(0, word.end - word.start)
        assert text.place(word) == (first.page, measured)
        assert text.place(Span(first.raw.start, second.raw.end)) == (first.page, first.line.box.union(second.line.box))
        last = text.lines[-1]
        assert text.place(Span(first.raw.start, last.raw.end)).page == first.page
        assert text.place(Span(last.raw.end, last.raw.end)) == (last.page, None)


def test_boxes_are_those_that_pypdfium2_gives(corpus_pdfs):
    """PDFium is asked without its binding's check of each argument: the same characters stand in the same places."""
    with pypdfium2.PdfDocument(corpus_pdfs[0]) as pdf, open_letter(corpus_pdfs[0]) as document:
        page = pdf[0]
        left, _, _, top = page.get_bbox()
        text = page.get_textpage()
        words = text.get_text_range()
        line = next(line for line in document.pages[0].lines if " " in line.text and words.count(line.text) == 1)
        first = words.index(line.text)
        for start, end in ((0, 1), (0, 3), (1, line.text.index(" ")), (0, len(line.text))):
            boxes = [text.get_charbox(first + at, loose=True) for at in (start, end - 1)]
            around = (
                min(box[0] for box in boxes) - left,
                top - max(box[3] for box in boxes),
                max(box[2] for box in boxes) - left,
                top - min(box[1] for box in boxes),
            )
            assert line.box_of(start, end) == pytest.approx(around)


def test_a_box_is_not_asked_of_a_closed_letter(corpus_pdfs):
    with open_letter(corpus_pdfs[0]) as document:
        line = document.pages[0].lines[0]
    with pytest.raises(pypdfium2.PdfiumError):
        line.segments[0].box_of(0, 1)
    assert not line.bold


FIRST = [
    ("Final Report", "Ff", "words"),
    (r"(?:\(?(?<number>\d) ?[.)] ?)?Item", "(0123456789Ii", "an optional number"),
    ("(?=Effect of)|Rule", "EeRr", "words that are looked for and not taken"),
    ("(?<!no )Rule", "Rr", "words that may not stand before"),
]


@pytest.mark.parametrize(("expression", "first"), [f[:2] for f in FIRST], ids=[f[2] for f in FIRST])
def test_first_characters_of_an_expression(expression, first):
    assert {chr(c) for c in range(128)} - never_first(compile_words(expression)) == set(first)


def test_expression_that_looks_back_is_tried_anywhere():
    assert never_first(compile_words("(?<=a )Rule")) == frozenset()


def test_two_characters_tell_of_most_lines_that_no_heading_begins_there(patterns):
    layout = next(la for la in LayoutReader(patterns=patterns).layouts if la.name == "A")
    lines = ["Clinical Case Summary:", "Clinical", "C", "", "Cliff", "claims", "HOW THE IMR", "Hip", "ımr", "Éclair"]
    opened = [line for line in lines if layout.opening.match(line, partial=True)]
    assert {line for line in lines if layout.heads[line[:2]]} >= set(opened)
    assert not layout.heads["Hi"]
    assert "ım" not in layout.heads, "only ASCII is remembered"


WAYS = [
    (("Old rule:", "Rule:"), "Rule: a Rule: b Old rule: c Rule:", "a branch within another"),
    (("Rule of", "Rule of it:"), "Rule of it: Rule of her: ", "the first branch, not the longest"),
    (("Rule of a", "of a rule:"), "Rule of a rule: of a rule: Rule of b", "one that goes on behind another"),
    (("Rule:",), "Rule: Rule:", "one branch"),
]


@pytest.mark.parametrize(("ways", "text"), [w[:2] for w in WAYS], ids=[w[2] for w in WAYS])
def test_matches_of_branches_are_those_of_the_whole(ways, text):
    label = Label(Family([Alternatives("|".join(ways), branches=ways)]), 0, apart=True)
    found = [match.span() for match in label.finditer(text, 0, len(text), tame=True)]
    assert found == [match.span() for match in compile_words("(?-i:" + "|".join(ways) + ")").finditer(text)]
    assert found


def test_labels_of_a_letter_tell_those_of_any_part_of_it(patterns):
    """Also of parts that cut a label in two, as no section does."""
    text = LetterText(pages(LETTER))
    sections = LayoutReader(patterns=patterns).split(text)
    apart = replace(sections, labels={})
    assert sections.known
    labels = [label.span() for same in sections.labels.values() for label in same]
    edges = [0, len(text.clean), *(at for start, end in labels for at in (start - 1, start, start + 9, end, end + 1))]
    for start, end in combinations(sorted(edges), 2):
        marks, wanted = (find_marks(text, Span(start, end), s, s.layout) for s in (sections, apart))
        assert [(m.part, m.match.span()) for m in marks] == [(m.part, m.match.span()) for m in wanted]


def test_running_footers_stay_out_of_the_clean_text():
    text = LetterText(pages("a one\nb\nCase X page 1", "c one\nd\nCase X page 2", "e one\nf\nCase X page 3"))
    assert "Case X" not in text.clean
    assert text.raw.count("Case X") == 3


def test_engines_give_the_same_records(corpus_pdfs, patterns):
    fast, reference = LetterReader(patterns=patterns), LetterReader(patterns=patterns, engine="pdfplumber")
    for path in corpus_pdfs:
        assert _values(fast, path) == _values(reference, path), path.name


def test_engines_give_the_same_records_on_public_letters(public, patterns):
    fast, reference = LetterReader(patterns=patterns), LetterReader(patterns=patterns, engine="pdfplumber")
    for path in sorted((public / "letters").glob("*.pdf")):
        assert _values(fast, path) == _values(reference, path), path.name


def _values(reader, path):
    """A record without its boxes, which two engines measure a little differently."""
    read = reader.try_read(Source.of(path))
    if isinstance(read, FailureRecord):
        return read
    (record,) = read
    evidence = [(e.table, e.field, e.value, e.text, e.start, e.end, e.page) for e in record.evidence]
    return record.text, record.issues, record.flags, evidence


@pytest.mark.parametrize("engine", ["pdfium", "pdfplumber"])
def test_public_letters_are_read_without_a_warning(public, engine, caplog):
    path = next(iter(sorted((public / "letters").glob("*.pdf"))))
    with caplog.at_level(logging.WARNING), open_letter(path, engine=engine) as document:
        assert document.pages[0].lines
    assert caplog.records == []


ORDERS = {
    "row by row": HEADER,
    "value inside a wrapped label": HEADER.replace(
        "Application\nReceived:\n11/04/2016", "Application 11/04/2016\nReceived:"
    ),
    "labels, then values": (
        "Case Number:\nDate Assigned:\nDecision Date:\nPriority:\nCM16-9990001\n11/09/2016\n12/09/2016\nStandard\n"
        "Date of Injury:\nUR Denial Date:\nApplication Received:\n10/03/2016\n11/01/2016\n11/04/2016\n"
    ),
}
FIELDS = {
    "case_number": "CM16-9990001",
    "assigned_date": "2016-11-09",
    "injury_date": "2016-10-03",
    "decision_date": "2016-12-09",
    "ur_denial_date": "2016-11-01",
    "application_received_date": "2016-11-04",
    "priority": "standard",
}


@pytest.mark.parametrize("order", ORDERS)
def test_header_of_a_plain_text_in_any_order(order, patterns):
    text = LetterText(pages(LETTER.replace(HEADER, ORDERS[order])))
    sections = LayoutReader(patterns=patterns).split(text)
    read = HeaderReader(patterns=patterns).read(text, sections.spans[0].content, sections.layout.data.header)
    got = {k: str(v.value) for k, v in {**read.dates, **read.words}.items()}
    assert got == FIELDS


def test_missing_header_value_does_not_take_its_neighbours(patterns):
    text = LetterText(pages(LETTER.replace("Date of Injury: 10/03/2016", "Date of Injury:")))
    sections = LayoutReader(patterns=patterns).split(text)
    read = HeaderReader(patterns=patterns).read(text, sections.spans[0].content, sections.layout.data.header)
    assert "injury_date" not in read.dates
    assert str(read.dates["decision_date"].value) == "2016-12-09"
