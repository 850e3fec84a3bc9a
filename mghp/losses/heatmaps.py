"""Keypoint heatmaps: focal cross-entropy, or weighted squared error."""

import torch
from torch import Tensor
from torch.nn import functional

from mghp.losses.masked_mean import masked_mean


def focal_loss(logits: Tensor, heatmaps: Tensor, has_keypoints: Tensor, gamma: float = 2.0) -> Tensor:
    """Cross-entropy with the true heat as soft label, each cell weighted by |p - heat|^gamma.

    The quality focal loss (Li et al. 2020).

    Args:
        logits: (batch, keypoint, height, width).
        heatmaps: the same shape, true heat in [0, 1].
        has_keypoints: (batch,) bool: the others do not count.
        gamma: how much less a cell counts that is nearly right.

    Returns:
        The sum over cells, divided by the sum of the true heat (or by the number of heatmaps, where that is more): a
        picture without a person still trains against false peaks.
    """
    weight = (logits.sigmoid() - heatmaps).abs().pow(gamma)
    cells = weight * functional.binary_cross_entropy_with_logits(logits, heatmaps, reduction="none")
    counted = has_keypoints.view(-1, 1, 1, 1)
    heat = (heatmaps * counted).sum()
    return (cells * counted).sum() / torch.maximum(heat, (counted.sum() * logits.shape[1]).to(heat)).clamp(min=1)


def weighted_squared_error(
    logits: Tensor, heatmaps: Tensor, has_keypoints: Tensor, foreground_weight: float = 10.0
) -> Tensor:
    """Mean squared error of the confidence; cells of heat h count 1 + foreground_weight h.

    Shapes as for `focal_loss`.
    """
    weight = (1 + foreground_weight * heatmaps) * has_keypoints.view(-1, 1, 1, 1)
    return masked_mean((logits.sigmoid() - heatmaps).square(), weight)
