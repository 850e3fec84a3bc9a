import math

import numpy as np
import pytest

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.parts import IGNORE, Parts
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metric_names import METRICS
from mghp.datasets.cihp import CIHPSamples
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.pascal_person_part import PascalPersonPart
from mghp.metrics.agreement import TeacherAgreement, labels_among, six_parts


def agreement(pairs, anatomy=DENSEPOSE_COCO):
    metric = TeacherAgreement(anatomy)
    for predicted, true in pairs:
        parts = [np.array([labels], np.uint8) for labels in (predicted, true)]
        nobody, poses = np.zeros_like(parts[0]), np.zeros((0, 17, 3))
        metric.update(
            PredictedPersons(parts[0], nobody, np.zeros(0), np.zeros((0, anatomy.num_labels)), poses),
            TruePersons(parts[1], nobody, poses),
        )
    return float(metric.compute()["teacher_agreement"])


def labels(*names):
    return [0 if name == "background" else DENSEPOSE_COCO.parts.names.index(name) + 1 for name in names]


def test_sides_hands_and_feet_are_merged_by_their_names():
    assert six_parts(DENSEPOSE_COCO.parts.names) == (0, 2, 4, 4, 6, 6, 5, 5, 6, 6, 3, 3, 4, 4, 1)
    assert six_parts(PascalPersonPart.anatomy.parts.names) == (0, 1, 2, 3, 4, 5, 6)


def test_a_part_has_the_label_of_its_own_name_or_that_of_the_six_it_belongs_to():
    fourteen, six = DENSEPOSE_COCO.parts.names, PascalPersonPart.anatomy.parts.names
    assert labels_among(fourteen, fourteen) == tuple(range(15))
    assert labels_among(fourteen, fourteen[::-1]) == (0, *range(14, 0, -1))
    assert labels_among(fourteen, six) == six_parts(fourteen)
    assert labels_among(six, fourteen) is None  # whose side is not told
    assert labels_among(["left_sleeve"], ["sleeve", "collar"]) == (0, 1)
    assert labels_among(["sleeve", "dress"], ["sleeve", "collar"]) is None
    assert labels_among([], []) == (0,)


def test_other_parts_are_not_compared():
    clothes = CIHPSamples.anatomy
    assert six_parts(clothes.parts.names) is None
    assert math.isnan(agreement([([1, 2], [1, 2])], clothes))
    no_legs = Anatomy(COCO_SKELETON, Parts("bust", ("head", "torso"), ((0, 0, 0), (1, 1, 1))))
    assert math.isnan(agreement([([1], [1])], no_legs))


def test_within_a_merged_part_nothing_is_wrong():
    true = labels("left_hand", "right_lower_arm", "left_foot", "head")
    assert agreement([(labels("right_lower_arm", "left_hand", "right_lower_leg", "head"), true)]) == 1.0


def test_the_mean_is_over_parts_that_occur_pooled_over_pictures_without_background_or_unknown():
    first = labels("head", "head", "torso", "background"), [*labels("head", "torso", "torso"), IGNORE]
    second = labels("background", "torso", "background"), labels("head", "background", "background")
    # Head: 1 of 3 pixels of either; torso: 1 of 3.
    assert agreement([first, second]) == pytest.approx(1 / 3)


def test_it_is_never_called_truth():
    label = METRICS["teacher_agreement"].label
    assert label == "agreement with the teacher's parts"
    assert not METRICS["teacher_agreement"].in_tables
