"""How far a run is: a bar on a terminal, lines in a log."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from extract.run import Progress

LOG_EVERY: Final = 1_000


class Lines:
    """Progress for a log: a line every thousand files."""

    def start(self, progress: Progress) -> None:
        """Say what an earlier run did already."""
        self._said = 0
        if progress.done:
            click.echo(f"{progress.done} of {progress.files} files were read before", err=True)

    def step(self, progress: Progress) -> None:
        """Say how far it is."""
        if progress.read // LOG_EVERY > self._said:
            self._said = progress.read // LOG_EVERY
            click.echo(f"{progress.done} of {progress.files} files, {progress.failed} failures", err=True)


def progress() -> AbstractContextManager[Lines | Bar]:
    """A bar with rate and remaining time on a terminal, lines in a log."""
    return Bar() if sys.stderr.isatty() else nullcontext(Lines())


class Bar:
    """A rich progress bar."""

    def __enter__(self) -> Bar:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("Reading"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        return self

    def start(self, progress: Progress) -> None:
        """Show what an earlier run did already."""
        self._task = self._bar.add_task("files", total=progress.files, completed=progress.done, rate="")

    def step(self, progress: Progress) -> None:
        """Move on."""
        speed = self._bar.tasks[0].speed
        self._bar.update(self._task, completed=progress.done, rate=f"{speed:.0f}/s" if speed else "")

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()
