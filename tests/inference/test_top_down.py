"""Persons by their boxes, from made-up persons of crops."""

from types import SimpleNamespace

import numpy as np
import pytest

import mghp.inference.top_down
from mghp.anatomy.persons import PredictedPersons
from mghp.config.evaluation import TopDownConfig
from mghp.config.inference import InferenceConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.inference.top_down import Kept, Window, joined, parse_boxes, person_of_box, window_of

PARSER = SimpleNamespace(assembler=SimpleNamespace(anatomy=DENSEPOSE_COCO))


def persons(ids, scores, keypoint=(1.0, 2.0, 0.5)):
    """Persons with these pixels, part p + 1 all over person p, and one keypoint each."""
    ids = np.array(ids)
    keypoints = np.zeros((len(scores), 17, 3))
    keypoints[:, 3] = keypoint
    return PredictedPersons(
        ids, ids, np.array(scores), np.ones((len(scores), 15)) * np.array(scores)[:, None], keypoints
    )


@pytest.mark.parametrize(
    ("box", "margin", "window"),
    [
        ((10, 20, 10, 20), 0, (10, 20, 20, 40)),
        ((10, 20, 10, 20), 0.1, (9, 18, 21, 42)),
        ((10.2, 20.7, 9.5, 1), 0, (10, 20, 20, 22)),
        ((-5, -5, 10, 200), 1, (0, 0, 15, 60)),  # cut to the picture
        ((90, 70, 5, 5), 0, (79, 59, 80, 60)),  # outside: the pixel nearest to it
    ],
)
def test_a_box_is_grown_to_whole_pixels_of_the_picture(box, margin, window):
    assert window_of(np.array(box, float), margin, (60, 80)) == window


def test_a_box_has_the_person_whose_own_box_is_most_alike_not_the_largest():
    ids = np.zeros((10, 10), int)
    ids[:, :6] = 1
    ids[2:8, 6:9] = 2
    found = persons(ids, [0.9, 0.1])
    assert person_of_box(found, np.array([5, 1, 5, 8.0])) == 1
    assert person_of_box(found, np.array([0, 0, 7, 10.0])) == 0
    assert person_of_box(found, np.array([9, 0, 1, 10.0])) is None  # a box that nobody found touches
    assert person_of_box(persons(np.zeros((3, 3), int), []), np.array([0, 0, 3, 3.0])) is None


def test_a_pixel_that_two_crops_claim_is_the_surer_person_s():
    left = Kept(persons([[1, 1, 1]], [0.5]), 0, Window(0, 0, 3, 1))
    right = Kept(persons([[2, 2, 1]], [0.4, 0.8]), 1, Window(2, 0, 5, 1))
    found = joined([left, right], (2, 6), 15, 17)
    assert found.person_ids.tolist() == [[1, 1, 2, 2, 0, 0], [0] * 6]
    assert found.parts.tolist() == [[1, 1, 2, 2, 0, 0], [0] * 6]
    assert found.person_scores.tolist() == [0.5, 0.8]
    assert found.part_scores[:, 0].tolist() == [0.5, 0.8]
    np.testing.assert_array_equal(found.keypoints[:, 3], [[1, 2, 0.5], [3, 2, 0.5]])  # in the picture's pixels
    assert not np.delete(found.keypoints, 3, axis=1).any()  # not found, neither in the crop nor in the picture


def test_crops_of_full_boxes_are_parsed_at_their_own_size(monkeypatch):
    seen = []

    def parse(module, crops, config, trained_side):
        seen.append((crops, config, trained_side))
        return [persons(np.ones(crop.shape[:2], int), [0.5]) for crop in crops]

    monkeypatch.setattr(mghp.inference.top_down, "parse_pictures", parse)
    image = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    boxes = np.array([[1, 2, 3, 2], [4, 4, 0, 2], [6, 0, 2, 6.0]])
    config = InferenceConfig(longest_side=100, scales=[0.5])
    found = parse_boxes(PARSER, image, boxes, config, TopDownConfig(margin=0, longest_side=32), 64)
    ((crops, used, trained_side),) = seen
    np.testing.assert_array_equal(crops[0], image[2:4, 1:4])
    np.testing.assert_array_equal(crops[1], image[:, 6:])
    assert (used.longest_side, used.scales, trained_side, len(crops)) == (32, [0.5], 64, 2)
    assert np.bincount(found.person_ids.ravel()).tolist() == [48 - 6 - 12, 6, 12]
    parse_boxes(PARSER, image, boxes, config, TopDownConfig(margin=0), 64)
    assert seen[-1][1].longest_side == 100  # as whole pictures


def test_a_picture_without_boxes_has_nobody():
    found = parse_boxes(PARSER, np.zeros((4, 5, 3), np.uint8), np.zeros((0, 4)), InferenceConfig(), TopDownConfig())
    assert found.person_ids.shape == (4, 5)
    assert not found.parts.any()
    assert (len(found.person_scores), found.keypoints.shape) == (0, (0, 17, 3))
