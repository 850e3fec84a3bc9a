import math

import numpy as np
import pytest

from mghp.metrics.keypoint_ap import keypoint_ap

SIGMAS = (0.05, 0.1)


def pose(x, y, visibility=2.0):
    return np.array([[x, y, visibility], [x + 10, y, visibility]])


def oks(predicted, true, area):
    """COCO's similarity of one pose to another, keypoint by keypoint."""
    terms = [
        math.exp(-((px - tx) ** 2 + (py - ty) ** 2) / (2 * area * (2 * sigma) ** 2))
        for (px, py, _), (tx, ty, visibility), sigma in zip(predicted, true, SIGMAS, strict=True)
        if visibility > 0
    ]
    return sum(terms) / len(terms)


def test_exact_poses_are_perfect():
    truth = [(np.stack([pose(10, 10), pose(50, 50)]), np.array([400.0, 300.0]))]
    found = [(np.stack([pose(50, 50), pose(10, 10)]), np.array([0.3, 0.9]))]
    assert keypoint_ap(found, truth, SIGMAS) == pytest.approx(
        {"keypoint_ap": 1.0, "keypoint_ap_50": 1.0, "keypoint_ap_75": 1.0}
    )


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0, 3.0, 4.0])
def test_thresholds_are_of_the_similarity(shift):
    true, predicted = pose(30, 30), pose(30 + shift, 30)
    similarity = oks(predicted, true, 400.0)
    scores = keypoint_ap([(predicted[None], np.ones(1))], [(true[None], np.array([400.0]))], SIGMAS)
    assert scores["keypoint_ap_50"] == pytest.approx(float(similarity > 0.5))
    assert scores["keypoint_ap_75"] == pytest.approx(float(similarity > 0.75))
    passed = sum(similarity > threshold for threshold in np.arange(0.5, 1.0, 0.05))
    assert scores["keypoint_ap"] == pytest.approx(passed / 10)


def test_a_false_person_ranked_first_halves_the_precision():
    truth = [(pose(10, 10)[None], np.array([400.0]))]
    found = [(np.stack([pose(90, 90), pose(10, 10)]), np.array([0.9, 0.5]))]
    assert keypoint_ap(found, truth, SIGMAS)["keypoint_ap_50"] == pytest.approx(0.5)


def test_a_missed_person_costs_recall():
    truth = [(np.stack([pose(10, 10), pose(60, 60)]), np.array([400.0, 400.0]))]
    found = [(pose(10, 10)[None], np.ones(1))]
    # COCO reads precision at 101 recalls; up to 0.5 it is 1.
    assert keypoint_ap(found, truth, SIGMAS)["keypoint_ap_50"] == pytest.approx(51 / 101)


def test_keypoints_not_found_or_not_annotated():
    true = pose(30, 30)
    half = true.copy()
    half[1] = 0  # not found: at the origin
    scores = keypoint_ap([(half[None], np.ones(1))], [(true[None], np.array([400.0]))], SIGMAS)
    assert scores["keypoint_ap_75"] == 0.0
    not_annotated = keypoint_ap([(true[None], np.ones(1))], [(half[None], np.array([400.0]))], SIGMAS)
    assert not_annotated["keypoint_ap"] == pytest.approx(1.0)


def test_nobody_true_is_nan_and_nobody_found_is_0():
    nobody = (np.zeros((0, 2, 3)), np.zeros(0))
    somebody = (pose(10, 10)[None], np.array([400.0]))
    assert math.isnan(keypoint_ap([somebody], [nobody], SIGMAS)["keypoint_ap"])
    assert keypoint_ap([nobody], [somebody], SIGMAS)["keypoint_ap"] == 0.0


def test_prints_nothing(capfd):
    test_exact_poses_are_perfect()
    assert capfd.readouterr() == ("", "")
