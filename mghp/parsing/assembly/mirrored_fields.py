"""Fields of a picture's mirror image brought back to the picture, and the mean of both."""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.parsing.fields import Fields


def mirrored_fields(fields: Fields, anatomy: Anatomy) -> Fields:
    """Return the fields of the mirror image: columns reversed, sides exchanged, x and self-mirrored limbs turned.

    Twice gives the fields again. Columns change places as cells, so that the picture's width must be a multiple of
    every stride.

    Args:
        fields: of pictures.
        anatomy: what changes places.

    Raises:
        ValueError: if the width is no multiple of a stride.
    """
    strides = (fields.part_stride, fields.keypoint_stride, fields.limb_stride, fields.projection_stride)
    width = fields.image_size[1]
    if any(width % stride for stride in strides):
        raise ValueError(f"pictures of width {width} cannot be mirrored cell by cell at strides {strides}")
    keypoints = list(anatomy.skeleton.mirrored_keypoints)
    limbs, is_reversed = zip(*anatomy.skeleton.mirrored_limbs, strict=True)
    other_x = fields.limb_fields.new_tensor([-1, 1]).view(2, 1, 1)
    direction = 1 - 2 * torch.tensor(is_reversed, device=other_x.device).to(other_x.dtype)
    offsets, centers = fields.keypoint_offsets, fields.centers
    return replace(
        fields,
        part_logits=fields.part_logits.flip(-1)[:, list(anatomy.parts.mirrored_labels)],
        heatmaps=fields.heatmaps.flip(-1)[:, keypoints],
        keypoint_offsets=None if offsets is None else offsets.flip(-1)[:, keypoints] * other_x,
        limb_fields=fields.limb_fields.flip(-1)[:, list(limbs)] * other_x * direction.view(-1, 1, 1, 1),
        projection=fields.projection.flip(-1) * other_x,
        centers=None if centers is None else centers.flip(-1),
    )


def mean_fields(several: Sequence[Fields]) -> Fields:
    """Average fields: probabilities of parts, as logits, and confidences, offsets and vectors of everything else.

    Args:
        several: at least one, of pictures of one size.
    """

    def mean(name: str) -> Tensor:
        total: Tensor = sum(getattr(fields, name) for fields in several)
        return total / len(several)

    def mean_where_all_have(name: str) -> Tensor | None:
        return mean(name) if all(getattr(fields, name) is not None for fields in several) else None

    log_probabilities = torch.stack([fields.part_logits.log_softmax(1) for fields in several])
    return replace(
        several[0],
        part_logits=log_probabilities.logsumexp(0) - math.log(len(several)),
        heatmaps=mean("heatmaps"),
        keypoint_offsets=mean_where_all_have("keypoint_offsets"),
        limb_fields=mean("limb_fields"),
        projection=mean("projection"),
        centers=mean_where_all_have("centers"),
    )


def cut_to(fields: Fields, image_size: tuple[int, int]) -> Fields:
    """Keep the cells that cover the upper left (height, width) pixels of the pictures."""

    def cut(field: Tensor, stride: int) -> Tensor:
        cells: Tensor = field[..., : -(-image_size[0] // stride), : -(-image_size[1] // stride)]
        return cells

    offsets, centers = fields.keypoint_offsets, fields.centers
    return replace(
        fields,
        image_size=image_size,
        part_logits=cut(fields.part_logits, fields.part_stride),
        heatmaps=cut(fields.heatmaps, fields.keypoint_stride),
        keypoint_offsets=None if offsets is None else cut(offsets, fields.keypoint_stride),
        limb_fields=cut(fields.limb_fields, fields.limb_stride),
        projection=cut(fields.projection, fields.projection_stride),
        centers=None if centers is None else cut(centers, fields.keypoint_stride),
    )
