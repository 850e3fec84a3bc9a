"""Keypoint heatmaps: cross-entropy, focal or not, or weighted squared error."""

import torch
from torch import Tensor
from torch.nn import functional

from mghp.parsing.losses.masked_mean import masked_mean


def heat_cross_entropy(logits: Tensor, heatmaps: Tensor, known: Tensor) -> Tensor:
    """Return the cross-entropy with the true heat as soft label: confidences become the heat to be expected.

    Args:
        logits: (batch, keypoint, height, width).
        heatmaps: the same shape, true heat in [0, 1].
        known: bool, broadcastable to the heatmaps from (batch, keypoint or 1, height or 1, width or 1): the other cells
            do not count.

    Returns:
        The sum over known cells, divided by the sum of the true heat (or by the number of heatmaps with a known cell,
        where that is more): a picture without a person still trains against false peaks.
    """
    cells = functional.binary_cross_entropy_with_logits(logits, heatmaps, reduction="none")
    return _per_heat(cells, heatmaps, known)


def focal_loss(logits: Tensor, heatmaps: Tensor, known: Tensor, gamma: float = 2.0) -> Tensor:
    """Return the quality focal loss (Li et al. 2020): `heat_cross_entropy`, each cell weighted by |p - heat|^gamma.

    Cells that are nearly right count less, and so confidences are not calibrated: set `assembly.peak_threshold` anew.
    """
    weight = (logits.sigmoid() - heatmaps).abs().pow(gamma)
    cells = functional.binary_cross_entropy_with_logits(logits, heatmaps, reduction="none")
    return _per_heat(weight * cells, heatmaps, known)


def _per_heat(cells: Tensor, heatmaps: Tensor, known: Tensor) -> Tensor:
    heat = (heatmaps * known).sum()
    maps = known.flatten(2).any(-1).expand(-1, cells.shape[1]).sum()
    return (cells * known).sum() / torch.maximum(heat, maps.to(heat)).clamp(min=1)


def weighted_squared_error(logits: Tensor, heatmaps: Tensor, known: Tensor, foreground_weight: float = 10.0) -> Tensor:
    """Return the mean squared error of the confidence; cells of heat h count 1 + foreground_weight h.

    Shapes as for `heat_cross_entropy`.
    """
    weight = (1 + foreground_weight * heatmaps) * known
    return masked_mean((logits.sigmoid() - heatmaps).square(), weight)
