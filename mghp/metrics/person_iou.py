"""IoU of part maps, person by person: what AP^p and PCP are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.metrics.mean_iou import joint_histogram
from mghp.metrics.people import PredictedPeople, TruePeople


@dataclass
class PersonIoU:
    """One picture's predicted persons against its true ones.

    Attributes:
        part_iou: (predicted, true, label) float64, NaN where neither map has the label.
        true_parts: (true, label) bool: which labels the true person has; background included.
        is_empty: (true,) bool: persons without a pixel other than background, or of label 255.
        scores: (predicted,) float64.
    """

    part_iou: NDArray[np.float64]
    true_parts: NDArray[np.bool_]
    is_empty: NDArray[np.bool_]
    scores: NDArray[np.float64]

    @property
    def mean_iou(self) -> NDArray[np.float64]:
        """Mean over the labels of either map, background included. (predicted, true)."""
        there = ~np.isnan(self.part_iou)
        mean: NDArray[np.float64] = np.where(there, self.part_iou, 0).sum(-1) / np.maximum(there.sum(-1), 1)
        return mean


def person_iou_of_maps(
    true_parts: NDArray[np.integer[Any]],
    true_ids: NDArray[np.integer[Any]],
    predicted_maps: NDArray[np.integer[Any]] | Sequence[NDArray[np.integer[Any]]],
    scores: NDArray[np.floating[Any]],
    num_labels: int,
) -> PersonIoU:
    """IoU of part maps that may overlap, one a predicted person: the published form.

    Args:
        true_parts: (height, width), 255 not known.
        true_ids: (height, width), 0 nobody; any positive numbers, persons in ascending order.
        predicted_maps: (predicted, height, width), 0 where the person is not.
        scores: (predicted,).
        num_labels: labels, background included.
    """
    persons = [true_parts * (true_ids == person) for person in np.unique(true_ids[true_ids > 0])]
    histograms = np.zeros((len(scores), len(persons), num_labels, num_labels), np.int64)
    for row, predicted in enumerate(predicted_maps):
        for column, true in enumerate(persons):
            histograms[row, column] = joint_histogram(true, predicted, num_labels)
    has_label = np.array([[(true == label).any() for label in range(num_labels)] for true in persons], bool)
    return PersonIoU(
        part_iou=_iou(histograms),
        true_parts=has_label.reshape(len(persons), num_labels),
        is_empty=np.array([not true.any() for true in persons], bool),
        scores=np.asarray(scores, np.float64),
    )


def person_iou(predicted: PredictedPeople, true: TruePeople, num_labels: int) -> PersonIoU:
    """The same for persons that do not overlap, from one histogram over all pairs of persons and labels.

    To a pair of persons everything that is not theirs is background; a true person's own pixels of unknown part do not
    count.

    Args:
        predicted: of one picture.
        true: of the same picture.
        num_labels: labels, background included.
    """
    counts = _cross_histogram(predicted, true, num_labels)
    of_true = counts[1:, :num_labels]
    histograms = of_true[:, :, 1:].transpose(2, 0, 1, 3).copy()
    missed = of_true.sum((2, 3)) - histograms.sum(-1)
    outside = counts.sum((0, 1))[1:, None] - counts[1:, :, 1:].sum(1).transpose(1, 0, 2)
    nobody = (counts.sum() - counts[1:].sum((1, 2, 3))) - outside.sum(-1)
    histograms[..., 0] += missed
    histograms[..., 0, :] += outside
    histograms[..., 0, 0] += nobody
    pixels = counts[1:].sum((2, 3))
    has_label = pixels[:, :num_labels] > 0
    has_label[:, 0] |= pixels.sum(1) < true.parts.size
    return PersonIoU(
        part_iou=_iou(histograms),
        true_parts=has_label,
        is_empty=pixels[:, 1:].sum(1) == 0,
        scores=np.asarray(predicted.person_scores, np.float64),
    )


def _cross_histogram(predicted: PredictedPeople, true: TruePeople, num_labels: int) -> NDArray[np.int64]:
    """(true person, true label, predicted person, predicted label); nobody is person 0, unknown the last true label."""
    shape = (len(true.keypoints) + 1, num_labels + 1, len(predicted.person_scores) + 1, num_labels)
    cells = np.ravel_multi_index(
        (
            true.person_ids.astype(np.int64).ravel(),
            np.minimum(true.parts, num_labels).astype(np.int64).ravel(),
            predicted.person_ids.astype(np.int64).ravel(),
            predicted.parts.astype(np.int64).ravel(),
        ),
        shape,
    )
    return np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)


def _iou(histograms: NDArray[np.int64]) -> NDArray[np.float64]:
    """(..., label, label) -> (..., label), NaN where neither has the label."""
    intersection = np.diagonal(histograms, axis1=-2, axis2=-1).astype(np.float64)
    union = histograms.sum(-1) + histograms.sum(-2) - intersection
    iou: NDArray[np.float64] = np.divide(intersection, union, out=np.full(union.shape, np.nan), where=union > 0)
    return iou
