"""Persons found twice: where left and right cannot be told, a person and its mirrored ghost."""

from collections.abc import Sequence

import torch
from torch import Tensor


def without_duplicates(
    keypoints: Tensor, person_size: Tensor, sigmas: Sequence[float], mirrored: Sequence[int], largest: float
) -> Tensor:
    """Drop persons most of whose keypoints are those of a surer person, or of its other side.

    Both heatmaps of a pair of sides peak at both sides where they cannot be told apart. The matching then finds the
    person, and a ghost of it with left and right exchanged, from the same pixels. Persons are taken from the surest,
    by the sum of their confidences, to the least sure; one more similar than `largest` to a kept one is dropped.

    Args:
        keypoints: (person, keypoint, 3): x, y, confidence; 0 where not found.
        person_size: pixels, (person,).
        sigmas: of each keypoint, as in OKS.
        mirrored: for each keypoint its position in the mirror image.
        largest: similarity, 0 to 1: mean over a person's keypoints of the OKS term with the other's keypoint of the
            type or of the mirrored type, whichever is nearer; 0 where the other has neither.

    Returns:
        The persons kept, in their order: (person, keypoint, 3).
    """
    if len(keypoints) < 2:
        return keypoints
    similarity = _similarity(keypoints, person_size, sigmas, mirrored)
    kept: list[int] = []
    for person in keypoints[..., 2].sum(1).argsort(descending=True, stable=True).tolist():
        if not kept or float(similarity[person, kept].max()) <= largest:
            kept.append(person)
    return keypoints[sorted(kept)]


def _similarity(keypoints: Tensor, person_size: Tensor, sigmas: Sequence[float], mirrored: Sequence[int]) -> Tensor:
    """Return the similarity of each person's keypoints to each other's, (person, other)."""
    found = keypoints[..., 2] > 0
    positions = keypoints[..., :2]
    # An OKS term falls with the distance relative to 2 sigma sqrt(area); area is about half of size squared.
    reach = 2 * torch.tensor(sigmas, dtype=positions.dtype, device=positions.device) * person_size[:, None] / 2**0.5

    def terms(types: Sequence[int]) -> Tensor:
        distance = (positions[:, None] - positions[None, :, types]).norm(dim=-1)
        both = found[:, None] & found[None, :, types]
        return torch.exp(-0.5 * (distance / reach[None]).square()) * both

    types = list(range(keypoints.shape[1]))
    nearer = torch.maximum(terms(types), terms(mirrored))
    return nearer.sum(-1) / found.sum(-1).clamp(min=1)[:, None]
