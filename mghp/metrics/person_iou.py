"""IoU of part maps, person by person: what AP^p and PCP are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.cross_histogram import cross_histogram, map_histograms


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
        """The mean over the labels of either map, background included: (predicted, true)."""
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
    """Return the IoU of part maps that may overlap, one per predicted person: the published form.

    Args:
        true_parts: (height, width), 255 not known.
        true_ids: (height, width), 0 nobody; any positive numbers, persons in ascending order.
        predicted_maps: (predicted, height, width), 0 where the person is not.
        scores: (predicted,).
        num_labels: labels, background included.
    """
    persons = np.unique(true_ids[true_ids > 0])
    numbered = np.zeros(int(true_ids.max(initial=0)) + 1, np.int64)
    numbered[persons] = np.arange(1, len(persons) + 1)
    counts = map_histograms(predicted_maps, true_parts, numbered[true_ids], len(persons), num_labels)
    pixels = np.bincount(
        (numbered[true_ids] * (num_labels + 1) + np.minimum(true_parts, num_labels)).ravel(),
        minlength=(len(persons) + 1) * (num_labels + 1),
    ).reshape(len(persons) + 1, num_labels + 1)
    return _person_iou(counts, pixels, scores)


def person_iou(predicted: PredictedPersons, true: TruePersons, num_labels: int) -> PersonIoU:
    """Return the IoU of persons that do not overlap, from one histogram over all pairs of persons and labels.

    Args:
        predicted: of one picture.
        true: of the same picture.
        num_labels: labels, background included.
    """
    counts = cross_histogram(predicted, true, num_labels)
    pixels = counts.sum((2, 3))
    of_maps = np.moveaxis(counts[:, :, 1:], 2, 0).copy()
    of_maps[..., 0] += pixels - of_maps.sum(-1)  # what is not the predicted person's is its map's background
    return _person_iou(of_maps, pixels, predicted.person_scores)


def _person_iou(counts: NDArray[np.int64], pixels: NDArray[np.int64], scores: NDArray[np.floating[Any]]) -> PersonIoU:
    """Return the IoU from the counts of `map_histograms` and the true pixels (true person, true label).

    To a true person everything that is not theirs is background; its own pixels of unknown part do not count.
    """
    num_labels = counts.shape[-1]
    own = counts[:, 1:, :num_labels]
    outside = counts.sum((1, 2))[:, None] - counts[:, 1:].sum(2)
    true_background = own[:, :, 0] + outside
    of_true = own.sum(-1)
    of_true[..., 0] = true_background.sum(-1)
    of_predicted = own.sum(2) + outside
    intersection = np.diagonal(own, axis1=-2, axis2=-1).astype(np.float64)
    intersection[..., 0] = true_background[..., 0]
    union = of_true + of_predicted - intersection
    has_label = pixels[1:, :num_labels] > 0
    has_label[:, 0] |= pixels[1:].sum(1) < pixels.sum()
    return PersonIoU(
        part_iou=np.divide(intersection, union, out=np.full(union.shape, np.nan), where=union > 0),
        true_parts=has_label,
        is_empty=pixels[1:, 1:].sum(1) == 0,
        scores=np.asarray(scores, np.float64),
    )
