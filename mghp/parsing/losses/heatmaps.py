"""Keypoint heatmaps: cross-entropy, focal or not, or weighted squared error."""

import torch
from torch import Tensor
from torch.nn import functional

from mghp.parsing.losses.masked_mean import masked_mean


def heat_cross_entropy(logits: Tensor, heatmaps: Tensor, has_keypoints: Tensor) -> Tensor:
    """Return the cross-entropy with the true heat as soft label: confidences become the heat to be expected.

    Args:
        logits: (batch, keypoint, height, width).
        heatmaps: the same shape, true heat in [0, 1].
        has_keypoints: (batch,) bool: the others do not count.

    Returns:
        The sum over cells, divided by the sum of the true heat (or by the number of heatmaps, where that is more): a
        picture without a person still trains against false peaks.
    """
    cells = functional.binary_cross_entropy_with_logits(logits, heatmaps, reduction="none")
    return _per_heat(cells, heatmaps, has_keypoints)


def focal_loss(logits: Tensor, heatmaps: Tensor, has_keypoints: Tensor, gamma: float = 2.0) -> Tensor:
    """Return the quality focal loss (Li et al. 2020): `heat_cross_entropy`, each cell weighted by |p - heat|^gamma.

    Cells that are nearly right count less, and so confidences are not calibrated: set `assembly.peak_threshold` anew.
    """
    weight = (logits.sigmoid() - heatmaps).abs().pow(gamma)
    cells = functional.binary_cross_entropy_with_logits(logits, heatmaps, reduction="none")
    return _per_heat(weight * cells, heatmaps, has_keypoints)


def _per_heat(cells: Tensor, heatmaps: Tensor, has_keypoints: Tensor) -> Tensor:
    counted = has_keypoints.view(-1, 1, 1, 1)
    heat = (heatmaps * counted).sum()
    return (cells * counted).sum() / torch.maximum(heat, (counted.sum() * cells.shape[1]).to(heat)).clamp(min=1)


def weighted_squared_error(
    logits: Tensor, heatmaps: Tensor, has_keypoints: Tensor, foreground_weight: float = 10.0
) -> Tensor:
    """Return the mean squared error of the confidence; cells of heat h count 1 + foreground_weight h.

    Shapes as for `heat_cross_entropy`.
    """
    weight = (1 + foreground_weight * heatmaps) * has_keypoints.view(-1, 1, 1, 1)
    return masked_mean((logits.sigmoid() - heatmaps).square(), weight)
