"""What is behind and before the people: textured backgrounds, and objects that are nobody's."""

import math

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.synthetic.painting import Canvas, Colour, Label

_NOBODY = Label()


def draw_background(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Paint a gradient, noise at several scales, and sometimes tiles, stripes or a floor.

    Returns:
        (size, size, 3) float32, 0 to 255.
    """
    top, bottom = (rng.uniform(60, 220, 3).astype(np.float32) for _ in range(2))
    down = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    picture = np.broadcast_to(top + down * (bottom - top), (size, size, 3)).copy()
    if rng.random() < 0.5:  # a floor
        horizon = int(size * rng.uniform(0.45, 0.85))
        picture[horizon:] = rng.uniform(60, 200, 3).astype(np.float32)
    coarse = np.zeros((size, size), np.float32)
    for cells, amount in ((4, 28), (12, 16), (40, 9)):
        coarse += np.float32(amount * rng.uniform(0.3, 1.2)) * _noise(rng, cells, size)
    picture += coarse[..., None]
    kind = rng.random()
    if kind < 0.35:
        picture += _pattern(rng, size)[..., None]
    return picture


def _noise(rng: np.random.Generator, cells: int, size: int) -> NDArray[np.float32]:
    """Draw uniform values in [-1, 1] on a grid, interpolated linearly."""
    grid = (2 * rng.random((cells + 1, cells + 1)) - 1).astype(np.float32)
    place = np.arange(size, dtype=np.float32) * np.float32(cells / size)
    low = place.astype(np.int64)
    share = place - low.astype(np.float32)
    rows = grid[low] + share[:, None] * (grid[low + 1] - grid[low])
    values: NDArray[np.float32] = rows[:, low] + share * (rows[:, low + 1] - rows[:, low])
    return values


def _pattern(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Draw tiles or stripes."""
    period = rng.uniform(6, 28)
    place = np.arange(size)
    columns = (place / period + rng.random()).astype(np.int64) % 2
    rows = (place / (period * rng.uniform(0.6, 1.6)) + rng.random()).astype(np.int64) % 2
    amount = np.float32(rng.uniform(8, 34))
    kind = int(rng.integers(3))
    mask = (
        columns[None] ^ rows[:, None],
        np.broadcast_to(columns, (size, size)),
        np.broadcast_to(rows[:, None], (size, size)),
    )
    return amount * mask[kind].astype(np.float32)


def paint_object(rng: np.random.Generator, canvas: Canvas, largest: float) -> None:
    """Paint a box, a pole, a ball, a lamp, a chair or a tree, of nobody.

    Args:
        rng: where the draws come from.
        canvas: what to paint on.
        largest: extent in pixels.
    """
    size = len(canvas.parts)
    x, y = (float(value) for value in rng.uniform(0, size, 2))
    extent = float(rng.uniform(0.35, 1.0) * largest)
    colour, other = _draw_colour(rng), _draw_colour(rng)
    kind = int(rng.integers(6))
    if kind == 0:
        _box(rng, canvas, x, y, extent, colour)
    elif kind == 1:
        thin = extent * float(rng.uniform(0.04, 0.1))
        canvas.capsule((x, y - extent), (x, y + extent), (thin, thin), colour, _NOBODY)
    elif kind == 2:
        canvas.ellipse((x, y), (1.0, 0.0), (extent * 0.4, extent * 0.4), colour, _NOBODY)
    elif kind == 3:
        canvas.capsule((x, y), (x, y + extent), (extent * 0.03, extent * 0.04), other, _NOBODY)
        canvas.ellipse((x, y), (1.0, 0.0), (extent * 0.3, extent * 0.2), colour, _NOBODY)
    elif kind == 4:
        _chair(canvas, x, y, extent * 0.6, colour)
    else:
        canvas.capsule((x, y), (x, y + extent), (extent * 0.08, extent * 0.12), (110, 80, 56), _NOBODY)
        canvas.ellipse((x, y - extent * 0.2), (1.0, 0.0), (extent * 0.45, extent * 0.5), (70, 130, 60), _NOBODY)


def paint_loose_limb(rng: np.random.Generator, canvas: Canvas, colour: Colour, length: float) -> None:
    """Paint a capsule in the colour of skin or cloth that belongs to nobody."""
    size = len(canvas.parts)
    x, y = (float(value) for value in rng.uniform(0, size, 2))
    angle = float(rng.uniform(0, 2 * math.pi))
    end = (x + length * math.cos(angle), y + length * math.sin(angle))
    canvas.capsule((x, y), end, (length * 0.16, length * 0.13), colour, _NOBODY)


def _box(rng: np.random.Generator, canvas: Canvas, x: float, y: float, extent: float, colour: Colour) -> None:
    wide, high = extent * float(rng.uniform(0.2, 0.6)), extent * float(rng.uniform(0.2, 0.6))
    lean = float(rng.uniform(-0.3, 0.3))
    corners = [(-wide, -high), (wide, -high), (wide, high), (-wide, high)]
    canvas.polygon([(x + a - lean * b, y + b + lean * a) for a, b in corners], 0.5, colour, _NOBODY)


def _chair(canvas: Canvas, x: float, y: float, extent: float, colour: Colour) -> None:
    thick = (extent * 0.06, extent * 0.06)
    for left, right in (((0, 0), (0, 1)), ((0.6, 0.5), (0.6, 1)), ((0, 0.5), (0.6, 0.5)), ((0, 0), (0, 0.5))):
        start = (x + left[0] * extent, y + left[1] * extent)
        canvas.capsule(start, (x + right[0] * extent, y + right[1] * extent), thick, colour, _NOBODY)


def _draw_colour(rng: np.random.Generator) -> Colour:
    red, green, blue = (float(value) for value in rng.uniform(30, 230, 3))
    return red, green, blue
