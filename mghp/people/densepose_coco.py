"""DensePose-COCO: the 17 keypoints of COCO with 19 limbs, and 14 parts."""

from mghp.people.parts import Parts
from mghp.people.people import People
from mghp.people.skeleton import Skeleton

_SKELETON = Skeleton(
    name="coco",
    keypoints=(
        "nose",
        "left_eye",
        "right_eye",
        "left_ear",
        "right_ear",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
    ),
    limbs=(
        (15, 13),
        (13, 11),
        (16, 14),
        (14, 12),
        (11, 12),
        (5, 11),
        (6, 12),
        (5, 6),
        (5, 7),
        (6, 8),
        (7, 9),
        (8, 10),
        (1, 2),
        (0, 1),
        (0, 2),
        (1, 3),
        (2, 4),
        (3, 5),
        (4, 6),
    ),
    sigmas=(
        0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072,
        0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
    ),
    # Measured on 1,141 rendered people with all keypoints inside the picture.
    limb_ratios=(
        0.42, 0.40, 0.42, 0.40, 0.15, 0.49, 0.49, 0.29, 0.28, 0.28, 0.25, 0.24,
        0.09, 0.06, 0.06, 0.08, 0.08, 0.27, 0.27,
    ),
)  # fmt: skip

_PARTS = Parts(
    name="densepose_coco",
    names=(
        "torso",
        "right_hand",
        "left_hand",
        "left_foot",
        "right_foot",
        "right_upper_leg",
        "left_upper_leg",
        "right_lower_leg",
        "left_lower_leg",
        "left_upper_arm",
        "right_upper_arm",
        "left_lower_arm",
        "right_lower_arm",
        "head",
    ),
    # Warm colours are the person's right side, cool ones the left: a swapped side is seen at a glance.
    colours=(
        (120, 120, 128),
        (255, 196, 0),
        (0, 214, 214),
        (0, 112, 255),
        (214, 39, 40),
        (255, 127, 14),
        (44, 110, 160),
        (196, 78, 82),
        (90, 90, 214),
        (64, 192, 128),
        (247, 150, 120),
        (0, 150, 110),
        (190, 110, 30),
        (230, 170, 220),
    ),
)

DENSEPOSE_COCO = People(skeleton=_SKELETON, parts=_PARTS)
"""Limbs are COCO's skeleton, more than a tree: a person stays whole where one limb is missed."""
