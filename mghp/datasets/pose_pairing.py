"""Which pose is whose mask: datasets whose two numberings do not agree are paired anew."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_SHARE = 0.3
"""Share of a pose's keypoints that must lie on a mask for the two to be one person."""

_NAMESAKE = 0.05
"""What it counts that a pose has the mask's own number: enough where the picture does not tell."""

_REACH = 0.02
"""Farthest that a keypoint may lie from a mask that it counts on, relative to the picture's longer side."""


@dataclass(frozen=True)
class Pairing:
    """Poses and masks of one picture.

    Attributes:
        pose_of: (person,): which pose, -1 where none belongs to the mask.
        re_paired: (pose, person) where the two numbers differ.
        unused: poses with an annotated keypoint that no mask took.
    """

    pose_of: NDArray[np.int64]
    re_paired: tuple[tuple[int, int], ...]
    unused: tuple[int, ...]


def pair_poses(poses: NDArray[np.float32], person_ids: NDArray[np.int16], num_persons: int) -> Pairing:
    """Pair poses and masks so that the keypoints that lie on their masks are most, by our `Hungarian`.

    Visible keypoints count; of a pose with fewer than three visible ones, all.

    Args:
        poses: (pose, keypoint, 3): x_image, y_image, visibility.
        person_ids: (height, width), 0 nobody, p + 1 person p.
        num_persons: masks.
    """
    # Here, not above: rendered pictures share DensePose-COCO's anatomy, and their processes need no torch.
    import torch

    from mghp.matching import Hungarian

    shares = [_share_on_masks(pose, person_ids, num_persons) for pose in poses]
    share = np.array(shares, np.float64).reshape(len(poses), num_persons)
    namesake = np.eye(len(poses), num_persons)
    affinity = np.where(share >= LEAST_SHARE, share + _NAMESAKE * namesake, 0.0)
    pairs = Hungarian()(torch.from_numpy(affinity)).numpy() > 0
    pose_of = np.where(pairs.any(0), pairs.argmax(0), -1) if len(poses) else np.full(num_persons, -1)
    annotated = (poses[..., 2] > 0).any(-1) if len(poses) else np.zeros(0, bool)
    return Pairing(
        pose_of=pose_of,
        re_paired=tuple((int(pose), person) for person, pose in enumerate(pose_of) if pose not in (-1, person)),
        unused=tuple(np.flatnonzero(annotated & ~pairs.any(1)).tolist()),
    )


def paired_keypoints(poses: NDArray[np.float32], pairing: Pairing, num_keypoints: int) -> NDArray[np.float32]:
    """Return keypoints (person, keypoint, 3) in the masks' order; 0 for persons without a pose."""
    keypoints = np.zeros((len(pairing.pose_of), num_keypoints, 3), np.float32)
    has_pose = pairing.pose_of >= 0
    keypoints[has_pose] = poses[pairing.pose_of[has_pose]]
    return keypoints


def _share_on_masks(pose: NDArray[np.float32], person_ids: NDArray[np.int16], num_persons: int) -> NDArray[np.float64]:
    """Return the share of a pose's keypoints on or beside each mask, (person,)."""
    counted = pose[:, 2] == 2
    if counted.sum() < 3:
        counted = pose[:, 2] > 0
    height, width = person_ids.shape
    reach = max(1, round(_REACH * max(height, width)))
    hits = np.zeros(num_persons)
    for x, y in np.floor(pose[counted, :2]).astype(int):
        around = person_ids[max(0, y - reach) : max(0, y + reach + 1), max(0, x - reach) : max(0, x + reach + 1)]
        hits[np.unique(around[around > 0]) - 1] += 1
    share: NDArray[np.float64] = hits / max(int(counted.sum()), 1)
    return share
