"""Human pixels that were given to nobody -> persons without keypoints, one a connected region."""

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

LEAST_PIXELS = 32 * 32
"""The fewest pixels of a region that becomes a person: the least size at which masks are scored."""

CONFIDENCE = 0.05
"""The confidence in such a person, below that of every keypoint that is found: it ranks last."""

_NEIGHBOURS = np.ones((3, 3), int)
"""Pixels that touch at a corner are one region."""


def with_regions(person_ids: Tensor, is_human: Tensor, keypoints: Tensor) -> tuple[Tensor, Tensor]:
    """Return persons with one more for each large connected region of human pixels that are nobody's.

    Args:
        person_ids: (height, width): 0 nobody, p + 1 person p.
        is_human: (height, width) bool.
        keypoints: (person, keypoint, 3): x, y, confidence; 0 where not found.

    Returns:
        The new person_ids, regions in reading order after the persons; and keypoints, 0 for regions.
    """
    unclaimed = (is_human & (person_ids == 0)).cpu().numpy()
    regions, number = ndimage.label(unclaimed, _NEIGHBOURS)
    sizes = np.bincount(regions.ravel(), minlength=number + 1)[1:]
    kept = np.flatnonzero(sizes >= LEAST_PIXELS) + 1
    new_ids = np.zeros(number + 1, np.int64)
    new_ids[kept] = len(keypoints) + 1 + np.arange(len(kept))
    added = torch.from_numpy(new_ids[regions]).to(person_ids)
    return person_ids + added, torch.cat([keypoints, keypoints.new_zeros(len(kept), *keypoints.shape[1:])])
