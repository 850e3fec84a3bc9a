"""How large a person is, from its keypoints alone: what lengths are relative to."""

from collections.abc import Sequence

import torch
from torch import Tensor

LEAST_SIZE = 8.0
"""Pixels."""

_FROM_LIMBS = 1.5


def person_sizes(keypoints: Tensor, limbs: Sequence[tuple[int, int]], limb_ratios: Sequence[float]) -> Tensor:
    """Return how large persons are, in pixels: a length that others are relative to.

    max(sqrt(w h) of the keypoints' box, 1.5 x median over limbs of length / the limb's mean ratio to size, 8).
    A box alone would be too small for a person of whom a limb is seen, or who stands straight in profile.

    Args:
        keypoints: (..., keypoint, 3): x, y in pixels, and a third value that is 0 where the keypoint is not there.
        limbs: source and destination keypoint.
        limb_ratios: of each limb, its mean length relative to size.

    Returns:
        Pixels, (...).
    """
    there = keypoints[..., 2] > 0
    positions = keypoints[..., :2]
    far = torch.finfo(positions.dtype).max
    low = positions.masked_fill(~there[..., None], far).amin(-2)
    high = positions.masked_fill(~there[..., None], -far).amax(-2)
    box = (high - low).clamp(min=0).prod(-1).sqrt()
    source, destination = (torch.tensor(ends, device=keypoints.device) for ends in zip(*limbs, strict=True))
    length = (positions[..., source, :] - positions[..., destination, :]).norm(dim=-1)
    ratios = torch.tensor(limb_ratios, device=keypoints.device, dtype=positions.dtype)
    has_limb = there[..., source] & there[..., destination]
    from_limbs = (length / ratios).masked_fill(~has_limb, torch.nan).nanmedian(-1).values.nan_to_num(0.0)
    return torch.maximum(box, _FROM_LIMBS * from_limbs).clamp(min=LEAST_SIZE)
