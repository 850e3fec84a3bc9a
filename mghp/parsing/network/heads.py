"""Features -> one of the outputs, at the stride its config asks for."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


class Head(nn.Module):
    """A linear map of the features; below the finest features' stride by pixel shuffle (Shi et al. 2016).

    It runs in single precision under autocast too: neighbouring cells of a heatmap that half precision rounds to the
    same value are a plateau without a peak.

    Args:
        width: channels of the features.
        outputs: channels of the output.
        stride: of the output.
        feature_strides: of the features there are.
        bias: the output's at the start, e.g. the logit of how rare a keypoint is.

    Raises:
        ValueError: if the stride lies above the features'.
    """

    def __init__(
        self, width: int, outputs: int, stride: int, feature_strides: Sequence[int], bias: float = 0.0
    ) -> None:
        super().__init__()
        self.feature_stride = source_stride(stride, feature_strides)
        factor = self.feature_stride // stride
        self.output = nn.Conv2d(width, outputs * factor**2, 1)
        self.shuffle = nn.PixelShuffle(factor)
        nn.init.constant_(self.output.bias, bias)  # type: ignore[arg-type]

    def forward(self, features: Mapping[int, Tensor]) -> Tensor:
        """Map features by stride to (batch, outputs, height / stride, width / stride)."""
        inputs = features[self.feature_stride]
        with torch.autocast(inputs.device.type, enabled=False):
            output: Tensor = self.shuffle(self.output(inputs.float()))
        return output


def source_stride(stride: int, feature_strides: Sequence[int]) -> int:
    """Return the stride of the features an output of `stride` is made from: its own, or else the finest.

    Raises:
        ValueError: if there are only finer ones.
    """
    if stride in feature_strides:
        return stride
    finest = min(feature_strides)
    if stride > finest:
        raise ValueError(f"network.strides: the decoder has {sorted(feature_strides)}, got {stride}")
    return finest
