"""The rules of AP^r and AP^h on sets small enough to count by hand."""

import numpy as np
import pytest

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.ap_region import (
    HumanAP,
    RegionAP,
    Regions,
    ap_per_class,
    human_regions,
    joined_regions,
    mean_over_classes,
    part_regions,
)


def regions(detections, num_true):
    """(class, score, IoU, instance) each."""
    label, score, iou, instance = (np.array(column) for column in zip(*detections, strict=True))
    return Regions(label, score.astype(float), iou.astype(float), instance, np.array(num_true))


def test_an_instance_found_twice():
    """Two true instances; the first is found twice, then the second."""
    found = regions([(0, 0.9, 0.8, 0), (0, 0.8, 0.7, 0), (0, 0.7, 0.9, 1)], [2])
    # legacy: all three are true, recall 0.5, 1, 1.5 at precision 1; the step back to recall 1 has height 0
    assert ap_per_class(found, [0.5], "legacy")[0, 0] == pytest.approx(1.5)
    # strict: true, false, true: precision 1 up to recall 0.5, then 2 / 3
    assert ap_per_class(found, [0.5], "strict")[0, 0] == pytest.approx(0.5 + 0.5 * 2 / 3)
    # over 0.75 the second detection is false under both rules
    assert ap_per_class(found, [0.75], "legacy") == ap_per_class(found, [0.75], "strict")


def test_strict_leaves_the_instance_to_a_later_detection_that_is_over_the_threshold():
    found = regions([(0, 0.9, 0.4, 0), (0, 0.8, 0.6, 0)], [1])
    assert ap_per_class(found, [0.5], "strict")[0, 0] == pytest.approx(0.5)
    assert ap_per_class(found, [0.3], "strict")[0, 0] == pytest.approx(1.0)


def test_classes_without_an_instance():
    """Class 0 found; 1 true, never found; 2 predicted, never true; 3 nowhere."""
    found = regions([(0, 0.9, 1.0, 0), (2, 0.8, 0.0, -1)], [1, 1, 0, 0])
    legacy, strict = (ap_per_class(found, [0.5], rules)[:, 0] for rules in ("legacy", "strict"))
    np.testing.assert_array_equal(legacy, [1, 0, np.nan, 0])
    np.testing.assert_array_equal(strict, [1, 0, 0, np.nan])
    assert mean_over_classes(legacy[:, None])[0] == pytest.approx(1 / 3)
    assert mean_over_classes(strict[:, None], "strict")[0] == pytest.approx(1 / 3)
    assert np.isnan(mean_over_classes(legacy[:, None], "cihp_pgn")[0])


def test_ties_go_to_the_last():
    """Of equal scores the later detection is looked at first."""
    found = regions([(0, 0.5, 0.0, -1), (0, 0.5, 0.9, 0)], [1])
    assert ap_per_class(found, [0.5])[0, 0] == pytest.approx(1.0)


def people(parts, ids, scores, part_scores=None):
    parts, ids, scores = np.array(parts), np.array(ids), np.array(scores, float)
    part_scores = np.ones((len(scores), 3)) if part_scores is None else np.array(part_scores, float)
    return PredictedPersons(parts, ids, scores, part_scores, np.zeros((len(scores), 0, 3)))


def truth(parts, ids):
    return TruePersons(np.array(parts), np.array(ids), np.zeros((np.max(ids), 0, 3)))


def test_areas_are_counted_by_person_and_part():
    true = truth([[1, 1, 2, 2, 0, 1]], [[1, 1, 1, 2, 2, 2]])
    found = people([[1, 1, 1, 2, 2, 0]], [[1, 1, 1, 2, 2, 2]], [0.9, 0.8], [[0, 0.3, 0.4], [0, 0.5, 0.6]])
    parts = part_regions(found, true, 3)
    assert parts.label.tolist() == [0, 1]  # person 1's part 1, person 2's part 2
    assert parts.score.tolist() == [0.3, 0.6]
    assert parts.iou.tolist() == pytest.approx([2 / 3, 1 / 2])
    assert parts.instance.tolist() == [0, 3]  # class by class, person by person
    assert parts.num_true.tolist() == [2, 2]
    assert part_regions(found, true, 3, "person").score.tolist() == [0.9, 0.8]
    human = human_regions(found, true)
    assert human.iou.tolist() == pytest.approx([1.0, 1.0])  # pixels without a part are the person's


def test_pictures_are_joined_with_their_instances_numbered_through():
    one = regions([(0, 0.9, 0.8, 0), (0, 0.8, 0.1, -1)], [2])
    whole = joined_regions([one, one], 1)
    assert whole.instance.tolist() == [0, -1, 2, -1]
    assert whole.num_true.tolist() == [4]


def test_metrics_name_their_scores_and_answer_edge_cases():
    nobody = truth([[0, 0]], [[0, 0]])
    somebody = truth([[1, 1]], [[1, 1]])
    nothing, one = people([[0, 0]], [[0, 0]], []), people([[1, 1]], [[1, 1]], [0.9])
    for found, true, legacy, strict, human in (
        (nothing, nobody, 0, np.nan, 0),
        (one, nobody, 0, 0, np.nan),  # class 1 NaN, class 2 occurs nowhere: 0
        (nothing, somebody, 0, 0, 0),
        (one, somebody, 0.5, 1, 1),  # legacy counts class 2 as 0
    ):
        values = {}
        for metric in (RegionAP(3), RegionAP(3, "strict"), HumanAP()):
            metric.update(found, true)
            values |= {name: float(value) for name, value in metric.compute().items()}
        assert values["ap_r_vol"] == pytest.approx(legacy, nan_ok=True)
        assert values["ap_r_strict_vol"] == pytest.approx(strict, nan_ok=True)
        assert values["ap_h_vol"] == pytest.approx(human, nan_ok=True)
