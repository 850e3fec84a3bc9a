import math

import numpy as np
import pytest

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.pascal_person_part import PascalPersonPart
from mghp.metrics.keypoint_sides import RADIUS, KeypointSides

SIZE = (40, 40)


def label(name):
    return DENSEPOSE_COCO.parts.names.index(name) + 1


def pose(**places):
    keypoints = np.zeros((17, 3))
    for name, (x, y, visibility) in places.items():
        keypoints[DENSEPOSE_COCO.skeleton.keypoints.index(name)] = x, y, visibility
    return keypoints


def sides(parts, *persons, ids=None, anatomy=DENSEPOSE_COCO):
    ids = np.ones(SIZE, int) if ids is None else ids
    poses = np.stack(persons)
    metric = KeypointSides(anatomy)
    metric.update(
        PredictedPersons(parts, ids, np.ones(1), np.ones((1, anatomy.num_labels)), poses[:1]),
        TruePersons(np.zeros(SIZE, int), ids, poses),
    )
    scores = metric.compute()
    return float(scores["side_accuracy"]), float(scores["side_coverage"])


def test_the_side_of_most_pixels_around_a_joint_must_be_its_own():
    parts = np.zeros(SIZE, int)
    parts[:, :20], parts[:, 20:] = label("right_lower_arm"), label("left_hand")
    right = pose(right_wrist=(10, 10, 2), left_elbow=(30, 10, 2), left_wrist=(22, 30, 2))
    swapped = pose(left_wrist=(10, 10, 2), right_elbow=(30, 10, 2), left_knee=(35, 35, 2))
    assert sides(parts, right) == (1.0, 1.0)
    assert sides(parts, swapped) == (pytest.approx(1 / 3), 1.0)


def test_joints_without_a_side_around_them_are_not_covered():
    parts = np.full(SIZE, label("torso"))
    parts[10, 10 + int(RADIUS) + 1] = label("left_hand")  # just out of reach
    assert sides(parts, pose(left_wrist=(10.5, 10.5, 2)))[1] == 0.0
    parts[10, 10 + int(RADIUS)] = label("left_hand")
    assert sides(parts, pose(left_wrist=(10.5, 10.5, 2))) == (1.0, 1.0)
    parts[10, 10 - int(RADIUS)] = label("right_hand")  # as many of either
    assert sides(parts, pose(left_wrist=(10.5, 10.5, 2)))[1] == 0.0


@pytest.mark.parametrize(
    "other",
    [
        {"left_wrist": (10, 10, 1)},  # hidden
        {"left_hip": (10, 10, 2)},  # beside the torso
        {"nose": (10, 10, 2)},
        {"left_wrist": (30, 10, 2)},  # outside the mask
        {"left_wrist": (-1, 10, 2)},  # outside the picture
        {"left_wrist": (10, 40, 2)},
    ],
)
def test_only_joints_that_are_seen_within_their_person_are_asked(other):
    ids = np.ones(SIZE, int)
    ids[:, 20:] = 2
    parts = np.full(SIZE, label("left_hand"))
    assert all(math.isnan(score) for score in sides(parts, pose(**other), pose(), ids=ids))


def test_pixels_of_others_do_not_vote():
    ids = np.ones(SIZE, int)
    ids[:, 11:] = 2
    parts = np.where(ids == 1, label("left_hand"), label("right_hand"))
    at_the_edge = pose(left_wrist=(10.5, 10, 2))
    assert sides(parts, at_the_edge, pose(), ids=ids) == (1.0, 1.0)


def test_parts_without_sides_tell_nothing():
    anatomy = PascalPersonPart.anatomy
    assert all(math.isnan(score) for score in sides(np.ones(SIZE, int), pose(), anatomy=anatomy))
