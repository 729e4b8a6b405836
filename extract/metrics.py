"""How one value is held against another, and how many such comparisons become a score.

The fields that are scored, what counts as equal in them, and the statistics. ``evaluate``
brings the two sides together. Every comparison gives an ``Outcome`` (hits, losses,
extras); scores are ratios of their sums.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

Kind = Literal["accuracy", "f1"]
Key = TypeVar("Key", str, tuple[str, ...])
Floats = NDArray[np.float64]

LETTER_WORDS = (
    *("priority", "sex", "decision", "injury_date", "injury_date_end"),
    *("ur_denial_date", "application_received_date", "assigned_date", "decision_date"),
)
LETTER_LISTS = ("icd_codes", "reviewer_license_states", "reviewer_specialties")
SPLIT_REQUESTS = ("original_request", "authorized_request")
ITEM_WORDS = ("decision", "treatment_category", "treatment_subcategory")
ITEM_NUMBERS = (
    *("sessions_requested", "sessions_authorized", "sessions_disputed"),
    *("frequency_min", "frequency_max", "weeks_min", "weeks_max", "quantity", "refills"),
)
DRUG_WORDS = ("drug", "strength")

CITATION_ASPECTS = ("guideline", "guideline+chapter", "sections", "edition", "pages")

KINDS: dict[str, Kind] = {
    "case_number": "accuracy",
    **dict.fromkeys(LETTER_WORDS, "accuracy"),
    "age": "accuracy",
    "body_parts": "f1",
    "body_parts_no_side": "f1",
    "diagnoses": "f1",
    "diagnoses_exact": "f1",
    **dict.fromkeys(LETTER_LISTS, "f1"),
    "issue_count": "accuracy",
    "issue.requested_treatment": "accuracy",
    **{f"issue.{name}": "accuracy" for name in (*SPLIT_REQUESTS, *ITEM_WORDS)},
    "issue.body_parts": "f1",
    **{f"issue.{name}": "accuracy" for name in (*ITEM_NUMBERS, *DRUG_WORDS)},
    **{f"citation.{aspect}": "f1" for aspect in CITATION_ASPECTS},
}
"""Every scored field and its kind, in the order of a report."""

LEVEL = 0.95
"""Share of the bootstrap scores that lie inside an interval."""

SAME_DIAGNOSIS = 0.5
"""Token F1 from which two wordings count as the same diagnosis."""

SAME_REQUEST = 0.6
"""Token F1 from which two headings count as the same disputed item."""

_TYPOGRAPHY = str.maketrans({"’": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
_TOKEN = re.compile(r"[a-z0-9.%]+")
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_SIDE = re.compile(r"^(?:left|right|bilateral) ")
# Words that citations of one and the same chapter carry or lack at the writer's whim.
_WEIGHTLESS = re.compile(
    r"\b(?:an?|the|of|and|acute|chronic|medical|treatment|complaints?|chapter|section|guidelines?)\b"
)
_CELLS = 4_000_000  # of the resampling matrix held at a time: 32 MB of float64


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one comparison gave.

    ``hit`` values are right, ``lost`` stand in the gold alone, ``extra`` in the
    dataset alone. ``wanted`` and ``got`` show the disagreement to a person; of a list
    ``missing`` and ``surplus`` have their members one by one.
    """

    field: str
    place: str
    hit: int
    lost: int
    extra: int
    wanted: str = ""
    got: str = ""
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()

    @property
    def missed(self) -> bool:
        """True where gold and dataset disagree."""
        return bool(self.lost or self.extra)


@dataclass(frozen=True, slots=True)
class FieldScore:
    """The score of one field over all letters; every figure lies between 0 and 1 but ``support``.

    ``precision`` and ``recall`` are None for an accuracy, and where they are not
    defined (nothing given, nothing wanted). ``support`` counts compared values
    (accuracy) or gold values (f1). ``low`` and ``high`` bound the bootstrap
    interval, None where there is none (no resamples, fewer than two letters).
    """

    field: str
    kind: Kind
    score: float
    precision: float | None
    recall: float | None
    support: int
    low: float | None
    high: float | None


def normal(value: object) -> str:
    """``value`` as lower-case text with plain quotes and hyphens and single spaces; None gives ''."""
    text = "" if value is None else str(value)
    return " ".join(text.translate(_TYPOGRAPHY).split()).lower()


