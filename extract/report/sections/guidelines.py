"""The section of guidelines: what each side cites, and how it ends where they cite different ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extract.report.elements import Picture, Section, TableOf
from extract.report.grouping import Fold
from extract.report.guidelines import ARROW, Side, by_agreement, by_differing_pair, by_guideline
from extract.report.sections.shared import guideline, outcome_picture, outcome_table, some

if TYPE_CHECKING:
    from extract.report.dataset import Dataset

SIDES: tuple[tuple[Side, str], ...] = (
    ("claims_administrator", "the claims administrator"),
    ("reviewer", "the reviewer"),
)


def _pair(label: str) -> str:
    return ARROW.join(guideline(code) for code in label.split(ARROW))


def guidelines(data: Dataset, fold: Fold) -> Section:
    """What each side cites."""
    blocks: list[TableOf | Picture] = []
    for side, words in SIDES:
        frame = by_guideline(data, side, fold=fold)
        caption = f"Decisions by guideline that {words} cites."
        none = "cites none that was read"
        blocks += some(
            outcome_picture(frame, caption=caption, missing=none, name=guideline),
            outcome_table(frame, id=f"t-{side}", caption=caption, group="Guideline", missing=none, name=guideline),
        )
    return Section(
        "guidelines",
        "By guideline cited",
        (
            "An item counts once for each guideline that a side cites, so that shares of items add up to more than"
            " 100 %. A share upheld beside a guideline says how items end where it is cited, not what it does.",
        ),
        tuple(blocks),
    )


def differences(data: Dataset, fold: Fold) -> Section:
    """Where the two sides cite different guidelines for the same item."""
    agreement, pairs = by_agreement(data), by_differing_pair(data, fold=fold)
    first = "Decisions by what the guidelines cited by the two sides for an item have in common."
    second = "Items whose two sides have no guideline in common: claims administrator → reviewer."
    return Section(
        "differences",
        "Where the two sides cite different guidelines",
        (
            "Compared are guidelines, not their chapters: two ACOEM chapters of the MTUS are the same one here, and two"
            " other studies too. “MTUS, part not named” differs from each of its parts, though it may mean one.",
        ),
        some(
            outcome_picture(agreement, caption=first, missing="not stated"),
            outcome_table(agreement, id="t-agreement", caption=first, group="In common", missing="not stated"),
            outcome_picture(pairs, caption=second, missing="not stated", name=_pair),
            outcome_table(
                pairs,
                id="t-pairs",
                caption=second,
                group="Claims administrator → reviewer",
                missing="not stated",
                name=_pair,
            ),
        ),
    )
