"""Every dataset's declaration is consistent with itself and with what is published."""

import pytest

from mghp.datasets.cihp import CIHP
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.mhp_v2 import MHP_V2, MHP_V2_TREE
from mghp.datasets.pascal_person_part import INSTANCE_RELEASE_ORDER, PASCAL_PERSON_PART

DATASETS = {"mhp_v2": MHP_V2, "densepose_coco": DENSEPOSE_COCO, "pascal": PASCAL_PERSON_PART, "cihp": CIHP}

SWAPPED_LABELS = {
    "mhp_v2": [(5, 6), (7, 8), (22, 23), (24, 25), (26, 27), (28, 29), (30, 31), (32, 33)],
    "densepose_coco": [(2, 3), (4, 5), (6, 7), (8, 9), (10, 11), (12, 13)],
    "pascal": [],
    "cihp": [(14, 15), (16, 17), (18, 19)],
}


@pytest.mark.parametrize("name", DATASETS)
def test_the_published_pairs_change_places_in_the_mirror(name):
    labels = DATASETS[name].parts.mirrored_labels
    pairs = [(label, other) for label, other in enumerate(labels) if label < other]
    assert pairs == SWAPPED_LABELS[name]
    assert all(labels[other] == label for label, other in enumerate(labels))


@pytest.mark.parametrize("name", DATASETS)
def test_the_skeleton_is_whole_and_its_own_mirror_image(name):
    skeleton = DATASETS[name].skeleton
    assert len(skeleton.sigmas) == len(skeleton.keypoints)
    mirrored = skeleton.mirrored_limbs
    assert sorted(position for position, _ in mirrored) == list(range(len(skeleton.limbs)))
    reached = {0}
    for _ in skeleton.limbs:
        reached |= {end for limb in skeleton.limbs if reached & set(limb) for end in limb}
    assert reached == set(range(len(skeleton.keypoints)))


@pytest.mark.parametrize("name", DATASETS)
def test_every_part_has_a_colour_of_its_own(name):
    colours = DATASETS[name].parts.colours
    assert len(set(colours)) == len(colours)
    assert all(0 <= value <= 255 for colour in colours for value in colour)
    assert (0, 0, 0) not in colours


def test_numbers_are_the_published_ones():
    assert {name: (anatomy.num_labels, anatomy.num_keypoints) for name, anatomy in DATASETS.items()} == {
        "mhp_v2": (59, 16), "densepose_coco": (15, 17), "pascal": (7, 17), "cihp": (20, 17)
    }  # fmt: skip
    assert MHP_V2.num_limbs == 18
    assert set(MHP_V2_TREE.limbs) < set(MHP_V2.skeleton.limbs)
    assert MHP_V2.parts.names[2] == "face"  # label 3
    assert MHP_V2.parts.names[54] == "tie"  # label 55
    assert CIHP.parts.names[12] == "face"  # label 13
    assert sorted(INSTANCE_RELEASE_ORDER) == sorted(PASCAL_PERSON_PART.parts.names)
