"""The fields between the network and the assembly: what is predicted, and what is true, for every cell."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional


@dataclass
class Fields:
    """Fields of a batch of pictures, predicted or true. Cells and coordinates as in `mghp.datasets.sample`.

    A field of stride s has ceil(height / s) rows and ceil(width / s) columns.

    Attributes:
        image_size: (height, width) of the pictures the fields are of.
        part_logits: (batch, label, height_parts, width_parts), background first.
        heatmaps: (batch, keypoint, height_keypoints, width_keypoints), confidences in [0, 1].
        keypoint_offsets: (batch, keypoint, 2, height_keypoints, width_keypoints): (x, y) from a cell's centre to the
            keypoint, in pixels; None: peaks are refined from the heatmap's neighbours alone.
        limb_fields: (batch, limb, 2, height_limbs, width_limbs): unit vectors (x, y) along the limb, 0 off limbs.
        projection: (batch, 2, height_field, width_field): (x, y) in pixels from a cell's centre to the nearest keypoint
            of the same person, or to the person's centre where there are centres; the finest level.
        part_stride, keypoint_stride, limb_stride, projection_stride: pixels a cell.
        centers: (batch, 1, height_keypoints, width_keypoints): confidences of persons' centres; None where pixels are
            not grouped by them.
        limb_offsets: (batch, limb, end, 2, height_limbs, width_limbs): (x, y) in pixels from a cell's centre, near the
            limb's source or destination, to its other end; None where limbs are told by their fields alone.
        pose_offsets: (batch, keypoint, 2, height_limbs, width_limbs): (x, y) in pixels from a cell's centre to each
            keypoint of the person whose cell it is; None where poses are not regressed.
    """

    image_size: tuple[int, int]
    part_logits: Tensor
    heatmaps: Tensor
    keypoint_offsets: Tensor | None
    limb_fields: Tensor
    projection: Tensor
    part_stride: int
    keypoint_stride: int
    limb_stride: int
    projection_stride: int
    centers: Tensor | None = None
    limb_offsets: Tensor | None = None
    pose_offsets: Tensor | None = None


STRIDES = {
    "part_logits": "part_stride",
    "heatmaps": "keypoint_stride",
    "keypoint_offsets": "keypoint_stride",
    "limb_fields": "limb_stride",
    "projection": "projection_stride",
    "centers": "keypoint_stride",
    "limb_offsets": "limb_stride",
    "pose_offsets": "limb_stride",
}
"""The stride of each field, by names in `Fields`."""

OFFSETS = ("keypoint_offsets", "projection", "limb_offsets", "pose_offsets")
"""The fields in pixels from a cell's centre to a point: they grow with the picture, and no two may be blended."""


def given(fields: Fields) -> dict[str, Tensor]:
    """Return the fields that are there, by name."""
    values = {name: getattr(fields, name) for name in STRIDES}
    return {name: value for name, value in values.items() if value is not None}


def at_pixels(logits: Tensor, stride: int, size: tuple[int, ...]) -> Tensor:
    """Bring logits (batch, label, rows, columns) of cells to (height, width) pixels; both keep their centres.

    The cells cover a multiple of the stride; what they cover beyond the picture is cut off.
    """
    if stride > 1:
        covered = [side * stride for side in logits.shape[-2:]]
        logits = functional.interpolate(logits, size=covered, mode="bilinear", align_corners=False)
    return logits[..., : size[0], : size[1]]
