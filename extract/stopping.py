"""Ctrl-C as a request: what is in flight is finished, and the run can be gone on with."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final, Self

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stopper:
    """True when called after the first Ctrl-C (or SIGTERM); the second one interrupts at once.

    Outside of the main thread, where signals cannot be caught, it is never true.
    """

    def __init__(self, *, on_stop: Callable[[], None] = lambda: None) -> None:
        self._asked = False
        self._on_stop = on_stop
        self._before: dict[signal.Signals, object] = {}

    def __call__(self) -> bool:
        """True where the run should come to an end."""
        return self._asked

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._on_stop()
