import torch

from mghp.parsing.assembly.missing_keypoints import with_missing_keypoints
from mghp.parsing.fields import Fields

STRIDE, SIZE = 4, (18, 30)  # no multiple of the stride


def fields(heatmaps, offsets=None):
    rows, columns = heatmaps.shape[-2:]
    nothing = torch.zeros(1, 2, rows, columns)
    strides = {"part_stride": 4, "keypoint_stride": STRIDE, "limb_stride": 4, "projection_stride": 4}
    return Fields(SIZE, nothing, heatmaps, offsets, nothing[:, None], nothing, **strides)


def two_halves():
    """Person 1 left, person 2 right, nobody in the top rows."""
    ids = torch.ones(SIZE, dtype=torch.long)
    ids[:, 16:] = 2
    ids[:4] = 0
    return ids


def heat(*cells):
    """(1, keypoint, 5, 8) with (keypoint, row, column, confidence)."""
    heatmaps = torch.full((1, 2, 5, 8), 0.001)
    for keypoint, row, column, confidence in cells:
        heatmaps[0, keypoint, row, column] = confidence
    return heatmaps


def test_each_person_gets_the_hottest_of_its_own_cells():
    heatmaps = heat((0, 2, 1, 0.05), (0, 3, 6, 0.9), (1, 1, 1, 0.3), (1, 2, 7, 0.08))
    found = torch.zeros(2, 2, 3)
    found[0, 1] = torch.tensor([5.0, 5.0, 0.7])
    filled = with_missing_keypoints(fields(heatmaps), 0, found, two_halves())
    assert torch.allclose(filled[0, 0], torch.tensor([6.0, 10.0, 0.05]))  # not the other's 0.9
    assert torch.equal(filled[0, 1], found[0, 1])  # what was found stays
    assert torch.allclose(filled[1, 0], torch.tensor([26.0, 14.0, 0.9]))
    assert torch.allclose(filled[1, 1], torch.tensor([30.0, 10.0, 0.08]))


def test_offsets_are_added_and_a_neighbouring_cell_counts():
    ids = torch.zeros(SIZE, dtype=torch.long)
    ids[8:12, 8:12] = 1  # the one cell (2, 2)
    offsets = torch.zeros(1, 2, 2, 5, 8)
    offsets[0, 0, :, 1, 3] = torch.tensor([1.5, -0.5])
    heatmaps = heat((0, 1, 3, 0.4), (0, 4, 4, 0.9), (1, 2, 2, 0.2))
    filled = with_missing_keypoints(fields(heatmaps, offsets), 0, torch.zeros(1, 2, 3), ids)
    assert torch.allclose(filled[0, 0], torch.tensor([15.5, 5.5, 0.4]))
    assert torch.allclose(filled[0, 1], torch.tensor([10.0, 10.0, 0.2]))


def test_without_a_pixel_or_a_person_nothing_is_read():
    ids = torch.zeros(SIZE, dtype=torch.long)
    assert not with_missing_keypoints(fields(heat((0, 1, 1, 0.5))), 0, torch.zeros(1, 2, 3), ids).any()
    assert with_missing_keypoints(fields(heat()), 0, torch.zeros(0, 2, 3), ids).shape == (0, 2, 3)
