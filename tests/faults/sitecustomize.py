"""On the PYTHONPATH of a test's workers: letters with certain words hang, kill or fatten the worker, or only LATE."""

import os
import signal
import time

from extract import pipeline

_READ = pipeline.LetterReader.try_reading
_HELD = []
LATE = 5
"""Steps that such a letter goes beside the others first."""


def try_reading(self, source):
    steps = _READ(self, source)
    for _ in range(LATE if b"LATE" in source.data else 0):
        yield next(steps)
    if b"HANG" in source.data:
        while True:
            time.sleep(0.05)
    if b"CRASH" in source.data:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"EAT" in source.data:
        while True:
            _HELD.append(bytearray(b"x") * 20_000_000)
            time.sleep(0.01)
    if b"SLOW" in source.data:
        time.sleep(0.05)
    return (yield from steps)


pipeline.LetterReader.try_reading = try_reading
