"""How well the letter could be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from extract.checks.facts import Facts, Place, Sign, once, place_of
from extract.confidence.apply import is_low
from extract.layout import UNKNOWN
from extract.reading import Limits

GOOD_SCAN: Final = 0.97
"""Share of words read with confidence below which a scanned page is called poor."""


def several_letters(facts: Facts) -> Iterator[Sign]:
    """Where one letter ends and the next begins is read from the pages' heads."""
    if facts.several:
        yield Sign("several_letters")


def unknown_layout(facts: Facts) -> Iterator[Sign]:
    """Of a letter whose layout nobody described, what known headings find."""
    if facts.letter.layout == UNKNOWN:
        yield Sign("unknown_layout")


def long_summary(facts: Facts) -> Iterator[Sign]:
    """A case summary is read up to a limit."""
    if facts.summary is not None and facts.summary.end - facts.summary.start > Limits.summary_characters:
        yield Sign("long_summary")


def low_ocr_quality(facts: Facts) -> Iterator[Sign]:
    """A scan whose words the recognition doubts."""
    if facts.ocr_quality is not None and facts.ocr_quality < GOOD_SCAN:
        yield Sign("low_ocr_quality")


@dataclass(frozen=True, slots=True)
class LowConfidence:
    """A value that is probably wrong, by the calibration, or by the rules' own scale where there is none."""

    calibrated: bool

    def __call__(self, facts: Facts) -> Iterator[Sign]:
        """Signs of the letter and of each item that has such a value."""
        doubted: defaultdict[int | None, list[Place]] = defaultdict(list)
        for row in facts.letter.evidence:
            if is_low(row, calibrated=self.calibrated):
                place = place_of(row)
                doubted[row.issue_number] += [] if place is None else [place]
        for issue, places in doubted.items():
            yield Sign("low_confidence", once(places), issue)
