"""How far a run is, for people."""

from __future__ import annotations

import psutil

from extract.archive.ledger import Status


def as_text(status: Status) -> str:
    """A few lines: files done, failed, left; the rate; the time left at that rate."""
    counts = status.counts
    lines = [
        f"{counts.files} files: {counts.letters} gave a letter, {counts.failed} failed, {counts.left} left",
    ]
    lines += [f"  {n:8d}  {reason}" for reason, n in status.reasons.items()]
    if status.rate is not None:
        lines.append(f"{status.rate:.1f} files a second when last at work")
    if counts.left == 0 and status.ended is not None:
        lines.append("finished")
    elif _at_work(status):
        need = f", about {_duration(counts.left / status.rate)} to go" if status.rate and counts.left else ""
        lines.append(f"at work (process {status.pid}){need}")
    else:
        lines.append("stopped; the same imr extract command goes on")
    return "\n".join(lines)


def _at_work(status: Status) -> bool:
    """True where the process that wrote the last run still lives."""
    if status.pid is None or status.started is None or status.ended is not None:
        return False
    try:
        return psutil.Process(status.pid).create_time() <= status.started
    except psutil.Error:
        return False


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
