"""Part maps over the dimmed photo."""

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.parts import BACKGROUND, IGNORE, Parts
from mghp.pictures.canvas import Rgb, blended, dimmed, spread_cells

_OPACITY = 0.9
_UNKNOWN = (255, 255, 255)


def parts_overlay(image: Rgb, labels: NDArray[np.integer], parts: Parts, *, zoom: int = 2) -> Rgb:
    """Paint every pixel in the colour of its part.

    Args:
        image: (height, width, 3).
        labels: part of each pixel, 0 background, (height, width); unknown parts (255) are striped.
        parts: names and colours.
        zoom: factor of enlargement.

    Example:
        >>> import numpy as np
        >>> from mghp.anatomy.parts import Parts
        >>> from mghp.pictures.parts import parts_overlay
        >>> parts = Parts("toy", names=("head", "torso"), colours=((255, 0, 0), (0, 0, 255)))
        >>> photo, labels = np.zeros((4, 6, 3), np.uint8), np.array([[0, 1, 1, 2, 2, 255]] * 4)
        >>> picture = parts_overlay(photo, labels, parts, zoom=2)
        >>> picture.shape, picture[0, 2].tolist()
        ((8, 12, 3), [231, 1, 1])
    """
    return blended(dimmed(image, zoom), *parts_paint(labels, parts, zoom=zoom))


def parts_paint(
    labels: NDArray[np.integer], parts: Parts, *, zoom: int = 2
) -> tuple[NDArray[np.uint8], NDArray[np.floating]]:
    """Return the colours (height * zoom, width * zoom, 3) of a part map, and their opacity, 0 to 1."""
    large = spread_cells(labels, 1, labels.shape, zoom)
    palette = np.array([(0, 0, 0), *parts.colours], dtype=np.uint8)
    known = (large != BACKGROUND) & (large != IGNORE)
    colours = np.where(known[..., None], palette[np.where(known, large, 0)], np.array(_UNKNOWN, dtype=np.uint8))
    rows, columns = np.indices(large.shape)
    striped = (large == IGNORE) & ((rows + columns) // (2 * zoom) % 3 == 0)
    return colours, _OPACITY * known + 0.5 * striped
