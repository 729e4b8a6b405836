"""Letters with gold, read as an archive's would be: what each value looked like, and whether it was right.

No letter is read by a learnt component that has learnt from it or from another letter of its worker. Every letter is
read as printed; and again by the rules alone, as plain text, and some as scans, so that confidence
knows what these cost.
"""

from __future__ import annotations

import csv
import runpy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, get_args

from extract.confidence.apply import START
from extract.confidence.features import GROUPS, Facts, Feature, Group, fixed, group_of, of_letter
from extract.confidence.labels import Judge, Label, Missed
from extract.confidence.surroundings import Surroundings
from extract.evaluate import GoldFile, read_gold
from extract.failures import LetterError
from extract.learn import learn
from extract.learned.gold import FOLDS, GoldReader, Labels, fold_of
from extract.learned.weights import save
from extract.pipeline import LetterReader, Source
from extract.record import Evidence, LetterRecord

Origin = Literal["public", "written"]
Condition = Literal["printed", "rules alone", "plain text", "200 dpi", "150 dpi", "100 dpi"]

SCANS: Final[dict[Condition, dict[str, float]]] = {
    "200 dpi": {"dpi": 200},
    "150 dpi": {"dpi": 150},
    "100 dpi": {"dpi": 100, "noise": 16},
}
"""How letters are drawn as scans; the last is a bad one."""
PUBLIC_SCANNED, WRITTEN_SCANNED = 5, 3
"""Letters drawn as scans: public ones of each fold, invented ones of each layout (kept aside: one)."""
NO_LAYOUT: Final = frozenset({"M"})
"""Names of the corpus for letters of any layout: a mailed letter may be one of all."""


@dataclass(frozen=True, slots=True)
class Example:
    """One value: the cell it stands in, what tells of it, the rule's own confidence, and whether it is right."""

    table: str
    field: str
    issue_number: int | None
    features: tuple[Feature, ...]
    raw: float
    label: Label | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One letter read under one condition. ``aside``: kept aside while rules were written; ``fold``: of its worker."""

    case: str
    origin: Origin
    condition: Condition
    fold: int
    aside: bool
    facts: Facts
    rows: tuple[Evidence, ...]
    examples: tuple[Example, ...]
    missed: tuple[Missed, ...]
    flags: tuple[str, ...]

    @property
    def spared(self) -> bool:
        """True for the invented letters kept aside: nothing is ever learnt from them."""
        return self.aside and self.origin == "written"


@dataclass(frozen=True, slots=True)
class _Letter:
    case: str
    origin: Origin
    aside: bool
    layout: str | None
    gold: GoldFile
    path: Path

    @property
    def fold(self) -> int:
        return fold_of(self.gold.letter)

    @property
    def spared(self) -> bool:
        return self.aside and self.origin == "written"

    @property
    def practised(self) -> frozenset[Group]:
        """Rules of body parts and diagnoses were mended on all letters but those kept aside, and fail on these three
        times as often, public or invented; those of all other fields show such a difference on the public ones."""
        if self.aside:
            return frozenset()
        return GROUPS if self.origin == "public" else frozenset({"summary"})


class _Listener:
    """Stands where a calibration does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[Evidence, ...], Facts]] = []

    def rate(self, rows: Sequence[Evidence], facts: Facts) -> list[float]:
        """The rules' own confidences."""
        self.asked.append((tuple(rows), facts))
        return [row.confidence for row in rows]


