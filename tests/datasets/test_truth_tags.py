"""Tags computed from labels, on persons whose answer is known by hand, and on rendered ones whose light is."""

import dataclasses

import numpy as np
import pytest

from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.skeleton import Skeleton
from mghp.datasets.pictures import load_validation
from mghp.datasets.sample import Sample
from mghp.datasets.synthetic import SCENES, render
from mghp.datasets.truth_tags import tagged, torso_turn, truth_tags

LIGHT = 200


def pose(shoulders, hips):
    """The keypoints of a person of whom the nose and these are annotated: (x, y) by side."""
    keypoints = np.zeros((17, 3), np.float32)
    keypoints[0] = 1, 1, 2
    for joint, places in (("shoulder", shoulders), ("hip", hips)):
        for side, place in places.items():
            keypoints[COCO_SKELETON.keypoints.index(f"{side}_{joint}")] = *place, 2
    return keypoints


def turned(degrees):
    """A person whose hips lie 10 pixels from the shoulders, so many degrees from straight down."""
    x, y = 10 * np.sin(np.radians(degrees)), 10 * np.cos(np.radians(degrees))
    return pose({"left": (22, 20), "right": (18, 20)}, {"left": (22 + x, 20 + y), "right": (18 + x, 20 + y)})


def picture(*boxes, poses=None, **others):
    """A light picture of persons who fill boxes of (left, top, right, bottom)."""
    ids = np.zeros((100, 100), np.int16)
    for row, (left, top, right, bottom) in enumerate(boxes):
        ids[top:bottom, left:right] = row + 1
    keypoints = np.stack(poses) if poses else np.tile(pose({}, {}), (len(boxes), 1, 1))
    image = np.full((100, 100, 3), LIGHT, np.uint8)
    return Sample(image, None, ids, keypoints, "a", (100, 100), **others)


@pytest.mark.parametrize(
    ("degrees", "tags"),
    [
        (0, set()), (55, set()), (-55, set()), (65, {"lying"}), (-90, {"lying"}), (115, {"lying"}),
        (125, {"upside_down"}), (-125, {"upside_down"}), (180, {"upside_down"}),
    ],
)  # fmt: skip
def test_the_turn_of_the_torso_tells_who_lies_and_who_is_upside_down(degrees, tags):
    assert torso_turn(turned(degrees), COCO_SKELETON) == pytest.approx(abs(degrees), abs=1e-3)
    assert truth_tags(picture((10, 10, 40, 40), poses=[turned(degrees)]), COCO_SKELETON) == [tags]


def test_one_shoulder_and_one_hip_suffice_and_less_tells_nothing():
    assert torso_turn(pose({"left": (5, 5)}, {"right": (5, 1)}), COCO_SKELETON) == pytest.approx(180)
    assert torso_turn(pose({"left": (5, 5)}, {}), COCO_SKELETON) is None
    assert torso_turn(pose({}, {"left": (5, 5)}), COCO_SKELETON) is None
    assert torso_turn(pose({"left": (5, 5)}, {"left": (5, 5)}), COCO_SKELETON) is None
    sticks = Skeleton("sticks", ("head", "foot"), ((0, 1),))
    assert torso_turn(np.ones((2, 3), np.float32), sticks) is None


def test_dim_is_whose_box_is_dark_and_not_who_wears_dark_clothes():
    dark_clothes, in_the_dark = (0, 0, 40, 40), (50, 50, 90, 90)
    sample = picture(dark_clothes, in_the_dark)
    sample.person_ids[:20, :20] = 0
    sample.image[sample.person_ids == 1] = 10
    sample.image[50:90, 50:90] = 10
    sample.image[52:55, 52:90] = LIGHT  # less than a tenth
    assert truth_tags(sample, COCO_SKELETON) == [set(), {"dim"}]


def test_boxes_that_share_more_than_a_fifth_of_the_smaller_overlap():
    large, small = (0, 0, 50, 100), (40, 0, 60, 10)  # half of the small box, a hundredth of the large one
    assert truth_tags(picture(large, small), COCO_SKELETON) == [{"overlap"}, {"overlap"}]
    assert truth_tags(picture(large, (47, 0, 67, 10)), COCO_SKELETON) == [set(), set()]


def test_annotated_boxes_stand_in_for_masks():
    boxes = np.array([[0, 0, 20, 20, 0], [10, 0, 20, 20, 0], [70, 70, 40, 40, 0], [0, 0, 100, 100, 0]], np.float32)
    sample = dataclasses.replace(picture(*[(0, 0, 1, 1)] * 3), person_ids=None, regions=boxes)
    sample.image[70:, 70:] = 0
    assert truth_tags(sample, COCO_SKELETON) == [{"overlap"}, {"overlap"}, {"dim"}]  # the last box is a crowd's
    nothing_known = dataclasses.replace(sample, regions=None)
    assert truth_tags(nothing_known, COCO_SKELETON) == [set()] * 3


def test_who_has_no_keypoints_is_told_where_keypoints_are_known():
    sample = picture((0, 0, 30, 30), (60, 60, 90, 90))
    sample.keypoints[1] = 0
    assert truth_tags(sample, COCO_SKELETON) == [set(), {"no_keypoints"}]
    assert truth_tags(dataclasses.replace(sample, keypoints=None), COCO_SKELETON) == [set(), set()]


def test_a_picture_has_the_tags_of_its_persons_and_a_person_those_of_the_picture():
    sample = picture((0, 0, 30, 30), (60, 60, 90, 90), poses=[turned(0), turned(180)], tags=("human_like",))
    found = tagged(sample, COCO_SKELETON)
    assert found.tags == ("human_like", "upside_down")
    assert found.person_tags == (("human_like",), ("human_like", "upside_down"))
    assert tagged(picture(), COCO_SKELETON).person_tags == ()


def test_most_rendered_persons_in_dim_light_are_told_from_others_and_all_who_overlap():
    are_told = []
    for index in range(8):
        sample = render(SCENES["dim_human_like"], index, seed=1)
        found = truth_tags(sample, COCO_SKELETON)
        are_told += [("dim" in tags) == ("dim" in sample.tags) for tags in found]
        assert any("overlap" in tags for tags in found) == ("overlap" in sample.tags)
    assert sum(are_told) >= 0.8 * len(are_told) > 10


def test_pictures_to_validate_on_are_tagged_where_asked(small_config):
    plain, asked = small_config(), small_config("data.truth_tags=true")
    assert load_validation(plain.data, lambda *_: None)[0].person_tags is None
    samples = load_validation(asked.data, lambda *_: None)
    assert len(samples[0].person_tags) == len(samples[0].keypoints)
    assert samples.fingerprint == load_validation(plain.data, lambda *_: None).fingerprint
