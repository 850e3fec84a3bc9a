"""Dots, lines and arrows over a picture, in the picture's own coordinates."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mghp.pictures.canvas import Rgb

_FINE = 3
"""The factor by which drawings are made larger and then reduced: Pillow does not smooth edges itself."""

Colour = tuple[int, int, int]
Point = Sequence[float] | NDArray[np.floating]
"""A point (x, y)."""


def css_colour(colour: Colour) -> str:
    """Format a colour as `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


class Sketch:
    """A drawing over an enlarged picture.

    Coordinates are (x, y) in pixels of the picture before it was enlarged, see `mghp.datasets.sample`; widths and radii
    are in enlarged pixels.

    Args:
        background: the enlarged picture.
        zoom: factor of enlargement.
    """

    def __init__(self, background: Rgb, zoom: int) -> None:
        height, width = background.shape[:2]
        self._scale = zoom * _FINE
        self._image = Image.fromarray(background).resize((width * _FINE, height * _FINE), Image.Resampling.NEAREST)
        self._draw = ImageDraw.Draw(self._image)

    def line(self, start: Point, end: Point, colour: Colour, width: float) -> None:
        """Draw a line with round ends."""
        (x0, y0), (x1, y1) = self._point(start), self._point(end)
        self._draw.line((x0, y0, x1, y1), fill=colour, width=max(1, round(width * _FINE)))
        for x, y in ((x0, y0), (x1, y1)):
            self._disc(x, y, width * _FINE / 2, colour)

    def dot(self, centre: Point, colour: Colour, radius: float) -> None:
        """Draw a filled dot."""
        self._disc(*self._point(centre), radius * _FINE, colour)

    def ring(self, centre: Point, colour: Colour, radius: float, width: float) -> None:
        """Draw a hollow dot."""
        x, y = self._point(centre)
        r = radius * _FINE
        self._draw.ellipse((x - r, y - r, x + r, y + r), outline=colour, width=max(1, round(width * _FINE)))

    def arrow(self, start: Point, end: Point, colour: Colour, width: float) -> None:
        """Draw a line with a head at its end; a dot where it has no length."""
        (x0, y0), (x1, y1) = self._point(start), self._point(end)
        angle, length = math.atan2(y1 - y0, x1 - x0), math.hypot(x1 - x0, y1 - y0)
        self.line(start, end, colour, width)
        head = min(3.5 * width * _FINE, length)
        if head > 0:
            sides = [(x1 - head * math.cos(angle + turn), y1 - head * math.sin(angle + turn)) for turn in (0.45, -0.45)]
            self._draw.polygon([(x1, y1), *sides], fill=colour)

    def picture(self) -> Rgb:
        """Return the drawing."""
        return np.asarray(self._image.reduce(_FINE)).copy()

    def _point(self, point: Point) -> tuple[float, float]:
        # Pillow counts from a pixel's centre, coordinates here from its corner.
        return float(point[0]) * self._scale - 0.5, float(point[1]) * self._scale - 0.5

    def _disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
