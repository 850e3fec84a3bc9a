"""Fields of a picture's mirror image brought back to the picture, and the mean of both."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.parsing.fields import STRIDES, Fields, given


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
    limb_offsets, pose_offsets = fields.limb_offsets, fields.pose_offsets
    return replace(
        fields,
        part_logits=fields.part_logits.flip(-1)[:, list(anatomy.parts.mirrored_labels)],
        heatmaps=fields.heatmaps.flip(-1)[:, keypoints],
        keypoint_offsets=None if offsets is None else offsets.flip(-1)[:, keypoints] * other_x,
        limb_fields=fields.limb_fields.flip(-1)[:, list(limbs)] * other_x * direction.view(-1, 1, 1, 1),
        projection=fields.projection.flip(-1) * other_x,
        centers=None if centers is None else centers.flip(-1),
        limb_offsets=None
        if limb_offsets is None
        else _with_ends(limb_offsets.flip(-1)[:, list(limbs)] * other_x, is_reversed),
        pose_offsets=None if pose_offsets is None else pose_offsets.flip(-1)[:, keypoints] * other_x,
    )


def _with_ends(offsets: Tensor, is_reversed: Sequence[bool]) -> Tensor:
    """Exchange the ends of reversed limbs; (batch, limb, end, 2, height, width)."""
    turned = torch.tensor(is_reversed, device=offsets.device).view(-1, 1, 1, 1, 1)
    return torch.where(turned, offsets.flip(2), offsets)


def mean_fields(several: Sequence[Fields]) -> Fields:
    """Average fields: probabilities of parts, as logits, and confidences, offsets and vectors of everything else.

    Args:
        several: at least one, of pictures of one size.
    """
    shared = set.intersection(*(set(given(fields)) for fields in several)) - {"part_logits"}
    means = {name: sum(given(fields)[name] for fields in several) / len(several) for name in shared}
    log_probabilities = torch.stack([fields.part_logits.log_softmax(1) for fields in several])
    means["part_logits"] = log_probabilities.logsumexp(0) - math.log(len(several))
    return replace(several[0], **{name: means.get(name) for name in STRIDES})  # type: ignore[arg-type]


def cut_to(fields: Fields, image_size: tuple[int, int]) -> Fields:
    """Keep the cells that cover the upper left (height, width) pixels of the pictures."""

    def cut(field: Tensor, stride: int) -> Tensor:
        cells: Tensor = field[..., : -(-image_size[0] // stride), : -(-image_size[1] // stride)]
        return cells

    kept: dict[str, Any] = {name: cut(field, getattr(fields, STRIDES[name])) for name, field in given(fields).items()}
    return replace(fields, image_size=image_size, **kept)
