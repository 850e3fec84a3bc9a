"""Soft assignments of a few limbs as matrices of squares, with the true pairs framed."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mghp.pictures.canvas import Rgb
from mghp.pictures.sketch import Colour
from mghp.pictures.text import BLACK, WHITE, font, padded, stacked, text_line

_TRUE: Colour = (230, 80, 0)
_GAP = 16
"""The gap between matrices, pixels."""


@dataclass(frozen=True)
class LimbAssignment:
    """The matrix of one limb.

    Attributes:
        name: the limb, e.g. "left shoulder to left elbow".
        values: soft or hard assignment, or affinity, in [0, 1], (source, destination).
        truth: 1 for true pairs, (source, destination); None: unknown.
    """

    name: str
    values: NDArray[np.floating]
    truth: NDArray[np.number] | None = None


def assignments_picture(limbs: Sequence[LimbAssignment], *, columns: int = 3) -> Rgb:
    """Draw matrices side by side, `columns` in a row: sources down, destinations across."""
    if not limbs:
        return text_line("no limbs", 0, 14)
    pictures = [_matrix_picture(limb) for limb in limbs]
    width = max(picture.shape[1] for picture in pictures) + _GAP
    rows = []
    for k in range(0, len(pictures), columns):
        height = max(picture.shape[0] for picture in pictures[k : k + columns]) + _GAP
        rows.append(np.concatenate([padded(one, height, width) for one in pictures[k : k + columns]], axis=1))
    note = text_line("rows: sources, columns: destinations, framed: true pairs", 0, 12)
    return np.pad(stacked([*rows, note, _scale()]), ((_GAP // 2,) * 2, (_GAP // 2,) * 2, (0, 0)), constant_values=255)


def _matrix_picture(limb: LimbAssignment) -> Rgb:
    """Draw a title, the numbers of sources and destinations, and squares."""
    title = text_line(limb.name, 0, 13, bold=True)
    if limb.values.size == 0:
        body = text_line("no candidates", 0, 12)
    else:
        body = _squares(limb.values, np.zeros_like(limb.values) if limb.truth is None else limb.truth)
    return stacked([title, body])


def _squares(values: NDArray[np.floating], truth: NDArray[np.number]) -> Rgb:
    side = int(np.clip(300 // max(values.shape), 9, 34))
    margin = 22
    sources, destinations = values.shape
    image = Image.new("RGB", (margin + destinations * side + 2, margin + sources * side + 2), WHITE)
    draw = ImageDraw.Draw(image)
    # Numbers that would touch are thinned out.
    every = -(-14 // side)
    for k in range(0, sources, every):
        draw.text((margin - 5, margin + (k + 0.5) * side), str(k + 1), BLACK, font(11), anchor="rm")
    for k in range(0, destinations, every):
        draw.text((margin + (k + 0.5) * side, margin - 5), str(k + 1), BLACK, font(11), anchor="ms")
    for (row, column), value in np.ndenumerate(values):
        _draw_square(draw, (margin + column * side, margin + row * side), side, float(value))
    for row, column in np.argwhere(truth > 0):
        x, y = margin + int(column) * side, margin + int(row) * side
        draw.rectangle((x, y, x + side - 1, y + side - 1), outline=_TRUE, width=max(2, side // 10))
    return np.asarray(image).copy()


def _scale(length: int = 200) -> Rgb:
    """Draw the colours from 0 to 1 with their numbers."""
    colours = mpl.colormaps["cividis"](np.linspace(0, 1, length), bytes=True)[None, :, :3]
    low, high = (text_line(number, 0, 12) for number in ("0 ", " 1"))
    return np.concatenate([low, np.repeat(colours, len(low), axis=0), high], axis=1)


def _draw_square(draw: ImageDraw.ImageDraw, corner: tuple[int, int], side: int, value: float) -> None:
    x, y = corner
    red, green, blue, _ = mpl.colormaps["cividis"](min(max(value, 0.0), 1.0), bytes=True)
    draw.rectangle((x, y, x + side - 2, y + side - 2), fill=(int(red), int(green), int(blue)))
    if side >= 26 and value >= 0.005:
        ink = WHITE if value < 0.55 else BLACK
        draw.text((x + (side - 1) / 2, y + (side - 1) / 2), f"{value:.2f}", ink, font(10), anchor="mm")