def compact(value: object) -> str:
    """``normal`` without any space: '10 mg' and '10mg' are one strength."""
    return normal(value).replace(" ", "")


def gist(value: object) -> str:
    """The words of a chapter or section that tell it from others, without punctuation."""
    return _PUNCTUATION.sub(" ", _WEIGHTLESS.sub(" ", normal(value))).strip()


def sideless(part: str) -> str:
    """A body part without its side."""
    return _SIDE.sub("", part)


def number(value: float | str | None) -> float | str | None:
    """A float (thousands commas allowed), None for an empty cell, the text itself where it is no number."""
    if value is None or value == "":
        return None
    try:
        return float(str(value).replace(",", ""))
    except ValueError:
        return str(value)


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited guideline, of the gold or of the dataset."""

    cited_by: str
    guideline: str
    chapter: str | None
    edition: str | None
    sections: tuple[str, ...]
    pages: tuple[str, ...]

    def keys(self, aspect: str) -> list[tuple[str, ...]]:
        """What the citation says of one of CITATION_ASPECTS.

        Side and guideline belong to every key: a chapter, section, edition or page is
        right only where they are.
        """
        source = (self.cited_by, self.guideline)
        match aspect:
            case "guideline":
                return [source]
            case "guideline+chapter":
                return [(*source, gist(self.chapter))]
            case "sections":
                return [(*source, gist(section)) for section in self.sections]
            case "edition":
                return [(*source, normal(self.edition))] if self.edition else []
            case "pages":
                return [(*source, normal(page)) for page in self.pages]
        raise ValueError(f"no aspect of a citation: {aspect}")


def likeness(one: str, other: str) -> float:
    """F1 of the tokens that two wordings share, counted as often as they stand there."""
    ours, theirs = (Counter(_TOKEN.findall(normal(text))) for text in (one, other))
    shared = (ours & theirs).total()
    return 2 * shared / (ours.total() + theirs.total()) if shared else 0.0


def nearest(text: str, candidates: Sequence[str], *, least: float) -> int | None:
    """Index of the candidate most like ``text`` (the first of equals), None where none reaches ``least``."""
    ratings = [likeness(text, candidate) for candidate in candidates]
    best = max(range(len(ratings)), key=ratings.__getitem__, default=None)
    return best if best is not None and ratings[best] >= least else None


def align(wanted: Sequence[str], got: Sequence[str]) -> list[int | None]:
    """For every wanted heading the index of its partner in ``got``, or None.

    Equal counts pair by position, since the order is the letter's own; otherwise
    each heading in turn takes the most similar one still free. Headings left over
    in ``got`` have no partner: only the count of items shows them.
    """
    if len(wanted) == len(got):
        return list(range(len(got)))
    free = list(range(len(got)))
    partners: list[int | None] = []
    for text in wanted:
        best = nearest(text, [got[i] for i in free], least=SAME_REQUEST)
        partners.append(None if best is None else free.pop(best))
    return partners


def compare_one(
    field: str, place: str, wanted: object, got: object, *, shown: tuple[object, object] | None = None
) -> Outcome:
    """One value against one value: equal or not. ``shown`` has the two as written."""
    if wanted == got:
        return Outcome(field, place, 1, 0, 0)
    left, right = shown if shown is not None else (wanted, got)
    return Outcome(field, place, 0, 1, 0, show(left), show(right))


def compare_bags(field: str, place: str, wanted: Iterable[Key], got: Iterable[Key]) -> Outcome:
    """Values in any order, each as often as it stands there; shows what only one of the two sides has."""
    gold, given = Counter(wanted), Counter(got)
    lost, extra = sorted((gold - given).elements()), sorted((given - gold).elements())
    return _of_list(field, place, (gold & given).total(), lost, extra)


def compare_wordings(field: str, place: str, wanted: Sequence[str], got: Sequence[str]) -> Outcome:
    """Wordings in any order: each wanted one takes the most similar one still free, if similar enough."""
    free, lost = list(got), []
    for text in wanted:
        best = nearest(text, free, least=SAME_DIAGNOSIS)
        if best is None:
            lost.append(text)
        else:
            del free[best]
    return _of_list(field, place, len(wanted) - len(lost), lost, free)


def _of_list(field: str, place: str, hit: int, lost: Sequence[Key], extra: Sequence[Key]) -> Outcome:
    missing, surplus = (tuple(show(member) for member in members) for members in (lost, extra))
    return Outcome(
        field, place, hit, len(missing), len(surplus), " | ".join(missing), " | ".join(surplus), missing, surplus
    )


def show(value: object) -> str:
    """A value as reports print it: members of a list joined with ``|``, parts of a key with ``/``."""
    if value is None:
        return ""
    if isinstance(value, list):
        return " | ".join(show(item) for item in value)
    if isinstance(value, tuple):
        return " / ".join(show(item) for item in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def score_fields(
    letters: Sequence[Sequence[Outcome]], kinds: dict[str, Kind], *, resamples: int, seed: int
) -> tuple[FieldScore, ...]:
    """Scores of the fields in the order of ``kinds``, from the outcomes of each letter.

    Fields with nothing to compare are left out. The interval is the percentile
    bootstrap over whole letters, because the values of a letter share its layout,
    its reviewer and its reading errors and are not independent (Cameron, Gelbach and
    Miller 2008 on clustered resampling); every field sees the same resamples. A resample
    without a value of the field has no score and is left out of that field's interval.
    A field without a single error gets an interval of no width: the bootstrap cannot
    see errors that the letters at hand do not contain.
    """
    counts = count(letters, kinds)
    totals = counts.sum(axis=0)
    by_f1 = np.array([kind == "f1" for kind in kinds.values()], dtype=bool)
    scores = rates(totals, by_f1)
    draws = rates(resampled(counts, resamples=resamples, seed=seed), by_f1)
    results = []
    for column, field in enumerate(kinds):
        hit, lost, extra = (int(n) for n in totals[column])
        if not hit + lost + extra:
            continue
        is_f1 = kinds[field] == "f1"
        low, high = interval(draws[:, column])
        results.append(
            FieldScore(
                field=field,
                kind=kinds[field],
                score=float(scores[column]),
                precision=hit / (hit + extra) if is_f1 and hit + extra else None,
                recall=hit / (hit + lost) if is_f1 and hit + lost else None,
                support=hit + lost,
                low=low,
                high=high,
            )
        )
    return tuple(results)


def count(letters: Sequence[Iterable[Outcome]], fields: Iterable[str]) -> Floats:
    """Counts [letter, field, (hit, lost, extra)] of the outcomes of letters, fields in the order given."""
    names = {field: column for column, field in enumerate(fields)}
    counts = np.zeros((len(letters), len(names), 3))
    for row, outcomes in enumerate(letters):
        for outcome in outcomes:
            counts[row, names[outcome.field]] += (outcome.hit, outcome.lost, outcome.extra)
    return counts


def rates(counts: Floats, by_f1: NDArray[np.bool_]) -> Floats:
    """Accuracy or F1 from counts [..., field, (hit, lost, extra)]; NaN where nothing was compared."""
    hit, lost, extra = counts[..., 0], counts[..., 1], counts[..., 2]
    # An accuracy has no extras, so doubling the hits is all that tells the two formulas apart.
    weighted = np.where(by_f1, 2, 1) * hit
    whole = weighted + lost + extra
    result: Floats = np.divide(weighted, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return result


def resampled(counts: Floats, *, resamples: int, seed: int) -> Floats:
    """Totals [resample, ...] of counts [letter, ...] over as many letters again, drawn with replacement."""
    letters, *rest = counts.shape
    if letters < 2 or not resamples:
        return np.empty((0, *rest))
    generator = np.random.default_rng(seed)
    flat = counts.reshape(letters, -1)
    step = max(1, _CELLS // letters)
    chunks = []
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = generator.integers(letters, size=(size, letters))
        drawn += np.arange(size)[:, None] * letters  # one stretch of bins for each resample
        weights = np.bincount(drawn.ravel(), minlength=size * letters).reshape(size, letters)
        chunks.append((weights.astype(np.float64) @ flat).reshape(size, *rest))
    return np.concatenate(chunks)


def interval(draws: Floats) -> tuple[float | None, float | None]:
    """The bounds between which LEVEL of the draws lie, draws without a score (NaN) left out."""
    defined = draws[~np.isnan(draws)]
    if not defined.size:
        return None, None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
