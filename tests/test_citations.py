"""Guideline paragraphs: one row a form, the reason beside it."""

import pickle

import pytest

from extract.values import citations as module
from extract.values.citations import CitationReader

# paragraph, [(guideline, chapter, edition, sections, pages)], reason
CASES = [
    (
        "The reviewer relied on the MTUS, Ankle and Foot Complaints, page 374 for the first and page 370 for the second.",
        [("mtus_acoem", "Ankle and Foot Complaints", None, (), ("374", "370"))],
        "words between two pages are no sections",
    ),
    (
        "The reviewer relied on the MTUS, Initial Approaches to Treatment, page 47, and the Official Disability Guidelines, "
        "Knee, Bracing.",
        [
            ("mtus_acoem", "Initial Approaches to Treatment", None, (), ("47",)),
            ("odg", "Knee", None, ("Bracing",), ()),
        ],
        "the link to the next citation is no section",
    ),
    (
        "Decision based on MTUS Low Back Complaints 2004, Section(s): Special Studies.",
        [("mtus_acoem", "Low Back Complaints", "2004", ("Special Studies",), ())],
        "one chapter, one section",
    ),
    (
        "Decision based on MTUS Forearm, Wrist, and Hand Complaints 2004, Section(s): Initial Care, Summary, and "
        "Chronic Pain Medical Treatment 2016, Section(s): Ultrasound, therapeutic (deep heat).",
        [
            ("mtus_acoem", "Forearm, Wrist, and Hand Complaints", "2004", ("Initial Care", "Summary"), ()),
            (
                "mtus_chronic_pain",
                "Chronic Pain Medical Treatment",
                "2016",
                ("Ultrasound, therapeutic (deep heat)",),
                (),
            ),
        ],
        "names of chapters and sections hold commas",
    ),
    (
        "Decision based on MTUS Postsurgical Treatment 2009, Section(s): Knee, Forearm, Wrist, & Hand.",
        [("mtus_postsurgical", "Postsurgical Treatment", "2009", ("Knee", "Forearm, Wrist, & Hand"), ())],
        "sections that are called like chapters",
    ),
    (
        "Decision based on MTUS Opioid Treatment 2016, Section(s): 1.7 Opioids for Acute Pain: Dental "
        "Work, 3.2 Opioids for Chronic Pain and Chronic Opioid Treatment: Alternatives.",
        [
            (
                "mtus_opioids",
                "Opioid Treatment",
                "2016",
                (
                    "1.7 Opioids for Acute Pain: Dental Work",
                    "3.2 Opioids for Chronic Pain and Chronic Opioid Treatment: Alternatives",
                ),
                (),
            )
        ],
        "numbered sections keep their colons and name other guidelines",
    ),
    (
        "Decision based on MTUS ACOEM Chapter 8 Neck and Upper Back Complaints,Chronic Pain Treatment Guidelines "
        "Physical Medicine Page(s): 99. Decision based on Non-MTUS Citation Official Disability Guidelines (ODG)( Neck Pain.",
        [
            ("mtus_acoem", "Neck and Upper Back Complaints", None, (), ()),
            ("mtus_chronic_pain", "Chronic Pain Treatment Guidelines", None, ("Physical Medicine",), ("99",)),
            ("odg", None, None, ("Neck Pain",), ()),
        ],
        "layout A1: chapter numbers, pages, a stray bracket",
    ),
    (
        "Decision based on Non-MTUS Citation Official Disability Guidelines (ODG), Low Back - Lumbar & Thoracic "
        "(Acute & Chronic), Shock wave therapy.",
        [("odg", "Low Back - Lumbar & Thoracic (Acute & Chronic)", None, ("Shock wave therapy",), ())],
        "the ODG's full chapter name stays whole",
    ),
    (
        "Decision based on Non-MTUS Citation Official Disability Guidelines, Physical Therapy Guidelines.",
        [("odg", None, None, ("Physical Therapy Guidelines",), ())],
        "the ODG without a chapter",
    ),
    (
        "Decision based on Non-MTUS Citation ODG Shoulder Chapter, Hand Chapter, Exercise.",
        [("odg", "Shoulder", None, ("Exercise",), ()), ("odg", "Hand", None, ("Exercise",), ())],
        "a topic after two chapters belongs to both",
    ),
    (
        "Decision based on Non-MTUS Citation Official Disability Guidelines, Neck and Upper Back (updated 12/21/16): Pillow.",
        [("odg", "Neck and Upper Back", "12/21/16", ("Pillow",), ())],
        "an edition in brackets",
    ),
    ("The Expert Reviewer did not cite any medical evidence for its decision.", [], "nothing cited"),
    (
        "The Expert Reviewer based their decision on recommendation(s) outside of the MTUS Guidelines. Decision based "
        "on Non-MTUS Citation Official Disability Guidelines (ODG) Hernia section, Mesh.",
        [("odg", "Hernia", None, ("Mesh",), ())],
        "the lead-in cites nothing by itself",
    ),
    (
        "Decision based on Non-MTUS Citation www.example.org/guide.",
        [("other", "www.example.org/guide", None, (), ())],
        "a bare web page gives its address",
    ),
    (
        "Decision based on MTUS Low Back Disorders 2019, and Opioids 2017.",
        [("mtus_acoem", "Low Back Disorders", "2019", (), ()), ("mtus_opioids", "Opioids", "2017", (), ())],
        "chapters of the MTUS since December 2017",
    ),
]


