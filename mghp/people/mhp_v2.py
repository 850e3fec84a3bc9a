"""The skeleton of LV-MHP v2: 16 keypoints in the order of its pose files (that of MPII), 15 limbs."""

from mghp.people.skeleton import Skeleton

MHP_V2 = Skeleton(
    name="mhp_v2",
    keypoints=(
        "right_ankle",
        "right_knee",
        "right_hip",
        "left_hip",
        "left_knee",
        "left_ankle",
        "pelvis",
        "thorax",
        "upper_neck",
        "head_top",
        "right_wrist",
        "right_elbow",
        "right_shoulder",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
    ),
    limbs=(
        (0, 1),
        (1, 2),
        (2, 6),
        (6, 3),
        (3, 4),
        (4, 5),
        (6, 7),
        (7, 8),
        (8, 9),
        (10, 11),
        (11, 12),
        (12, 8),
        (8, 13),
        (13, 14),
        (14, 15),
    ),
    sigmas=(
        0.089, 0.087, 0.107, 0.107, 0.087, 0.089, 0.087, 0.107,
        0.079, 0.026, 0.062, 0.072, 0.079, 0.079, 0.072, 0.062,
    ),
)  # fmt: skip
"""Limbs are the edges of the pose files' skeleton: a tree, so that 15 of them join 16 keypoints."""
