"""Vectors as colours, direction as hue and length as saturation, and the wheel that explains them."""

import numpy as np
from matplotlib.colors import hsv_to_rgb
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mghp.pictures.canvas import Rgb
from mghp.pictures.text import BLACK, WHITE, font, text_width


def vector_colours(vectors: NDArray[np.floating], longest: float) -> NDArray[np.uint8]:
    """Return the colours of vectors.

    Args:
        vectors: (x, y), y downwards, (..., 2).
        longest: length of a full colour; a vector of length 0 is white.

    Returns:
        Red, green and blue, (..., 3).

    Example:
        >>> import numpy as np
        >>> from mghp.pictures.wheel import vector_colours
        >>> vector_colours(np.array([[0.0, 0.0], [1.0, 0.0]]), longest=1.0).tolist()  # white, and red to the right
        [[255, 255, 255], [217, 0, 0]]
    """
    x, y = vectors[..., 0], vectors[..., 1]
    hue = np.arctan2(y, x) / (2 * np.pi) % 1
    saturation = (np.hypot(x, y) / max(longest, 1e-9)).clip(0, 1)
    # Full colours are a little darker than white: length is told by brightness too.
    hsv = np.stack([hue, saturation, 1 - 0.15 * saturation], axis=-1)
    return (255 * hsv_to_rgb(hsv)).round().astype(np.uint8)


def with_wheel(picture: Rgb, radius_label: str = "") -> Rgb:
    """Draw a small wheel into the lower right corner, each hue in the direction that it stands for.

    Args:
        picture: (height, width, 3).
        radius_label: the length at the wheel's rim, written beside it where there is room.
    """
    height, width = picture.shape[:2]
    diameter = max(min(height, width) // 6, 9)
    if diameter + 4 > min(height, width):
        return picture
    centre = (diameter - 1) / 2
    y, x = np.indices((diameter, diameter)) - centre
    colours = vector_colours(np.stack([x, y], axis=-1), centre)
    radius = np.hypot(x, y)
    colours[radius > centre - max(1, diameter // 30)] = 0
    framed = picture.copy()
    corner = framed[height - diameter - 2 : height - 2, width - diameter - 2 : width - 2]
    corner[radius <= centre + 0.5] = colours[radius <= centre + 0.5]
    return _labelled(framed, radius_label, diameter)


def _labelled(picture: Rgb, label: str, diameter: int) -> Rgb:
    height, width = picture.shape[:2]
    size = max(diameter // 3, 10)
    right = width - diameter - 6
    if text_width(label, size) > right:
        return picture
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text(
        (right, height - 4), label, WHITE, font(size), anchor="rs", stroke_width=2, stroke_fill=BLACK
    )
    return np.asarray(image).copy()
