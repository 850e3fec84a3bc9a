"""Mask AP is COCO's: held against pycocotools on masks of random pictures."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.mask_ap import AREA_SIDE, MaskAP

SIDE = 120
"""Height and width of the pictures, so that a pixel is 16 of a picture of 480."""


def persons(ids, scores=None, number=None):
    number = int(ids.max(initial=0)) if number is None else number
    scores = np.ones(number) if scores is None else np.asarray(scores, float)
    return PredictedPersons((ids > 0).astype(int), ids, scores, np.ones((number, 3)), np.zeros((number, 2, 3)))


def truth(ids, ignored=None):
    return TruePersons((ids > 0).astype(int), ids, np.zeros((int(ids.max(initial=0)), 2, 3)), ignored=ignored)


def scored(pictures):
    metric = MaskAP()
    for predicted, true in pictures:
        metric.update(predicted, true)
    return {name: float(value) for name, value in metric.compute().items()}


def encoded(mask):
    return coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))


def by_pycocotools(pictures):
    """The four scores by its evaluator, as it comes but for the ranges of areas.

    Args:
        pictures: predicted and true persons; what is ignored is annotated as a crowd.
    """
    annotations, results = [], []
    for picture, (predicted, true) in enumerate(pictures):
        masks = [(true.person_ids == person + 1, 0) for person in range(len(true.keypoints))]
        masks += [(true.ignored, 1)] if true.ignored is not None else []
        for mask, is_crowd in masks:
            if mask.any():
                annotations.append({
                    "id": len(annotations) + 1, "image_id": picture, "category_id": 1, "iscrowd": is_crowd,
                    "segmentation": encoded(mask), "area": float(mask.sum()), "bbox": [0, 0, 1, 1],
                })  # fmt: skip
        for person, score in enumerate(predicted.person_scores):
            mask = (predicted.person_ids == person + 1) & (predicted.parts > 0)
            if mask.any():
                results.append(
                    {"image_id": picture, "category_id": 1, "score": float(score), "segmentation": encoded(mask)}
                )
    scores = {}
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "info": {}, "categories": [{"id": 1}], "annotations": annotations,
            "images": [{"id": picture, "height": SIDE, "width": SIDE} for picture in range(len(pictures))],
        }  # fmt: skip
        coco.createIndex()
        for ending, least in (("", 1024 * (SIDE / AREA_SIDE) ** 2), ("_all", 0)):
            evaluation = COCOeval(coco, coco.loadRes([dict(result) for result in results]), "segm")
            evaluation.params.areaRng, evaluation.params.areaRngLbl = [[least, 1e10]], ["all"]
            evaluation.evaluate()
            evaluation.accumulate()
            precision = evaluation.eval["precision"][:, :, 0, 0, -1]
            scores |= {f"mask_ap_50{ending}": precision[0].mean(), f"mask_ap_vol{ending}": precision.mean()}
    return scores


def random_picture(rng, with_crowd):
    """Rectangles, some of which hide others; found moved, merged, twice, or not at all, with scores that tie."""
    ids = np.zeros((SIDE, SIDE), int)
    for person in range(1, rng.integers(2, 7)):
        (y, x), (height, width) = rng.integers(0, 80, 2), rng.integers(4, 16 if person % 2 else 45, 2)
        ids[y : y + height, x : x + width] = person
    found = np.roll(ids, rng.integers(-2, 3, 2), (0, 1))
    extra = int(ids.max()) + 1
    y, x = rng.integers(0, 70, 2)
    found[y : y + rng.integers(2, 40), x : x + rng.integers(2, 40)] = extra
    if rng.random() < 0.5:
        found[found == 1] = min(2, extra)
    ignored = None
    if with_crowd:  # whole detections lie in it, or none of their pixels, so that all thresholds say the same
        ignored = np.zeros((SIDE, SIDE), bool)
        ignored[90:] = True
        ids[90:], found[85:] = 0, 0
        found[100:110, 10:100] = extra + 1
    return persons(found, rng.integers(1, 6, int(found.max())) / 5), truth(ids, ignored)


@pytest.mark.parametrize("with_crowd", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_random_pictures_score_as_by_pycocotools(seed, with_crowd):
    rng = np.random.default_rng(seed)
    pictures = [random_picture(rng, with_crowd) for _ in range(12)]
    found = scored(pictures)
    assert found == pytest.approx(by_pycocotools(pictures), abs=1e-12)
    assert 0 < found["mask_ap_vol_all"] < found["mask_ap_50_all"] < 1
    assert found["mask_ap_50"] != found["mask_ap_50_all"]


def boxes(*corners):
    ids = np.zeros((SIDE, SIDE), int)
    for person, (y, x, height, width) in enumerate(corners, 1):
        ids[y : y + height, x : x + width] = person
    return ids


SMALL, LARGE = (5, 5, 7, 9), (40, 40, 8, 8)
"""63 and 64 pixels: 1,008 and 1,024 of a picture of 480."""


def test_persons_count_from_32_by_32_pixels_on():
    both = truth(boxes(SMALL, LARGE))
    assert scored([(persons(boxes(LARGE)), both)])["mask_ap_50"] == pytest.approx(1.0)
    assert scored([(persons(boxes(LARGE)), both)])["mask_ap_50_all"] == pytest.approx(51 / 101)
    # Whoever finds a small person, or is small and finds nobody, is ignored.
    ranked_first = persons(boxes(SMALL, LARGE, (80, 80, 3, 3)), [0.9, 0.5, 0.8])
    assert scored([(ranked_first, both)])["mask_ap_50"] == pytest.approx(1.0)
    large_and_nobody = persons(boxes((80, 80, 20, 20), LARGE), [0.9, 0.5])
    assert scored([(large_and_nobody, both)])["mask_ap_50"] == pytest.approx(0.5)


def test_areas_are_those_at_a_longest_side_of_480():
    wide = np.pad(boxes(LARGE), ((0, 0), (0, SIDE)))  # half as large relative to the longest side
    metric = scored([(persons(wide), truth(wide))])
    assert np.isnan(metric["mask_ap_50"])
    assert metric["mask_ap_50_all"] == pytest.approx(1.0)


def test_a_person_is_found_once_and_exactly_half_is_enough():
    true = truth(boxes((10, 10, 20, 20)))
    halves = persons(boxes((10, 10, 10, 20), (20, 10, 10, 20)), [0.9, 0.8])
    assert scored([(halves, true)])["mask_ap_50_all"] == pytest.approx(1.0)  # the second half comes after full recall
    assert scored([(halves, true)])["mask_ap_vol_all"] == pytest.approx(0.1)


def test_unknown_pixels_are_taken_from_both_and_detections_in_them_are_ignored():
    ignored = np.zeros((SIDE, SIDE), bool)
    ignored[:, 60:] = True
    true = truth(np.where(ignored, 0, boxes((10, 40, 20, 30))), ignored)
    reaching_in = persons(boxes((10, 40, 20, 60)))  # a third of it outside, which is all of the true person
    assert scored([(reaching_in, true)])["mask_ap_vol_all"] == pytest.approx(1.0)
    for width, precision in ((20, 1.0), (19, 0.5)):  # of a false person that is surer, so much of 40 lies within
        false = persons(boxes((50, 60 - 40 + width, 20, 40), (10, 40, 20, 20)), [0.9, 0.5])
        assert scored([(false, true)])["mask_ap_50_all"] == pytest.approx(precision)


def test_a_mask_is_its_part_pixels_and_an_empty_one_is_nobody():
    true = truth(boxes((10, 10, 20, 20)))
    found = persons(boxes((10, 10, 40, 20)), [0.5, 0.9], number=2)  # the second has no pixel
    found.parts[30:] = 0
    assert scored([(found, true)])["mask_ap_vol_all"] == pytest.approx(1.0)


def test_nobody_true_is_nan_and_nobody_found_is_0():
    nobody = np.zeros((SIDE, SIDE), int)
    somebody = boxes((10, 10, 20, 20))
    assert all(np.isnan(value) for value in scored([(persons(somebody), truth(nobody))]).values())
    assert set(scored([(persons(nobody), truth(somebody))]).values()) == {0.0}


def test_an_interval_over_pictures_holds_the_score_and_that_of_one_picture_is_a_point():
    rng = np.random.default_rng(0)
    metric = MaskAP()
    for _ in range(12):
        metric.update(*random_picture(rng, with_crowd=False))
    whole = float(metric.compute()["mask_ap_50_all"])
    low, high = metric.intervals()["mask_ap_50_all"]
    assert 0 < low < whole < high < 1
    alone = MaskAP()
    alone.update(*random_picture(rng, with_crowd=False))
    assert alone.intervals()["mask_ap_50_all"] == pytest.approx((float(alone.compute()["mask_ap_50_all"]),) * 2)
