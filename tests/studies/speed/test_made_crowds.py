import numpy as np
import pytest

from mghp.studies.speed.made_crowds import made_crowd


@pytest.mark.parametrize("size", [256, 512])
def test_crowds_of_any_number_cover_the_same_pixels_and_nobody_is_hidden(size):
    covered = []
    for persons in (1, 2, 5, 20, 50):
        crowd = made_crowd(persons, size)
        pixels = np.bincount(crowd.person_ids.ravel(), minlength=persons + 1)[1:]
        assert len(pixels) == persons
        assert pixels.min() > 0.8 * pixels.max()
        covered.append(pixels.sum())
        assert ((crowd.keypoints[..., 2] > 0).sum(1) == 16).all()
        positions = crowd.keypoints[crowd.keypoints[..., 2] > 0][:, :2]
        assert (positions >= 0).all()
        assert (positions < size).all()
    assert max(covered) < 1.15 * min(covered)
