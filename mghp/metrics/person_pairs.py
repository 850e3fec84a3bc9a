"""Who is who: pixels and keypoints that predicted persons share with true ones, and one partner at most for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.cross_histogram import cross_histogram
from mghp.metrics.person_iou import person_iou

FOUND = 0.25
"""Share of a true person's pixels that a partner has at least, unless it has most of the keypoints."""

MOST = 0.5
"""From this share on it is most of something."""

LEAST_REACH = 4.0
"""Pixels within which a keypoint is right, however small the person: about a cell of a heatmap."""


@dataclass
class PersonPairs:
    """One picture's predicted persons against its true ones.

    Attributes:
        labels: pixels of each true person by true and predicted label, whoever has them: (true, label, label).
        held: pixels of a true person that a predicted one has, (true, predicted).
        true_pixels: (true,), those of unknown part too.
        predicted_pixels: (predicted,), those on the background too.
        keypoint_share: share of a true person's annotated keypoints within reach of the predicted one's, (true,
            predicted): within the OKS radius 2 sigma sqrt(area), and `LEAST_REACH` in any case.
        scores: mean IoU over parts, (true, predicted), see `PersonIoU`.
        is_empty: true persons without a pixel of a part, (true,): nothing is asked of them.
        partner: the predicted person of each true one, (true,), -1 for none.
    """

    labels: NDArray[np.int64]
    held: NDArray[np.int64]
    true_pixels: NDArray[np.int64]
    predicted_pixels: NDArray[np.int64]
    keypoint_share: NDArray[np.float64]
    scores: NDArray[np.float64]
    is_empty: NDArray[np.bool_]
    partner: NDArray[np.int64]

    @property
    def share(self) -> NDArray[np.float64]:
        """The share of a true person's pixels that a predicted one has, (true, predicted)."""
        shares: NDArray[np.float64] = self.held / np.maximum(self.true_pixels, 1)[:, None]
        return shares

    @property
    def is_found(self) -> NDArray[np.bool_]:
        """The pairs that may be partners: with enough of the pixels, or most of the keypoints."""
        found: NDArray[np.bool_] = (self.share >= FOUND) | (self.keypoint_share >= MOST)
        return found


def person_pairs(predicted: PredictedPersons, true: TruePersons, anatomy: Anatomy) -> PersonPairs:
    """Compare the persons of one picture.

    Partners are one to one, so that the sum of their masks' IoU is largest; where masks do not tell, keypoints do.

    Args:
        predicted: of one picture.
        true: of the same picture.
        anatomy: what is annotated.
    """
    counts = cross_histogram(predicted, true, anatomy.num_labels)
    compared = person_iou(predicted, true, anatomy.num_labels)
    held = counts.sum((1, 3))
    pairs = PersonPairs(
        labels=counts[1:, : anatomy.num_labels].sum(2),
        held=held[1:, 1:],
        true_pixels=held[1:].sum(1),
        predicted_pixels=held[:, 1:].sum(0),
        keypoint_share=_keypoint_share(
            true.keypoints, predicted.keypoints, held[1:].sum(1), anatomy.skeleton.known_sigmas
        ),
        scores=compared.mean_iou.T,
        is_empty=compared.is_empty,
        partner=np.full(len(true.keypoints), -1, np.int64),
    )
    union = pairs.true_pixels[:, None] + pairs.predicted_pixels - pairs.held
    closeness = np.where(pairs.is_found, pairs.held / np.maximum(union, 1) + 1e-3 * pairs.keypoint_share, 0.0)
    rows, columns = linear_sum_assignment(closeness, maximize=True)
    pairs.partner[rows] = np.where(closeness[rows, columns] > 0, columns, -1)
    return pairs


def keypoint_reach(area: float, sigmas: Sequence[float]) -> NDArray[np.float64]:
    """Return how many pixels a keypoint may be off and still be right, (keypoint,)."""
    reach: NDArray[np.float64] = np.maximum(2 * np.asarray(sigmas) * np.sqrt(area), LEAST_REACH)
    return reach


def _keypoint_share(
    true: NDArray[np.floating[Any]],
    predicted: NDArray[np.floating[Any]],
    areas: NDArray[np.int64],
    sigmas: Sequence[float],
) -> NDArray[np.float64]:
    share = np.zeros((len(true), len(predicted)))
    for row, (pose, area) in enumerate(zip(true, areas, strict=True)):
        annotated = pose[:, 2] > 0
        if annotated.any() and len(predicted):
            distance = np.linalg.norm(predicted[..., :2] - pose[:, :2], axis=-1)
            is_right = (distance <= keypoint_reach(float(area), sigmas)) & (predicted[..., 2] > 0)
            share[row] = is_right[:, annotated].mean(1)
    return share
