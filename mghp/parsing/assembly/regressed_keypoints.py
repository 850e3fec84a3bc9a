"""Keypoints that no limb brought: regressed from the person's own pixels (DEKR: Geng et al. 2021)."""

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
    if fields.pose_offsets is None:
        raise ValueError("keypoints cannot be regressed: the fields have no pose offsets")
    offsets, stride = fields.pose_offsets[picture], fields.limb_stride
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
