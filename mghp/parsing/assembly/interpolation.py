"""Reading fields between the cells' centres."""

import torch
from torch import Tensor


def interpolate(planes: Tensor, plane: Tensor, points: Tensor, stride: int) -> Tensor:
    """Return the field's mean over points, by bilinear interpolation; outside the picture the field is 0.

    The mean of interpolated values is a weighted sum of cells, and is computed as one: unlike grid_sample, every plane
    may be read at another number of places. Differentiable in the field and in the points.

    Args:
        planes: (plane, channel, height, width).
        plane: which plane each group of points reads, (groups,).
        points: (groups, points, 2): (x, y) in pixels of the input.
        stride: pixels a cell; cell (i, j) lies at (stride (i + 0.5), stride (j + 0.5)).

    Returns:
        (groups, channel).
    """
    channels, height, width = planes.shape[1:]
    cells = (points / stride - 0.5).flatten(0, 1).T
    first = cells.detach().floor()
    after = cells - first
    # Axes: before or after, x or y, point. What lies outside weighs nothing and is read at the border.
    cell = first.long() + torch.arange(2, device=points.device)[:, None, None]
    last = torch.tensor([[width - 1], [height - 1]], device=points.device)
    inside = (cell >= 0) & (cell <= last)
    share = torch.stack([1 - after, after]) * inside
    column, row = cell.clamp(min=0).minimum(last).unbind(1)
    # Axes: channel, before or after in y, before or after in x, point.
    place = width * row[:, None] + column + (plane * (channels * height * width)).repeat_interleave(points.shape[1])
    place = place + height * width * torch.arange(channels, device=points.device).view(-1, 1, 1, 1)
    weight = share[:, None, 1] * share[:, 0] / points.shape[1]
    # Unlike indexing with several axes, this has a cheap gradient.
    read = planes.flatten().index_select(0, place.flatten()).view(place.shape)
    return (read * weight.to(planes.dtype)).sum((1, 2)).view(channels, *points.shape[:2]).sum(-1).T
