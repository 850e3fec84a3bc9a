"""Vectors from cells to keypoints farther away, relative to the person."""

from torch import Tensor

from mghp.parsing.losses.masked_mean import masked_mean


def relative_offset_loss(offsets: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Return the mean L1 over the cells that have weight, each error times the weight.

    Args:
        offsets: predicted, (..., 2, height, width), (x, y) in pixels.
        target: true ones, the same shape.
        weights: (..., height, width): 1 over the person's size in pixels, 0 where nothing is to be learned.
    """
    weights = weights.unsqueeze(-3)
    return masked_mean((offsets - target).abs() * weights, weights > 0)
