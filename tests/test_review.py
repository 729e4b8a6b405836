"""The review page, used as a person uses it: in a real browser, from disk; and what is written around it."""

import json
import re
import shutil
import tarfile
import time
import zipfile

import pytest
from click.testing import CliRunner

from extract.cli import main
from extract.evaluate import evaluate, read_gold
from extract.review.drawing import MOST_PIXELS, DrawingError, Task, draw, turn
from extract.review.files import Files, Wanted
from extract.review.painters import Painter
from extract.review.payload import script
from tests.conftest import CORPUS
from tests.hostile.pdf import one_page, printed, stream
from tests.letters import LETTER, extract_with

PAGED = "CM16-9001003"  # three pages, no flag
DOUBTED = "CM14-9212008"  # values of low confidence
HOSTILE = "<img src=x onerror=window.hacked=1>"
SCRIPT = "</script><script>window.hacked=1</script>"
CONTENT_SECURITY = "Content-Security-Policy"


def review(*arguments, code=0):
    result = CliRunner().invoke(main, ["review", *(str(a) for a in arguments), "--workers", "1"])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """Two letters with pages, and a text letter that means harm by its name and by its words."""
    home = tmp_path_factory.mktemp("letters")
    for name in (f"A/{PAGED}.pdf", f"A2/{DOUBTED}.pdf"):
        shutil.copy(CORPUS / "letters" / name, home)
    evil = LETTER.replace("Manual therapy", f"{SCRIPT} {HOSTILE} Manual therapy").replace("This 41", "😀 This 41")
    (home / f"{HOSTILE}\u2028.txt").write_text(evil, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def dataset(letters, reader, tmp_path_factory):
    """Read with the rules' own confidences, so that another calibration changes nothing here."""
    out = tmp_path_factory.mktemp("review") / "dataset"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "rater", None)
        extract_with(reader, [letters], out)
    return out


@pytest.fixture(scope="module")
def page_home(dataset):
    assert "3 letters, " in review(dataset)
    return dataset / "review"


# -- in a browser


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine (apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, page_home):
    """The page in a fresh browser profile; any error in it fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    outside = []
    page.on("request", lambda r: outside.append(r.url) if not r.url.startswith(("file:", "blob:", "data:")) else None)
    page.goto((page_home / "index.html").as_uri())
    page.wait_for_selector("#values .row")
    yield page
    context.close()
    assert (errors, outside) == ([], [])


def until(page, expression, argument=None):
    """Wait for an expression of the page to become true; Playwright's own way is eval, which the page forbids."""
    for _ in range(200):
        if page.evaluate(expression, argument):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within 10 s: {expression}")


def open_letter(page, words):
    page.fill("#search", words)
    page.keyboard.press("Enter")
    until(
        page,
        "words => document.querySelector('#values').dataset.letter && Review.current.entry.source.includes(words)",
        words,
    )


def row(page, label):
    """The first row of a field."""
    return page.locator("#values .row", has=page.locator(".label", has_text=re.compile(rf"^{label}\+?$"))).first


def key_value(page, label, *keys):
    """Choose a row and press keys; text is typed."""
    row(page, label).click()
    for key in keys:
        if key in ("Enter", "Escape") or len(key) == 1:
            page.keyboard.press(key)
        else:
            page.keyboard.press("Control+A")
            page.keyboard.type(key)


def download(page, click, to):
    with page.expect_download() as waiting:
        click()
    path = to / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_flagged_letters_come_first_and_filters_narrow_the_queue(page):
    shown = lambda: page.locator("#list .entry .case").all_inner_texts()  # noqa: E731
    assert shown()[0] == DOUBTED
    assert len(shown()) == 3
    page.fill("#search", "9001003")
    assert shown() == [PAGED]
    page.fill("#search", "")
    for select, value, wanted in (
        ("#by-flag", "low_confidence", [DOUBTED]),
        ("#by-layout", "A2", [DOUBTED]),
        ("#by-field", "sex", [DOUBTED]),
        ("#by-least", "0.6", [DOUBTED]),
        ("#by-state", "accepted", []),
    ):
        page.select_option(select, value)
        assert shown() == wanted, select
        page.select_option(select, "")


