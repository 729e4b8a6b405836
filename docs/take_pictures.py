"""Takes the pictures of the docs anew: ``.venv/bin/python docs/take_pictures.py`` (needs chromium and playwright).

Only invented letters of the corpus are shown.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parent
LETTERS = DOCS.parent / "corpus" / "letters"
SIZE = {"width": 1400, "height": 850}


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No chromium on this machine: apt-get install chromium.")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        dataset = Path(home) / "letters"
        imr("extract", LETTERS, "--out", dataset)
        imr("review", dataset)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto((dataset / "review" / "index.html").as_uri())
        review(page)
        save(page, DOCS / "review.png")
        browser.close()


def imr(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "extract.cli", *(str(a) for a in arguments)], check=True)


def review(page: Page) -> None:
    """Two letters done, one of them corrected; then a letter with a part of the body that is none of the injury's."""
    page.wait_for_selector("#values .row")
    page.keyboard.press("n")
    opened(page, 1)
    page.keyboard.press("a")
    opened(page, 2)
    page.keyboard.press("v")
    page.keyboard.press("x")
    page.keyboard.press("a")
    opened(page, 3)
    page.locator("#list .entry").first.click()
    opened(page, 0)
    page.locator("#values .row", has_text="foot").first.click()
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)


def opened(page: Page, number: int) -> None:
    """Wait for a letter of the queue to be open."""
    letter_id = page.evaluate(f"Review.entries[{number}].id")
    page.locator(f"#values[data-letter='{letter_id}']").wait_for()


def save(page: Page, path: Path) -> None:
    """As PNG of 256 colours, so that it stays small; by a method that keeps the rare ones."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = image.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


if __name__ == "__main__":
    main()
