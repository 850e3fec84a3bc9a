import json
from pathlib import Path

import numpy as np
import pytest

from mghp.metrics.ap_parsing import THRESHOLDS, ap_and_pcp, detections, joined
from mghp.metrics.mean_iou import iou_per_label, joint_histogram, mean_iou
from mghp.metrics.people import PredictedPeople, TruePeople
from mghp.metrics.person_iou import person_iou, person_iou_of_maps

ORACLES = Path(__file__).parents[3] / "shared" / "data" / "metric_oracles"
SETS = ["a1_mhp59", "a2_cihp20", "a3_ppp7", "a4_ties", "a5_edges", "a6_perfectish", "a7_lowq", "a8_splits"]


def load(name):
    if not ORACLES.is_dir():
        pytest.skip(f"the metric oracles are not here: {ORACLES}")
    arrays = np.load(ORACLES / f"{name}.npz")
    pictures = [
        {key: arrays[f"{i:04d}_{key}"] for key in ("gt_parts", "gt_ids", "pred_parts", "pred_scores")}
        for i in range(int(arrays["num_images"]))
    ]
    return int(arrays["num_classes"]), pictures, json.loads((ORACLES / f"{name}.json").read_text())["expected"]


def flattened(picture):
    """Predicted persons painted in ascending order of their scores; those without a pixel left are dropped."""
    shape = picture["gt_parts"].shape
    parts, ids = np.zeros(shape, int), np.zeros(shape, int)
    for person in np.argsort(picture["pred_scores"], kind="stable"):
        painted = picture["pred_parts"][person] > 0
        parts[painted], ids[painted] = picture["pred_parts"][person][painted], person + 1
    seen = np.unique(ids[ids > 0])
    number = np.zeros(len(picture["pred_scores"]) + 1, int)
    number[seen] = np.arange(1, len(seen) + 1)
    return parts, number[ids], picture["pred_scores"][seen - 1]


def from_maps(picture, classes):
    return person_iou_of_maps(
        picture["gt_parts"], picture["gt_ids"], picture["pred_parts"], picture["pred_scores"], classes
    )


def from_flat(picture, classes):
    parts, ids, scores = flattened(picture)
    persons = np.unique(picture["gt_ids"][picture["gt_ids"] > 0])
    true_ids = np.searchsorted(persons, picture["gt_ids"]) + 1
    true_ids[picture["gt_ids"] == 0] = 0
    nothing = np.zeros((len(scores), 0))
    return person_iou(
        PredictedPeople(parts, ids, scores, nothing, nothing[..., None]),
        TruePeople(picture["gt_parts"], true_ids, np.zeros((len(persons), 0, 3))),
        classes,
    )


def assert_scores(pictures, rules, expected):
    ap, pcp = ap_and_pcp(joined([detections(picture, rules) for picture in pictures]))
    np.testing.assert_allclose(ap, np.array(expected["ap_p"], float), atol=1e-9)
    np.testing.assert_allclose(pcp, np.array(expected["pcp"], float), atol=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_the_published_evaluators_agree(name):
    classes, pictures, expected = load(name)
    raw = [from_maps(picture, classes) for picture in pictures]
    assert_scores(raw, "mhp_v2", expected["mhp_v2"]["raw"])
    assert_scores(raw, "parsing_rcnn", expected["parsing_rcnn"]["person"])
    assert_scores(raw, "m2fp", expected["m2fp"]["person"])
    assert_scores([from_flat(picture, classes) for picture in pictures], "mhp_v2", expected["mhp_v2"]["flat"])


@pytest.mark.parametrize("name", SETS)
def test_mean_iou_is_the_published_one(name):
    classes, pictures, expected = load(name)
    total = sum(joint_histogram(picture["gt_parts"], flattened(picture)[0], classes) for picture in pictures)
    published = expected["parsing_rcnn"]["semantic"]
    per_class = np.array([np.nan if value is None else value for value in published["iou_per_class"]])
    np.testing.assert_allclose(iou_per_label(total), per_class, atol=1e-9)
    assert mean_iou(total) == pytest.approx(published["miou"], abs=1e-9)
    assert mean_iou(total, absent="zero") == pytest.approx(expected["m2fp"]["semantic"]["miou"], abs=1e-9)


def random_picture(seed, labels=5, persons=3, predicted=4, unknown=0.1):
    rng = np.random.default_rng(seed)
    shape = (9, 11)
    ids = rng.integers(0, persons + 1, shape)
    parts = np.where(ids > 0, rng.integers(0, labels, shape), 0)
    parts[rng.random(shape) < unknown] = 255
    found = rng.integers(0, predicted + 1, shape)
    true = TruePeople(parts, ids, np.zeros((persons, 0, 3)))
    scores = rng.random(predicted)
    everything = rng.integers(0, labels, shape)  # parts also where no person is
    return PredictedPeople(everything, found, scores, np.zeros((predicted, labels)), np.zeros((predicted, 0, 3))), true


@pytest.mark.parametrize("seed", range(20))
def test_one_histogram_gives_what_the_maps_give(seed):
    predicted, true = random_picture(seed)
    maps = [np.where(predicted.person_ids == p + 1, predicted.parts, 0) for p in range(len(predicted.person_scores))]
    slow = person_iou_of_maps(true.parts, true.person_ids, maps, predicted.person_scores, 5)
    fast = person_iou(predicted, true, 5)
    np.testing.assert_allclose(fast.part_iou, slow.part_iou, atol=1e-12)
    np.testing.assert_array_equal(fast.true_parts, slow.true_parts)
    np.testing.assert_array_equal(fast.is_empty, slow.is_empty)


def square(value, rows, columns, shape=(8, 8)):
    picture = np.zeros(shape, int)
    picture[rows, columns] = value
    return picture


def test_a_small_set_by_hand():
    """Two persons of one part of 8 pixels in 64; one found whole, one by half, one invented."""
    a, b = square(1, slice(0, 2), slice(0, 4)), square(1, slice(4, 6), slice(0, 4))
    half = square(1, slice(4, 6), slice(0, 2))
    invented = square(1, slice(7, 8), slice(6, 8))
    true_ids = (a > 0) + 2 * (b > 0)
    picture = person_iou_of_maps(a + b, true_ids, np.stack([a, half, invented]), np.array([0.9, 0.8, 0.95]), 2)
    # half: background 56 / 60, part 4 / 8; its mean decides
    assert picture.mean_iou[1, 1] == pytest.approx((56 / 60 + 0.5) / 2)
    ap, pcp = ap_and_pcp(joined([detections(picture)]))
    middle = THRESHOLDS.index(0.5)
    # in the order of scores: invented (background IoU 54/64 and part 0 with a: 0.42), a, half
    assert ap[middle] == pytest.approx((0.5 + 0.5) * 2 / 3)
    # PCP at 0.5: a has its part over 0.5; half's part IoU is 0.5, which is not over 0.5
    assert pcp[middle] == pytest.approx(1 / 2)


def test_nobody_is_nan_and_nothing_found_is_zero():
    nobody = person_iou_of_maps(np.zeros((4, 4), int), np.zeros((4, 4), int), np.zeros((1, 4, 4), int), np.ones(1), 3)
    ap, pcp = ap_and_pcp(joined([detections(nobody)]))
    assert np.isnan(ap).all()
    assert np.isnan(pcp).all()
    a = square(1, slice(0, 2), slice(0, 4))
    missed = person_iou_of_maps(a, a, np.zeros((0, 8, 8), int), np.zeros(0), 3)
    ap, pcp = ap_and_pcp(joined([detections(missed)]))
    assert (ap == 0).all()
    assert (pcp == 0).all()
