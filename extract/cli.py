"""The command ``imr``."""

from __future__ import annotations

import click

from extract import __version__
from extract.commands.agreement import agreement
from extract.commands.annotate import annotate
from extract.commands.diff import diff
from extract.commands.doctor import doctor
from extract.commands.evaluate import evaluate
from extract.commands.export import export
from extract.commands.extract import extract
from extract.commands.merge import merge
from extract.commands.report import report
from extract.commands.review import review
from extract.commands.show import show
from extract.commands.status import status


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="imr")
def main() -> None:
    """Turn Independent Medical Review letters into a dataset, with the evidence for every value."""


for command in (
    extract,
    status,
    merge,
    show,
    doctor,
    evaluate,
    review,
    diff,
    annotate,
    agreement,
    export,
    report,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
