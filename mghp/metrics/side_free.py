"""Scores in which the sides of a person may be named either way: the better of the two namings counts.

A naming is of a whole person, so that the left arm and the right leg of somebody are as wrong together as in the plain
scores. Labels are not merged: a side-free score has the parts and keypoints of the plain one, and is equal to it where
all sides are named right. What it is larger by is what whole persons lose by the other naming.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.metrics.ap_parsing import ParsingAP
from mghp.metrics.cross_histogram import cross_histogram
from mghp.metrics.keypoint_ap import KeypointAP
from mghp.metrics.mean_iou import PartScores
from mghp.metrics.person_iou import PersonIoU, person_iou
from mghp.metrics.pooled_scores import Picture

ENDING = "_side_free"
"""The ending of a side-free score's name."""

Value = TypeVar("Value")


def better_named_histogram(
    predicted: PredictedPersons, true: TruePersons, mirrored_labels: Sequence[int]
) -> NDArray[np.int64]:
    """Count how often each pair of labels meets, under the naming of each true person's sides that is right more often.

    Args:
        predicted: of one picture.
        true: of the same picture; pixels of nobody, and of a label that is none (255), keep it.
        mirrored_labels: the label on the other side of each label, background first.

    Returns:
        (true label, predicted label), pixels of no label left out.
    """
    as_named = cross_histogram(predicted, true, len(mirrored_labels)).sum(2)[:, : len(mirrored_labels)]
    exchanged = as_named[:, list(mirrored_labels)]
    is_better = _right(exchanged) > _right(as_named)
    is_better[0] = False
    counts: NDArray[np.int64] = np.where(is_better[:, None, None], exchanged, as_named).sum(0)
    return counts


def _right(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many pixels of each person are right, from (person, true label, predicted label)."""
    right: NDArray[np.int64] = np.diagonal(counts, axis1=1, axis2=2).sum(1)
    return right


def side_free_person_iou(predicted: PredictedPersons, true: TruePersons, mirrored_labels: Sequence[int]) -> PersonIoU:
    """Return the IoU of persons; each pair's is that of the naming of the predicted one with the larger mean IoU.

    Args:
        predicted: of one picture.
        true: of the same picture.
        mirrored_labels: the label on the other side of each label, background first.
    """
    renamed = replace(predicted, parts=np.array(mirrored_labels)[predicted.parts])
    as_named, exchanged = (person_iou(found, true, len(mirrored_labels)) for found in (predicted, renamed))
    is_better = exchanged.mean_iou > as_named.mean_iou
    return replace(as_named, part_iou=np.where(is_better[..., None], exchanged.part_iou, as_named.part_iou))


def _ended(scores: Mapping[str, Value]) -> dict[str, Value]:
    """Return side-free scores by their names."""
    return {f"{name}{ENDING}": score for name, score in scores.items()}


class _SideFree(Metric):
    """Goes before the plain metric of labels: it takes their mirrored ones instead of their number.

    Args:
        mirrored_labels: the label on the other side of each label, background first.
        options: of the plain metric.
    """

    def __init__(self, mirrored_labels: Sequence[int], **options: Any) -> None:  # noqa: ANN401 (the plain one checks)
        super().__init__(len(mirrored_labels), **options)  # type: ignore[call-arg]
        self.mirrored_labels = tuple(mirrored_labels)

    def compute(self) -> dict[str, Tensor]:
        """Return the four scores."""
        return _ended(super().compute())  # type: ignore[safe-super]


class SideFreePartScores(_SideFree, PartScores):  # type: ignore[misc]  # a confusion matrix computes one tensor
    """`PartScores`, where each true person's sides are named as they are right in more pixels.

    Args:
        mirrored_labels: the label on the other side of each label, background first.
        absent: see `Absent`.
    """

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:  # type: ignore[override]
        """Count one picture."""
        counts = torch.from_numpy(better_named_histogram(predicted, true, self.mirrored_labels))
        self.confmat[: len(counts), : len(counts)] += counts.to(self.confmat)


class SideFreeParsingAP(_SideFree, ParsingAP):
    """`ParsingAP`, where each pair of a predicted and a true person is compared under its better naming.

    Args:
        mirrored_labels: the label on the other side of each label, background first.
        rules: see `Rules`.
    """

    def compared(self, predicted: PredictedPersons, true: TruePersons) -> PersonIoU:
        """Return predicted persons against true ones."""
        return side_free_person_iou(predicted, true, self.mirrored_labels)


class SideFreeKeypointAP(KeypointAP):
    """`KeypointAP`, where each pair of a predicted and a true person has the larger OKS of both namings.

    Args:
        sigmas: of each keypoint.
        mirrored_keypoints: the keypoint on the other side of each.
    """

    def pooled(self, pictures: Sequence[Picture], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the three scores of each set."""
        return _ended(super().pooled(pictures, weights))


def side_free_part_scores(anatomy: Anatomy, config: MetricsConfig) -> SideFreePartScores:
    """Return the metric of a dataset's parts."""
    return SideFreePartScores(anatomy.parts.mirrored_labels, absent=config.absent)


def side_free_parsing_ap(anatomy: Anatomy, config: MetricsConfig) -> SideFreeParsingAP:
    """Return the metric of a dataset's persons."""
    return SideFreeParsingAP(anatomy.parts.mirrored_labels, rules=config.rules)


def side_free_keypoint_scores(anatomy: Anatomy, config: MetricsConfig) -> SideFreeKeypointAP:
    """Return the metric of a dataset's keypoints."""
    return SideFreeKeypointAP(anatomy.skeleton.known_sigmas, anatomy.skeleton.mirrored_keypoints)
