"""Peak memory of a piece of work, in this process."""

import ctypes
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class PeakMemory:
    """`megabytes`: how far the resident memory rose above its start, once the block has ended."""

    megabytes = float("nan")


@contextmanager
def measured_peak() -> Iterator[PeakMemory]:
    """Measure how far resident memory rises within the block.

    Memory that earlier work freed is first given back to the system, so that its reuse counts. Linux can reset its
    high-water mark; elsewhere the mark of the whole process is used, which understates work that stays under an
    earlier peak.
    """
    peak = PeakMemory()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # glibc
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    before = _megabytes("VmRSS")
    yield peak
    peak.megabytes = _megabytes("VmHWM") - before


def _megabytes(key: str) -> float:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return float(next(line for line in lines if line.startswith(f"{key}:")).split()[1]) / 1024
