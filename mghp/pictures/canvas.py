"""The ground of every picture: an enlarged photo, and maps of cells laid over it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]
"""A picture of red, green and blue, (height, width, 3) uint8."""


def enlarged(image: Rgb, zoom: int) -> Rgb:
    """Enlarge a photo smoothly by a whole factor."""
    height, width = image.shape[:2]
    photo = Image.fromarray(image)
    return np.asarray(photo.resize((width * zoom, height * zoom), Image.Resampling.BICUBIC)).copy()


def dimmed(image: Rgb, zoom: int, *, contrast: float = 0.35) -> Rgb:
    """Enlarge a photo, grey and darkened, so that colours laid over it stand out, grey and white ones too.

    Args:
        image: (height, width, 3).
        zoom: factor of enlargement.
        contrast: remaining share of the brightness, 0 to 1.
    """
    grey = enlarged(image, zoom) @ np.array([0.299, 0.587, 0.114])
    # Photos taken in the dark are brought to the same range; flat ones are not, as that would be noise alone.
    low, high = np.percentile(grey, (1, 99))
    stretched = ((grey - low) * (255 / max(high - low, 64))).clip(0, 255)
    return np.repeat((contrast * stretched + 15)[..., None], 3, axis=-1).round().astype(np.uint8)


def spread_cells(cells: NDArray[Any], stride: int, size: tuple[int, int], zoom: int) -> NDArray[Any]:
    """Paint every cell as a square of `stride * zoom` pixels, cut to the enlarged picture.

    Args:
        cells: values that cover the picture, (rows, columns, ...).
        stride: pixels per cell.
        size: (height, width) of the picture before it is enlarged.
        zoom: factor of enlargement.

    Returns:
        (height * zoom, width * zoom, ...).
    """
    height, width = size
    side = stride * zoom
    return cells.repeat(side, axis=0).repeat(side, axis=1)[: height * zoom, : width * zoom]


def smooth_cells(cells: NDArray[np.floating], stride: int, size: tuple[int, int], zoom: int) -> NDArray[np.float32]:
    """Interpolate between the cells' centres instead of `spread_cells`: for confidences, never labels or vectors."""
    rows, columns, channels = cells.shape
    height, width = size
    target = (columns * stride * zoom, rows * stride * zoom)
    planes = [Image.fromarray(np.ascontiguousarray(cells[..., k], dtype=np.float32)) for k in range(channels)]
    resized = [np.asarray(plane.resize(target, Image.Resampling.BILINEAR)) for plane in planes]
    return np.stack(resized, axis=-1)[: height * zoom, : width * zoom]


def blended(background: Rgb, colours: NDArray[Any], opacity: NDArray[Any]) -> Rgb:
    """Lay colours (height, width, 3), 0 to 255, over a background by opacity (height, width), 0 to 1."""
    share = opacity[..., None]
    mixed: Rgb = ((1 - share) * background + share * colours).round().clip(0, 255).astype(np.uint8)
    return mixed
