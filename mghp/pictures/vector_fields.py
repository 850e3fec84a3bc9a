"""Limb fields and the projection field as colours, over the dimmed photo."""

import numpy as np
from numpy.typing import NDArray

from mghp.pictures.canvas import Rgb, blended, dimmed, spread_cells
from mghp.pictures.sketch import Sketch
from mghp.pictures.wheel import vector_colours, with_wheel

_OPACITY = 0.9


def limb_fields_overlay(image: Rgb, limb_fields: NDArray[np.floating], stride: int, *, zoom: int = 2) -> Rgb:
    """At every cell the longest of the limbs' vectors: direction as hue, the more opaque the longer.

    Args:
        image: (height, width, 3).
        limb_fields: (limb, 2, rows, columns): (x, y) of unit vectors along the limb, 0 off limbs.
        stride: pixels a cell.
        zoom: enlargement.
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
    """Where each pixel points: direction as hue, length as saturation.

    Args:
        image: (height, width, 3).
        projection: (2, rows, columns): (x, y) in pixels of the picture.
        stride: pixels a cell.
        human: (height, width), pixels to show; None: all. Elsewhere the field means nothing.
        longest: pixels from which a colour is full; None: a sixth of the picture's longer side.
        arrow_spacing: pixels between arrows from shown pixels to where they point; 0: none.
        zoom: enlargement.
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
