"""The fields of one picture as arrays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mghp.parsing.fields import Fields


@dataclass(frozen=True)
class PictureFields:
    """What of `mghp.parsing.fields.Fields` is drawn, without the batch's axis.

    Attributes:
        heatmaps: (keypoint, rows, columns).
        limb_fields: (limb, 2, rows, columns).
        projection: (2, rows, columns).
        keypoint_stride, limb_stride, projection_stride: pixels a cell.
        centers: (1, rows, columns), confidences of persons' centres, which the projection then points to; None without.
    """

    heatmaps: NDArray[np.floating]
    limb_fields: NDArray[np.floating]
    projection: NDArray[np.floating]
    keypoint_stride: int
    limb_stride: int
    projection_stride: int
    centers: NDArray[np.floating] | None = None


def picture_fields(fields: "Fields", row: int) -> PictureFields:
    """Picture `row` of a batch."""
    heatmaps, limb_fields, projection = (
        tensor[row].detach().float().cpu().numpy()
        for tensor in (fields.heatmaps, fields.limb_fields, fields.projection)
    )
    return PictureFields(
        heatmaps=heatmaps,
        limb_fields=limb_fields,
        projection=projection,
        keypoint_stride=fields.keypoint_stride,
        limb_stride=fields.limb_stride,
        projection_stride=fields.projection_stride,
        centers=None if fields.centers is None else fields.centers[row].detach().float().cpu().numpy(),
    )