def test_click_on_a_value_shows_its_box_where_the_words_stand_and_the_other_way_round(page, dataset):
    import pandas as pd

    open_letter(page, PAGED)
    row(page, "Age").click()
    box = page.locator(".box.on")
    assert box.count() == 1
    evidence = pd.read_csv(dataset / "evidence.csv")
    where = evidence[(evidence.field == "age") & (evidence.letter_id == page.evaluate("Review.current.id"))].iloc[0]
    sheet, place = page.locator(f".sheet[data-page='{where.page:.0f}']").bounding_box(), box.bounding_box()
    points = sheet["width"] / 612  # US letter
    middle = (where.x0 + where.x1) / 2 * points, (where.top + where.bottom) / 2 * points
    assert place["x"] + place["width"] / 2 - sheet["x"] == pytest.approx(middle[0], abs=2)
    assert place["y"] + place["height"] / 2 - sheet["y"] == pytest.approx(middle[1], abs=2)

    # A value on the last page is scrolled to.
    page.locator("[data-path*='\"decision\"']").last.click()
    view, place = page.locator("#pages").bounding_box(), page.locator(".box.on").first.bounding_box()
    assert view["y"] <= place["y"] <= view["y"] + view["height"]

    # The other way round: the box of the sex chooses its row.
    page.locator("#pages").evaluate("node => node.scrollTop = 0")
    target = page.locator(".box[title^='sex:']").bounding_box()
    page.mouse.click(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2)
    assert page.locator(".row.chosen .label").inner_text() == "Sex"


def test_corrections_come_back_through_the_gold_reader(page, dataset, tmp_path):
    open_letter(page, PAGED)
    key_value(page, "Age", "c", "30", "Enter")
    key_value(page, "Decision date", "c", "2017-02-30", "Enter")
    assert "no such day" in page.locator(".editor .error").inner_text()
    page.keyboard.press("Control+A")
    page.keyboard.type("2/4/2017")  # as letters print it
    page.keyboard.press("Enter")
    key_value(page, "Injury date end", "c", "2016-11-05", "Enter")  # an empty field is filled
    row(page, "Sex").click()
    page.keyboard.press("c")
    page.locator(".editor select").select_option("female")
    row(page, "Body parts").click()
    page.keyboard.press("x")
    row(page, "Body parts").hover()
    row(page, "Body parts").locator(".plus").click()
    page.keyboard.type("left knees")
    page.keyboard.press("Enter")
    assert "vocabulary" in page.locator(".editor .error").inner_text()
    page.keyboard.press("Control+A")
    page.keyboard.type("Left knee")
    page.keyboard.press("Enter")
    assert page.locator("#state").inner_text() == "begun"

    gold = tmp_path / "gold"
    path = download(page, lambda: page.keyboard.press("s"), gold)
    assert path.name == f"{PAGED}.json"
    read = read_gold(gold)[PAGED].letter
    assert (int(read.age), read.decision_date, read.injury_date_end, read.sex) == (
        30,
        "2017-02-04",
        "2016-11-05",
        "female",
    )
    assert read.body_parts == ("sacrum", "left knee")
    result = evaluate(dataset, gold, resamples=0)
    assert {m.field for m in result.misses} == {
        "age", "decision_date", "injury_date_end", "sex", "body_parts", "body_parts_no_side",
    }  # fmt: skip
    kept = json.loads(path.read_text(encoding="utf-8"))
    model = json.loads((CORPUS / "gold" / "written" / f"{PAGED}.json").read_text(encoding="utf-8"))
    assert list(kept) == list(model)
    assert [list(i) for i in kept["issues"]] == [list(i) for i in model["issues"]]


