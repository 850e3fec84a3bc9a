"""CIHP: 19 parts. It has no keypoints; a network for it has the heads of COCO's 17, which its data do not train."""

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.colours import distinct_colours
from mghp.anatomy.parts import Parts

_PARTS = (
    "hat", "hair", "glove", "sunglasses", "upper_clothes", "dress", "coat", "socks", "pants", "torso_skin", "scarf",
    "skirt", "face", "left_arm", "right_arm", "left_leg", "right_leg", "left_shoe", "right_shoe",
)  # fmt: skip

CIHP = Anatomy(skeleton=COCO_SKELETON, parts=Parts("cihp", _PARTS, distinct_colours(len(_PARTS))))
"""20 labels with the background."""
