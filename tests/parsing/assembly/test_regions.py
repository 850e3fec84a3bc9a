import numpy as np
import torch
from scipy import ndimage

from mghp.parsing.assembly.regions import LEAST_PIXELS, with_regions


def blank(height=80, width=120):
    return torch.zeros(height, width, dtype=torch.long)


def test_each_large_region_of_nobody_s_pixels_becomes_a_person_in_reading_order():
    ids, is_human = blank(), blank().bool()
    is_human[2:42, 60:100] = True  # a region that reaches the one of person 1 below
    is_human[42:70, 60:100] = True
    ids[42:70, 60:100] = 1
    is_human[10:50, 2:42] = True
    is_human[60:70, 2:12] = True  # too small
    poses = torch.rand(1, 17, 3)
    found, keypoints = with_regions(ids, is_human, poses)
    expected = ids.clone()
    expected[2:42, 60:100], expected[10:50, 2:42] = 2, 3
    assert torch.equal(found, expected)
    assert torch.equal(keypoints[0], poses[0])
    assert keypoints.shape == (3, 17, 3)
    assert not keypoints[1:].any()


def test_a_region_of_exactly_the_least_size_counts_and_corners_join():
    is_human = blank().bool()
    is_human[:16, :32] = is_human[16:32, 32:64] = True  # two halves that touch at a corner
    assert int(is_human.sum()) == LEAST_PIXELS
    found, keypoints = with_regions(blank(), is_human, torch.zeros(0, 17, 3))
    assert torch.equal(found > 0, is_human)
    assert len(keypoints) == 1
    is_human[0, 0] = False
    assert len(with_regions(blank(), is_human, torch.zeros(0, 17, 3))[1]) == 0


def test_where_every_human_pixel_has_a_person_nothing_is_added():
    ids = torch.ones(40, 40, dtype=torch.long)
    poses = torch.rand(1, 17, 3)
    found, keypoints = with_regions(ids, ids > 0, poses)
    assert torch.equal(found, ids)
    assert torch.equal(keypoints, poses)


def test_any_mask_keeps_its_owners_and_fills_regions_whole():
    rng = np.random.default_rng(0)
    is_human = torch.from_numpy(ndimage.gaussian_filter(rng.normal(size=(200, 200)), 8) > 0)
    ids = torch.from_numpy((ndimage.gaussian_filter(rng.normal(size=(200, 200)), 8) > 0) & is_human.numpy()).long()
    found, keypoints = with_regions(ids, is_human, torch.zeros(1, 17, 3))
    assert torch.equal(found[ids > 0], ids[ids > 0])
    assert not found[~is_human].any()
    assert len(keypoints) > 2
    for person in range(2, len(keypoints) + 1):
        assert ndimage.label((found == person).numpy(), np.ones((3, 3)))[1] == 1
        assert int((found == person).sum()) >= LEAST_PIXELS