def test_items_and_citations_are_added_and_removed(page, tmp_path):
    open_letter(page, PAGED)
    before = page.evaluate("Review.current.work.issues.length")
    page.locator(".group", has_text="Item 1").first.get_by_role("button", name="Remove item").click()
    assert page.locator(".group.removed").count() == 1
    page.get_by_role("button", name="+ disputed item").click()
    page.keyboard.type("Lumbar brace")
    page.keyboard.press("Enter")
    added = page.locator("#values .group", has=page.locator("h3", has_text=f"Item {before}"))
    added.get_by_role("button", name="+ citation").click()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert "cited by" in page.locator("#message").inner_text()  # it lacks what a citation must have
    for field, choice in (("cited_by", "reviewer"), ("guideline", "odg")):
        page.locator(f'[data-path*=\'{before - 1},"citations",0,"{field}"\']').click()
        page.keyboard.press("c")
        page.locator(".editor select").select_option(choice)
    download(page, lambda: page.keyboard.press("s"), tmp_path)
    issues = read_gold(tmp_path)[PAGED].issues
    assert [i.issue_number for i in issues] == list(range(1, before + 1))
    assert issues[-1].requested_treatment == "Lumbar brace"
    assert [(c.cited_by, c.guideline, c.chapter) for c in issues[-1].citations] == [("reviewer", "odg", None)]


def test_work_outlives_the_tab_and_goes_out_as_one_zip(page, dataset, tmp_path):
    open_letter(page, DOUBTED)
    key_value(page, "Age", "c", "57", "Enter")
    page.fill("#search", "")
    page.keyboard.press("Escape")
    page.keyboard.press("a")  # accepted as corrected; the next letter opens
    until(page, "letter => Review.current.entry.case !== letter", DOUBTED)
    page.keyboard.press("a")
    until(page, "document.querySelector('#progress-words').textContent.startsWith('2 of 3')")
    page.reload()
    page.wait_for_selector("#values .row")
    assert page.locator("#progress-words").inner_text().startswith("2 of 3")
    assert page.locator(".entry.corrected").count() == 1
    assert page.locator(".entry.accepted").count() == 1
    path = download(page, lambda: page.click("#save-all"), tmp_path)
    gold = tmp_path / "gold"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(gold)
    assert int(read_gold(gold)[DOUBTED].letter.age) == 57
    assert len(list(gold.iterdir())) == 2
    assert [(m.field, m.wanted, m.got) for m in evaluate(dataset, gold, resamples=0).misses] == [("age", "57", "56")]

    # The work can be taken to another browser.
    page.evaluate("localStorage.clear()")
    page.reload()
    page.wait_for_selector("#values .row")
    page.set_input_files("#open-files", [*gold.glob("CM*.json")])
    until(page, "document.querySelectorAll('.entry.corrected').length > 0")
    open_letter(page, DOUBTED)
    assert "57" in row(page, "Age").inner_text()
    assert "changed" in row(page, "Age").inner_text()


def test_keys_lead_through_letters_and_values(page):
    first = page.evaluate("Review.current.id")
    page.keyboard.press("n")
    until(page, "id => Review.current.id !== id", first)
    page.keyboard.press("p")
    until(page, "id => Review.current.id === id", first)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator(".row.chosen .label").inner_text() == "Priority"
    page.keyboard.press("ArrowUp")
    assert page.locator(".row.chosen .label").inner_text() == "Case number"
    page.keyboard.press("v")  # the next doubtful one
    assert float(page.locator(".row.chosen .chip").inner_text()) < 0.9
    page.keyboard.press("c")
    assert page.locator(".editor").count() == 1
    page.keyboard.press("n")  # typed into the editor, not taken for a key
    page.keyboard.press("Escape")
    assert page.locator(".editor").count() == 0
    assert page.evaluate("Review.current.id") == first
    page.keyboard.press("t")
    assert page.locator("#text pre .mark.on").count() > 0
    assert "next letter" in page.locator("#help").inner_text()


