"""Human pixels -> persons, along the projection field."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from mghp.parsing.fields import Fields

Grouping = Literal["field", "nearest"]

Owners = Callable[[Tensor], Tensor]
"""A function from points (points, 2) to the person of each, (points,) int64; -1 nobody."""

_CHUNK = 2**22
"""Distances held at once: 16 MiB."""


def group_pixels(
    fields: Fields,
    picture: int,
    is_human: Tensor,
    keypoints: Tensor,
    person_size: Tensor,
    max_distance: float | None = None,
    by: Grouping = "field",
) -> Tensor:
    """Give each human pixel to the person whose keypoint is nearest to where the field points.

    Args:
        fields: of a batch.
        picture: which of them.
        is_human: (height, width) bool.
        keypoints: (person, keypoint, 3): x, y, and 0 where not found.
        person_size: what distances are relative to, (person,); ones for plain pixels.
        max_distance: farthest relative distance at which a pixel is given to anybody; None for no bound.
        by: `nearest` for the keypoint nearest to the pixel itself, without the field.

    Returns:
        (height, width) int64: 0 nobody, p + 1 person p.
    """
    projection = fields.projection[picture]
    if by == "nearest":
        projection = torch.zeros_like(projection)

    def owners(landing: Tensor) -> Tensor:
        return nearest_keypoints(landing, keypoints, person_size, max_distance)

    return group_cells(projection, fields.projection_stride, is_human, owners)


def group_cells(projection: Tensor, stride: int, is_human: Tensor, owners: Owners) -> Tensor:
    """Give each human pixel to the owner of the point to which the field points.

    The field of the nearest cell counts, taken from that cell's centre: all pixels of a cell land on one point, so
    cells are grouped, not pixels. Interpolating instead would blur the field across persons.

    Args:
        projection: field of one picture, (2, ceil(height / stride), ceil(width / stride)), pixels.
        stride: pixels a cell.
        is_human: (height, width) bool.
        owners: the rule.

    Returns:
        (height, width) int64: 0 nobody, p + 1 person p.
    """
    nobody = torch.zeros(is_human.shape, dtype=torch.long, device=is_human.device)
    if not bool(is_human.any()):
        return nobody
    rows, columns = projection.shape[1:]
    # A cell is looked at if any of its pixels is human.
    padded = torch.nn.functional.pad(
        is_human, (0, columns * stride - is_human.shape[1], 0, rows * stride - is_human.shape[0])
    )
    row, column = padded.view(rows, stride, columns, stride).any(3).any(1).nonzero(as_tuple=True)
    landing = stride * (torch.stack([column, row], -1) + 0.5) + projection[:, row, column].T
    by_cell = torch.zeros(rows, columns, dtype=torch.long, device=nobody.device)
    by_cell[row, column] = owners(landing) + 1
    by_pixel = by_cell.repeat_interleave(stride, 0).repeat_interleave(stride, 1)
    return torch.where(is_human, by_pixel[: is_human.shape[0], : is_human.shape[1]], nobody)


def nearest_keypoints(landing: Tensor, keypoints: Tensor, size: Tensor, max_distance: float | None) -> Tensor:
    """Return the person whose keypoint (person, keypoint, 3) is nearest to each point; see `nearest_goals`."""
    person, keypoint = (keypoints[..., 2] > 0).nonzero(as_tuple=True)
    goals = keypoints[person, keypoint, :2].to(landing.dtype)

    def distances(points: Tensor) -> Tensor:
        return torch.cdist(points, goals, compute_mode="donot_use_mm_for_euclid_dist")

    return nearest_goals(landing, distances, person, size, max_distance)


def nearest_goals(
    landing: Tensor,
    distances: Callable[[Tensor], Tensor],
    person: Tensor,
    size: Tensor,
    max_distance: float | None,
) -> Tensor:
    """Return the person of the goal nearest to each point, relative to the person's size.

    Args:
        landing: points, (points, 2): x, y in pixels.
        distances: a function from points to their distances from all goals, (points, goal), in pixels.
        person: each goal's, (goal,).
        size: what distances are relative to, (person,), in pixels.
        max_distance: farthest relative distance; None for no bound.

    Returns:
        (points,) int64: of equally near goals the first one's person; -1 beyond `max_distance`.
    """
    if not len(person):
        return torch.full((len(landing),), -1, device=landing.device)
    scale = size[person].to(landing.dtype)
    owners = []
    for points in torch.split(landing, max(1, _CHUNK // len(person))):
        distance, nearest = (distances(points) / scale).min(1)
        owner = person[nearest]
        owners.append(owner if max_distance is None else owner.where(distance <= max_distance, -1))
    return torch.cat(owners)
