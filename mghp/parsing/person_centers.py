"""Centres of persons: what pixels point to where they are grouped the way of Panoptic-DeepLab."""

import torch
from torch import Tensor

from mghp.parsing.batch import Batch


def person_centers(batch: Batch) -> Tensor:
    """Return the mean of each person's pixels that lie in the picture, as one keypoint a person.

    A mean need not lie on its person.

    Returns:
        (batch, person, 1, 3): x, y in pixels, and 1; 0 for a person without a pixel.
    """
    persons = batch.keypoints.shape[1]
    rows, columns = (torch.arange(side, device=batch.keypoints.device) + 0.5 for side in batch.image.shape[2:])
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    where = torch.stack([x, y, torch.ones_like(x)], -1).flatten(0, 1)
    ids = batch.person_ids.long().flatten(1)
    sums = torch.zeros(len(ids), persons + 1, 3, device=ids.device)
    sums.scatter_add_(1, ids[..., None].expand(-1, -1, 3), where.expand(len(ids), -1, -1))
    means = sums / sums[..., 2:].clamp(min=1)
    return means[:, 1:, None]
