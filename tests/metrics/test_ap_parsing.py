import numpy as np
import pytest

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.ap_parsing import THRESHOLDS, ap_and_pcp, detections, joined
from mghp.metrics.person_iou import person_iou, person_iou_of_maps


def random_picture(seed, labels=5, persons=3, predicted=4, unknown=0.1):
    rng = np.random.default_rng(seed)
    shape = (9, 11)
    ids = rng.integers(0, persons + 1, shape)
    parts = np.where(ids > 0, rng.integers(0, labels, shape), 0)
    parts[rng.random(shape) < unknown] = 255
    found = rng.integers(0, predicted + 1, shape)
    true = TruePersons(parts, ids, np.zeros((persons, 0, 3)))
    scores = rng.random(predicted)
    everything = rng.integers(0, labels, shape)  # parts also where no person is
    return PredictedPersons(everything, found, scores, np.zeros((predicted, labels)), np.zeros((predicted, 0, 3))), true


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


def test_only_a_person_whose_map_is_all_background_is_left_out():
    """As MHP v2's evaluator skips a map that sums to 0; one of unknown parts alone is there, and is missed."""
    ids = np.array([[1, 1, 2, 2, 3, 3, 0]])
    parts = np.array([[1, 0, 255, 255, 0, 0, 0]])
    nothing, one = np.zeros((1, 7), int), np.array([[1, 0, 0, 0, 0, 0, 0]])
    by_maps = person_iou_of_maps(parts, ids, one[None], np.ones(1), 2)
    found = PredictedPersons(one, one, np.ones(1), np.ones((1, 2)), np.zeros((1, 0, 3)))
    by_histogram = person_iou(found, TruePersons(parts, ids, np.zeros((3, 0, 3))), 2)
    for picture in (by_maps, by_histogram):
        assert picture.is_empty.tolist() == [False, False, True]
        ap, _ = ap_and_pcp(joined([detections(picture)]))
        assert (ap == 0.5).all()  # one of two is found
    unknown_alone = person_iou_of_maps(nothing + 255, nothing + 1, nothing[None], np.ones(1), 2)
    assert not unknown_alone.is_empty.any()


def test_a_mean_iou_of_the_threshold_itself_is_not_over_it():
    """A person of two pixels of three, found by one: the part's IoU is 1 / 2, and so is the background's."""
    true, found = np.array([[1, 1, 0]]), np.array([[1, 0, 0]])
    picture = person_iou_of_maps(true, true, found[None], np.ones(1), 2)
    assert picture.part_iou.tolist() == [[[0.5, 0.5]]]
    ap, pcp = ap_and_pcp(joined([detections(picture)]))
    assert ap.tolist() == [float(threshold < 0.5) for threshold in THRESHOLDS]
    assert pcp.tolist() == ap.tolist()


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
