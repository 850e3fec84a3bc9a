"""The projection field, supervised at every level."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mghp.parsing.losses.masked_mean import masked_mean


def projection_loss(levels: Sequence[Tensor], targets: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Mean over levels of the mean L1, in pixels, over human cells.

    Args:
        levels: each (batch, 2, height, width), (x, y) in pixels, coarse to fine.
        targets: the same shapes.
        weights: each (batch, height, width): 1 on human cells of a person with an annotated keypoint, or any weight,
            for instance one over the person's size.
    """
    losses = [
        masked_mean((level - target).abs(), weight[:, None])
        for level, target, weight in zip(levels, targets, weights, strict=True)
    ]
    return torch.stack(losses).mean()
