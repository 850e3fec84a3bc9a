import pytest

from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.datasets.anatomy_file import anatomy_of_text, anatomy_text, read_anatomy
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.errors import InputError

STICKS = """
name: sticks
parts: [head, front, back, left_leg, right_leg]
colours: {head: [230, 170, 220]}
keypoints: [neck, left_knee, right_knee, tip, tail]
skeleton: [[neck, left_knee], [neck, right_knee], [neck, tip], [neck, tail]]
sigmas: {tip: 0.1}
mirror: [[front, back], [tip, tail]]
ignore: 9
"""


def test_names_become_labels_limbs_and_mirror_images(tmp_path):
    (tmp_path / "anatomy.yaml").write_text(STICKS)
    anatomy, ignore = read_anatomy(tmp_path / "anatomy.yaml")
    assert ignore == 9
    assert anatomy.num_labels == 6
    assert anatomy.parts.colours[0] == (230, 170, 220)
    assert len(set(anatomy.parts.colours)) == 5
    assert anatomy.parts.mirrored_labels == (0, 1, 3, 2, 5, 4)
    assert anatomy.skeleton.limbs == ((0, 1), (0, 2), (0, 3), (0, 4))
    assert anatomy.skeleton.mirrored_keypoints == (0, 2, 1, 4, 3)
    assert anatomy.skeleton.sigmas == (0.08, 0.08, 0.08, 0.1, 0.08)


def test_a_checkpoint_carries_all_of_an_anatomy():
    sticks, _ = anatomy_of_text(STICKS, "sticks")
    assert anatomy_of_text(anatomy_text(sticks), "again")[0] == sticks
    again, _ = anatomy_of_text(anatomy_text(DENSEPOSE_COCO), "again")
    assert again.parts == DENSEPOSE_COCO.parts
    for name in ("keypoints", "limbs", "sigmas", "limb_ratios"):
        assert getattr(again.skeleton, name) == getattr(COCO_SKELETON, name)


def test_without_keypoints_there_are_no_poses():
    anatomy, _ = anatomy_of_text("parts: [hat]", "own")
    assert not anatomy.has_poses
    assert not anatomy_of_text(anatomy_text(anatomy), "again")[0].has_poses


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "parts, keypoints: expected at least one name"),
        ("parts: 3", "parts: "),
        ("prts: [a]", "unknown key 'prts'; did you mean 'parts'"),
        ("parts: [a, a]", "a part is named twice"),
        ("parts: [left_arm]", "'right_arm' is missing"),
        ("parts: [a, b]\nmirror: [[a]]", "mirror: expected pairs of names"),
        ("parts: [front]\nmirror: [[front, bak]]", "mirror: no such name 'bak'"),
        ("parts: [a]\ncolours: {b: [1, 2, 3]}", "colours: no such name 'b'"),
        ("parts: [a]\ncolours: {a: [1, 2]}", "colours.a: expected red, green and blue"),
        ("parts: [a]\nkeypoints: [neck]", "skeleton: expected pairs of keypoints"),
        ("keypoints: [neck, hip]\nskeleton: [[neck, hp]]", "skeleton: no such name 'hp'; did you mean 'hip'"),
        ("keypoints: [a, b]\nskeleton: [[a, b]]\nsigmas: {c: 1}", "sigmas: no such name 'c'"),
        ("parts: [a]\nignore: 256", "ignore: expected a label from 0 to 255"),
        ("parts: [a]\nignore: x", "ignore: "),
        ("[1, 2]", "expected a mapping"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_key(text, says):
    with pytest.raises(InputError) as error:
        anatomy_of_text(text, "own/anatomy.yaml")
    assert str(error.value).startswith("own/anatomy.yaml: ")
    assert says in str(error.value)
    assert "\n" not in str(error.value)
