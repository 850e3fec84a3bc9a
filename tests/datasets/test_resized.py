import numpy as np
import pytest

from mghp.datasets.resized import ResizedSamples, resized, resized_labels, size_for
from mghp.datasets.sample import Sample


def sample(height=30, width=50):
    rows, columns = np.mgrid[:height, :width]
    parts = (rows // 10 + 3 * (columns // 10)).astype(np.uint8)
    keypoints = np.array([[[12.5, 7.5, 2], [0, 0, 0]]], np.float32)
    image = np.stack([rows, columns, rows], -1).astype(np.uint8)
    return Sample(image, parts, (parts > 4).astype(np.int16), keypoints, "a", (height, width))


def test_the_longer_side_is_as_asked_and_nothing_vanishes():
    assert size_for(30, 50, 100) == (60, 100)
    assert size_for(50, 30, 10) == (10, 6)
    assert size_for(1, 1000, 10) == (1, 10)
    assert size_for(7, 9, None) == (7, 9)


def test_labels_and_keypoints_follow_the_picture():
    found = resized(sample(), 100)
    assert found.image.shape == (60, 100, 3)
    assert found.original_size == (30, 50)
    np.testing.assert_allclose(found.keypoints[0, 0], [25, 15, 2])
    np.testing.assert_array_equal(found.keypoints[0, 1], [0, 0, 0])
    np.testing.assert_array_equal(found.parts, np.kron(sample().parts, np.ones((2, 2), np.uint8)))


def test_there_and_back_labels_are_the_same():
    parts = sample().parts
    for factor in (2, 3, 5):
        larger = resized_labels(parts, 30 * factor, 50 * factor)
        np.testing.assert_array_equal(resized_labels(larger, 30, 50), parts)


def test_without_labels_and_unchanged():
    bare = Sample(sample().image, None, None, None, "b", (30, 50))
    assert resized(bare, 20).parts is None
    assert bare.ignored_parts is None
    same = sample()
    assert resized(same, None) is same
    assert resized(same, 50) is same
    samples = ResizedSamples([same, bare], 25)
    assert len(samples) == 2
    assert samples[0].image.shape == (15, 25, 3)
    with pytest.raises(IndexError):
        samples[2]
