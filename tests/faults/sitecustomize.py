"""On the PYTHONPATH of a test's workers: letters with certain words hang, kill or fatten the worker."""

import os
import signal
import time

from extract import pipeline

_READ = pipeline.LetterReader.try_read
_HELD = []


def try_read(self, source):
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
    return _READ(self, source)


pipeline.LetterReader.try_read = try_read
