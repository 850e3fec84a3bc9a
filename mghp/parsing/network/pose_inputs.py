"""What the pose heads see beside their features: what a cell is, and how many pixels point to it."""

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mghp.parsing.network.layers import convolution


class PoseInputs(nn.Module):
    """Joins the parts' probabilities, and by option the votes of the projection field, to the features of pose heads.

    Neither parts nor field are trained through it: the pose heads take them as they are.

    Args:
        width: channels of the features, and of what comes out.
        num_labels: labels of the parts, background included.
        strides: of the features that pose heads are made from.
        part_stride: of the part logits.
        field_stride: of the projection field.
        has_votes: whether the votes are joined too.
    """

    def __init__(
        self,
        width: int,
        num_labels: int,
        strides: Collection[int],
        part_stride: int,
        field_stride: int,
        has_votes: bool,
    ) -> None:
        super().__init__()
        self.part_stride, self.field_stride, self.has_votes = part_stride, field_stride, has_votes
        inputs = width + num_labels + int(has_votes)
        self.merges = nn.ModuleDict({str(stride): convolution(inputs, width) for stride in sorted(strides)})

    def forward(self, features: Mapping[int, Tensor], part_logits: Tensor, field: Tensor) -> dict[int, Tensor]:
        """Return features by stride, of the strides that pose heads are made from.

        Args:
            features: by stride, (batch, width, rows, columns).
            part_logits: (batch, label, rows, columns) at the parts' stride.
            field: the finest projection field, (batch, 2, rows, columns), (x, y) in pixels.
        """
        shares = part_logits.detach().softmax(1)
        human = at_stride(1 - shares[:, :1], self.part_stride, self.field_stride)[:, 0]
        merged: dict[int, Tensor] = {}
        for name, merge in self.merges.items():
            stride = int(name)
            joined = [features[stride], at_stride(shares, self.part_stride, stride)]
            if self.has_votes:
                cells = features[stride].shape[2:]
                joined.append(votes(field.detach(), human, self.field_stride, stride, cells).log1p()[:, None])
            merged[stride] = merge(torch.cat([value.to(features[stride].dtype) for value in joined], 1))
        return merged


def at_stride(values: Tensor, stride: int, wanted: int) -> Tensor:
    """Return values (batch, channel, rows, columns) at another stride: means of cells, or repeated."""
    if wanted >= stride:
        return functional.avg_pool2d(values, wanted // stride)
    return values.repeat_interleave(stride // wanted, 2).repeat_interleave(stride // wanted, 3)


def votes(field: Tensor, human: Tensor, stride: int, wanted: int, cells: Sequence[int]) -> Tensor:
    """Return how much lands in each cell where the field points, per cell's area: 1 everywhere if it points nowhere.

    A vote is shared out among the four cells around its landing point, by bilinear weights; what lands outside is lost.

    Args:
        field: (batch, 2, rows, columns), (x, y) in pixels.
        human: (batch, rows, columns), probability of a person: how much a cell of the field votes.
        stride: of the field.
        wanted: stride of the votes.
        cells: rows and columns of the votes.

    Returns:
        (batch, rows, columns).
    """
    height, width = cells
    down, across = (stride * (torch.arange(side, device=field.device) + 0.5) for side in field.shape[2:])
    x, y = ((field[:, 0] + across) / wanted - 0.5, (field[:, 1] + down[:, None]) / wanted - 0.5)
    found = field.new_zeros(len(field), height * width)
    for row, of_row in _neighbours(y):
        for column, of_column in _neighbours(x):
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            place = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
            found = found.scatter_add(1, place.flatten(1), (human * of_row * of_column * inside).flatten(1))
    return found.view(-1, height, width) * (stride / wanted) ** 2


def _neighbours(places: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return the cells before and after each place, and their shares of it."""
    before = places.floor()
    after = places - before
    return [(before.long(), 1 - after), (before.long() + 1, after)]
