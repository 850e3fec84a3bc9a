"""A plain vision transformer, whose features have one stride -> a pyramid of features (ViTDet, Li et al. 2022)."""

import math

from timm.layers.norm import LayerNorm2d
from torch import Tensor, nn
from torch.nn import functional

from mghp.parsing.network.pyramid import Backbone

STRIDES = (4, 8, 16, 32)
"""The strides of the pyramid, pixels."""


class PlainBackbone(Backbone):
    """A simple feature pyramid on the last features of a backbone with one stride.

    Transposed convolutions double the features, poolings halve them. Patches whose side is no power of two, e.g. 14
    pixels, are interpolated to the nearest one, 16.

    Args:
        body: has features at one stride, the side of its patches.
    """

    def __init__(self, body: Backbone) -> None:
        super().__init__()
        self.body = body
        channels, self.patch = body.channels[-1], body.strides[-1]
        self.stride = 2 ** round(math.log2(self.patch))
        doublings = [int(math.log2(self.stride / stride)) for stride in STRIDES]
        self.strides = STRIDES
        self.channels = tuple(channels >> max(number, 0) for number in doublings)
        self.norm = LayerNorm2d(channels)  # the body's own last one is left out with its classifier
        self.levels = nn.ModuleList(_level(channels, number) for number in doublings)

    @property
    def pretrained(self) -> nn.Module:
        """The transformer; the pyramid on it is new."""
        return self.body

    def save_memory(self) -> None:
        """Compute each block a second time for its gradient instead of keeping what lies within."""
        self.body.save_memory()

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return features of normalised pictures (batch, 3, height, width) at `strides`, fine to coarse."""
        features = self.norm(self.body(self._of_whole_patches(image))[-1])
        features = _resized(features, [side // self.stride for side in image.shape[2:]])
        return [level(features) for level in self.levels]

    def _of_whole_patches(self, image: Tensor) -> Tensor:
        return _resized(image, [-(-side // self.patch) * self.patch for side in image.shape[2:]])


def _resized(features: Tensor, size: list[int]) -> Tensor:
    if list(features.shape[2:]) == size:
        return features
    return functional.interpolate(features, size=size, mode="bilinear", align_corners=False)


def _level(channels: int, doublings: int) -> nn.Module:
    """Build what doubles features so many times, halving their channels; halves them where the number is negative."""
    if doublings < 0:
        return nn.MaxPool2d(2**-doublings)
    layers: list[nn.Module] = []
    for number in range(doublings):
        if number:
            layers += [LayerNorm2d(channels >> number), nn.GELU()]
        layers.append(nn.ConvTranspose2d(channels >> number, channels >> (number + 1), 2, stride=2))
    return nn.Sequential(*layers)
