"""PASCAL-Person-Part: 6 parts without sides. Keypoints, where a joints file gives them, are COCO's 17."""

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.parts import Parts

PASCAL_PERSON_PART = Anatomy(
    skeleton=COCO_SKELETON,
    parts=Parts(
        "pascal_person_part",
        ("head", "torso", "upper_arms", "lower_arms", "upper_legs", "lower_legs"),
        ((230, 170, 220), (120, 120, 128), (64, 192, 128), (247, 150, 120), (44, 110, 160), (255, 127, 14)),
    ),
)
"""Left and right share a label: a mirror image swaps no part."""

INSTANCE_RELEASE_ORDER = ("lower_arms", "head", "upper_legs", "torso", "lower_legs", "upper_arms")
"""How the release with instances numbers the parts, 1 first; the first release numbers them as above."""
