"""Pairs joined rightly: F1 by each rounding, at a threshold tuned on validation images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.matching import round_assignment
from mghp.metrics.matching import f1
from mghp.problems.problem_set import ProblemSet

THRESHOLDS = np.arange(0.0, 1.0, 0.05)
"""Values of min_affinity that are tried."""


@dataclass(frozen=True)
class Association:
    """What one rounding of one solver's assignments joins."""

    threshold: float
    """min_affinity, the best on validation images."""
    counts: NDArray[np.int64]
    """True positives, false positives and false negatives at it, shape (images, 3)."""
    contested_counts: NDArray[np.int64]
    """The same over problems with two and more candidates a side."""
    agreement: float
    """Share of problems of unique optimum whose pairs of positive affinity are the Hungarian's."""


@dataclass(frozen=True)
class _Pairs:
    """Joined pairs of all problems, and the true pairs of each image."""

    image: NDArray[np.int64]
    affinity: NDArray[np.floating]
    is_right: NDArray[np.bool_]
    true_of_image: NDArray[np.int64]

    def counts(self, threshold: float) -> NDArray[np.int64]:
        """True positives, false positives and false negatives of each image, shape (images, 3)."""
        joined = self.affinity >= threshold
        number = len(self.true_of_image)
        all_joined = np.bincount(self.image[joined], minlength=number)
        right = np.bincount(self.image[joined & self.is_right], minlength=number)
        return np.stack([right, all_joined - right, self.true_of_image - right], axis=1)


def associate(problems: ProblemSet, assignments: Sequence[Tensor], rounding: str) -> Association:
    """Round the assignments of all batches, tune the threshold on validation images and count on all."""
    kept = [
        round_assignment(soft, batch.affinity, by=rounding) for batch, soft in zip(problems, assignments, strict=True)
    ]
    pairs = _collect(problems, kept, contested_only=False)
    on_validation = [f1(pairs.counts(threshold)[problems.validation].sum(axis=0)) for threshold in THRESHOLDS]
    best = float(THRESHOLDS[int(np.argmax(on_validation))])
    contested = _collect(problems, kept, contested_only=True)
    return Association(best, pairs.counts(best), contested.counts(best), _agreement(problems, kept))


def _collect(problems: ProblemSet, kept: Sequence[Tensor], contested_only: bool) -> _Pairs:
    images, affinities, right = [], [], []
    true_of_image = np.zeros(problems.num_images, dtype=np.int64)
    for batch, joined in zip(problems, kept, strict=True):
        included = batch.is_contested if contested_only else torch.ones_like(batch.is_contested)
        problem, row, column = (joined & included[:, None, None]).nonzero(as_tuple=True)
        images.append(batch.image[problem].numpy())
        affinities.append(batch.affinity[problem, row, column].numpy())
        right.append(batch.truth[problem, row, column].numpy())
        true_problem = (batch.truth & included[:, None, None]).nonzero(as_tuple=True)[0]
        true_of_image += np.bincount(batch.image[true_problem].numpy(), minlength=problems.num_images)
    return _Pairs(np.concatenate(images), np.concatenate(affinities), np.concatenate(right), true_of_image)


def _agreement(problems: ProblemSet, kept: Sequence[Tensor]) -> float:
    same = torch.cat([(pairs == batch.best).all((1, 2)) for batch, pairs in zip(problems, kept, strict=True)])
    unique = torch.cat([batch.is_unique for batch in problems])
    return float(same[unique].double().mean()) if unique.any() else float("nan")
