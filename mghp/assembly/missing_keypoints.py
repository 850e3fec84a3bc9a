"""Keypoints that no limb brought: read from the heatmap among the person's own pixels."""

import torch
from torch import Tensor
from torch.nn import functional

from mghp.fields import Fields


def with_missing_keypoints(fields: Fields, picture: int, keypoints: Tensor, person_ids: Tensor) -> Tensor:
    """Each keypoint that a person lacks, at the hottest cell that holds one of its pixels, or touches such a cell.

    What is too weak to be a peak for everybody is told apart by who owns the pixels. It comes last: neither the pixels
    nor a person's score depend on it, and keypoints that limbs brought stay.

    Args:
        fields: of a batch.
        picture: which of them.
        keypoints: (person, keypoint, 3): x, y, confidence; 0 where not found.
        person_ids: (height, width): 0 nobody, p + 1 person p.

    Returns:
        (person, keypoint, 3); 0 is left only for persons without a pixel.
    """
    heatmaps, stride = fields.heatmaps[picture], fields.keypoint_stride
    rows, columns = heatmaps.shape[1:]
    persons = len(keypoints)
    if not persons:
        return keypoints
    height, width = person_ids.shape
    owned = functional.one_hot(person_ids, persons + 1)[..., 1:].permute(2, 0, 1).to(heatmaps.dtype)
    owned = functional.pad(owned, (0, columns * stride - width, 0, rows * stride - height))
    near = functional.max_pool2d(functional.max_pool2d(owned, stride), 3, stride=1, padding=1)
    confidence, cell = (heatmaps[None] * near[:, None]).flatten(2).max(-1)
    row, column = cell // columns, cell % columns
    position = stride * (torch.stack([column, row], -1) + 0.5).to(heatmaps.dtype)
    if fields.keypoint_offsets is not None:
        kind = torch.arange(len(heatmaps), device=cell.device).expand_as(cell)
        position = position + fields.keypoint_offsets[picture][kind, :, row, column]
    read = torch.cat([position, confidence[..., None]], -1).to(keypoints.dtype)
    is_missing = (keypoints[..., 2] <= 0) & (confidence > 0)
    return torch.where(is_missing[..., None], read, keypoints)
