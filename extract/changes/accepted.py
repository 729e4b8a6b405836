"""The accepted figures: for each annotated letter and field how many values were right, lost and too many.

A CSV file in the repository, one line a letter and field. It holds counts alone, no words of letters. A line
keeps the best outcome that was ever accepted. Where less is accepted, a person writes into the line what is
(``loss``, as hit/lost/extra) and why (``reason``); the best stays beside it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from extract.metrics import KINDS, Floats, Outcome

HEAD: Final = ("letter", "field", "hit", "lost", "extra", "loss", "reason")
Key = tuple[str, str]
"""Letter and field."""


class AcceptedError(ValueError):
    """A file of accepted figures that cannot be used; the message says which line and what to do."""


class Counts(NamedTuple):
    """Values right, in the gold alone, and in the dataset alone."""

    hit: int = 0
    lost: int = 0
    extra: int = 0

    def rank(self, field: str) -> tuple[float, int]:
        """The better, the greater: the score of the letter alone, then fewer errors."""
        weighted = self.hit * (2 if KINDS[field] == "f1" else 1)
        wrong = self.lost + self.extra
        return (weighted / (weighted + wrong) if wrong else 1.0, -wrong)

    def __str__(self) -> str:
        return "/".join(map(str, self))


@dataclass(frozen=True, slots=True)
class Line:
    """The best accepted outcome of a field of a letter; where less is accepted, that and the reason."""

    best: Counts
    loss: Counts | None = None
    reason: str = ""

    @property
    def counts(self) -> Counts:
        """What a run is held against."""
        return self.best if self.loss is None else self.loss


def counts_of(outcomes: Mapping[str, Iterable[Outcome]]) -> dict[Key, Counts]:
    """The counts of every letter and field that was compared."""
    found: dict[Key, Counts] = {}
    for letter, own in outcomes.items():
        for outcome in own:
            hit, lost, extra = found.get((letter, outcome.field), Counts())
            found[letter, outcome.field] = Counts(hit + outcome.hit, lost + outcome.lost, extra + outcome.extra)
    return {key: counts for key, counts in found.items() if any(counts)}


def as_array(counts: Mapping[Key, Counts], letters: Iterable[str]) -> Floats:
    """Counts [letter, field of KINDS, (hit, lost, extra)] of the letters in the order given."""
    rows = [[counts.get((letter, field), Counts()) for field in KINDS] for letter in letters]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(KINDS), 3)


def read(path: Path) -> dict[Key, Line]:
    """The accepted figures. Raises AcceptedError, OSError where there is no such file."""
    found: dict[Key, Line] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != HEAD:
            raise AcceptedError(f"{path}: the first line must be {','.join(HEAD)}")
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            key, line = (row["letter"], row["field"]), _line(row, where)
            if key in found:
                raise AcceptedError(f"{where}: {key[0]} {key[1]} stands there twice")
            if key[1] not in KINDS:
                raise AcceptedError(f"{where}: {key[1]} is no scored field")
            found[key] = line
    return found


def _line(row: Mapping[str, str | None], where: str) -> Line:
    try:
        best = Counts(*(int(row[name] or "") for name in HEAD[2:5]))
        loss = Counts(*(int(n) for n in row["loss"].split("/"))) if row["loss"] else None
    except (TypeError, ValueError) as error:
        raise AcceptedError(f"{where}: counts are whole numbers, loss is hit/lost/extra as 3/1/0") from error
    reason = (row["reason"] or "").strip()
    if loss is not None and not reason:
        raise AcceptedError(f"{where}: a loss is accepted with a reason; write why into the last column")
    if loss is None and reason:
        raise AcceptedError(f"{where}: a reason without a loss; write what is accepted into the column loss")
    if loss is not None and loss.rank(str(row["field"])) >= best.rank(str(row["field"])):
        raise AcceptedError(f"{where}: the loss {loss} is no worse than the best, {best}")
    return Line(best, loss, reason)


def write(path: Path, lines: Mapping[Key, Line]) -> None:
    """Write the accepted figures, by letter, fields in the order of KINDS."""
    rank = {field: at for at, field in enumerate(KINDS)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEAD)
        for (letter, field), line in sorted(lines.items(), key=lambda item: (item[0][0], rank[item[0][1]])):
            writer.writerow([letter, field, *line.best, "" if line.loss is None else line.loss, line.reason])


@dataclass(frozen=True, slots=True)
class Accepting:
    """The figures after improvements were taken up, and what was and was not."""

    lines: Mapping[Key, Line]
    better: tuple[Key, ...]
    new_letters: tuple[str, ...]
    worse: tuple[Key, ...]
    """Losses, which stay as they were: accepting them takes an edit by hand."""


def take_up(lines: Mapping[Key, Line], now: Mapping[Key, Counts], letters: Iterable[str]) -> Accepting:
    """Accept what a run over ``letters`` has improved, and letters that are new. A loss changes nothing."""
    known = {letter for letter, _ in lines}
    result = dict(lines)
    better: list[Key] = []
    worse: list[Key] = []
    letters = list(letters)
    for key in dict.fromkeys((*lines, *now)):
        letter, field = key
        if letter not in letters:
            continue
        counts = now.get(key, Counts())
        if letter not in known:
            result[key] = Line(counts)
            continue
        line = lines.get(key, Line(Counts()))
        if counts.rank(field) >= line.best.rank(field):
            if counts != line.best or line.loss is not None:
                result[key] = Line(counts)
                if counts.rank(field) > line.counts.rank(field):
                    better.append(key)
        elif line.loss is not None and counts.rank(field) > line.loss.rank(field):
            result[key] = replace(line, loss=counts)
            better.append(key)
        elif counts.rank(field) < line.counts.rank(field):
            worse.append(key)
    kept = {key: line for key, line in result.items() if any(line.best) or line.loss is not None}
    new = tuple(letter for letter in letters if letter not in known)
    return Accepting(kept, tuple(better), new, tuple(worse))
