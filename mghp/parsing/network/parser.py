"""The parsing network: picture -> part logits, heatmaps with offsets, limb fields, projection field, centres."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from mghp.anatomy.anatomy import Anatomy
from mghp.config.assembly import AssemblyConfig
from mghp.config.network import NetworkConfig
from mghp.parsing.fields import Fields
from mghp.parsing.network.backbone import make_backbone, make_normalised
from mghp.parsing.network.decoder import Decoder
from mghp.parsing.network.heads import Head
from mghp.parsing.network.pose_inputs import PoseInputs
from mghp.parsing.network.projection_field import ProjectionField

RARE_KEYPOINT = math.log(0.01 / 0.99)
"""A heatmap's logit at the start: a keypoint in one cell of a hundred (Lin et al. 2017)."""


OFFSET_UNIT = 16.0
"""Pixels that 1 in the output of a head of long offsets means: about a limb, so that weights need not grow first."""


@dataclass
class Prediction:
    """What the network returns: raw outputs, float32.

    Attributes:
        image_size: (height, width) of the pictures.
        part_logits: (batch, label, height_parts, width_parts).
        heatmap_logits: (batch, keypoint, height_keypoints, width_keypoints).
        keypoint_offsets: (batch, keypoint, 2, height_keypoints, width_keypoints), (x, y) in pixels.
        limb_fields: (batch, limb, 2, height_limbs, width_limbs).
        projection_levels: each (batch, 2, height, width), (x, y) in pixels, coarse to fine.
        strides: pixels a cell of `parts`, `keypoints`, `limbs`; `field` for the finest level.
        level_strides: pixels a cell of each level.
        center_logits: (batch, 1, height_keypoints, width_keypoints), of persons' centres; None for a network without.
        limb_offsets: (batch, limb, end, 2, height_limbs, width_limbs), (x, y) in pixels; None for a network without.
        pose_offsets: (batch, keypoint, 2, height_limbs, width_limbs), (x, y) in pixels; None for a network without.
        further_levels: those of each further projection field, by their number, as `projection_levels`.
        center_levels: those of a field of its own to centres, as `projection_levels`; None for a network without.
    """

    image_size: tuple[int, int]
    part_logits: Tensor
    heatmap_logits: Tensor
    keypoint_offsets: Tensor
    limb_fields: Tensor
    projection_levels: list[Tensor]
    strides: dict[str, int]
    level_strides: tuple[int, ...]
    center_logits: Tensor | None = None
    limb_offsets: Tensor | None = None
    pose_offsets: Tensor | None = None
    further_levels: dict[int, list[Tensor]] = field(default_factory=dict)
    center_levels: list[Tensor] | None = None

    def fields(self, assembly: AssemblyConfig | None = None) -> Fields:
        """Return the fields that an assembly takes; None: one of the default config."""
        assembly = assembly or AssemblyConfig()
        centers = self.center_logits if assembly.finds_centers else None
        return Fields(
            image_size=self.image_size,
            part_logits=self.part_logits,
            heatmaps=self.heatmap_logits.sigmoid(),
            keypoint_offsets=self.keypoint_offsets,
            limb_fields=self.limb_fields,
            projection=self._read_levels(assembly)[-1],
            part_stride=self.strides["parts"],
            keypoint_stride=self.strides["keypoints"],
            limb_stride=self.strides["limbs"],
            projection_stride=self.strides["field"],
            centers=None if centers is None else centers.sigmoid(),
            limb_offsets=self.limb_offsets,
            pose_offsets=self.pose_offsets,
        )

    def _read_levels(self, assembly: AssemblyConfig) -> list[Tensor]:
        if assembly.grouping == "center" and self.center_levels is not None:
            return self.center_levels
        levels = assembly.levels
        return self.projection_levels if levels is None else self.further_levels.get(levels, self.projection_levels)


