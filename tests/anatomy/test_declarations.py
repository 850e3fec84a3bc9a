import pytest

from mghp.anatomy.mirror import mirrored_positions
from mghp.anatomy.parts import Parts
from mghp.anatomy.skeleton import Skeleton
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.mhp_v2 import MHP_V2_TREE


def test_densepose_coco_is_the_dataset_s():
    assert DENSEPOSE_COCO.num_keypoints == 17
    assert DENSEPOSE_COCO.num_limbs == 19
    assert DENSEPOSE_COCO.num_labels == 15
    # DensePose-COCO's order of parts, 1 to 14.
    assert DENSEPOSE_COCO.parts.names[0] == "torso"
    assert DENSEPOSE_COCO.parts.names[3:5] == ("left_foot", "right_foot")
    assert DENSEPOSE_COCO.parts.names[13] == "head"


def test_coco_s_constants_are_pycocotools_own():
    from pycocotools.cocoeval import Params

    assert DENSEPOSE_COCO.skeleton.sigmas == pytest.approx(Params(iouType="keypoints").kpt_oks_sigmas)


@pytest.mark.parametrize("skeleton", [DENSEPOSE_COCO.skeleton, MHP_V2_TREE], ids=lambda skeleton: skeleton.name)
def test_limbs_join_every_keypoint(skeleton):
    reached = {0}
    for _ in skeleton.limbs:
        reached |= {end for limb in skeleton.limbs if reached & set(limb) for end in limb}
    assert reached == set(range(len(skeleton.keypoints)))
    assert len(skeleton.sigmas) == len(skeleton.keypoints)


def test_mirroring_twice_changes_nothing():
    for mirror in (DENSEPOSE_COCO.skeleton.mirrored_keypoints, DENSEPOSE_COCO.parts.mirrored_labels):
        assert [mirror[mirror[position]] for position in range(len(mirror))] == list(range(len(mirror)))


def test_mirroring_changes_sides_and_nothing_else():
    names = ("background", *DENSEPOSE_COCO.parts.names)
    for name, mirrored in zip(names, DENSEPOSE_COCO.parts.mirrored_labels, strict=True):
        swapped = {"left": "right", "right": "left"}.get(name.split("_")[0], name.split("_")[0])
        assert names[mirrored] == "_".join([swapped, *name.split("_")[1:]])


def test_limbs_that_are_their_own_mirror_image_are_reversed():
    limbs = DENSEPOSE_COCO.skeleton.limbs
    hips, shoulders = limbs.index((11, 12)), limbs.index((5, 6))
    mirrored = DENSEPOSE_COCO.skeleton.mirrored_limbs
    assert mirrored[hips] == (hips, True)
    assert mirrored[shoulders] == (shoulders, True)
    upper_arms = limbs.index((5, 7)), limbs.index((6, 8))
    assert mirrored[upper_arms[0]] == (upper_arms[1], False)


def test_faulty_declarations_are_refused():
    with pytest.raises(ValueError, match="'right_eye' is missing"):
        mirrored_positions(["left_eye", "nose"])
    with pytest.raises(ValueError, match="2 colours, 1 parts"):
        Parts("one", ("head",), ((0, 0, 0), (1, 1, 1)))
    with pytest.raises(ValueError, match="named twice"):
        Parts("two", ("head", "head"), ((0, 0, 0), (1, 1, 1)))
    with pytest.raises(ValueError, match="1 sigmas, 2 keypoints"):
        Skeleton("two", ("a", "b"), ((0, 1),), (0.1,))
    with pytest.raises(ValueError, match="is the mirror image of a limb, but no limb"):
        _ = Skeleton("lame", ("left_hip", "right_hip", "left_knee", "right_knee"), ((0, 2),)).mirrored_limbs
