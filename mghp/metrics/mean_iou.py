"""Mean IoU of the parts, over all pixels of a set, and the accuracies that are told with it."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics.classification import MulticlassConfusionMatrix

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import IGNORE
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.metrics.scores import as_scores, ratio

Absent = Literal["skip", "zero"]
"""What a label counts in a mean to which it has nothing to say: nothing (Parsing-R-CNN), or 0 (M2FP)."""


def joint_histogram(
    true: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]], num_labels: int
) -> NDArray[np.int64]:
    """Count how often each pair of labels meets; pixels whose true label is no label (255) do not count.

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


@dataclass(frozen=True)
class SemanticScores:
    """What a joint histogram tells; NaN where nothing was counted.

    Attributes:
        iou: (label,): intersection over union; NaN where neither map has the label.
        mean_iou: over labels, background included.
        mean_accuracy: over labels, of the share of a label's pixels that are found.
        pixel_accuracy: share of pixels with the right label.
        mean_f1: over labels, of the harmonic mean of precision and recall.
    """

    iou: NDArray[np.float64]
    mean_iou: float
    mean_accuracy: float
    pixel_accuracy: float
    mean_f1: float


def semantic_scores(histogram: NDArray[Any], absent: Absent = "skip") -> SemanticScores:
    """Return the scores of a set.

    Args:
        histogram: (true label, predicted label), from `joint_histogram`, summed over pictures.
        absent: see `Absent`; a label predicted but never true has no accuracy.

    Example:
        >>> import numpy as np
        >>> from mghp.metrics.mean_iou import joint_histogram, semantic_scores
        >>> true, predicted = np.array([0, 0, 1, 1, 2, 255]), np.array([0, 1, 1, 1, 2, 2])
        >>> scores = semantic_scores(joint_histogram(true, predicted, num_labels=3))
        >>> scores.iou.round(2).tolist(), round(scores.mean_iou, 2), round(scores.pixel_accuracy, 2)
        ([0.5, 0.67, 1.0], 0.72, 0.8)
    """
    right = np.diag(histogram).astype(np.float64)
    true, predicted = histogram.sum(1), histogram.sum(0)
    iou = ratio(right, true + predicted - right)
    return SemanticScores(
        iou=iou,
        mean_iou=_mean(iou, absent),
        mean_accuracy=_mean(ratio(right, true), absent),
        pixel_accuracy=float(right.sum() / true.sum()) if true.sum() else float("nan"),
        mean_f1=_mean(ratio(2 * right, true + predicted), absent),
    )


def mean_iou(histogram: NDArray[Any], absent: Absent = "skip") -> float:
    """Return the `mean_iou` of `semantic_scores`."""
    return semantic_scores(histogram, absent).mean_iou


def _mean(values: NDArray[np.float64], absent: Absent) -> float:
    if np.isnan(values).all():
        return float("nan")
    return float(np.nan_to_num(values).mean() if absent == "zero" else np.nanmean(values))


class PartScores(MulticlassConfusionMatrix):
    """`semantic_scores` of the part maps of a set: `mean_iou`, `mean_accuracy`, `pixel_accuracy`, `mean_f1`.

    Args:
        num_labels: labels, background included.
        absent: see `Absent`.
    """

    higher_is_better = True

    def __init__(self, num_labels: int, absent: Absent = "skip") -> None:
        super().__init__(max(num_labels, 2), ignore_index=IGNORE)  # torchmetrics knows no single class: nothing is true
        self.absent: Absent = absent

    def update(self, predicted: PredictedPersons, true: TruePersons) -> None:  # type: ignore[override]
        """Count one picture."""
        labels = [torch.from_numpy(parts.astype(np.int64)).to(self.device) for parts in (predicted.parts, true.parts)]
        super().update(*labels)

    def scores(self) -> SemanticScores:
        """Return all scores, with the IoU of each label."""
        return semantic_scores(self.confmat.cpu().numpy(), self.absent)

    def compute(self) -> dict[str, Tensor]:  # type: ignore[override]
        """Return the four scores."""
        scores = self.scores()
        names = ("mean_iou", "mean_accuracy", "pixel_accuracy", "mean_f1")
        return as_scores({name: getattr(scores, name) for name in names})


def part_scores(anatomy: Anatomy, config: MetricsConfig) -> PartScores:
    """Return the metric of a dataset's parts."""
    return PartScores(anatomy.num_labels, config.absent)
