"""The peak memory of a piece of work in this process."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class PeakMemory:
    """The result of `measured_peak`, set when its block has ended."""

    megabytes = float("nan")
    """The rise of resident memory above its start, MB; NaN if unknown."""


@contextmanager
def measured_peak() -> Iterator[PeakMemory]:
    """Measure how far resident memory rises within the block.

    Memory freed by earlier work is first returned to the system, so that its reuse counts. Only Linux can reset the
    high-water mark; elsewhere, and where that is forbidden, the peak stays unknown.
    """
    peak = PeakMemory()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # glibc
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        yield peak
        return
    before = _megabytes("VmRSS")
    yield peak
    peak.megabytes = _megabytes("VmHWM") - before


def highest_megabytes() -> float:
    """Return the highest resident memory of this process so far, MB; NaN where /proc does not tell."""
    try:
        return _megabytes("VmHWM")
    except OSError:
        return float("nan")


def _megabytes(key: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(f"{key}:")).split()[1]) / 1024