def test_letter_of_text_is_shown_with_its_words_marked_and_runs_nothing(page):
    open_letter(page, HOSTILE)
    assert page.locator("#text pre").is_visible()
    assert SCRIPT in page.locator("#text pre").inner_text()
    row(page, "Diagnoses").click()
    words = "".join(page.locator("#text .mark.on").all_inner_texts())
    assert words == "lumbar\nstrain"  # behind a character that JavaScript counts as two
    assert HOSTILE in page.locator("#values .row", has_text="Manual therapy").first.inner_text()
    page.locator("#text .mark.on").first.click()
    assert page.locator(".row.chosen").count() == 1
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    assert page.locator("#values img, #list img, #text img, main script").count() == 0


def test_values_without_words_are_shown_too(page):
    open_letter(page, PAGED)
    page.get_by_text("Also in the dataset").click()
    page.locator("#values .row", has_text="Text source").click()
    assert "pdf_text" in page.locator(".row.chosen").inner_text()
    assert "No words of the letter" in page.locator(".detail").inner_text()


def test_a_queue_of_ten_thousand_letters_stays_quick(browser, page_home, tmp_path):
    home = tmp_path / "review"
    shutil.copytree(page_home, home)
    text = (home / "queue.js").read_text(encoding="ascii")
    about, _ = json.JSONDecoder().raw_decode(text, text.index("(") + 1)
    entries = json.loads(text[text.index(",[") + 1 : text.rindex(")")])
    many = [
        {**entries[n % len(entries)], "id": f"{n:016x}", "case": f"CM16-{n:07d}", "source": f"many/CM16-{n:07d}.pdf"}
        for n in range(10_000)
    ]
    some = (home / "letters" / f"{entries[0]['id']}.js").read_text(encoding="ascii")
    for n in (0, 1, 9_999):
        (home / "letters" / f"{n:016x}.js").write_text(some.replace(entries[0]["id"], f"{n:016x}"), encoding="ascii")
    (home / "queue.js").write_text(script("queue", about, many), encoding="ascii")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    began = time.perf_counter()
    page.goto((home / "index.html").as_uri())
    page.wait_for_selector("#values .row")
    assert time.perf_counter() - began < 8  # about 1 s
    assert page.locator("#list .entry").count() < 60
    page.locator("#list").evaluate("node => node.scrollTop = node.scrollHeight")
    page.get_by_text("CM16-0009999").wait_for()
    page.get_by_text("CM16-0009999").click()
    until(page, "Review.current.id === '000000000000270f'")
    began = time.perf_counter()
    page.fill("#search", "CM16-000000")
    assert page.locator("#count").inner_text() == "10 of 10000 letters"
    assert time.perf_counter() - began < 2  # about 0.05 s
    page.close()


# -- what is written


def test_page_allows_nothing_from_outside(page_home):
    html = (page_home / "index.html").read_text(encoding="utf-8")
    policy = re.search(rf'http-equiv="{CONTENT_SECURITY}" content="([^"]+)"', html)[1]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in re.sub(r"http-equiv", "", html)
    for path in page_home.rglob("*.js"):
        if "assets" not in path.parts:
            text = path.read_bytes()
            assert text.isascii(), path.name
            assert b"<" not in text, path.name


def test_data_of_a_letter_cannot_leave_its_script():
    text = script("receive", "</script>\u2028&'\"\\")
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text[len("Review.receive(") : -3]) == "</script>\u2028&'\"\\"


def test_limit_and_only_say_what_is_left_out(dataset, tmp_path):
    assert "1 letter of 3 (--limit 0 for all), 1 of them flagged" in review(
        dataset, "--limit", 1, "--out", tmp_path / "a"
    )
    assert len(list((tmp_path / "a" / "letters").iterdir())) == 1
    out = review(dataset, "--only", "flagged", "--out", tmp_path / "b")
    assert len(list((tmp_path / "b" / "letters").iterdir())) == int(re.search(r"(\d+) of them flagged", out)[1]) < 3


