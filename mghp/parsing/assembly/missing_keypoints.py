"""Keypoints that no limb brought: read from the heatmap among the person's own pixels."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mghp.parsing.fields import Fields


def with_missing_keypoints(fields: Fields, picture: int, keypoints: Tensor, person_ids: Tensor) -> Tensor:
    """Read each keypoint that a person lacks at the hottest cell that holds or touches one of its pixels.

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
    heatmaps, stride = fields.heatmaps[picture].flatten(1), fields.keypoint_stride
    near = _cells_near(person_ids, len(keypoints), fields.heatmaps.shape[2:], stride).flatten(1)
    completed = keypoints.clone()
    lacking = ((keypoints[..., 2] <= 0).any(1) & near.any(1)).nonzero()[:, 0].tolist()
    for person in lacking:
        # The person's own cells alone are looked at: over all persons hardly more than the picture has.
        cells = near[person].nonzero()[:, 0]
        confidence, which = heatmaps[:, cells].max(1)
        read = read_cells(fields, picture, cells[which], confidence).to(keypoints.dtype)
        is_missing = (keypoints[person, :, 2] <= 0) & (confidence > 0)
        completed[person] = torch.where(is_missing[:, None], read, keypoints[person])
    return completed


def _cells_near(person_ids: Tensor, persons: int, shape: Sequence[int], stride: int) -> Tensor:
    """Return the cells that hold a pixel of a person, and the eight around each: (person, row, column) bool."""
    row, column = person_ids.nonzero(as_tuple=True)
    person = person_ids[row, column] - 1
    near = torch.zeros(persons, *shape, dtype=torch.bool, device=person_ids.device)
    near[person, row // stride, column // stride] = True
    for axis in (1, 2):
        before, after = (near.narrow(axis, start, near.shape[axis] - 1) for start in (0, 1))
        own = near.clone()
        own_before, own_after = (own.narrow(axis, start, own.shape[axis] - 1) for start in (0, 1))
        after |= own_before
        before |= own_after
    return near


def read_cells(fields: Fields, picture: int, cell: Tensor, confidence: Tensor) -> Tensor:
    """Return the keypoints, (keypoint, 3), at one cell a type, (keypoint,)."""
    columns = fields.heatmaps.shape[3]
    row, column = cell // columns, cell % columns
    position = fields.keypoint_stride * (torch.stack([column, row], -1) + 0.5).to(confidence.dtype)
    if fields.keypoint_offsets is not None:
        kind = torch.arange(len(cell), device=cell.device)
        position = position + fields.keypoint_offsets[picture][kind, :, row, column]
    return torch.cat([position, confidence[:, None]], 1)