class ParsingNetwork(nn.Module):
    """Backbone, decoder and heads for the people of one dataset.

    Args:
        config: sizes and strides.
        anatomy: how many parts, keypoints and limbs.
        centers: whether it has a heatmap of persons' centres too, to which its field points.

    Raises:
        ValueError: one line, if the config's sizes do not fit each other.
    """

    def __init__(self, config: NetworkConfig, anatomy: Anatomy, centers: bool = False) -> None:
        super().__init__()
        strides = config.strides
        self.strides = {
            "parts": strides.parts,
            "keypoints": strides.keypoints,
            "limbs": strides.limbs,
            "field": strides.field,
        }
        self.backbone = make_backbone(config.backbone)
        self.normalised = make_normalised(config.backbone)
        available = self.backbone.strides

        def decoder() -> Decoder:
            sizes = config.width, config.decoder_stride, config.aspp_rates, config.decoder_blocks
            return Decoder(self.backbone.channels, available, *sizes)

        self.decoder = decoder()
        self.pose_decoder = decoder() if config.decoders == "separate" else None
        width, have = config.width, self.decoder.strides
        self.parts = Head(width, anatomy.num_labels, strides.parts, have)
        self.keypoints = Head(width, 3 * anatomy.num_keypoints, strides.keypoints, have)
        self.limbs = Head(width, 2 * anatomy.num_limbs, strides.limbs, have)

        def projection_field(levels: int) -> ProjectionField:
            return ProjectionField(width, strides.field, levels, have, config.field_kernel)

        self.field = projection_field(config.levels)
        with torch.no_grad():
            self.keypoints.output.bias.view(anatomy.num_keypoints, 3, -1)[:, 0] = RARE_KEYPOINT  # type: ignore[union-attr]
        # Made last: all other weights start as they do without it.
        has_centers = centers or config.centers
        self.centers = Head(width, 1, strides.keypoints, have, bias=RARE_KEYPOINT) if has_centers else None
        has_offsets = config.limbs != "fields"
        self.limb_offsets = Head(width, 4 * anatomy.num_limbs, strides.limbs, have) if has_offsets else None
        regresses = config.pose_offsets
        self.pose_offsets = Head(width, 2 * anatomy.num_keypoints, strides.limbs, have) if regresses else None
        self.pose_inputs = self._pose_inputs(config, anatomy) if config.pose_inputs != "features" else None
        self.further_fields = nn.ModuleDict({str(levels): projection_field(levels) for levels in config.further_fields})
        self.center_field = projection_field(config.levels) if config.centers else None
        self.multiple = max(available)
        self.memory_format = torch.channels_last if config.channels_last else torch.contiguous_format
        self.to(memory_format=self.memory_format)

    @property
    def level_strides(self) -> tuple[int, ...]:
        """The strides of all levels, pixels, coarse to fine, of which every projection field has the last ones."""
        fields = [self.field, *self.further_fields.values()]
        return max((tuple(one.strides) for one in fields), key=len)  # type: ignore[arg-type]

    def _pose_inputs(self, config: NetworkConfig, anatomy: Anatomy) -> PoseInputs:
        strides = {self.keypoints.feature_stride, self.limbs.feature_stride}
        has_votes = config.pose_inputs == "parts_and_votes"
        of_outputs = config.strides.parts, config.strides.field
        return PoseInputs(config.width, anatomy.num_labels, strides, *of_outputs, has_votes)

    def forward(self, image: Tensor) -> Prediction:
        """Predict the outputs of pictures (batch, 3, height, width), uint8 or float 0 to 255, of any size.

        A size that is no multiple of the coarsest stride is padded at the right and at the bottom, and the outputs are
        cut to ceil(height / stride) x ceil(width / stride).
        """
        height, width = image.shape[2:]
        padded = functional.pad(
            self.normalised(image), (0, -width % self.multiple, 0, -height % self.multiple), mode="constant"
        )
        pyramid = self.backbone(padded.contiguous(memory_format=self.memory_format))
        features = self.decoder(pyramid)
        of_poses = features if self.pose_decoder is None else self.pose_decoder(pyramid)

        def cut(output: Tensor, stride: int) -> Tensor:
            return output[..., : -(-height // stride), : -(-width // stride)].float()

        def cut_levels(levels: list[Tensor]) -> list[Tensor]:
            strides = self.level_strides[-len(levels) :]
            return [cut(level, stride) for level, stride in zip(levels, strides, strict=True)]

        levels = part_logits = None
        if self.pose_inputs is not None:
            levels, part_logits = self.field(features), self.parts(features)
            of_poses = self.pose_inputs(of_poses, part_logits, levels[-1])
        # A keypoint's three channels: the logit, then its offset in cells.
        by_keypoint = _split(cut(self.keypoints(of_poses), self.strides["keypoints"]), 3)
        centers = None if self.centers is None else cut(self.centers(of_poses), self.strides["keypoints"])
        between = None if self.limb_offsets is None else cut(self.limb_offsets(of_poses), self.strides["limbs"])
        regressed = None if self.pose_offsets is None else cut(self.pose_offsets(of_poses), self.strides["limbs"])
        if levels is None or part_logits is None:
            # Not before the pose heads unless these need them: the order decides the last bits of gradients.
            levels, part_logits = self.field(features), self.parts(features)
        return Prediction(
            image_size=(height, width),
            part_logits=cut(part_logits, self.strides["parts"]),
            heatmap_logits=by_keypoint[:, :, 0],
            keypoint_offsets=by_keypoint[:, :, 1:] * self.strides["keypoints"],
            limb_fields=_split(cut(self.limbs(of_poses), self.strides["limbs"]), 2),
            projection_levels=cut_levels(levels),
            strides=self.strides,
            level_strides=self.field.strides,
            center_logits=centers,
            limb_offsets=None if between is None else OFFSET_UNIT * _both_ways(_split(between, 4)),
            pose_offsets=None if regressed is None else OFFSET_UNIT * _split(regressed, 2),
            further_levels={int(name): cut_levels(field(features)) for name, field in self.further_fields.items()},
            center_levels=None if self.center_field is None else cut_levels(self.center_field(features)),
        )


def _split(output: Tensor, channels: int) -> Tensor:
    """Split (batch, n * channels, height, width) into (batch, n, channels, height, width)."""
    return output.view(len(output), -1, channels, *output.shape[2:])


def _both_ways(vectors: Tensor) -> Tensor:
    """Split (batch, limb, 4, height, width) into (batch, limb, 2, 2, height, width): source's and destination's."""
    return vectors.view(*vectors.shape[:2], 2, 2, *vectors.shape[3:])