class ExampleReader:
    """Reads letters with gold into examples."""

    def __init__(self, *, gold: GoldReader, scratch: Path) -> None:
        """``scratch``: folder for scans and for the components of the folds; what stands there is used again."""
        self._gold, self._scratch = gold, scratch
        self._listener = _Listener()

    def readings(self, conditions: Sequence[Condition] = get_args(Condition)) -> Iterator[Reading]:
        """All readings, letter by letter within each condition."""
        letters = list(self._letters())
        by_fold = self._readers()
        for condition in conditions:
            chosen = scanned(letters) if condition in SCANS else letters
            if condition == "rules alone":
                reader = self._listening(LetterReader(patterns=self._gold.patterns, model=None, calibration=None))
                chosen_readers = [reader] * len(chosen)
            else:
                chosen_readers = [by_fold[None if each.spared else each.fold] for each in chosen]
            for each, reader in zip(chosen, chosen_readers, strict=True):
                with suppress(LetterError):  # a file that gives no letter gives no value either
                    yield self._reading(reader, each, condition, self._source(reader, each, condition))

    def _letters(self) -> Iterator[_Letter]:
        corpus = self._gold.corpus
        with (corpus / "manifest.csv").open(encoding="utf-8", newline="") as stream:
            manifest = {row["letter"]: row for row in csv.DictReader(stream)}
        lines = (corpus / "kept_aside.txt").read_text(encoding="utf-8").splitlines()
        kept = {line.partition("#")[0].strip() for line in lines}
        for origin, folder in (("public", self._gold.letters), ("written", corpus / "letters")):
            paths = {path.stem: path for path in sorted(folder.rglob("*.pdf"))}
            for case, gold in read_gold(corpus / "gold" / origin).items():
                if case not in paths:
                    continue
                if origin == "public":
                    yield _Letter(case, "public", case in kept, "A", gold, paths[case])
                else:
                    row = manifest[case]
                    name = {"U": "unknown"}.get(row["layout"], row["layout"])
                    layout = None if name in NO_LAYOUT else name
                    yield _Letter(case, "written", row["kept_aside"] == "yes", layout, gold, paths[case])

    def _readers(self) -> dict[int | None, LetterReader]:
        """A reader for each fold whose component has not learnt from it; under None one that has learnt from all."""
        patterns = self._gold.patterns
        labels = Labels(patterns)
        summaries = [*self._gold.public(), *(s for s in self._gold.written() if not s.kept_aside)]
        readers: dict[int | None, LetterReader] = {}
        for fold in (*range(FOLDS), None):
            folder = self._scratch / f"without-fold-{fold}"
            save(learn([s for s in summaries if s.fold != fold], labels), folder)
            readers[fold] = self._listening(LetterReader(patterns=patterns, model=folder, calibration=None))
        return readers

    def _listening(self, reader: LetterReader) -> LetterReader:
        reader.rater = self._listener
        return reader

    def _source(self, reader: LetterReader, letter: _Letter, condition: Condition) -> Source:
        if condition in SCANS:
            target = self._scratch / condition.replace(" ", "") / f"{letter.case}.pdf"
            if not target.exists():
                scan = runpy.run_path(str(self._gold.corpus / "scan.py"))["scan"]
                scan(letter.path, target, **SCANS[condition])
            return Source.of(target)
        if condition == "plain text":
            record = reader.read(Source.of(letter.path))[0]
            return Source.of_bytes(record.text.encode(), Path(f"{letter.case}.txt"))
        return Source.of(letter.path)

    def _reading(self, reader: LetterReader, letter: _Letter, condition: Condition, source: Source) -> Reading:
        self._listener.asked.clear()
        record = reader.read(source)[0]
        rows, facts = self._listener.asked[0]
        facts = replace(facts, practised=letter.practised)
        judge = Judge(replace(record, evidence=rows), letter.gold, letter.layout)
        return Reading(
            letter.case, letter.origin, condition, letter.fold, letter.aside, facts, rows,
            tuple(_examples(rows, facts, judge.labels())), tuple(judge.missed()), _flags(record),
        )  # fmt: skip


def _flags(record: LetterRecord) -> tuple[str, ...]:
    """The record's flags without the one that confidences raise."""
    return tuple(flag for flag in record.flags if flag != "low_confidence")


def _examples(rows: Sequence[Evidence], facts: Facts, labels: Sequence[Label | None]) -> Iterator[Example]:
    around = Surroundings(rows, facts)
    for number, (row, label) in enumerate(zip(rows, labels, strict=True)):
        features = [
            (START, 1.0),
            *fixed(row.table, row.field, row.method, row.confidence),
            *of_letter(facts, group_of(row.table, row.field)),
            *around.of(number, row),
        ]
        yield Example(row.table, row.field, row.issue_number, tuple(features), row.confidence, label)


def scanned(letters: Iterable[_Letter]) -> list[_Letter]:
    """The letters that are drawn as scans: the first of each fold and of each layout."""
    groups: defaultdict[tuple[str, str | int | None, bool], list[_Letter]] = defaultdict(list)
    for letter in letters:
        public = letter.origin == "public"
        groups[letter.origin, letter.fold if public else letter.layout, letter.aside and not public].append(letter)
    chosen = []
    for (origin, _, aside), members in groups.items():
        members.sort(key=lambda each: each.case)
        chosen += members[: PUBLIC_SCANNED if origin == "public" else 1 if aside else WRITTEN_SCANNED]
    return chosen
