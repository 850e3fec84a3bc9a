"""The projection field, supervised at every level."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mghp.parsing.losses.masked_mean import masked_mean


def projection_loss(levels: Sequence[Tensor], targets: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Return the mean L1 over human cells, in pixels, averaged over levels.

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
