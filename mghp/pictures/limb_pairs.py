"""The candidates of one limb type over the photo, with the pairs that were joined."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mghp.pictures.canvas import Rgb, dimmed
from mghp.pictures.sketch import Colour, Sketch
from mghp.pictures.text import BLACK, font

SOURCE: Colour = (255, 170, 60)
DESTINATION: Colour = (90, 190, 255)
_JOINED: Colour = (255, 255, 255)


def limb_pairs_overlay(
    image: Rgb,
    source: NDArray[np.floating],
    destination: NDArray[np.floating],
    joined: NDArray[np.number],
    *,
    zoom: int = 2,
) -> Rgb:
    """Draw candidates with the numbers of their rows and columns, from 1, and a line for each pair that is joined.

    Args:
        image: (height, width, 3).
        source: positions (x, y) in pixels of the picture, (source, 2); drawn orange.
        destination: positions likewise, (destination, 2); drawn blue.
        joined: 1 where two are joined, (source, destination).
        zoom: factor of enlargement.
    """
    sketch = Sketch(dimmed(image, zoom, contrast=0.6), zoom)
    for row, column in np.argwhere(joined > 0):
        sketch.line(source[row], destination[column], _JOINED, zoom)
    for points, colour in ((source, SOURCE), (destination, DESTINATION)):
        for point in points:
            sketch.dot(point, colour, 1.5 + 1.5 * zoom)
    drawn = Image.fromarray(sketch.picture())
    _write(ImageDraw.Draw(drawn), source, SOURCE, "rm", zoom)
    _write(ImageDraw.Draw(drawn), destination, DESTINATION, "lm", zoom)
    return np.asarray(drawn).copy()


def _write(draw: ImageDraw.ImageDraw, points: NDArray[np.floating], colour: Colour, anchor: str, zoom: int) -> None:
    """Write the points' numbers to their left ("rm") or to their right ("lm")."""
    aside, bold = 7 if anchor == "lm" else -7, font(8 + 6 * zoom, bold=True)
    for number, (x, y) in enumerate(points.tolist(), start=1):
        place = zoom * (x + aside), zoom * y
        draw.text(place, str(number), colour, bold, anchor, stroke_width=2, stroke_fill=BLACK)
