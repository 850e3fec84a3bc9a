"""Many samples at a glance: each picture, and under it its parts, persons' outlines and keypoints."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.sample import VISIBLE, Sample

_GAP = 4
_ZOOM = 2


def contact_sheet(samples: Sequence[Sample], columns: int = 8) -> NDArray[np.uint8]:
    """Return a picture of samples of one size, row by row.

    Args:
        samples: to show.
        columns: samples a row.

    Returns:
        (height, width, 3).
    """
    tiles = [_tile(sample) for sample in samples]
    height, width = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = (
            _GAP + place * (side + _GAP) for place, side in zip(divmod(number, columns), (height, width), strict=True)
        )
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _tile(sample: Sample) -> NDArray[np.uint8]:
    """Return the picture above its labels."""
    assert sample.parts is not None
    colours = np.zeros((256, 3), np.uint8)
    colours[1 : DENSEPOSE_COCO.num_labels] = DENSEPOSE_COCO.parts.colours
    labels = _zoomed(colours[sample.parts])
    if sample.person_ids is not None:
        ids = _zoomed(sample.person_ids)
        border = np.zeros(ids.shape, bool)
        border[:, 1:] |= ids[:, 1:] != ids[:, :-1]
        border[1:] |= ids[1:] != ids[:-1]
        labels[border] = 255
    if sample.keypoints is not None:
        _dot_keypoints(labels, sample.keypoints)
    return np.concatenate([_zoomed(sample.image), labels])


def _zoomed(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels.repeat(_ZOOM, 0).repeat(_ZOOM, 1)


def _dot_keypoints(picture: NDArray[np.uint8], keypoints: NDArray[np.float32]) -> None:
    """Draw white dots; black ones where the keypoint is hidden."""
    for x, y, visibility in keypoints.reshape(-1, 3):
        if visibility:
            column, row = int(x * _ZOOM), int(y * _ZOOM)
            picture[max(row - 1, 0) : row + 1, max(column - 1, 0) : column + 1] = 255 * (visibility == VISIBLE)
