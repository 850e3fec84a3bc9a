"""How many candidate pairs an assignment joins rightly: counts and F1."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from mghp.problems.matching_batch import MatchingBatch


def association_counts(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return true positives, false positives and false negatives among the pairs of each problem.

    Args:
        predicted: pairs joined. Shape (..., source, destination).
        truth: pairs of one person. Same shape.

    Returns:
        Shape (..., 3).

    Raises:
        TypeError: if either is not bool: a soft assignment must be rounded first.
        ValueError: if the shapes differ.
    """
    if predicted.dtype != np.bool_ or truth.dtype != np.bool_:
        raise TypeError(f"predicted and truth must be bool, got {predicted.dtype} and {truth.dtype}")
    if predicted.shape != truth.shape:
        raise ValueError(f"predicted and truth must share a shape, got {predicted.shape} and {truth.shape}")
    right, joined, true = (pairs.sum((-2, -1), dtype=np.int64) for pairs in (predicted & truth, predicted, truth))
    return np.stack([right, joined - right, true - right], -1)


def counts_by_image(
    batches: Sequence["MatchingBatch"], joined: Sequence["Tensor"], images: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the counts of `association_counts` summed over the problems of each image.

    Args:
        batches: problems with truth and image.
        joined: pairs joined, bool (batch, source, destination) of each batch.
        images: numbers of the images, in order; no problem is of another.

    Returns:
        Shape (images, 3).
    """
    counts = np.zeros((len(images), 3), np.int64)
    for batch, pairs in zip(batches, joined, strict=True):
        rows = np.searchsorted(images, batch.image.numpy())
        np.add.at(counts, rows, association_counts(pairs.numpy(), batch.truth.numpy()))
    return counts


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
