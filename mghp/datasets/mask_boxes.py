"""The box about a person's pixels, and when two boxes overlap."""

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""A box's left, top, right and bottom, pixels; the pixels of the right column and the bottom row lie outside."""

OVERLAP = 0.2
"""The share of the smaller of two boxes from which on their persons count as overlapping."""


def box_about(mask: NDArray[np.bool_]) -> Box | None:
    """Return the box about a mask (height, width); None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def do_overlap(a: Box, b: Box) -> bool:
    """Return whether two boxes share more than `OVERLAP` of the smaller one."""
    wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    return wide * high / min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])) > OVERLAP
