"""Limb fields and the projection field as colours, over the dimmed photo."""

import numpy as np
from numpy.typing import NDArray

from mghp.pictures.canvas import Rgb, blended, dimmed, spread_cells
from mghp.pictures.sketch import Sketch
from mghp.pictures.wheel import vector_colours, with_wheel

_OPACITY = 0.9


def limb_fields_overlay(image: Rgb, limb_fields: NDArray[np.floating], stride: int, *, zoom: int = 2) -> Rgb:
    """Paint the longest of the limbs' vectors in every cell: direction as hue, length as opacity.

    Args:
        image: (height, width, 3).
        limb_fields: unit vectors (x, y) along each limb, 0 off limbs, (limb, 2, rows, columns).
        stride: pixels per cell.
        zoom: factor of enlargement.
    """
    lengths = np.hypot(limb_fields[:, 0], limb_fields[:, 1])
    longest = lengths.argmax(0)[None, None]
    vectors = np.moveaxis(np.take_along_axis(limb_fields, longest, axis=0)[0], 0, -1)
    # Full colours however long the vector: on unit vectors length is confidence, which is shown as opacity.
    full = vectors / np.maximum(lengths.max(0), 1e-6)[..., None]
    colours = spread_cells(vector_colours(full, 1.0), stride, image.shape[:2], zoom)
    opacity = spread_cells(lengths.max(0).clip(0, 1), stride, image.shape[:2], zoom)
    return with_wheel(blended(dimmed(image, zoom), colours, _OPACITY * opacity))


def projection_overlay(
    image: Rgb,
    projection: NDArray[np.floating],
    stride: int,
    human: NDArray[np.bool_] | None = None,
    *,
    longest: float | None = None,
    arrow_spacing: int = 0,
    zoom: int = 2,
) -> Rgb:
    """Paint where each pixel points: direction as hue, length as saturation.

    Args:
        image: (height, width, 3).
        projection: vectors (x, y), pixels of the picture, (2, rows, columns).
        stride: pixels per cell.
        human: pixels to show, (height, width); None: all. The field means nothing elsewhere.
        longest: length of a full colour, pixels; None: a sixth of the picture's longer side.
        arrow_spacing: distance between arrows, pixels; 0: no arrows.
        zoom: factor of enlargement.
    """
    size = image.shape[:2]
    human = np.ones(size, dtype=bool) if human is None else human
    vectors = np.moveaxis(projection, 0, -1)
    full = max(size) / 6 if longest is None else longest
    colours = spread_cells(vector_colours(vectors, full), stride, size, zoom)
    shown = blended(dimmed(image, zoom), colours, _OPACITY * spread_cells(human, 1, size, zoom))
    if arrow_spacing:
        shown = _with_arrows(shown, vectors, stride, human, arrow_spacing, zoom)
    return with_wheel(shown, f"{full:.0f} px")


def _with_arrows(
    picture: Rgb, vectors: NDArray[np.floating], stride: int, human: NDArray[np.bool_], spacing: int, zoom: int
) -> Rgb:
    sketch = Sketch(picture, zoom)
    first = spacing // 2
    rows, columns = np.nonzero(human[first::spacing, first::spacing])
    for row, column in zip(first + spacing * rows, first + spacing * columns, strict=True):
        x, y = vectors[row // stride, column // stride]
        # A vector starts at its cell's centre, not at the pixel's.
        start = (stride * (column // stride + 0.5), stride * (row // stride + 0.5))
        sketch.arrow(start, (start[0] + float(x), start[1] + float(y)), (0, 0, 0), 0.45 * zoom)
    return sketch.picture()
