"""Keypoints that are regressed from a person's own pixels, or from its centre (DEKR: Geng et al. 2021)."""

import torch
from torch import Tensor

from mghp.parsing.assembly.affinities import read_heatmaps
from mghp.parsing.assembly.missing_keypoints import read_cells
from mghp.parsing.fields import Fields
from mghp.parsing.targets import labels_at_stride

LEAST_CONFIDENCE = 1e-4
"""The confidence of a regressed keypoint where no heatmap is hot, so that it counts as found."""


def regressed_poses(fields: Fields, picture: int, person_ids: Tensor, persons: int) -> Tensor:
    """Return where the pixels of each person point to: the median over its cells, for x and y apart.

    Cells that were given to the wrong person point elsewhere, but they are few.

    Args:
        fields: of a batch, with pose offsets.
        picture: which of them.
        person_ids: (height, width): 0 nobody, p + 1 person p.
        persons: how many there are.

    Returns:
        (person, keypoint, 3): x, y, and the heatmap's confidence there; 0 for persons without a cell.

    Raises:
        ValueError: if the fields have no pose offsets.
    """
    offsets, stride = _offsets(fields, picture), fields.limb_stride
    owner = labels_at_stride(person_ids[None], stride)[0]
    poses = offsets.new_zeros(persons, len(offsets), 3)
    for person in range(persons):
        row, column = (owner == person + 1).nonzero(as_tuple=True)
        if len(row):
            centres = stride * (torch.stack([column, row]) + 0.5)
            poses[person, :, :2] = (centres + offsets[:, :, row, column]).median(-1).values
            poses[person, :, 2] = 1
    positions = poses[..., :2].transpose(0, 1)[None]
    heat = read_heatmaps(fields.heatmaps[picture : picture + 1], positions, fields.keypoint_stride)[0].T
    poses[..., 2] *= heat.clamp(min=LEAST_CONFIDENCE)
    return poses


def regressed_at_centers(fields: Fields, picture: int, centers: Tensor) -> Tensor:
    """Return where the cell of each person's centre points to, as DEKR regresses poses.

    Args:
        fields: of a batch, with pose offsets.
        picture: which of them.
        centers: (person, 1, 3): x, y in pixels, confidence; 0 where a person has none.

    Returns:
        (person, keypoint, 3): x, y, and the confidence of the centre.

    Raises:
        ValueError: if the fields have no pose offsets.
    """
    offsets, stride = _offsets(fields, picture), fields.limb_stride
    last = torch.tensor([offsets.shape[3] - 1, offsets.shape[2] - 1], device=offsets.device)
    cell = (centers[:, 0, :2] / stride).floor().long().clamp(min=0).minimum(last)
    keypoints = stride * (cell[:, None] + 0.5) + offsets[:, :, cell[:, 1], cell[:, 0]].permute(2, 0, 1)
    return torch.cat([keypoints, centers[..., 2:].expand(-1, len(offsets), -1).to(keypoints.dtype)], -1)


def _offsets(fields: Fields, picture: int) -> Tensor:
    if fields.pose_offsets is None:
        raise ValueError("keypoints cannot be regressed: the fields have no pose offsets")
    return fields.pose_offsets[picture]


def at_heat_nearby(fields: Fields, picture: int, poses: Tensor, reach: Tensor, threshold: float) -> Tensor:
    """Move regressed keypoints to the hottest cell of their heatmap nearby, where that could be a candidate.

    Args:
        fields: of a batch.
        picture: which of them.
        poses: (person, keypoint, 3), from `regressed_poses`.
        reach: how far away a cell may lie along either axis, pixels, (person,).
        threshold: least confidence of a candidate.

    Returns:
        (person, keypoint, 3).
    """
    heatmaps, stride = fields.heatmaps[picture], fields.keypoint_stride
    rows, columns = (stride * (torch.arange(cells, device=poses.device) + 0.5) for cells in heatmaps.shape[1:])
    moved = torch.zeros_like(poses)
    for person, pose in enumerate(poses):
        across = (columns - pose[:, :1]).abs() <= reach[person]
        down = (rows - pose[:, 1:2]).abs() <= reach[person]
        confidence, cell = (heatmaps * (down[:, :, None] & across[:, None])).flatten(1).max(1)
        could_be = (pose[:, 2] > 0) & (confidence > 0) & (confidence >= threshold)
        moved[person] = torch.where(could_be[:, None], read_cells(fields, picture, cell, confidence), pose)
    return moved
