"""Owners of pixels: what counts as covered and as right, in which pictures, and how surely."""

import math

import numpy as np
import pytest

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.owners import OwnerScores, contested_pixels, owner_counts

SIZE = (20, 30)


def two_persons():
    """Two persons of 40 and 60 pixels side by side."""
    ids = np.zeros(SIZE, int)
    ids[2:12, 2:6], ids[2:12, 6:12] = 1, 2
    return ids


def poses(*annotated):
    """A pose a person, so many keypoints of which are annotated."""
    keypoints = np.zeros((len(annotated), 17, 3))
    for pose, number in zip(keypoints, annotated, strict=True):
        pose[:number, 2] = 1
    return keypoints


def found(ids, number=None):
    number = int(ids.max(initial=0)) if number is None else number
    return PredictedPersons(
        (ids > 0).astype(int), ids, np.ones(number), np.ones((number, 3)), np.zeros((number, 17, 3))
    )


def truth(ids, annotated=(17, 17), **options):
    return TruePersons((ids > 0).astype(np.uint8), ids, poses(*annotated), **options)


def scores_of(*pictures):
    metric = OwnerScores()
    for picture in pictures:
        metric.update(*picture)
    return {name: float(value) for name, value in metric.compute().items()}


def test_who_is_who_does_not_depend_on_numbers():
    ids = two_persons()
    assert owner_counts(found(np.array([0, 2, 1])[ids]), truth(ids))[:3] == (100, 100, 100)


def test_a_pixel_without_part_is_not_covered_and_one_without_person_is_wrong():
    ids = two_persons()
    predicted = found(ids.copy(), 2)
    predicted.parts[2, 2:12] = 0  # ten pixels of background, whoever has them
    predicted.person_ids[3, 2:6] = 0  # four that are nobody's
    assert owner_counts(predicted, truth(ids))[:3] == (100, 90, 86)


def test_a_person_without_a_partner_is_wrong():
    ids = two_persons()
    merged = np.where(ids > 0, 1, 0)
    assert owner_counts(found(merged), truth(ids))[:3] == (100, 100, 60)
    # Of a person in two pieces one is the partner, and what lies outside does not matter.
    pieces = ids.copy()
    pieces[2:5, 6:12] = 3
    pieces[15:, 20:] = 4
    assert owner_counts(found(pieces), truth(ids))[:3] == (100, 100, 82)


def test_pixels_whose_person_is_not_known_count_nowhere_not_even_for_partners():
    ids = two_persons()
    swapped = np.array([0, 2, 1])[ids]
    predicted = np.where(np.arange(SIZE[0])[:, None] < 8, swapped, ids)  # six rows one way, four the other
    assert owner_counts(found(predicted), truth(ids))[:3] == (100, 100, 60)
    ignored = np.zeros(SIZE, bool)
    ignored[:6] = True  # leaves two rows the one way, four the other
    assert owner_counts(found(predicted), truth(ids, ignored=ignored))[:3] == (60, 60, 40)


def test_contested_pixels_lie_in_two_boxes_by_their_centres():
    ids = two_persons()
    assert contested_pixels(truth(ids)).sum() == 0  # boxes of masks: side by side
    regions = np.array([[2, 2, 4.5, 10, 40], [6, 2, 6, 10, 60], [0, 0, 30, 20, 600]])  # the last is a crowd
    contested = contested_pixels(truth(ids, regions=regions))
    assert np.argwhere(contested).tolist() == [[row, 6] for row in range(2, 12)]
    just_short = contested_pixels(truth(ids, regions=regions - [0, 0, 0.01, 0, 0]))
    assert just_short.sum() == 0
    outside = np.array([[-9, -9, 100, 100, 1], [-5, -5, 5.6, 5.6, 1]])
    assert contested_pixels(truth(ids, regions=outside)).sum() == 1


def test_the_contested_are_scored_apart():
    ids = two_persons()
    regions = np.array([[2, 2, 5, 10, 40], [6, 2, 6, 10, 60]])
    predicted = found(ids.copy())
    predicted.person_ids[2:6, 6] = 1  # four of the ten contested pixels
    predicted.parts[11, 6] = 0  # another one has no part
    assert owner_counts(predicted, truth(ids, regions=regions)) == (100, 99, 95, 9, 5)


def test_pixels_are_pooled_over_crowds_and_single_persons_told_apart():
    ids, other = two_persons(), np.where(two_persons() == 1, 1, 0)
    half = found(np.where(ids == 1, 1, 0))
    alone = found(np.where(np.arange(SIZE[1]) < 4, other, 0))
    found_scores = scores_of(
        (half, truth(ids)),
        (found(ids), truth(ids)),
        (alone, truth(other, (5,))),
        (found(np.zeros(SIZE, int)), truth(other, (4,))),  # four keypoints are no pose: neither crowd nor single
    )
    assert found_scores["coverage"] == pytest.approx(140 / 200)
    assert found_scores["owner_accuracy"] == 1.0
    assert found_scores["owner_grouping"] == pytest.approx(140 / 200)
    assert found_scores["coverage_mean"] == pytest.approx((0.4 + 1) / 2)
    assert found_scores["coverage_singles"] == pytest.approx(0.5)
    assert math.isnan(found_scores["contested_owner_accuracy"])


def test_a_second_person_without_a_pose_makes_no_crowd():
    ids = two_persons()
    assert math.isnan(scores_of((found(ids), truth(ids, (17, 4))))["coverage"])
    assert scores_of((found(ids), truth(ids, (17, 4))))["coverage_singles"] == 1.0
    assert scores_of((found(ids), truth(ids, (17, 5))))["coverage"] == 1.0


def test_without_masks_nothing_is_told():
    nobody = np.zeros(SIZE, int)
    assert all(math.isnan(value) for value in scores_of((found(two_persons()), truth(nobody))).values())


def test_intervals_are_of_pictures_drawn_anew_and_pooled():
    ids = two_persons()
    rng = np.random.default_rng(0)
    metric, counts = OwnerScores(), []
    for _ in range(30):
        share = int(rng.integers(2, 10))
        true = np.where(np.arange(SIZE[0])[:, None] < share + 2, ids, 0)
        predicted = found(np.where(rng.random(SIZE) < 0.1 * share, true, 0), 2)
        metric.update(predicted, truth(true))
        counts.append(owner_counts(predicted, truth(true)))
    human, labelled, *_ = np.array(counts).T
    chosen = rng.integers(0, 30, (4000, 30))
    expected = np.percentile(labelled[chosen].sum(1) / human[chosen].sum(1), (2.5, 97.5))
    assert metric.intervals()["coverage"] == pytest.approx(expected, abs=0.01)
    assert all(math.isnan(end) for end in metric.intervals()["coverage_singles"])
