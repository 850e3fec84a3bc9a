"""Pairs joined rightly: F1 by each rounding, at a threshold tuned on validation images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.matching import round_assignment
from mghp.metrics.matching import counts_by_image, f1
from mghp.problems.matching_batch import MatchingBatch

THRESHOLDS = np.arange(0.0, 1.0, 0.05)
"""Values of min_affinity that are tried; affinities of trained networks go beyond 1, see `thresholds_up_to`."""


@dataclass(frozen=True)
class Association:
    """What one rounding of one solver's assignments joins."""

    threshold: float
    """min_affinity, the best on validation images."""
    counts: NDArray[np.int64]
    """True positives, false positives and false negatives at it, shape (images, 3)."""
    contested_counts: NDArray[np.int64]
    """The counts over problems with two and more candidates per side alone."""
    agreement: float
    """Share of problems of unique optimum whose pairs of positive affinity are the Hungarian's."""


def associate(
    batches: Sequence[MatchingBatch], assignments: Sequence[Tensor], rounding: str, validation: NDArray[np.bool_]
) -> Association:
    """Round the assignments of all batches, tune the threshold on validation images and count on all.

    Args:
        batches: of the problems.
        assignments: soft, of each batch.
        rounding: as in `round_assignment`.
        validation: images for tuning, shape (images,).
    """
    kept = [
        (batch, round_assignment(soft, batch.affinity, by=rounding))
        for batch, soft in zip(batches, assignments, strict=True)
    ]
    best = _best_threshold(kept, validation)
    contested = [(batch[batch.is_contested], pairs[batch.is_contested]) for batch, pairs in kept]
    counts, of_contested = (_counts(pairs, best, len(validation)) for pairs in (kept, contested))
    return Association(best, counts, of_contested, _agreement(kept))


def _best_threshold(kept: Sequence[tuple[MatchingBatch, Tensor]], validation: NDArray[np.bool_]) -> float:
    """Return the threshold of the largest F1 on validation images, the first of equals."""
    tried = thresholds_up_to(max(float(batch.affinity.max()) for batch, _ in kept))
    scores = [f1(_counts(kept, threshold, len(validation))[validation].sum(axis=0)) for threshold in tried]
    return float(tried[int(np.argmax(scores))])


def thresholds_up_to(largest: float) -> NDArray[np.float64]:
    """Return `THRESHOLDS`, and from 1 on each a tenth above the one before while it is below the largest affinity."""
    steps = np.log(max(largest, 1.0)) / np.log(1.1)
    return np.concatenate([THRESHOLDS, 1.1 ** np.arange(np.ceil(steps))])


def _counts(kept: Sequence[tuple[MatchingBatch, Tensor]], threshold: float, num_images: int) -> NDArray[np.int64]:
    """Return the counts of each image, shape (images, 3), where pairs under the threshold are dropped."""
    joined = [pairs & (batch.affinity >= threshold) for batch, pairs in kept]
    return counts_by_image([batch for batch, _ in kept], joined, np.arange(num_images))


def _agreement(kept: Sequence[tuple[MatchingBatch, Tensor]]) -> float:
    same = torch.cat([(pairs == batch.best).all((1, 2)) for batch, pairs in kept])
    unique = torch.cat([batch.is_unique for batch, _ in kept])
    return float(same[unique].double().mean()) if unique.any() else float("nan")
