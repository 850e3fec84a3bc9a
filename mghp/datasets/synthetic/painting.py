"""Shapes on a canvas: anti-aliased colour, exact labels, the later shape in front.

Only sums, products, square roots and tables are applied to arrays: their results do not depend on which vector
instructions a processor has.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
Texture = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""From coordinates along and across a shape (pixels) to a factor of its colour."""


@dataclass(frozen=True)
class Label:
    """Whose shape it is.

    Attributes:
        part: label of the part, 0 for background.
        person: 1 + the person's row, 0 for nobody.
    """

    part: int = 0
    person: int = 0


class Canvas:
    """A picture in the making.

    Attributes:
        rgb: (size, size, 3) float32, 0 to 255.
        parts: (size, size) uint8.
        persons: (size, size) int16.
    """

    def __init__(self, rgb: NDArray[np.float32]) -> None:
        self.rgb = rgb
        size = len(rgb)
        self.parts = np.zeros((size, size), np.uint8)
        self.persons = np.zeros((size, size), np.int16)
        self.painted: dict[int, int] = {}
        centres = np.arange(size, dtype=np.float32) + np.float32(0.5)
        self._x, self._y = centres[None, :], centres[:, None]

    def capsule(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        radii: tuple[float, float],
        colour: Colour,
        label: Label,
        texture: Texture | None = None,
        outline: float = 0.6,
    ) -> None:
        """Paint a limb: everything within a radius of a segment, the radius going from one end's to the other's."""
        reach = max(radii) + 1.5
        window = self._window(start, end, reach)
        if window is None:
            return
        x, y = self._x[:, window[1]], self._y[window[0]]
        dx, dy = end[0] - start[0], end[1] - start[1]
        length = max(math.hypot(dx, dy), 1e-3)
        ux, uy = np.float32(dx / length), np.float32(dy / length)
        rx, ry = x - np.float32(start[0]), y - np.float32(start[1])
        along = rx * ux + ry * uy
        across = ry * ux - rx * uy
        share = np.clip(along * np.float32(1 / length), 0, 1)
        beyond = along - share * np.float32(length)
        radius = np.float32(radii[0]) + share * np.float32(radii[1] - radii[0])
        distance = np.sqrt(beyond * beyond + across * across) - radius
        self._blend(window, distance, colour, label, across / radius, texture and texture(along, across), outline)

    def ellipse(
        self,
        centre: tuple[float, float],
        axis: tuple[float, float],
        radii: tuple[float, float],
        colour: Colour,
        label: Label,
        cut: tuple[float, float] | None = None,
        outline: float = 0.6,
    ) -> None:
        """Paint an ellipse; `axis` is the unit vector of its first radius.

        `cut`: only what lies between these two shares of the first radius, along the axis.
        """
        reach = max(radii) + 1.5
        window = self._window(centre, centre, reach)
        if window is None:
            return
        rx, ry = self._x[:, window[1]] - np.float32(centre[0]), self._y[window[0]] - np.float32(centre[1])
        ax, ay = np.float32(axis[0]), np.float32(axis[1])
        along, across = rx * ax + ry * ay, ry * ax - rx * ay
        scaled = np.sqrt((along / np.float32(radii[0])) ** 2 + (across / np.float32(radii[1])) ** 2)
        distance = (scaled - 1) * np.float32(min(radii))
        if cut is not None:
            low, high = (np.float32(share * radii[0]) for share in cut)
            distance = np.maximum(distance, np.maximum(low - along, along - high))
        self._blend(window, distance, colour, label, (across / np.float32(radii[1])).astype(np.float32), None, outline)

    def polygon(
        self,
        corners: list[tuple[float, float]],
        rounding: float,
        colour: Colour,
        label: Label,
        texture: Texture | None = None,
        outline: float = 0.6,
    ) -> None:
        """Paint a convex polygon, widened by `rounding` pixels. Texture coordinates run down and across the picture."""
        xs, ys = [c[0] for c in corners], [c[1] for c in corners]
        window = self._window((min(xs), min(ys)), (max(xs), max(ys)), rounding + 1.5)
        if window is None:
            return
        x, y = self._x[:, window[1]], self._y[window[0]]
        area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, [*corners[1:], corners[0]], strict=True))
        sign = 1.0 if area > 0 else -1.0
        distance: NDArray[np.float32] | None = None
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
            edge_x, edge_y = b[0] - a[0], b[1] - a[1]
            length = math.hypot(edge_x, edge_y)
            if length < 1e-6:
                continue
            nx, ny = np.float32(sign * edge_y / length), np.float32(-sign * edge_x / length)
            outside = (x - np.float32(a[0])) * nx + (y - np.float32(a[1])) * ny
            distance = outside if distance is None else np.maximum(distance, outside)
        if distance is None:
            return
        distance = distance - np.float32(rounding)
        middle_x = np.float32(sum(xs) / len(xs))
        middle_y = np.float32(sum(ys) / len(ys))
        factor = texture(y - middle_y + 0 * x, x - middle_x + 0 * y) if texture else None
        half = np.float32(max((max(xs) - min(xs)) / 2 + rounding, 1))
        self._blend(window, distance, colour, label, (x - middle_x) / half + 0 * y, factor, outline)

    def _window(self, start: tuple[float, float], end: tuple[float, float], reach: float) -> tuple[slice, slice] | None:
        """Return the rows and columns that a shape can touch."""
        size = len(self.parts)
        left, right = min(start[0], end[0]) - reach, max(start[0], end[0]) + reach
        top, bottom = min(start[1], end[1]) - reach, max(start[1], end[1]) + reach
        columns = slice(max(0, math.floor(left)), min(size, math.ceil(right)))
        rows = slice(max(0, math.floor(top)), min(size, math.ceil(bottom)))
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return None
        return rows, columns

    def _blend(
        self,
        window: tuple[slice, slice],
        distance: NDArray[np.float32],
        colour: Colour,
        label: Label,
        across: NDArray[np.float32],
        factor: NDArray[np.float32] | None,
        outline: float,
    ) -> None:
        """Paint colour by how far inside a pixel's centre lies; the label where it is inside."""
        alpha = np.clip(np.float32(0.5) - distance, 0, 1)
        # Round in the light, and dark at the rim, so that a limb stands out from one of its own colour.
        shade = 1 - np.float32(0.22) * across * across - np.float32(0.06) * across
        if factor is not None:
            shade = shade * factor
        rim = np.clip(distance + np.float32(1.6), 0, 1)
        shade = shade * (1 - np.float32(1 - outline) * rim)
        target = self.rgb[window]
        painted = shade[..., None] * np.array(colour, np.float32)
        target += alpha[..., None] * (painted - target)
        inside = distance <= 0
        np.copyto(self.parts[window], np.uint8(label.part), where=inside)
        np.copyto(self.persons[window], np.int16(label.person), where=inside)
        if label.person:
            self.painted[label.person] = self.painted.get(label.person, 0) + int(inside.sum())
