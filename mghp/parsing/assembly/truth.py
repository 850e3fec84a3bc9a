"""The true assignment Y* of candidate keypoints: which pairs belong to one person."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mghp.anatomy.skeleton import Skeleton
from mghp.matching import Hungarian
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.batch import Batch
from mghp.parsing.targets import keypoint_deviations
from mghp.problems.problem_set import NOBODY


@torch.no_grad()
def owners(candidates: Candidates, keypoints: Tensor, radius: Tensor, stride: int) -> Tensor:
    """Return the person whose keypoint each candidate is.

    A candidate belongs to the nearest true keypoint of its type, one to one (Hungarian), within half the OKS radius,
    and within a heatmap's cell in any case: small persons' radii are smaller than what a heatmap can tell.

    Args:
        candidates: of a batch.
        keypoints: (batch, person, keypoint, 3): x_input, y_input, visibility; those of visibility 0 do not count.
        radius: OKS radius 2 sigma sqrt(area), pixels, (batch, person, keypoint).
        stride: pixels a heatmap cell.

    Returns:
        Row of the person in `keypoints`; `NOBODY` for false candidates and padding. Shape (batch, keypoint, candidate).
    """
    positions = keypoints[..., :2].transpose(1, 2)
    annotated = (keypoints[..., 2] > 0).transpose(1, 2)
    reach = (radius / 2).clamp(min=stride).transpose(1, 2)
    distance = torch.cdist(candidates.positions_input.float(), positions.float())
    closeness = 1 - distance / reach[:, :, None]
    matched = Hungarian()(closeness, candidates.is_candidate, annotated) > 0
    return torch.where(matched.any(-1), matched.float().argmax(-1), NOBODY)


def candidate_owners(candidates: Candidates, batch: Batch, skeleton: Skeleton, stride: int) -> Tensor:
    """Return the `owners` of candidates of a batch's pictures.

    Args:
        candidates: of the pictures.
        batch: with annotated keypoints.
        skeleton: of the keypoints.
        stride: pixels a heatmap cell.
    """
    return owners(candidates, batch.keypoints, 2 * keypoint_deviations(batch, skeleton), stride)


def true_pairs(owner: Tensor, limbs: Sequence[tuple[int, int]]) -> Tensor:
    """Return Y*, the assignment of a perfect matcher: True where both candidates are keypoints of one person.

    Args:
        owner: from `owners`, (batch, keypoint, candidate).
        limbs: source and destination keypoint types.

    Returns:
        Shape (batch, limb, source, destination), bool.
    """
    source, destination = (owner[:, list(ends)] for ends in zip(*limbs, strict=True))
    return (source[..., None] == destination[..., None, :]) & (source[..., None] != NOBODY)


def shuffled(truth: Tensor, source_mask: Tensor, destination_mask: Tensor, generator: torch.Generator) -> Tensor:
    """Return a truth with as many pairs in every problem, between real candidates drawn at random.

    Args:
        truth: Y*, (..., source, destination), bool.
        source_mask: (..., source), True for a real candidate.
        destination_mask: (..., destination), likewise.
        generator: of the random numbers, on the CPU.
    """
    rows = _drawn_order(source_mask, generator)[..., None].expand_as(truth)
    columns = _drawn_order(destination_mask, generator)[..., None, :].expand_as(truth)
    return truth.gather(-2, rows).gather(-1, columns)


def _drawn_order(mask: Tensor, generator: torch.Generator) -> Tensor:
    """Return for every real place another real one, each once, and for padding its own: (..., candidate)."""
    drawn = torch.rand(mask.shape, generator=generator).to(mask.device)
    real_first = (~mask).to(torch.int8).argsort(dim=-1, stable=True)
    shuffled_first = drawn.masked_fill(~mask, 2).argsort(dim=-1, stable=True)
    return torch.empty_like(real_first).scatter_(-1, real_first, shuffled_first)
