import json

import pytest

from mghp.anatomy.skeleton import Skeleton
from mghp.datasets.mhp_v2 import MHP_V2_TREE


@pytest.mark.parametrize(
    ("limbs", "complaint"),
    [
        (((0, 3),), "leaves the 3 keypoints"),
        (((-1, 0),), "leaves the 3 keypoints"),
        (((1, 1),), "joins a keypoint to itself"),
        (((0, 1), (1, 2), (0, 1)), "listed twice"),
    ],
)
def test_limbs_are_checked(limbs, complaint):
    with pytest.raises(ValueError, match=complaint):
        Skeleton("three", ("a", "b", "c"), limbs)


def test_names_are_unique():
    with pytest.raises(ValueError, match="named twice"):
        Skeleton("three", ("a", "b", "a"), ())


def test_limbs_are_ordered_pairs():
    assert Skeleton("two", ("a", "b"), ((0, 1), (1, 0))).limbs == ((0, 1), (1, 0))


def test_mhp_v2_is_a_tree():
    assert len(MHP_V2_TREE.keypoints) == 16
    assert len(MHP_V2_TREE.limbs) == 15
    reached = {0}
    for _ in MHP_V2_TREE.limbs:
        reached |= {end for limb in MHP_V2_TREE.limbs if reached & set(limb) for end in limb}
    assert reached == set(range(16))


def test_mhp_v2_is_the_real_file_s_skeleton(real_poses_file):
    category = json.loads(real_poses_file.read_text())["categories"][0]
    assert MHP_V2_TREE.keypoints == tuple(name.lower().replace("-", "_") for name in category["keypoints"])
    assert [[source + 1, destination + 1] for source, destination in MHP_V2_TREE.limbs] == category["skeleton"]
