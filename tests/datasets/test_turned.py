import dataclasses

import numpy as np
import pytest

from mghp.config.data import DataConfig
from mghp.config.identity import config_key
from mghp.datasets.pictures import load_tuning, load_validation
from mghp.datasets.sample import LABEL_MAPS, Sample
from mghp.datasets.turned import turned
from mghp.errors import InputError

ARRAYS = ("image", "keypoints", "regions", *LABEL_MAPS)


def nothing(*_):
    """No progress to show."""


@pytest.fixture
def sample():
    """A picture of 6 x 9 pixels with one person, a keypoint inside, one that is not annotated, and a box."""
    rows, columns = np.mgrid[:6, :9]
    ids = np.zeros((6, 9), np.int16)
    ids[1:4, 5:7] = 1
    return Sample(
        image=np.stack([rows, columns, rows * columns], -1).astype(np.uint8),
        parts=(ids * (rows + 1)).astype(np.uint8),
        person_ids=ids,
        keypoints=np.array([[[6.5, 2.5, 2], [0, 0, 0]]], np.float32),
        name="a",
        original_size=(12, 18),
        regions=np.array([[5, 1, 2, 3, 6]], np.float32),
        ignored_persons=rows > 4,
        ignored_poses=None,
    )


def box_of(mask):
    rows, columns = np.nonzero(mask)
    return [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_and_turned_back_a_sample_is_the_same(sample, degrees):
    there = turned(sample, degrees)
    back = turned(there, 360 - degrees)
    assert back.original_size == (12, 18)
    for name in ARRAYS:
        first, second = getattr(sample, name), getattr(back, name)
        np.testing.assert_array_equal(first, second)
        assert first is None or first.dtype == second.dtype == getattr(there, name).dtype


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_labels_stay_on_their_pixels_and_keep_their_sides(sample, degrees):
    found = turned(sample, degrees)
    np.testing.assert_array_equal(found.image, np.rot90(sample.image, degrees // 90))
    np.testing.assert_array_equal(found.parts, np.rot90(sample.parts, degrees // 90))
    x, y, visibility = found.keypoints[0, 0]
    np.testing.assert_array_equal(found.image[int(y), int(x)], sample.image[2, 6])
    assert visibility == 2
    assert not found.keypoints[0, 1].any()
    np.testing.assert_array_equal(found.regions[0], [*box_of(found.person_ids == 1), 6])


def test_without_labels_a_picture_turns_too(sample):
    bare = dataclasses.replace(sample, **dict.fromkeys(ARRAYS[1:]))
    assert turned(bare, 90).image.shape == (9, 6, 3)
    assert turned(bare, 90).keypoints is None
    assert turned(bare, 0) is bare


def test_pictures_to_validate_on_are_turned_and_no_others(small_config):
    plain, turning = small_config(), small_config("data.turned=90")
    as_they_are, found = (load_validation(config.data, nothing) for config in (plain, turning))
    assert (len(found), found.names, found.fingerprint) == (5, as_they_are.names, as_they_are.fingerprint)
    np.testing.assert_array_equal(found[2].parts, np.rot90(as_they_are[2].parts))
    np.testing.assert_array_equal(found[2].cues, as_they_are[2].cues)
    tuning = (load_tuning(config.data, nothing)[0].image for config in (plain, turning))
    np.testing.assert_array_equal(*tuning)
    assert config_key(plain, "data") != config_key(turning, "data")


def test_another_angle_is_refused():
    with pytest.raises(InputError, match=r"data\.turned: expected 0, 90, 180 or 270, got 45"):
        DataConfig(turned=45)
