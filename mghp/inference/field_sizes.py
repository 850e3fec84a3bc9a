"""Fields of a picture resampled to another size of it."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mghp.parsing.fields import OFFSETS, STRIDES, Fields, given


def resized_fields(fields: Fields, image_size: tuple[int, int]) -> Fields:
    """Resample fields at the cells of pictures of another size; vectors grow with the picture.

    Logits, confidences and limb fields are interpolated. Projection and offsets come from the nearest cell: between two
    persons the mean of two vectors points to neither.

    Args:
        fields: fields of a batch of pictures.
        image_size: (height, width) of the result's pictures, pixels.
    """
    if fields.image_size == image_size:
        return fields
    ratio = fields.projection.new_tensor([image_size[1] / fields.image_size[1], image_size[0] / fields.image_size[0]])
    per_axis = ratio.view(2, 1, 1)

    def read(field: Tensor, stride: int, mode: str) -> Tensor:
        flat = field.flatten(1, -3)
        sampled = functional.grid_sample(
            flat, _cells(flat, stride, image_size, ratio), mode=mode, padding_mode="border", align_corners=False
        )
        return sampled.view(*field.shape[:-2], *sampled.shape[-2:])

    resized: dict[str, Any] = {}
    for name, field in given(fields).items():
        is_offset = name in OFFSETS
        sampled = read(field, getattr(fields, STRIDES[name]), "nearest" if is_offset else "bilinear")
        resized[name] = sampled * per_axis if is_offset else sampled
    return replace(fields, image_size=image_size, **resized)


def _cells(field: Tensor, stride: int, image_size: tuple[int, int], ratio: Tensor) -> Tensor:
    """Return the new cells' centres in the old field: (batch, rows, columns, 2), -1 to 1 from edge to edge."""
    rows, columns = (-(-side // stride) for side in image_size)
    y = stride * (torch.arange(rows, device=field.device) + 0.5) / ratio[1]
    x = stride * (torch.arange(columns, device=field.device) + 0.5) / ratio[0]
    height, width = (stride * cells for cells in field.shape[-2:])
    grid = torch.stack(torch.meshgrid(2 * x / width - 1, 2 * y / height - 1, indexing="xy"), -1)
    return grid.to(field.dtype).expand(len(field), -1, -1, -1)
