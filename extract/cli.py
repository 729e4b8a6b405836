"""The command ``imr``."""

from __future__ import annotations

import click

from extract import __version__
from extract.commands.doctor import doctor
from extract.commands.evaluate import evaluate
from extract.commands.extract import extract
from extract.commands.merge import merge
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
):
    main.add_command(command)

if __name__ == "__main__":
    main()