@pytest.fixture(scope="module")
def citations(patterns):
    return CitationReader(patterns=patterns)


@pytest.mark.parametrize(("paragraph", "wanted"), [c[:2] for c in CASES], ids=[c[2] for c in CASES])
def test_citations(citations, paragraph, wanted):
    got = [(c.guideline, c.chapter, c.edition, c.sections, c.pages) for c in citations.read(paragraph)]
    assert got == wanted


def test_spans_do_not_overlap_and_hold_the_chapter(citations):
    paragraph = CASES[1][0]
    found = citations.read(paragraph)
    assert [c.chapter in c.span.of(paragraph) for c in found] == [True, True]
    assert found[0].span.end <= found[1].span.start


@pytest.mark.parametrize(
    ("before", "inside"),
    [
        ("Section(s): Splints, ", True),
        ("Splints, ", False),
        ("Sections: Splints. Chapter ", False),
        ("Sections: Splints. Section: Braces, ", True),
        ("Section: 9. Splints, ", True),
    ],
    ids=["in a list", "no list", "over with a sentence", "another list", "a number ends no sentence"],
)
def test_a_name_stands_in_a_list_of_sections(before, inside):
    assert module._in_sections(before) is inside


def test_a_reader_can_be_pickled_after_it_has_read(citations):
    paragraph = CASES[0][0]
    assert pickle.loads(pickle.dumps(citations)).read(paragraph) == citations.read(paragraph)


@pytest.mark.parametrize(
    "words",
    [
        " Section(s): Braces",
        ", ACOEM Practice Guidelines (2004), Chapter 12",
        " (the American College of Sprains (ACOEM)) 2008",
        ": Chapter 3) 12",
        " ,( : ) Braces",
        "",
    ],
    ids=["a heading", "a document", "its full name", "a chapter alone", "marks alone", "nothing"],
)
def test_a_reference_that_does_not_begin_with_a_name_is_marks(words):
    """The clock runs only where a reference begins; elsewhere the marks before the sections are all there is."""
    whole, marks = module._REFERENCE.match(words).end(), module._REFERENCE_MARKS.match(words).end()
    assert module._REFERENCE_HEAD.match(words) or whole == marks


@pytest.mark.parametrize("link", ["and", "OR", "on", "the", "as well as"])
def test_links_are_known_by_their_ends(link):
    words = f"Braces, {link}"
    assert module.LINK_AT_END.search(words)
    assert module.folded(words[-2:]) in module._LINK_ENDS
