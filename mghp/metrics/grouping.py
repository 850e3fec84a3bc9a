"""Grouping accuracy: the share of human pixels that are given to the right person."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torchmetrics import Metric

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig


def grouping_counts(true_ids: NDArray[np.integer[Any]], predicted_ids: NDArray[np.integer[Any]]) -> tuple[int, int]:
    """Count the human pixels given to the right person, and all human pixels.

    Predicted and true persons are paired one to one, so that the sum of their masks' IoU is largest. A pixel left out,
    or given to a person that has no partner, is wrong.

    Args:
        true_ids: (height, width), 0 nobody.
        predicted_ids: (height, width), 0 nobody.

    Example:
        >>> import numpy as np
        >>> from mghp.metrics.grouping import grouping_counts
        >>> true, predicted = np.array([[1, 1, 1, 2, 2, 0]]), np.array([[2, 2, 1, 1, 1, 1]])
        >>> grouping_counts(true, predicted)  # one pixel of the first person went to the second
        (4, 5)
    """
    true, predicted = true_ids.astype(np.int64), predicted_ids.astype(np.int64)
    shape = int(true.max(initial=0)) + 1, int(predicted.max(initial=0)) + 1
    shared = np.bincount((true * shape[1] + predicted).ravel(), minlength=shape[0] * shape[1]).reshape(shape)
    return int(shared[partners(shared)].sum()), int(shared[1:].sum())


def partners(shared: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair true and predicted persons one to one, so that the sum of their masks' IoU is largest.

    Args:
        shared: pixels of each pair, (true, predicted); nobody is the first of both.

    Returns:
        Rows and columns of the pairs in `shared`.
    """
    iou = mask_iou(shared)
    rows, columns = linear_sum_assignment(iou, maximize=True)
    return rows + 1, columns + 1


def mask_iou(shared: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the IoU of masks, (true, predicted), from the pixels that `partners` takes."""
    union = shared.sum(1)[1:, None] + shared.sum(0)[None, 1:] - shared[1:, 1:]
    iou: NDArray[np.float64] = shared[1:, 1:] / np.maximum(union, 1)
    return iou


class GroupingAccuracy(Metric):
    """`grouping_counts` over a set; NaN where nobody is in it."""

    higher_is_better = True
    full_state_update = False
    correct: Tensor
    total: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("correct", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("total", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:
        """Count one picture."""
        correct, total = grouping_counts(true.person_ids, predicted.person_ids)
        self.correct += correct
        self.total += total

    def compute(self) -> Tensor:
        """Return the share of human pixels that are given to the right person."""
        return self.correct.double() / self.total if self.total else torch.tensor(torch.nan)


def grouping_accuracy(anatomy: Anatomy, config: MetricsConfig) -> GroupingAccuracy:
    """Return the metric of whose each pixel is, whatever is annotated."""
    return GroupingAccuracy()
