"""Peak memory of a piece of work, in this process."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class PeakMemory:
    """`megabytes`: how far the resident memory rose above its start, once the block has ended; NaN if unknown."""

    megabytes = float("nan")


@contextmanager
def measured_peak() -> Iterator[PeakMemory]:
    """Measure how far resident memory rises within the block.

    Memory that earlier work freed is first given back to the system, so that its reuse counts. The high-water mark
    can be reset on Linux alone; elsewhere, and where that is forbidden, the peak stays unknown.
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
    """Highest resident memory of this process so far; NaN where /proc does not tell."""
    try:
        return _megabytes("VmHWM")
    except OSError:
        return float("nan")


def _megabytes(key: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(f"{key}:")).split()[1]) / 1024
