import torch
from torch.nn import functional

from mghp.parsing.assembly.interpolation import interpolate


def example(seed=0):
    generator = torch.Generator().manual_seed(seed)
    planes = torch.randn(5, 2, 7, 9, dtype=torch.float64, generator=generator)
    plane = torch.tensor([0, 3, 3, 4])
    # A seventh of the points lie outside the picture.
    points = torch.rand(4, 6, 2, dtype=torch.float64, generator=generator) * torch.tensor([44.0, 36.0]) - 4
    return planes.requires_grad_(), plane, points.requires_grad_()


def with_grid_sample(planes, plane, points, stride):
    size = torch.tensor([planes.shape[3] * stride, planes.shape[2] * stride], dtype=points.dtype)
    grid = (2 * points / size - 1)[:, None]
    return functional.grid_sample(planes[plane], grid, align_corners=False).mean((2, 3))


def test_values_and_gradients_are_those_of_grid_sample():
    planes, plane, points = example()
    ours, reference = interpolate(planes, plane, points, 4), with_grid_sample(planes, plane, points, 4)
    torch.testing.assert_close(ours, reference)
    gradients = [torch.autograd.grad(value.sin().sum(), (planes, points)) for value in (ours, reference)]
    torch.testing.assert_close(*gradients)


def test_at_a_cell_s_centre_the_cell_is_read():
    planes = torch.arange(12.0).view(1, 1, 3, 4)
    centres = torch.tensor([[[2.0, 2.0]], [[14.0, 10.0]]])
    assert interpolate(planes, torch.tensor([0, 0]), centres, 4).tolist() == [[0.0], [11.0]]


def test_nothing_to_read():
    planes, plane, points = example()
    assert interpolate(planes, plane[:0], points[:0], 4).shape == (0, 2)
