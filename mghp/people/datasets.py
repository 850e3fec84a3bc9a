"""What each set of pictures annotates, by its name in a config."""

from mghp.people.cihp import CIHP
from mghp.people.densepose_coco import DENSEPOSE_COCO
from mghp.people.mhp_v2 import MHP_V2
from mghp.people.pascal_person_part import PASCAL_PERSON_PART
from mghp.people.people import People

PEOPLE: dict[str, People] = {
    "synthetic": DENSEPOSE_COCO,
    "mhp_v2": MHP_V2,
    "densepose_coco": DENSEPOSE_COCO,
    "pascal_person_part": PASCAL_PERSON_PART,
    "cihp": CIHP,
}
"""Rendered people are annotated as DensePose-COCO's."""
