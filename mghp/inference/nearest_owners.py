"""Whose a pixel is by what is known of persons beside their keypoints: limbs, boxes and masks."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects
from torch import Tensor

from mghp.anatomy.person_size import LEAST_SIZE
from mghp.parsing.assembly.pixels import nearest_goals


def nearest_limbs(
    landing: Tensor,
    keypoints: Tensor,
    limbs: Sequence[tuple[int, int]],
    size: Tensor,
    max_distance: float | None = None,
) -> Tensor:
    """Return the person whose limb, the segment between two keypoints, or lone keypoint is nearest to each point.

    Args:
        landing: points, (points, 2): x, y in pixels.
        keypoints: (person, keypoint, 3): x, y, and 0 where not found.
        limbs: source and destination keypoint types.
        size: what distances are relative to, (person,), in pixels.
        max_distance: farthest relative distance; None for no bound.

    Returns:
        (points,) int64: of equally near ones the first person; -1 beyond `max_distance`.
    """
    person, *ends = _limbs_found(keypoints, limbs)
    begin, end = (keypoints[person, kind, :2].to(landing.dtype) for kind in ends)
    along = end - begin
    squared_length = along.square().sum(-1).clamp(min=1e-12)

    def distances(points: Tensor) -> Tensor:
        offset = points[:, None] - begin
        share = ((offset * along).sum(-1) / squared_length).clamp(0, 1)
        distance: Tensor = torch.linalg.vector_norm(offset - share[..., None] * along, dim=-1)
        return distance

    return nearest_goals(landing, distances, person, size, max_distance)


def _limbs_found(keypoints: Tensor, limbs: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the person, source and destination of each limb found; a keypoint found is a limb to itself."""
    ends = torch.tensor([*limbs, *((kind, kind) for kind in range(keypoints.shape[1]))])
    found = keypoints[..., 2] > 0
    person, limb = (found[:, ends[:, 0]] & found[:, ends[:, 1]]).nonzero(as_tuple=True)
    return person, ends[limb, 0], ends[limb, 1]


def nearest_boxes(landing: Tensor, boxes: Tensor, size: Tensor, max_distance: float | None = None) -> Tensor:
    """Return the person whose box is nearest to each point; of several that hold it, the smallest box's.

    Args:
        landing: points, (points, 2): x, y in pixels.
        boxes: (person, 4): least x, least y, largest x and largest y in pixels.
        size: what distances are relative to, (person,), in pixels.
        max_distance: farthest relative distance of a point outside; None for no bound.

    Returns:
        (points,) int64; -1 beyond `max_distance`.
    """
    smallest_first = (boxes[:, 2:] - boxes[:, :2]).prod(1).argsort(stable=True)
    low, high = boxes[smallest_first].to(landing.dtype).view(-1, 2, 2).unbind(1)

    def distances(points: Tensor) -> Tensor:
        outside = torch.maximum(low - points[:, None], points[:, None] - high).clamp(min=0)
        distance: Tensor = torch.linalg.vector_norm(outside, dim=-1)
        return distance

    return nearest_goals(landing, distances, smallest_first, size, max_distance)


def box_sizes(boxes: Tensor) -> Tensor:
    """Return how large persons are by their boxes (person, 4): the root of width times height, 8 pixels at least."""
    return (boxes[:, 2:] - boxes[:, :2]).prod(1).sqrt().clamp(min=LEAST_SIZE)


def mask_boxes(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the boxes of masks (person, height, width): (person, 4), 0 for an empty mask."""
    boxes = np.zeros((len(masks), 4))
    for row, mask in enumerate(masks):
        for rows, columns in find_objects(mask.astype(np.uint8)):
            boxes[row] = columns.start, rows.start, columns.stop, rows.stop
    return boxes


def covering_masks(
    landing: NDArray[np.int64],
    is_human: NDArray[np.bool_],
    masks: NDArray[np.bool_],
    size: Sequence[float],
    max_distance: float,
) -> NDArray[np.int64]:
    """Return the person whose mask covers each pixel, or is nearest to it where none does.

    Of several masks that cover a pixel the one nearest to where it lands counts, and of equally near ones the first.

    Args:
        landing: row and column of the pixel at which each pixel lands, (2, height, width); itself without a field.
        is_human: (height, width).
        masks: (person, height, width), those to be preferred first.
        size: what distances are relative to, (person,), in pixels.
        max_distance: farthest relative distance of a pixel that no mask covers from a mask.

    Returns:
        (height, width): 0 nobody, p + 1 the mask in row p.
    """
    is_covered = masks.any(0)
    least = np.full(is_human.shape, np.inf)
    ids = np.zeros(is_human.shape, np.int64)
    for row, mask in enumerate(masks):
        if not mask.any():
            continue
        distance = distance_transform_edt(~mask)[tuple(landing)] / size[row]
        is_nearer = is_human & (mask | (~is_covered & (distance <= max_distance))) & (distance < least)
        ids[is_nearer], least[is_nearer] = row + 1, distance[is_nearer]
    return ids
