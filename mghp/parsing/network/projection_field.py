"""The dense-to-sparse projection field, coarse to fine: human pixels point to the nearest keypoint of their person.

Or to the person's centre: what the field points to is a matter of its targets, not of its layers.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mghp.parsing.network.heads import source_stride
from mghp.parsing.network.layers import convolution


class ProjectionField(nn.Module):
    """Predicts the field at the coarsest level and refines it, level by level, by residuals.

    A level's values are in its own cells. Going down a level they double, because the stride halves, and each fine
    cell keeps the landing point of the coarse cell it lies in: interpolating would blur the field across persons.

    Args:
        width: channels of the features.
        stride: of the finest level.
        levels: how many; level l of n has stride `stride * 2 ** (n - l)`.
        feature_strides: of the features there are.
        kernel: side of the convolution before each residual, cells; above 3 it is separable.

    Raises:
        ValueError: if a level's stride lies above the features'.
    """

    def __init__(self, width: int, stride: int, levels: int, feature_strides: Sequence[int], kernel: int = 1) -> None:
        super().__init__()
        self.strides = tuple(stride * 2**level for level in reversed(range(levels)))
        self.feature_strides = [source_stride(level, feature_strides) for level in self.strides]
        factors = [source // level for source, level in zip(self.feature_strides, self.strides, strict=True)]
        # The coarser field, folded to the features' size, joins the features: a residual depends on what it corrects.
        known = [0, *(2 * factor**2 for factor in factors[1:])]
        self.trunks = nn.ModuleList(_trunk(width + extra, width, kernel) for extra in known)
        self.residuals = nn.ModuleList(nn.Conv2d(width, 2 * factor**2, 1) for factor in factors)
        self.factors = factors

    def forward(self, features: Mapping[int, Tensor]) -> list[Tensor]:
        """Map features by stride to (x, y) in input pixels, coarse to fine, (batch, 2, height, width) each."""
        levels: list[Tensor] = []
        field: Tensor | None = None
        for position, stride in enumerate(self.strides):
            inputs = features[self.feature_strides[position]]
            factor = self.factors[position]
            if field is not None:
                height, width = (side * factor for side in inputs.shape[2:])
                field = _refined(field)[:, :, :height, :width]
                folded = nn.functional.pixel_unshuffle(field, factor)
                inputs = torch.cat([inputs, folded.to(inputs.dtype)], 1)
            residual = self.residuals[position](self.trunks[position](inputs))
            residual = nn.functional.pixel_shuffle(residual, factor).float()
            field = residual if field is None else field + residual
            levels.append(field * stride)
        return levels


def _trunk(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    if kernel <= 3:
        return convolution(inputs, outputs, kernel)
    around = nn.Conv2d(inputs, inputs, kernel, padding=kernel // 2, groups=inputs, bias=False)
    return nn.Sequential(around, *convolution(inputs, outputs, 1))


def _refined(field: Tensor) -> Tensor:
    """Return a field, in cells, that lands at the same points from the centres of cells half as wide."""
    height, width = field.shape[2:]
    doubled = 2 * field.repeat_interleave(2, 2).repeat_interleave(2, 3)
    # The centre of a fine cell lies half a fine cell before or behind the coarse one's.
    shift = torch.tensor([0.5, -0.5], device=field.device, dtype=field.dtype)
    shift_x = shift.repeat(width).expand(2 * height, -1)
    shift_y = shift.repeat(height)[:, None].expand(-1, 2 * width)
    return doubled + torch.stack([shift_x, shift_y])
