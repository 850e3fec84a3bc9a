"""Pyramid of features -> features of one width, context brought down from coarse to fine."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mghp.parsing.network.layers import Residual, convolution


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling (Chen et al. 2017): dilations and the whole picture's mean, side by side."""

    def __init__(self, inputs: int, outputs: int, rates: Sequence[int]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [convolution(inputs, outputs, 1), *(convolution(inputs, outputs, 3, dilation=rate) for rate in rates)]
        )
        # No normalisation: a picture's mean is one value a channel, and a batch of one picture has no variance.
        self.pooled = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.ReLU(inplace=True))
        self.merge = convolution(outputs * (len(rates) + 2), outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, inputs, height, width) to (batch, outputs, height, width)."""
        whole = self.pooled(features.mean((2, 3), keepdim=True)).expand(-1, -1, *features.shape[2:])
        merged: Tensor = self.merge(torch.cat([*(branch(features) for branch in self.branches), whole], 1))
        return merged


class Decoder(nn.Module):
    """From the coarsest features down to `finest_stride`, with a skip connection at every stride.

    Args:
        channels: of the backbone's features, fine to coarse.
        strides: theirs.
        width: channels of the outputs.
        finest_stride: where to stop.
        aspp_rates: dilations on the coarsest features.
        blocks: residual blocks at each stride, after the convolution that merges; all heads share them.

    Raises:
        ValueError: if the backbone has no features at `finest_stride`.
    """

    def __init__(
        self,
        channels: Sequence[int],
        strides: Sequence[int],
        width: int,
        finest_stride: int,
        aspp_rates: Sequence[int],
        blocks: int,
    ) -> None:
        super().__init__()
        if finest_stride not in strides:
            raise ValueError(
                f"network.decoder_stride: the backbone has strides {', '.join(map(str, strides))}, got {finest_stride}"
            )
        self.used = [level for level, stride in enumerate(strides) if stride >= finest_stride]
        self.strides = tuple(strides[level] for level in self.used)
        *skipped, coarsest = self.used
        self.context = ASPP(channels[coarsest], width, aspp_rates)
        self.skips = nn.ModuleList(convolution(channels[level], width, 1) for level in skipped)
        self.merges = nn.ModuleList(
            nn.Sequential(convolution(width, width), *(Residual(width) for _ in range(blocks))) for _ in skipped
        )

    def forward(self, pyramid: Sequence[Tensor]) -> dict[int, Tensor]:
        """Return features (batch, width, height / stride, width / stride) by stride, coarse to fine."""
        features = self.context(pyramid[self.used[-1]])
        by_stride = {self.strides[-1]: features}
        for position in reversed(range(len(self.skips))):
            skip = self.skips[position](pyramid[self.used[position]])
            upsampled = functional.interpolate(features, size=skip.shape[2:], mode="bilinear", align_corners=False)
            features = self.merges[position](skip + upsampled)
            by_stride[self.strides[position]] = features
        return by_stride
