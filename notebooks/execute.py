"""Runs the notebooks and keeps them with their outputs, so that equal data gives equal files.

python notebooks/execute.py                                   all, on ../dataset, in place
python notebooks/execute.py --dataset DIR --gold DIR --out DIR [NOTEBOOK...]
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config

HERE = Path(__file__).resolve().parent
SECONDS_A_CELL = 120
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebooks() -> list[Path]:
    """The notebooks of this folder in order."""
    return sorted(HERE.glob("*.ipynb"))


def executed(path: Path, *, dataset: Path | None = None, gold: Path | None = None) -> NotebookNode:
    """The notebook at ``path``, run in a new kernel, without what changes from run to run.

    ``dataset`` and ``gold`` default to what the notebook names. Raises ``CellExecutionError``
    where a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    # What the shell says about datasets is left out: in place, only the invented letters may be kept.
    rest = {name: value for name, value in os.environ.items() if name not in ("IMR_DATASET", "IMR_GOLD")}
    with TemporaryDirectory() as room:
        client = NotebookClient(
            notebook,
            config=_kernel(Path(room)),
            kernel_name=KERNEL["name"],
            timeout=SECONDS_A_CELL,
            record_timing=False,
            resources={"metadata": {"path": str(HERE)}},
        )
        client.execute(env=rest | _named({"IMR_DATASET": dataset, "IMR_GOLD": gold}))
    return steady(notebook)


def _kernel(room: Path) -> Config:
    """Settings of a kernel that talks through files in ``room``, where the system can, so that no port is opened."""
    transport = "tcp" if os.name == "nt" else "ipc"
    return Config({"AsyncKernelManager": {"transport": transport, "connection_file": str(room / "kernel.json")}})


def _named(paths: Mapping[str, Path | None]) -> dict[str, str]:
    return {name: str(path.resolve()) for name, path in paths.items() if path is not None}


def steady(notebook: NotebookNode) -> NotebookNode:
    """The same notebook without metadata that tells of a machine or a moment."""
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
    return notebook


@click.command()
@click.argument("names", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dataset", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of imr extract.")
@click.option("--gold", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Annotated letters.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to, else in place.")
def main(names: tuple[Path, ...], dataset: Path | None, gold: Path | None, out: Path | None) -> None:
    """Run notebooks (all of this folder, else NAMES) and write them with their outputs."""
    if (dataset or gold) and out is None:
        raise click.UsageError("give --out too: the notebooks of this folder keep outputs of invented letters only")
    for path in names or notebooks():
        try:
            result = executed(path, dataset=dataset, gold=gold)
        except CellExecutionError as error:
            raise click.ClickException(f"{path.name}: {error}") from error
        target = (out or path.parent) / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(result, target)  # type: ignore[no-untyped-call]
        click.echo(f"{target.name} written to {target.parent}")


if __name__ == "__main__":
    main()
