"""One's own pictures, whatever kind of file they are."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mghp.data.label_files import opened_picture
from mghp.errors import InputError

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif"))
"""Of files that are taken for pictures in a folder."""


def upright_picture(file: Path) -> NDArray[np.uint8]:
    """(height, width, 3) uint8, red, green, blue, turned as its EXIF orientation says.

    Grey becomes grey in all three channels, 16 bits become 8, CMYK becomes RGB; what is transparent becomes white.

    Raises:
        InputError: naming the file, if it is missing, truncated or no picture.
    """
    with opened_picture(file, "picture") as opened:
        opened.load()
        return np.asarray(_rgb(ImageOps.exif_transpose(opened)))


def picture_files(source: Path) -> list[Path]:
    """The file, or all files of the folder that are named like pictures, in order; its folders are not entered.

    Raises:
        InputError: if there is none.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise InputError(f"{source}: no such picture or folder")
    files = sorted(file for file in source.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(f"{source}: no picture in it; expected files that end in {', '.join(sorted(SUFFIXES))}")
    return files


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        # 16 bits a pixel, or more: brought to 8 by their own range, as Pillow's conversion would cut them off.
        values = np.asarray(image, np.float64)
        largest = 65535.0 if values.max(initial=0) > 255 else 255.0
        return Image.fromarray((values.clip(0, largest) * 255 / largest).round().astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        transparent = image.convert("RGBA")
        white = Image.new("RGBA", transparent.size, "white")
        return Image.alpha_composite(white, transparent).convert("RGB")
    return image.convert("RGB")
