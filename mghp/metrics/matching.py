"""How many candidate pairs an assignment joins rightly: counts and F1."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def association_counts(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Count true positives, false positives and false negatives among the pairs of a problem.

    Args:
        predicted: pairs joined. Shape (source, destination), or any.
        truth: pairs of one person. Same shape.

    Raises:
        TypeError: if either is not bool: a soft assignment must be rounded first.
        ValueError: if the shapes differ.
    """
    if predicted.dtype != np.bool_ or truth.dtype != np.bool_:
        raise TypeError(f"predicted and truth must be bool, got {predicted.dtype} and {truth.dtype}")
    if predicted.shape != truth.shape:
        raise ValueError(f"predicted and truth must share a shape, got {predicted.shape} and {truth.shape}")
    right = int(np.count_nonzero(predicted & truth))
    return right, int(np.count_nonzero(predicted)) - right, int(np.count_nonzero(truth)) - right


def f1(counts: ArrayLike) -> NDArray[np.float64]:
    """Return 2 TP / (2 TP + FP + FN); 1 where nothing is true and nothing predicted: then nothing is wrong.

    Args:
        counts: true positives, false positives, false negatives. Shape (..., 3).

    Returns:
        Shape (...), in [0, 1].

    Raises:
        ValueError: if the last axis does not hold three counts.
    """
    numbers = np.asarray(counts, dtype=np.float64)
    if numbers.shape[-1:] != (3,):
        raise ValueError(f"counts must have shape (..., 3), got {numbers.shape}")
    twice_right = 2.0 * numbers[..., 0]
    total = twice_right + numbers[..., 1] + numbers[..., 2]
    return np.divide(twice_right, total, out=np.ones_like(total), where=total > 0)
