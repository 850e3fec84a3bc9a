"""Keypoint AP of persons without an annotated keypoint, of crowds, and of keypoints that were not found."""

import numpy as np
import pytest

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.keypoint_ap import KeypointAP
from mghp.metrics.subsets import only_persons

SIGMAS = (0.05, 0.1)
NOBODY = np.zeros((1, 2, 3))


def pose(x, y):
    return np.array([[[x, y, 2.0], [x + 10, y, 2.0]]])


def people(regions=None):
    """The first person with keypoints; the second, of 20 x 20 pixels, without."""
    ids = np.zeros((100, 100), np.int16)
    ids[5:25, 5:25], ids[60:80, 60:80] = 1, 2
    return TruePersons((ids > 0).astype(np.uint8), ids, np.concatenate([pose(10, 10), NOBODY]), regions)


def ap_50(poses, scores, true):
    metric = KeypointAP(SIGMAS)
    ids = np.zeros((100, 100), np.int16)
    metric.update(PredictedPersons(ids, ids, np.array(scores), np.ones((len(poses), 2)), np.concatenate(poses)), true)
    return float(metric.compute()["keypoint_ap_50"])


@pytest.mark.parametrize(("place", "due"), [((65, 70), 1.0), ((45, 70), 1.0), ((90, 10), 0.5)])
def test_a_pose_on_a_person_without_keypoints_is_ignored_and_one_elsewhere_is_false(place, due):
    """On it is in its box, made twice as large to each side."""
    assert ap_50([pose(*place), pose(10, 10)], [0.9, 0.5], people()) == pytest.approx(due)


def test_what_was_not_found_of_a_false_pose_is_not_forgiven_anywhere():
    sparse = pose(90, 10)
    sparse[0, 1] = 0
    assert ap_50([sparse, pose(10, 10)], [0.9, 0.5], people()) == pytest.approx(0.5)


def test_what_was_not_found_is_not_at_the_origin():
    """A true keypoint in the picture's corner is missed all the same."""
    true, found = people(), pose(0, 0)
    true.keypoints[:1] = pose(0, 0)
    found[0, 0] = 0
    assert ap_50([found], [0.9], true) == pytest.approx(1.0)  # one of two: just 0.5
    found[0, 1] = 0
    assert ap_50([found], [0.9], true) == 0.0


def test_a_crowd_takes_any_number_of_poses():
    masks = [[5, 5, 20, 20, 400], [60, 60, 20, 20, 400]]
    crowd = np.array([*masks, [80, 0, 20, 30, 600]], np.float32)
    on_it = [pose(82, 10), pose(84, 20), pose(86, 5), pose(10, 10)]
    assert ap_50(on_it, [0.9, 0.8, 0.7, 0.5], people(crowd)) == pytest.approx(1.0)
    assert ap_50(on_it, [0.9, 0.8, 0.7, 0.5], people(crowd[:2])) == pytest.approx(0.25)


def test_a_subset_of_persons_keeps_the_crowds():
    regions = np.arange(15, dtype=np.float32).reshape(3, 5)
    ids = np.zeros((100, 100), np.int16)
    found = PredictedPersons(ids, ids, np.zeros(0), np.zeros((0, 2)), np.zeros((0, 2, 3)))
    _, kept = only_persons(found, people(regions), np.array([False, True]))
    np.testing.assert_array_equal(kept.regions, regions[1:])