def test_page_is_written_anew_over_an_old_one_but_over_nothing_else(dataset, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    assert "choose another --out" in review(dataset, "--out", tmp_path / "mine", code=2)
    review(dataset, "--limit", 2, "--out", tmp_path / "page")
    review(dataset, "--limit", 1, "--out", tmp_path / "page")
    assert len(list((tmp_path / "page" / "letters").iterdir())) == 1
    assert not list((tmp_path / "mine").glob("*.html"))


def test_deidentified_tables_and_other_folders_are_refused(letters, reader, patterns, tmp_path):
    from extract.archive.deidentify import Deidentified
    from extract.archive.key import ReaderSpec
    from extract.inputs import Inputs
    from extract.run import InProcess, Output, extract

    extract(
        Inputs((str(letters),)),
        Output(tmp_path / "safe", tmp_path / "run", Deidentified(patterns=patterns)),
        spec=ReaderSpec.of(patterns=None, engine="pdfium", with_model=True),
        readers=lambda spec, _: InProcess(spec, reader=reader),
    )
    assert "de-identified" in review(tmp_path / "safe", code=2)
    assert "imr extract" in review(tmp_path, code=2)


def wanted(dataset):
    import pyarrow.parquet as pq

    rows = pq.read_table(dataset / "letters.parquet", columns=["letter_id", "source"]).to_pylist()
    return [Wanted(r["letter_id"], r["source"]) for r in rows]


def test_letters_are_found_where_the_run_read_them_and_nothing_else_is_taken_for_them(dataset, letters, tmp_path):
    assert all(data for _, data in Files(dataset).read(wanted(dataset)))
    assert not any(data for _, data in Files(tmp_path).read(wanted(dataset)))
    moved = tmp_path / "moved" / "deep"
    shutil.copytree(letters, moved)
    assert all(data for _, data in Files(tmp_path, letters=tmp_path / "moved").read(wanted(dataset)))
    changed = moved / f"{PAGED}.pdf"
    changed.write_bytes(changed.read_bytes() + b" ")
    found = {w.source: data for w, data in Files(tmp_path, letters=tmp_path / "moved").read(wanted(dataset))}
    assert [s for s, data in found.items() if data is None] == [f"{PAGED}.pdf"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_members_of_archives_are_found(letters, reader, tmp_path, kind):
    path = tmp_path / f"letters.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(letters / f"{PAGED}.pdf", f"in/{PAGED}.pdf")
    else:
        with tarfile.open(path, "w:gz" if kind.endswith("gz") else "w") as archive:
            archive.add(letters / f"{PAGED}.pdf", f"in/{PAGED}.pdf")
    out = tmp_path / "dataset"
    extract_with(reader, [path], out)
    for files in (Files(out), Files(tmp_path, letters=path)):
        assert [data for _, data in files.read(wanted(out))] == [(letters / f"{PAGED}.pdf").read_bytes()]


def test_letters_without_their_files_are_shown_as_text_and_counted(dataset, letters, tmp_path):
    home = tmp_path / "dataset"
    shutil.copytree(dataset, home, ignore=shutil.ignore_patterns(".run", "review"))
    out = review(home)
    assert "The files of 2 letters were not found" in out
    assert "--letters" in out
    assert not list((home / "review" / "pages").iterdir())
    assert "not found" not in review(home, "--letters", letters)
    assert len(list((home / "review" / "pages").iterdir())) > 4


def test_painter_survives_what_it_cannot_draw(letters):
    good = Task((letters / f"{PAGED}.pdf").read_bytes(), 1, 9, "")
    painter = Painter()
    with pytest.raises(DrawingError, match="cannot be opened"):
        painter.draw(Task(b"%PDF-1.7 nonsense", 1, 1, ""))
    assert len(painter.draw(good).images) == 3
    painter._process.kill()
    with pytest.raises(DrawingError, match="ended"):
        painter.draw(good)
    assert painter.draw(good).images[0].png.startswith(b"\x89PNG")
    painter.close()


SIZES = [
    (b"[0 0 612 792]", (935, 1210), "a letter's page: 110 dots an inch"),
    (b"[0 0 14000 14000]", (2000, 2000), "as large as a room: no more pixels than allowed"),
    (b"[0 0 14000 10]", (4000, 2), "a strip: no side longer than allowed"),
]


@pytest.mark.parametrize(("box", "pixels"), [s[:2] for s in SIZES], ids=[s[2] for s in SIZES])
def test_images_stay_small_whatever_the_page_is(box, pixels):
    import io

    from PIL import Image

    drawn = draw(Task(one_page(stream(printed("a letter")), box=box), 1, 1, ""))
    image = Image.open(io.BytesIO(drawn.images[0].png))
    assert image.size == pytest.approx(pixels, abs=2)
    assert image.width * image.height <= MOST_PIXELS * 1.01


# degrees clockwise, box of a page of 100 × 200 points, where it is seen
TURNS = [
    (90, (10, 20, 30, 25), (175, 10, 180, 30), "top left goes to the top right"),
    (180, (10, 20, 30, 25), (70, 175, 90, 180), "and to the bottom right"),
    (270, (10, 20, 30, 25), (20, 70, 25, 90), "and to the bottom left"),
]


@pytest.mark.parametrize(("degrees", "box", "seen"), [t[:3] for t in TURNS], ids=[t[3] for t in TURNS])
def test_boxes_of_turned_pages_turn_with_them(degrees, box, seen):
    assert turn(box, (degrees, 100, 200)) == seen


def test_lines_of_a_value_are_boxed_one_by_one(page_home, dataset):
    import pyarrow.parquet as pq

    rows = pq.read_table(dataset / "evidence.parquet").to_pylist()
    two = next(r for r in rows if r["field"] == "diagnoses" and r["x0"] and "\n" in r["text"])
    text = (page_home / "letters" / f"{two['letter_id']}.js").read_text(encoding="ascii")
    letter = json.loads(text[text.index(",") + 1 : text.rindex(")")])
    boxes = next(e["boxes"] for e in letter["evidence"] if e["start"] == two["start"] and e["field"] == "diagnoses")
    assert len(boxes) == 2
    assert boxes[0][2] < boxes[1][2]
    assert min(b[1] for b in boxes) == pytest.approx(two["x0"], abs=0.1)
    assert max(b[4] for b in boxes) == pytest.approx(two["bottom"], abs=0.1)


def test_of_letters_with_one_file_name_the_one_that_evaluate_takes_gets_it(dataset, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from extract.review.queue import read_queue

    for path in dataset.glob("*.parquet"):
        shutil.copy(path, tmp_path)
    table = pq.read_table(tmp_path / "letters.parquet")
    sources = ["2017/Letter.pdf", "2018/letter.pdf", "2018/other.pdf"]
    pq.write_table(table.set_column(1, "source", pa.array(sources)), tmp_path / "letters.parquet")
    queue = read_queue(tmp_path)
    names = {e.letter["source"]: queue.files[e.letter_id] for e in queue.entries}
    assert names["2018/letter.pdf"] == "letter.json"
    assert re.fullmatch(r"Letter~[0-9a-f]{16}\.json", names["2017/Letter.pdf"])  # some disks do not tell a from A
    assert names["2018/other.pdf"] == "other.json"
    alone = next(e.letter_id for e in queue.entries if e.letter["source"] == "2017/Letter.pdf")
    for limit in (1, 2):  # what is left out of the page counts too
        part = read_queue(tmp_path, limit=limit)
        assert part.files.get(alone, queue.files[alone]) == queue.files[alone]
