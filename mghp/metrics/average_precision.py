"""The area under a precision-recall curve, as the benchmarks' evaluators sum it."""

import numpy as np
from numpy.typing import NDArray


def average_precision(is_true: NDArray[np.bool_], num_true: int) -> float:
    """Return the area under the monotone envelope of precision over recall, summed where recall changes.

    Args:
        is_true: (detection,), in the order of their ranks, surest first.
        num_true: instances there are to find. Where a detection rule lets one be found twice, recall passes 1 and so
            may the area.

    Returns:
        The area; 0 without a detection; NaN for detections where there is nothing to find.
    """
    if not len(is_true):
        return 0.0
    if num_true == 0:
        return float("nan")
    hits = np.cumsum(is_true)
    recall = np.concatenate([[0.0], hits / num_true, [1.0]])
    precision = np.concatenate([[0.0], hits / np.arange(1, len(hits) + 1), [0.0]])
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(((recall[1:] - recall[:-1]) * envelope[1:]).sum())
