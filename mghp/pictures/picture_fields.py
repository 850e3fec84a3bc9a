"""The fields of one picture as arrays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mghp.parsing.fields import Fields


@dataclass(frozen=True)
class PictureFields:
    """The drawn part of `mghp.parsing.fields.Fields`, without the batch axis.

    Attributes:
        heatmaps: (keypoint, rows, columns).
        limb_fields: (limb, 2, rows, columns).
        projection: (2, rows, columns).
        keypoint_stride, limb_stride, projection_stride: pixels per cell.
        centers: confidences of persons' centres, to which the projection then points, (1, rows, columns), or None.
    """

    heatmaps: NDArray[np.floating]
    limb_fields: NDArray[np.floating]
    projection: NDArray[np.floating]
    keypoint_stride: int
    limb_stride: int
    projection_stride: int
    centers: NDArray[np.floating] | None = None


def picture_fields(fields: "Fields", row: int) -> PictureFields:
    """Return the fields of picture `row` of a batch."""
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
