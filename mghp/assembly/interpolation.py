"""Reading fields between the cells' centres."""

import torch
from torch import Tensor


def interpolate(planes: Tensor, plane: Tensor, points: Tensor, stride: int) -> Tensor:
    """Mean over points of the field, by bilinear interpolation; outside the picture the field is 0.

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
    height, width = planes.shape[2:]
    cells = points / stride - 0.5
    first = cells.detach().floor()
    after = cells - first
    corner = torch.tensor([(0, 0), (1, 0), (0, 1), (1, 1)], device=points.device)
    # A corner's weight: the share of x times the share of y, each towards its side.
    towards = torch.where(corner.bool(), after[:, :, None], 1 - after[:, :, None])
    column, row = (first.long()[:, :, None] + corner).unbind(-1)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    weight = (towards[..., 0] * towards[..., 1] * inside / points.shape[1]).flatten(1)
    place = (plane[:, None, None] * height + row.clamp(0, height - 1)) * width + column.clamp(0, width - 1)
    values = planes.movedim(1, -1).flatten(0, 2)
    read = values.index_select(0, place.flatten()).view(*weight.shape, values.shape[1])
    return (read * weight[..., None].to(values.dtype)).sum(1)
