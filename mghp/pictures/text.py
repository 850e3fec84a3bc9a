"""Words on pictures, in the font that comes with Matplotlib: the same on every machine."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mghp.pictures.canvas import Rgb

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
_SMALLEST = 9
"""The smallest size of readable letters, pixels."""


@lru_cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load the font at a size in pixels."""
    file = Path(mpl.get_data_path()) / "fonts" / "ttf" / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    # The basic layout: the other depends on a library that not every machine has.
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)


def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """Measure the width of a line, pixels."""
    return int(np.ceil(font(size, bold=bold).getlength(text)))


def fitting_size(texts: Iterable[str], width: int, largest: int) -> int:
    """Return the largest size at which every line fits into `width` pixels, but never one too small to read."""
    texts = list(texts)
    for size in range(largest, _SMALLEST, -1):
        if all(text_width(text, size) <= width for text in texts):
            return size
    return _SMALLEST


def text_line(text: str, width: int, size: int, *, bold: bool = False, centred: bool = False) -> Rgb:
    """Draw a line of text, black on white, at least `width` pixels wide."""
    needed = text_width(text, size, bold=bold)
    image = Image.new("RGB", (max(width, needed), round(1.5 * size)), WHITE)
    x = (image.width - needed) // 2 if centred else 0
    ImageDraw.Draw(image).text((x, image.height / 2), text, BLACK, font(size, bold=bold), anchor="lm")
    return np.asarray(image).copy()


def padded(picture: Rgb, height: int, width: int, *, centred: bool = False) -> Rgb:
    """Pad a picture by white to at least `height` x `width`, at the top, left or centred."""
    rows, columns = picture.shape[:2]
    sheet = np.full((max(height, rows), max(width, columns), 3), 255, dtype=np.uint8)
    left = (sheet.shape[1] - columns) // 2 if centred else 0
    sheet[:rows, left : left + columns] = picture
    return sheet


def stacked(pictures: Sequence[Rgb]) -> Rgb:
    """Stack pictures one under the other on white, flush left."""
    width = max((picture.shape[1] for picture in pictures), default=0)
    return np.concatenate([np.zeros((0, width, 3), np.uint8), *(padded(picture, 0, width) for picture in pictures)])
