"""Makes the model that ships with the package: ``python -m extract.learn`` (or ``make train``).

From the public letters with gold and the invented ones that are not kept aside. No chance is
involved: equal letters, gold and rules give equal weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from extract.learned.gold import GoldReader, GoldSummary, Labels
from extract.learned.weights import HOME, ROUNDS, Task, Weights, digest_of, fit_all, save
from extract.patterns import Patterns


def learn(summaries: Sequence[GoldSummary], labels: Labels, *, rounds: int = ROUNDS) -> dict[Task, Weights]:
    """Weights for statements of diagnoses and for mentions of parts. Raises ValueError without summaries."""
    return {
        "statements": fit_all([(s.features, labels.statements(s)) for s in summaries], rounds=rounds),
        "parts": fit_all([(s.features, labels.parts(s)) for s in summaries], rounds=rounds),
    }


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=HOME,
    help="Folder to write the model into; without it the package's own.",
)
def main(out: Path) -> None:
    """Learn the component from the letters with gold (IMR_LETTERS says where the public ones are)."""
    patterns = Patterns()
    try:
        gold = GoldReader.of_project(patterns)
    except FileNotFoundError as error:
        raise click.ClickException(str(error)) from error
    public = gold.public()
    written = [s for s in gold.written() if not s.kept_aside]
    model = learn([*public, *written], Labels(patterns))
    save(model, out, learnt_from={"public": len(public), "written": len(written)}, patterns=patterns.digest)
    click.echo(f"{digest_of(model)} from {len(public)} public and {len(written)} invented letters, written to {out}/")


if __name__ == "__main__":
    main()
