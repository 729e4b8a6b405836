"""Makes the calibration that ships with the package: ``python -m extract.calibrate`` (or ``make calibrate``).

Reads the letters with gold, each with a component that has not learnt from it, and some of them again as scans;
learns the calibration; measures it by cross-validation; writes ``extract/model/confidence.json``, the figures of
``docs/confidence.md`` and the plot beside it. No chance is involved but in the bootstrap, which has a fixed seed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from extract.confidence import page
from extract.confidence.apply import HOME, Calibration
from extract.confidence.examples import ExampleReader, Reading
from extract.confidence.features import VERSION
from extract.learned.gold import GoldReader
from extract.patterns import Patterns

PAGE: Final = Path(__file__).parent.parent / "docs" / "confidence.md"


def learn(readings: Sequence[Reading]) -> tuple[Calibration, dict[str, Any]]:
    """The calibration of all letters but the invented ones kept aside, and what it is worth."""
    from extract.confidence.figures import measure
    from extract.confidence.fit import fit, held_out, rate

    calibration = fit(r for r in readings if not r.spared)
    rated = held_out(readings)
    strict = fit(r for r in readings if not r.aside)
    aside = [(r, rate(strict, r)) for r in readings if r.aside]
    return calibration, measure(list(zip(readings, rated, strict=True)), aside, calibration)


def write(calibration: Calibration, figures: dict[str, Any], out: Path, **about: object) -> None:
    """Store the numbers with their digest, and the figures beside them."""
    facts = {
        "features": VERSION,
        "digest": calibration.digest,
        **about,
        "weights": dict(calibration.weights),
        "letters": dict(calibration.letters),
        "figures": figures,
    }
    out.write_text(json.dumps(facts, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=HOME,
    help="File to write the calibration into; without it the package's own.",
)
@click.option(
    "--page",
    "page_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=PAGE,
    help="Page whose figures are written anew, the plot beside it; without it docs/confidence.md.",
)
@click.option(
    "--scratch",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("scratch/calibration"),
    help="Folder for scans and components of the folds; scans that stand there are used again.",
)
def main(out: Path, page_path: Path, scratch: Path) -> None:
    """Learn how sure values are from the letters with gold (IMR_LETTERS says where the public ones are)."""
    patterns = Patterns()
    try:
        gold = GoldReader.of_project(patterns)
    except FileNotFoundError as error:
        raise click.ClickException(str(error)) from error
    readings = list(ExampleReader(gold=gold, scratch=scratch).readings())
    calibration, figures = learn(readings)
    letters = len({r.case for r in readings if not r.spared})
    write(calibration, figures, out, learnt_from=letters, patterns=patterns.digest)
    page.write(figures, page_path)
    click.echo(f"{calibration.digest} from {letters} letters, written to {out}; figures in {page_path}")


if __name__ == "__main__":
    main()
