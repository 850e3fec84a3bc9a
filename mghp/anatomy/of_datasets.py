"""What each set of pictures annotates, by its name in a config."""

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.cihp_anatomy import CIHP
from mghp.anatomy.densepose_anatomy import DENSEPOSE_COCO
from mghp.anatomy.mhp_v2_anatomy import MHP_V2
from mghp.anatomy.pascal_anatomy import PASCAL_PERSON_PART

PEOPLE: dict[str, Anatomy] = {
    "synthetic": DENSEPOSE_COCO,
    "mhp_v2": MHP_V2,
    "densepose_coco": DENSEPOSE_COCO,
    "pascal_person_part": PASCAL_PERSON_PART,
    "cihp": CIHP,
}
"""Rendered people are annotated as DensePose-COCO's."""
