import math

import numpy as np
import pytest

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.metrics.person_pairs import LEAST_REACH, person_pairs

SIGMAS = DENSEPOSE_COCO.skeleton.known_sigmas


def a_person(side):
    """A square of so many pixels a side, with every keypoint at its middle."""
    ids = np.zeros((64, 64), int)
    ids[:side, :side] = 1
    keypoints = np.full((1, 17, 3), side / 2)
    keypoints[..., 2] = 2
    return TruePersons((ids > 0).astype(np.uint8), ids, keypoints)


def found(true, shift):
    keypoints = true.keypoints + np.array([shift, 0, 0])
    return PredictedPersons(true.parts.astype(int), true.person_ids, np.ones(1), np.ones((1, 15)), keypoints)


@pytest.mark.parametrize("side", [8, 40, 60])
@pytest.mark.parametrize("shift", [0.0, 3.9, 4.1, 6.0, 8.0, 12.0])
def test_a_keypoint_is_right_within_one_deviation_of_its_similarity(side, shift):
    """COCO's OKS term there is exp(-1 / 2); and however small the person, within a cell of a heatmap."""
    true = a_person(side)
    terms = [math.exp(-(shift**2) / (2 * side**2 * (2 * sigma) ** 2)) for sigma in SIGMAS]
    right = [term >= math.exp(-0.5) or shift <= LEAST_REACH for term in terms]
    assert person_pairs(found(true, shift), true, DENSEPOSE_COCO).keypoint_share.item() == np.mean(right)


def test_only_annotated_keypoints_that_were_found_are_shared():
    true = a_person(40)
    true.keypoints[0, 5:, 2] = 0
    people = found(true, 0.0)
    people.keypoints[0, 0] = 0
    assert person_pairs(people, true, DENSEPOSE_COCO).keypoint_share.item() == 4 / 5
