"""Scores in which a person's sides may be named either way."""

from dataclasses import replace

import numpy as np
import pytest

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import Parts
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.anatomy.skeleton import Skeleton
from mghp.config.metric_names import METRICS
from mghp.config.metrics import MetricsConfig
from mghp.metrics.parsing import parsing_metrics
from mghp.metrics.side_free import better_named_histogram

NAMES = ("head", "left_arm", "right_arm", "left_leg", "right_leg")
ANATOMY = Anatomy(Skeleton("limbs", NAMES, ((0, 1), (0, 2))), Parts("limbs", NAMES, ((0, 0, 0),) * 5))
EXCHANGED, ARMS_EXCHANGED = (0, 1, 3, 2, 5, 4), (0, 1, 3, 2, 4, 5)
SCORES = MetricsConfig(scores=["keypoint_ap", "mean_iou", "ap_p_50"]).scores
FREE = [f"{name}_side_free" for name in SCORES]


def two_persons(namings, sizes=(4, 4, 4, 4, 4)):
    """Truth, and a parser that names the parts and keypoints of each person by a table of labels."""
    person = np.repeat(np.arange(1, 6), sizes)
    parts = np.stack([person, person])
    ids = np.array([[1], [2]]).repeat(len(person), 1)
    middles = [np.flatnonzero(person == label).mean() + 0.5 for label in range(1, 6)]
    keypoints = np.array([[(x, row + 0.5, 2.0) for x in middles] for row in range(2)])
    tables = np.array(namings)
    found = np.stack([table[labels] for table, labels in zip(tables, parts, strict=True)])
    poses = np.stack([pose[table[1:] - 1] for table, pose in zip(tables, keypoints, strict=True)])
    return PredictedPersons(found, ids, np.array([0.9, 0.8]), np.ones((2, 6)), poses), TruePersons(
        parts, ids, keypoints
    )


def scores_of(predicted, true, anatomy=ANATOMY):
    metrics = parsing_metrics(anatomy, MetricsConfig(scores=[*SCORES, *FREE]))
    metrics.update(predicted, true)
    return {name: float(value) for name, value in metrics.compute().items()}


def test_a_person_whose_sides_are_all_exchanged_is_right_and_only_in_side_free_scores():
    scores = scores_of(*two_persons([range(6), EXCHANGED]))
    assert {name: scores[name] for name in FREE} == dict.fromkeys(FREE, pytest.approx(1.0))
    assert all(scores[name] < 0.6 for name in SCORES)


def test_sides_that_do_not_agree_with_each_other_stay_wrong():
    """With exchanged arms alone either naming of the person is half wrong."""
    scores = scores_of(*two_persons([ARMS_EXCHANGED, ARMS_EXCHANGED]))
    assert scores["mean_iou_side_free"] == scores["mean_iou"] < 0.7
    assert scores["keypoint_ap_side_free"] == scores["keypoint_ap"] < 1


def test_where_all_sides_are_right_the_scores_are_the_plain_ones():
    scores = scores_of(*two_persons([range(6), range(6)]))
    assert [scores[free] for free in FREE] == [scores[name] for name in SCORES] == [1, 1, 1]


def test_the_naming_is_the_one_that_is_right_in_more_pixels():
    predicted, true = two_persons([ARMS_EXCHANGED, range(6)], sizes=(4, 5, 5, 3, 3))
    counts = better_named_histogram(predicted, true, ANATOMY.parts.mirrored_labels)
    assert np.diag(counts).tolist() == [0, 8, 10, 10, 3, 3]  # the first person's arms are right, its legs are not
    assert counts.sum() == true.parts.size


def test_what_nobody_owns_and_nobody_knows_has_no_sides():
    predicted, true = two_persons([EXCHANGED, EXCHANGED])
    ids, parts = true.person_ids.copy(), true.parts.copy()
    ids[0], parts[1] = 0, 255
    true = TruePersons(parts, ids, true.keypoints)
    counts = better_named_histogram(predicted, true, ANATOMY.parts.mirrored_labels)
    assert np.diag(counts).tolist() == [0, 4, 0, 0, 0, 0]
    assert counts.sum() == parts[0].size


def test_the_sides_of_the_truth_change_no_side_free_score():
    rng = np.random.default_rng(0)
    predicted, true = two_persons([EXCHANGED, range(6)])
    predicted.parts[rng.random(predicted.parts.shape) < 0.3] = 2
    predicted.keypoints[..., :2] += rng.normal(0, 0.5, (2, 5, 2))
    other = replace(true, parts=np.array(EXCHANGED)[true.parts], keypoints=true.keypoints[:, [0, 2, 1, 4, 3]])
    as_named, exchanged = scores_of(predicted, true), scores_of(predicted, other)
    assert [as_named[name] for name in FREE] == pytest.approx([exchanged[name] for name in FREE])
    assert as_named["mean_iou"] != pytest.approx(exchanged["mean_iou"])


def test_without_sides_the_scores_are_the_plain_ones():
    names = ("head", "torso", "arms", "legs", "feet")
    anatomy = Anatomy(Skeleton("rows", names, ((0, 1),)), Parts("rows", names, ((0, 0, 0),) * 5))
    scores = scores_of(*two_persons([range(6), EXCHANGED]), anatomy)
    assert [scores[free] for free in FREE] == [scores[name] for name in SCORES]


def test_each_is_named_after_the_score_that_it_is_made_of():
    for name in METRICS:
        plain = name.removesuffix("_side_free")
        assert METRICS[name].label == METRICS[plain].label + ", side-free" * (plain != name)
        assert not METRICS[name].in_tables or plain == name
