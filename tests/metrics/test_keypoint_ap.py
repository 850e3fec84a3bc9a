import math

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.keypoint_ap import KeypointAP, keypoint_ap

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


def by_pycocotools(pictures):
    """AP, AP50 and AP75 as its evaluator prints them, left as it comes but for the sigmas.

    Args:
        pictures: true keypoints, their areas, predicted keypoints and their scores, each.
    """
    annotations, results = [], []
    for picture, (true, areas, predicted, scores) in enumerate(pictures):
        for keypoints, area in zip(true, areas, strict=True):
            low, high = keypoints[:, :2].min(0), keypoints[:, :2].max(0)
            annotations.append({
                "id": len(annotations) + 1, "image_id": picture, "category_id": 1, "iscrowd": 0, "area": float(area),
                "bbox": [*low.tolist(), *(high - low).tolist()], "keypoints": keypoints.ravel().tolist(),
                "num_keypoints": len(keypoints),
            })  # fmt: skip
        results += [
            {"image_id": picture, "category_id": 1, "keypoints": keypoints.ravel().tolist(), "score": float(score)}
            for keypoints, score in zip(predicted, scores, strict=True)
        ]
    truth = COCO()
    truth.dataset = {
        "info": {}, "categories": [{"id": 1}], "annotations": annotations,
        "images": [{"id": picture} for picture in range(len(pictures))],
    }  # fmt: skip
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
    evaluation.params.kpt_oks_sigmas = np.array(SIGMAS)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return dict(zip(("keypoint_ap", "keypoint_ap_50", "keypoint_ap_75"), evaluation.stats[:3], strict=True))


def masks_of(areas):
    """Person ids of a picture in which each person has a line of so many pixels."""
    ids = np.zeros((len(areas), max(areas)), int)
    for person, area in enumerate(areas):
        ids[person, :area] = person + 1
    return ids


def test_persons_of_a_few_pixels_count_by_their_own_area():
    """As COCO's evaluator has it: small persons' keypoints must be the nearer, and nobody is too small to be missed."""
    rng = np.random.default_rng(0)
    metric, pictures = KeypointAP(SIGMAS), []
    for _ in range(8):
        areas = rng.choice([4, 10, 25, 60, 99, 400], 4, replace=False)
        true = np.stack([pose(40 * person, 10 * person) for person in range(4)])
        moved = true[:3] + rng.normal(0, 0.06, (3, 2, 3)) * np.sqrt(areas[:3, None, None]) * (1, 1, 0)
        scores = rng.random(3)
        ids = masks_of(areas)
        metric.update(
            PredictedPersons(ids, ids, scores, np.ones((3, 2)), moved), TruePersons((ids > 0).astype(int), ids, true)
        )
        pictures.append((true, areas, moved, scores))
    found = {name: float(value) for name, value in metric.compute().items()}
    assert found == pytest.approx(by_pycocotools(pictures), abs=1e-9)
    assert 0.2 < found["keypoint_ap"] < found["keypoint_ap_50"] < 0.8  # one of four is missed, and some are far off


def test_nobody_true_is_nan_and_nobody_found_is_0():
    nobody = (np.zeros((0, 2, 3)), np.zeros(0))
    somebody = (pose(10, 10)[None], np.array([400.0]))
    assert math.isnan(keypoint_ap([somebody], [nobody], SIGMAS)["keypoint_ap"])
    assert keypoint_ap([nobody], [somebody], SIGMAS)["keypoint_ap"] == 0.0


def test_prints_nothing(capfd):
    test_exact_poses_are_perfect()
    assert capfd.readouterr() == ("", "")
