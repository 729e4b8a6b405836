"""What a finished run says on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from extract.words import many

if TYPE_CHECKING:
    from extract.archive.assemble import Summary


def summarise(summary: Summary, out: Path | str) -> None:
    """Print counts of letters, layouts, failures and flags."""
    from extract.failures import Reason
    from extract.schema import FLAGS

    out = str(out).rstrip("/")
    failed = sum(summary.failures.values())
    click.echo(
        f"{many(summary.letters, 'letter')} with {many(summary.issues, 'disputed item')}"
        f" from {many(summary.files, 'file')}, written to {out}/"
    )
    if summary.letters:
        layouts = ", ".join(f"{name} {n}" for name, n in sorted(summary.layouts.items()))
        click.echo(f"Layouts: {layouts}")
    if failed:
        click.echo(f"Gave no letter ({out}/failures.csv):")
        for reason, n in summary.failures.most_common():
            click.echo(f"  {n:6d}  {reason:16s} {Reason(reason).meaning}")
    if summary.flagged:
        click.echo(f"To be looked at ({many(summary.flagged, 'letter')}, column flags):")
        for flag, n in summary.flags.most_common():
            click.echo(f"  {n:6d}  {flag:26s} {FLAGS[flag]}")
