"""The area under a precision-recall curve, as the benchmarks' evaluators sum it."""

from collections.abc import Sequence

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


RECALLS = np.linspace(0, 1, 101)
"""The recalls at which COCO reads the precision."""

TRUE, FALSE, IGNORED = 1, 0, -1
"""What becomes of a detection: it is right, wrong, or neither."""

NO_DETECTION = np.zeros((0, 11))
"""The rows of a picture without a detection: a score, and what becomes of it at 10 thresholds."""


def coco_precision(
    pictures: Sequence[NDArray[np.float64]], num_true: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return COCO's average precision: the mean at 101 recalls of the largest precision from there on.

    Args:
        pictures: of each, a row a detection, the surest first: its score, and `TRUE`, `FALSE` or `IGNORED` at each
            of 10 thresholds.
        num_true: instances there are to find in each picture, (picture,).
        weights: how often each picture occurs in each set, (set, picture).

    Returns:
        (threshold, set); NaN where there is nothing to find.
    """
    rows = np.concatenate([NO_DETECTION, *pictures])
    picture = np.repeat(np.arange(len(pictures)), [len(of_picture) for of_picture in pictures])
    order = np.argsort(-rows[:, 0], kind="stable")
    outcomes, picture = rows[order, 1:].T, picture[order]
    of_sets = zip(weights, weights @ num_true, strict=True)
    return np.array([_interpolated(outcomes, often[picture], number) for often, number in of_sets]).T


def _interpolated(outcomes: NDArray[np.float64], often: NDArray[np.float64], num_true: float) -> NDArray[np.float64]:
    """Return the average precision at each threshold of detections in order, each of which occurs so often."""
    if not num_true:
        return np.full(len(outcomes), np.nan)
    hits = np.cumsum(often * (outcomes == TRUE), 1)
    precision = hits / (np.cumsum(often * (outcomes != IGNORED), 1) + np.spacing(1))
    envelope = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
    envelope = np.pad(envelope, ((0, 0), (0, 1)))  # nothing is found at recalls that are not reached
    places = [np.searchsorted(recall, RECALLS) for recall in hits / num_true]
    precisions: NDArray[np.float64] = np.take_along_axis(envelope, np.array(places), 1).mean(1)
    return precisions
