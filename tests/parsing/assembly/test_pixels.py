import math

import pytest
import torch

from mghp.parsing.assembly import pixels as pixels_module
from mghp.parsing.assembly.pixels import group_pixels
from mghp.parsing.fields import Fields


def make_fields(projection, stride, size):
    empty = torch.zeros(1, 1, 1, 1)
    return Fields(size, empty, empty, None, empty[None], projection, 1, 4, 4, stride)


def example(seed, size=(13, 18), stride=2, persons=3):
    generator = torch.Generator().manual_seed(seed)
    rows, columns = (math.ceil(side / stride) for side in size)
    projection = 6 * torch.randn(1, 2, rows, columns, generator=generator)
    keypoints = torch.rand(persons, 4, 3, generator=generator) * torch.tensor([size[1], size[0], 1.0])
    keypoints[torch.rand(persons, 4, generator=generator) < 0.3] = 0
    is_human = torch.rand(size, generator=generator) < 0.6
    return make_fields(projection, stride, size), keypoints, is_human, 8 + 20 * torch.rand(persons, generator=generator)


def literal(fields, keypoints, is_human, sizes, max_distance=math.inf):
    """Pixel by pixel, keypoint by keypoint."""
    stride = fields.projection_stride
    ids = torch.zeros(is_human.shape, dtype=torch.long)
    for y, x in is_human.nonzero().tolist():
        row, column = y // stride, x // stride
        landing = [
            stride * (cell + 0.5) + float(fields.projection[0, axis, row, column])
            for axis, cell in ((0, column), (1, row))
        ]
        best = max_distance
        for person, keypoint in (keypoints[..., 2] > 0).nonzero().tolist():
            distance = math.dist(landing, keypoints[person, keypoint, :2].tolist()) / float(sizes[person])
            if distance < best:
                best, ids[y, x] = distance, person + 1
    return ids


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("max_distance", [None, 0.3])
def test_pixel_by_pixel(seed, max_distance):
    fields, keypoints, is_human, sizes = example(seed)
    expected = literal(fields, keypoints, is_human, sizes, math.inf if max_distance is None else max_distance)
    assert torch.equal(group_pixels(fields, 0, is_human, keypoints, sizes, max_distance), expected)


def test_in_small_pieces_the_same(monkeypatch):
    fields, keypoints, is_human, sizes = example(1)
    whole = group_pixels(fields, 0, is_human, keypoints, sizes)
    monkeypatch.setattr(pixels_module, "_CHUNK", 10)
    assert torch.equal(group_pixels(fields, 0, is_human, keypoints, sizes), whole)


def test_distances_are_relative_to_size():
    fields = make_fields(torch.zeros(1, 2, 1, 1), 1, (1, 1))
    human = torch.ones(1, 1, dtype=torch.bool)
    near_small, far_large = [[4.5, 0.5, 1.0]], [[10.5, 0.5, 1.0]]
    keypoints = torch.tensor([near_small, far_large])
    assert group_pixels(fields, 0, human, keypoints, torch.tensor([1.0, 1.0])).item() == 1
    assert group_pixels(fields, 0, human, keypoints, torch.tensor([1.0, 4.0])).item() == 2


def test_without_persons_or_pixels_nobody_gets_anything():
    fields, keypoints, is_human, sizes = example(2)
    assert group_pixels(fields, 0, is_human, keypoints[:0], sizes[:0]).sum() == 0
    assert group_pixels(fields, 0, torch.zeros_like(is_human), keypoints, sizes).sum() == 0
    assert group_pixels(fields, 0, is_human, 0 * keypoints, sizes).sum() == 0


def test_without_the_field_a_pixel_goes_to_the_keypoint_nearest_to_itself():
    fields, keypoints, is_human, sizes = example(3)
    still = make_fields(torch.zeros_like(fields.projection), 2, (13, 18))
    expected = group_pixels(still, 0, is_human, keypoints, sizes)
    assert torch.equal(group_pixels(fields, 0, is_human, keypoints, sizes, by="nearest"), expected)
    assert not torch.equal(group_pixels(fields, 0, is_human, keypoints, sizes), expected)
