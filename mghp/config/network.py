"""Sizes of the network, without torch, so that the schema can read and check them at once."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from mghp.ranges import Range, Section


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


_STRIDE = Range(1, 1024, "must be a power of two up to 1024")


@dataclass
class StridesConfig(Section):
    """Pixels of the input that a cell of each head's output is wide. Powers of two."""

    keypoints: Annotated[int, _STRIDE] = 4
    """Heatmaps and their sub-pixel offsets."""
    limbs: Annotated[int, _STRIDE] = 4
    """Limb fields."""
    parts: Annotated[int, _STRIDE] = 2
    """Part segmentation."""
    field: Annotated[int, _STRIDE] = 2
    """Projection field at its finest level."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in vars(self).items():
            if value & (value - 1):
                raise ValueError(f"{name} must be a power of two, got {value}")


@dataclass
class NetworkConfig(Section):
    """The whole network."""

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    width: Annotated[int, Range(1, 4096)] = 64
    """Channels of the decoder and of the heads."""
    decoder_stride: Annotated[int, Range(2, 1024, "must be a power of two from 2 to 1024")] = 4
    """Stride of the decoder's finest features; heads of smaller strides get there by pixel shuffle."""
    decoders: Literal["shared", "separate"] = "shared"
    """One decoder for all heads, or one for keypoints and limbs and one for parts and projection field."""
    decoder_blocks: Annotated[int, Range(0, 100)] = 1
    """Residual blocks at each stride of the decoder. Shared by all heads: cheaper than blocks of their own."""
    aspp_rates: list[Annotated[int, Range(1, 1024)]] = field(default_factory=lambda: [1, 2, 3])
    """Dilations of the atrous pyramid on the coarsest features, in cells; a pooled branch is always there."""
    levels: Annotated[int, Range(1, 4)] = 3
    """Levels of the projection field, coarse to fine; strides halve from level to level."""
    strides: StridesConfig = field(default_factory=StridesConfig)
    channels_last: bool = False
    """Whether pictures and weights lie in memory pixel by pixel instead of channel by channel: the same numbers but for
    rounding. Measured on two CPU cores: 0.87 times the time of a plain step, and under bfloat16 0.66 instead of 0.69;
    of pictures to fields 0.81 (`mghp bench speed`)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decoder_stride & (self.decoder_stride - 1):
            raise ValueError(f"decoder_stride must be a power of two from 2, got {self.decoder_stride}")
