"""The skeleton of COCO: 17 keypoints, 19 limbs."""

from mghp.anatomy.skeleton import Skeleton

COCO_SKELETON = Skeleton(
    name="coco",
    keypoints=(
        "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
        "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
        "right_ankle",
    ),
    limbs=(
        (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10),
        (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
    ),
    sigmas=(
        0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072,
        0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
    ),
    # Measured on 1,141 rendered persons with all keypoints inside the picture.
    limb_ratios=(
        0.42, 0.40, 0.42, 0.40, 0.15, 0.49, 0.49, 0.29, 0.28, 0.28, 0.25, 0.24,
        0.09, 0.06, 0.06, 0.08, 0.08, 0.27, 0.27,
    ),
)  # fmt: skip
"""Limbs are COCO's own, more than a tree: a person stays whole where one limb is missed."""
