"""The true assignment Y* of candidate keypoints: which pairs belong to one person."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mghp.matching import Hungarian
from mghp.parsing.assembly.peaks import Candidates

NOBODY = -1
"""Owner of a false candidate."""


@dataclass
class TrueAssignment:
    """What a perfect matcher returns.

    Attributes:
        pairs: Y*, (batch, limb, source, destination) bool: both candidates are keypoints of one person.
        is_pair: the same shape, bool: both are candidates, in a picture with annotated keypoints.
    """

    pairs: Tensor
    is_pair: Tensor


@torch.no_grad()
def owners(candidates: Candidates, keypoints: Tensor, radius: Tensor, stride: int) -> Tensor:
    """The person whose keypoint each candidate is.

    A candidate belongs to the nearest true keypoint of its type, one to one (Hungarian), within half the OKS radius,
    and within a heatmap's cell in any case: small persons' radii are smaller than what a heatmap can tell.

    Args:
        candidates: of a batch.
        keypoints: (batch, person, keypoint, 3): x_input, y_input, visibility; those of visibility 0 do not count.
        radius: OKS radius 2 sigma sqrt(area), pixels, (batch, person, keypoint).
        stride: pixels a heatmap cell.

    Returns:
        Row of the person in `keypoints`, or `NOBODY`. Shape (batch, keypoint, candidate).
    """
    positions = keypoints[..., :2].transpose(1, 2)
    annotated = (keypoints[..., 2] > 0).transpose(1, 2)
    reach = (radius / 2).clamp(min=stride).transpose(1, 2)
    distance = torch.cdist(candidates.positions_input.float(), positions.float())
    closeness = 1 - distance / reach[:, :, None]
    matched = Hungarian()(closeness, candidates.is_candidate, annotated) > 0
    return torch.where(matched.any(-1), matched.float().argmax(-1), NOBODY)


def true_assignment(
    candidates: Candidates, owner: Tensor, limbs: Sequence[tuple[int, int]], has_keypoints: Tensor
) -> TrueAssignment:
    """Y* from the candidates' owners.

    Args:
        candidates: of a batch.
        owner: from `owners`.
        limbs: source and destination keypoint types.
        has_keypoints: (batch,) bool: without annotation no pair is known.
    """
    source, destination = (torch.tensor(ends, device=owner.device) for ends in zip(*limbs, strict=True))
    of_source, of_destination = owner[:, source, :, None], owner[:, destination, None, :]
    is_pair = candidates.is_candidate[:, source, :, None] & candidates.is_candidate[:, destination, None, :]
    return TrueAssignment(
        pairs=(of_source == of_destination) & (of_source != NOBODY) & is_pair,
        is_pair=is_pair & has_keypoints[:, None, None, None],
    )
