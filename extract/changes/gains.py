"""A run against the accepted figures: ``python -m extract.changes.gains check`` and ``accept``.

``check`` fails where a field dropped by more than its noise: where the whole paired bootstrap interval of the
change, drawn by letter, lies below zero. ``accept`` takes up what improved and never a loss.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import click

from extract.changes import accepted, paired
from extract.changes.accepted import AcceptedError, Counts, Key, Line
from extract.changes.paired import Step
from extract.changes.words import named, step
from extract.evaluate import Compared, compare
from extract.gold import EvaluationError, GoldFile, read_gold
from extract.metrics import KINDS

_FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
WORTH_NAMING: Final = 20
"""Losses of a field that a report names."""


@dataclass(frozen=True, slots=True)
class FieldGain:
    """A field of a run beside what was accepted: its step, and the letters that did better and worse."""

    step: Step
    better: tuple[str, ...]
    worse: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """A run beside the accepted figures."""

    letters: int
    missing: tuple[str, ...]
    new_letters: tuple[str, ...]
    """Annotated letters that have no accepted figures yet; they are not compared."""
    fields: tuple[FieldGain, ...]
    """The fields in which a letter did better or worse."""
    reasons: Mapping[Key, Line]
    """Losses that were accepted by hand."""
    now: Mapping[Key, Counts]
    compared: Compared

    @property
    def fallen(self) -> tuple[FieldGain, ...]:
        """The fields that dropped by more than their noise."""
        return tuple(f for f in self.fields if f.step.fell)


def check_run(lines: Mapping[Key, Line], compared: Compared) -> Check:
    """Hold the comparisons of a run against accepted figures.

    Raises AcceptedError where figures are there of a letter that is no longer annotated.
    """
    known = list(dict.fromkeys(letter for letter, _ in lines))
    if gone := [letter for letter in known if letter not in compared.outcomes]:
        raise AcceptedError(
            f"figures of {named(gone)}, but no annotation: delete their lines from the file by hand, or bring it back"
        )
    now = accepted.counts_of(compared.outcomes)
    before = {key: line.counts for key, line in lines.items()}
    steps = paired.steps(accepted.as_array(before, known), accepted.as_array(now, known))
    fields = []
    for field in KINDS:
        ranks = {
            letter: (before.get((letter, field), Counts()).rank(field), now.get((letter, field), Counts()).rank(field))
            for letter in known
        }
        better = tuple(letter for letter, (old, new) in ranks.items() if new > old)
        worse = tuple(letter for letter, (old, new) in ranks.items() if new < old)
        if field in steps and (better or worse):
            fields.append(FieldGain(steps[field], better, worse))
    return Check(
        letters=len(known),
        missing=compared.missing,
        new_letters=tuple(letter for letter in compared.outcomes if letter not in known),
        fields=tuple(fields),
        reasons={key: line for key, line in lines.items() if line.loss is not None},
        now=now,
        compared=compared,
    )


def as_text(check: Check, lines: Mapping[Key, Line], path: Path, *, values: bool) -> str:
    """The report for a terminal. ``values`` adds what was wanted and got; not for letters of other people."""
    out = [f"{check.letters} letters against {path}"]
    if check.missing:
        out.append(f"{len(check.missing)} annotated letters are missing from the dataset: {named(check.missing)}")
    if check.new_letters:
        out.append(f"{len(check.new_letters)} letters have no figures yet (make accept): {named(check.new_letters)}")
    if check.reasons:
        out.append(f"{len(check.reasons)} losses were accepted by hand, with reasons")
    if not check.fields:
        return "\n".join([*out, "nothing gained, nothing lost", ""])
    width = max(len(f.step.field) for f in check.fields)
    out += ["", f"{'field':{width}s}  accepted    now  change      95 % interval   better  worse (letters)"]
    for f in check.fields:
        old, new, change, interval = step(f.step)
        mark = "   FELL" if f.step.fell else ""
        out.append(
            f"{f.step.field:{width}s}  {old:>8s}  {new:>5s}  {change:>6s}  {interval:>17s}  {len(f.better):6d}  "
            f"{len(f.worse):5d}{mark}"
        )
    for f in check.fields:
        for word, letters in (("better", f.better), ("worse", f.worse)):
            if letters:
                out += ["", f"{f.step.field} {word}: {named(letters, WORTH_NAMING)}"]
                if values and word == "worse":
                    out += _values(check.compared, f.step.field, letters[:WORTH_NAMING])
    if check.fallen:
        out += ["", *_how_to_accept(check, lines, path)]
    elif any(f.worse for f in check.fields):
        out += ["", "the losses are within the noise: passed, and not accepted (they go on counting)"]
    if any(f.better for f in check.fields):
        out += ["", "make accept takes up what is better"]
    return "\n".join([*out, ""])


def _values(compared: Compared, field: str, letters: Sequence[str]) -> list[str]:
    return [
        f"  {o.place}: wanted {o.wanted or 'nothing'}, got {o.got or 'nothing'}"
        for letter in letters
        for o in compared.outcomes[letter]
        if o.field == field and o.missed
    ]


def _how_to_accept(check: Check, lines: Mapping[Key, Line], path: Path) -> list[str]:
    out = [
        f"FAILED: {', '.join(f.step.field for f in check.fallen)} fell by more than the noise.",
        f"Mend the rule; or accept the loss: put these lines into {path} in place of those of the same letter and",
        "field, each with the reason at its end:",
    ]
    for f in check.fallen:
        for letter in f.worse:
            key = (letter, f.step.field)
            line = lines.get(key, Line(Counts()))
            out.append(f"{letter},{f.step.field},{','.join(map(str, line.best))},{check.now.get(key, Counts())},")
    return out


@click.group()
def main() -> None:
    """Hold a run against the accepted figures of its letters."""


_dataset = click.argument("dataset", type=_FOLDER)
_gold = click.option("--gold", required=True, type=_FOLDER, help="Folder of annotation files.")
_accepted = click.option(
    "--accepted",
    "path",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of accepted figures.",
)


@main.command()
@_dataset
@_gold
@_accepted
@click.option("--values", is_flag=True, help="Say of each loss what was wanted and got; only for letters of one's own.")
def check(dataset: Path, gold: Path, path: Path, values: bool) -> None:
    """Print gains and losses; exit code 1 where a field fell by more than its noise, 2 where nothing can be told."""
    lines, compared, _ = _read(dataset, gold, path)
    if not lines:
        _stop(f"no accepted figures at {path}: make accept writes them")
    try:
        found = check_run(lines, compared)
    except AcceptedError as error:
        _stop(f"{path}: {error}")
    click.echo(as_text(found, lines, path, values=values))
    sys.exit(1 if found.fallen else 0)


@main.command()
@_dataset
@_gold
@_accepted
def accept(dataset: Path, gold: Path, path: Path) -> None:
    """Take up what improved and letters that are new; losses stay as they were accepted."""
    lines, compared, annotated = _read(dataset, gold, path)
    found = accepted.take_up(lines, accepted.counts_of(compared.outcomes), annotated)
    accepted.write(path, found.lines)
    click.echo(
        f"{path}: {len(found.better)} figures better, {len(found.new_letters)} letters new, "
        f"{len(found.worse)} losses not accepted"
    )
    for letter, field in found.worse:
        click.echo(f"  not accepted: {letter} {field}")
    if found.worse:
        click.echo("A loss is accepted by hand, with a reason: docs/gains-and-losses.md")


def _read(dataset: Path, gold: Path, path: Path) -> tuple[dict[Key, Line], Compared, dict[str, GoldFile]]:
    try:
        annotated = read_gold(gold)
        return (accepted.read(path) if path.exists() else {}), compare(dataset, annotated), annotated
    except (AcceptedError, EvaluationError) as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{error.filename}: {error.strerror}")


def _stop(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
