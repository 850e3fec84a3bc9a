"""Mean IoU of the parts, over all pixels of a set."""

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric

from mghp.metrics.people import PredictedPeople, TruePeople


def joint_histogram(
    true: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]], num_labels: int
) -> NDArray[np.int64]:
    """How often each pair of labels meets; pixels whose true label is no label (255) do not count.

    Args:
        true: labels, any shape.
        predicted: labels 0 ... num_labels - 1, the same shape.
        num_labels: labels, background included.

    Returns:
        (true label, predicted label).

    Raises:
        ValueError: if a predicted label is none.
    """
    known = true < num_labels
    cells = true[known].astype(np.int64) * num_labels + predicted[known]
    if len(cells) and predicted[known].max() >= num_labels:
        raise ValueError(f"predicted labels must be 0 to {num_labels - 1}, got {predicted[known].max()}")
    return np.bincount(cells, minlength=num_labels**2).reshape(num_labels, num_labels)


def iou_per_label(histogram: NDArray[Any]) -> NDArray[np.float64]:
    """Intersection over union of each label, NaN where neither map has it. (label, label) -> (label,)."""
    intersection = np.diag(histogram).astype(np.float64)
    union = histogram.sum(0) + histogram.sum(1) - intersection
    iou: NDArray[np.float64] = np.divide(intersection, union, out=np.full(len(union), np.nan), where=union > 0)
    return iou


def mean_iou(histogram: NDArray[Any], absent: Literal["skip", "zero"] = "skip") -> float:
    """Mean over labels, background included; NaN where nothing was counted.

    Args:
        histogram: from `joint_histogram`, summed over pictures.
        absent: what a label counts that occurs nowhere: nothing (Parsing-R-CNN), or 0 (M2FP).
    """
    if not histogram.sum():
        return float("nan")
    iou = iou_per_label(histogram)
    return float(np.nan_to_num(iou).mean() if absent == "zero" else np.nanmean(iou))


class PartMeanIoU(Metric):
    """`mean_iou` of the part maps of a set.

    Args:
        num_labels: labels, background included.
    """

    higher_is_better = True
    full_state_update = False
    histogram: Tensor

    def __init__(self, num_labels: int) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.add_state("histogram", torch.zeros(num_labels, num_labels, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, predicted: PredictedPeople, true: TruePeople) -> None:
        """Count one picture."""
        counts = joint_histogram(true.parts, predicted.parts, self.num_labels)
        self.histogram += torch.from_numpy(counts).to(self.histogram.device)

    def compute(self) -> Tensor:
        """Mean IoU."""
        return torch.tensor(mean_iou(self.histogram.cpu().numpy()))
