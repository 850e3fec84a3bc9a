"""LV-MHP v2: 16 keypoints in the order of its pose files (that of MPII), and 58 parts."""

import dataclasses

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.colours import distinct_colours
from mghp.anatomy.parts import Parts
from mghp.anatomy.skeleton import Skeleton

MHP_V2_TREE = Skeleton(
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

_BEYOND_THE_TREE = ((2, 12), (3, 13), (12, 13))

_PARTS = (
    "cap_hat", "helmet", "face", "hair", "left_arm", "right_arm", "left_hand", "right_hand", "protector", "bikini_bra",
    "jacket_windbreaker_hoodie", "t_shirt", "polo_shirt", "sweater", "singlet", "torso_skin", "pants",
    "shorts_swim_shorts", "skirt", "stockings", "socks", "left_boot", "right_boot", "left_shoe", "right_shoe",
    "left_highheel", "right_highheel", "left_sandal", "right_sandal", "left_leg", "right_leg", "left_foot",
    "right_foot", "coat", "dress", "robe", "jumpsuits", "other_full_body_clothes", "headwear", "backpack", "ball",
    "bats", "belt", "bottle", "carrybag", "cases", "sunglasses", "eyewear", "gloves", "scarf", "umbrella",
    "wallet_purse", "watch", "wristband", "tie", "other_accessaries", "other_upper_body_clothes",
    "other_lower_body_clothes",
)  # fmt: skip

MHP_V2 = Anatomy(
    skeleton=dataclasses.replace(MHP_V2_TREE, limbs=(*MHP_V2_TREE.limbs, *_BEYOND_THE_TREE)),
    parts=Parts("mhp_v2", _PARTS, distinct_colours(len(_PARTS))),
)
"""Limbs beyond the tree, along the trunk and between the shoulders, keep a person whole where one is missed."""
