import torch

from mghp.inference.field_sizes import resized_fields
from mghp.inference.tiling import tiled_fields
from mghp.parsing.fields import Fields


def fields(height, width, strides=(2, 4, 4, 2), seed=0):
    generator = torch.Generator().manual_seed(seed)

    def random(stride, *channels):
        return torch.randn(1, *channels, -(-height // stride), -(-width // stride), generator=generator)

    parts, keypoints, limbs, field = strides
    return Fields(
        (height, width), random(parts, 5), random(keypoints, 3).sigmoid(), random(keypoints, 3, 2),
        random(limbs, 2, 2), random(field, 2), *strides, random(keypoints, 1).sigmoid(),
        random(limbs, 2, 2, 2), random(limbs, 3, 2),
    )  # fmt: skip


def tensors(found):
    return {name: value for name, value in vars(found).items() if isinstance(value, torch.Tensor)}


def test_the_same_size_changes_nothing():
    found = fields(20, 31)
    assert resized_fields(found, (20, 31)) is found


def test_a_constant_field_stays_and_vectors_grow_with_the_picture():
    found = fields(16, 24)
    for value in tensors(found).values():
        value.fill_(3.0)
    larger = resized_fields(found, (32, 72))
    assert larger.part_logits.shape == (1, 5, 16, 36)
    assert larger.heatmaps.shape == (1, 3, 8, 18)
    assert torch.allclose(larger.part_logits, torch.tensor(3.0))
    assert torch.allclose(larger.centers, torch.tensor(3.0))
    assert larger.centers.shape == (1, 1, 8, 18)
    assert torch.allclose(larger.limb_fields, torch.tensor(3.0))  # unit vectors, not lengths
    assert torch.allclose(larger.projection[:, 0], torch.tensor(9.0))
    assert torch.allclose(larger.projection[:, 1], torch.tensor(6.0))
    assert torch.allclose(larger.keypoint_offsets[:, :, 1], torch.tensor(6.0))
    assert larger.limb_offsets.shape == (1, 2, 2, 2, 8, 18)
    assert torch.allclose(larger.limb_offsets[:, :, :, 0], torch.tensor(9.0))
    assert torch.allclose(larger.pose_offsets[:, :, 0], torch.tensor(9.0))


def test_a_field_that_points_to_one_place_still_does():
    """Every cell's landing point, scaled, is the scaled point: no cell is half a pixel off."""
    height, width, goal = 32, 48, torch.tensor([20.0, 9.0])
    found = fields(height, width)
    centres = torch.stack(torch.meshgrid(torch.arange(1.0, 48, 2), torch.arange(1.0, 32, 2), indexing="xy"))
    found.projection[0] = goal.view(2, 1, 1) - centres
    smaller = resized_fields(found, (16, 24))
    centres = torch.stack(torch.meshgrid(torch.arange(1.0, 24, 2), torch.arange(1.0, 16, 2), indexing="xy"))
    # The nearest cell's centre is one pixel, half a cell, away at most.
    assert (centres + smaller.projection[0] - goal.view(2, 1, 1) / 2).abs().max() <= 1.0


def pointwise(image):
    """Fields of a window that depend on each cell's own pixels alone: any tiling must give the whole's."""
    pooled = {stride: torch.nn.functional.avg_pool2d(image, stride, ceil_mode=True) for stride in (2, 4)}
    keypoints = pooled[4][:, :3]
    return Fields(
        tuple(image.shape[2:]), pooled[2], keypoints, torch.stack([keypoints, -keypoints], 2),
        torch.stack([keypoints, keypoints], 2), pooled[2][:, :2], 2, 4, 4, 2, pooled[4][:, :1],
        torch.stack([keypoints, -keypoints] * 2, 2).unflatten(2, (2, 2)), torch.stack([-keypoints, keypoints], 2),
    )  # fmt: skip


def test_tiles_make_the_whole():
    for height, width in ((70, 90), (64, 64), (33, 200)):
        image = torch.rand(1, 3, height, width)
        whole = pointwise(image)
        for tile, overlap in ((32, 0), (32, 8), (48, 20), (64, 33)):
            for batch_size in (1, 3):
                tiled = tiled_fields(pointwise, image, tile, overlap, 8, batch_size)
                assert tiled.image_size == (height, width)
                for name, value in tensors(whole).items():
                    assert torch.equal(tensors(tiled)[name], value), (name, height, width, tile, overlap)


def test_the_windows_of_several_pictures_are_not_mixed_up():
    images = torch.rand(3, 3, 70, 90)
    whole = pointwise(images)
    for batch_size in (1, 7):
        tiled = tiled_fields(pointwise, images, 32, 8, 8, batch_size)
        assert all(torch.equal(tensors(tiled)[name], value) for name, value in tensors(whole).items())


def test_no_window_is_larger_than_asked():
    sizes = []

    def seen(image):
        sizes.append(image.shape)
        return pointwise(image)

    tiled_fields(seen, torch.rand(1, 3, 100, 130), 48, 16, multiple=8)
    assert max(max(size[2:]) for size in sizes) == 48
    one_by_one = len(sizes)
    assert {size[0] for size in sizes} == {1}
    tiled_fields(seen, torch.rand(1, 3, 100, 130), 48, 16, 8, batch_size=4)
    assert len(sizes) - one_by_one < one_by_one
    assert max(size[0] for size in sizes) == 4
