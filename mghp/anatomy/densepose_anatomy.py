"""DensePose-COCO: the 17 keypoints of COCO with 19 limbs, and 14 parts."""

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.parts import Parts

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

DENSEPOSE_COCO = Anatomy(skeleton=COCO_SKELETON, parts=_PARTS)
"""Left and right are the person's own."""
