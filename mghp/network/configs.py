"""Sizes of the network, without torch, so that the schema can read and check them at once."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class BackboneConfig:
    """What turns a picture into features at strides 2, 4, 8, ..."""

    name: str = "slim"
    """`slim`, ours, or any timm model with `features_only`: resnet50, resnet101, hrnet_w32, ..."""
    weights: str | None = None
    """What a timm model starts from: `imagenet`, timm's own weights, from its cache or downloaded; a file of weights
    under timm's names, with or without a classifier; or null: from scratch."""
    kwargs: dict[str, Any] = field(default_factory=dict)
    """Given to the backbone as they are: `channels`, `blocks` of slim, or timm's own."""


@dataclass
class StridesConfig:
    """Pixels of the input that a cell of each head's output is wide. Powers of two."""

    keypoints: int = 4
    """Heatmaps and their sub-pixel offsets."""
    limbs: int = 4
    """Limb fields."""
    parts: int = 2
    """Part segmentation."""
    field: int = 2
    """Projection field at its finest level."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1 or value & (value - 1):
                raise ValueError(f"{name} must be a power of two, got {value}")


@dataclass
class NetworkConfig:
    """The whole network."""

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    width: int = 64
    """Channels of the decoder and of the heads."""
    decoder_stride: int = 4
    """Stride of the decoder's finest features; heads of smaller strides get there by pixel shuffle."""
    decoders: Literal["shared", "separate"] = "shared"
    """One decoder for all heads, or one for keypoints and limbs and one for parts and projection field."""
    decoder_blocks: int = 1
    """Residual blocks at each stride of the decoder. Shared by all heads: cheaper than blocks of their own."""
    aspp_rates: list[int] = field(default_factory=lambda: [1, 2, 3])
    """Dilations of the atrous pyramid on the coarsest features, in cells; a pooled branch is always there."""
    levels: int = 3
    """Levels of the projection field, coarse to fine; strides halve from level to level."""
    strides: StridesConfig = field(default_factory=StridesConfig)
    channels_last: bool = False
    """Whether pictures and weights lie in memory pixel by pixel instead of channel by channel: the same numbers but for
    rounding. Measured on two CPU cores: 0.87 times the time of a plain step, and under bfloat16 0.66 instead of 0.69;
    of pictures to fields 0.81 (`mghp bench speed`)."""

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width must be at least 1, got {self.width}")
        if self.decoder_stride < 2 or self.decoder_stride & (self.decoder_stride - 1):
            raise ValueError(f"decoder_stride must be a power of two from 2, got {self.decoder_stride}")
        if self.decoder_blocks < 0:
            raise ValueError(f"decoder_blocks must not be negative, got {self.decoder_blocks}")
        if not 1 <= self.levels <= 4:
            raise ValueError(f"levels must be 1 to 4, got {self.levels}")
        if any(rate < 1 for rate in self.aspp_rates):
            raise ValueError(f"aspp_rates must be at least 1, got {self.aspp_rates}")
