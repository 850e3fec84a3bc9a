"""Label maps and pictures as they lie on disk, read with the file's name in every error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.datasets.picture_pixels import picture_pixels
from mghp.errors import InputError, existing_file
from mghp.reading import file_text

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF")
"""What is taken for a picture, whatever its name ends in: others of Pillow's readers start programs of the machine."""


SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif"))
"""The endings of files that are taken for pictures in a folder."""

_SPREAD = {"L;2": 85, "L;4": 17}
"""Grey of 2 and 4 bits, which Pillow spreads over 0 to 255: what it multiplies the numbers in the file by."""


def read_picture(file: Path, labelled_size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Read a photograph, (height, width, 3): red, green, blue, as `picture_pixels` reads every picture.

    Args:
        file: of the picture.
        labelled_size: (height, width) of its labels, where it has some: they tell whether it is turned upright.

    Raises:
        InputError: if it is missing or unreadable.
    """
    with opened_picture(file, "picture") as image:
        return picture_pixels(image, labelled_size)


def read_labels(file: Path) -> NDArray[np.uint8]:
    """Read a label map, (height, width), as stored: of several channels the first, of a palette the index.

    Raises:
        InputError: if it is missing or unreadable, or has a number beyond 255.
    """
    numbers = read_numbers(file)
    if numbers.max(initial=0) > 255:
        raise InputError(f"label map {file}: label {numbers.max()}; expected 255 at most")
    return numbers.astype(np.uint8)


def read_numbers(file: Path) -> NDArray[Any]:
    """Read a label map as `read_labels` does, also with numbers beyond 255, of persons for instance.

    Raises:
        InputError: if it is missing or unreadable, its numbers are not whole, from 0 up, or they are of 16 bits in
            several channels, which Pillow cuts off.
    """
    with opened_picture(file, "label map") as image:
        stored = _stored_as(image)
        if ";16" in stored and not image.mode.startswith("I"):
            raise InputError(f"label map {file}: several channels of 16 bits; expected one channel, or 8 bits")
        numbers = np.asarray(image) // _SPREAD[stored] if stored in _SPREAD else np.asarray(image)
    if numbers.dtype.kind == "b":
        numbers = numbers.astype(np.uint8)
    if numbers.dtype.kind not in "iu" or numbers.min(initial=0) < 0:
        raise InputError(f"label map {file}: expected whole numbers from 0 up, got {numbers.dtype}")
    return numbers if numbers.ndim == 2 else numbers[..., 0]


def read_lines(file: Path) -> list[str]:
    """Return the lines of a text file that are not empty.

    Raises:
        InputError: if it is missing or no text.
    """
    try:
        text = file_text(existing_file(file, "list"))
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable("list", file, error) from None
    return [line.strip() for line in text.splitlines() if line.strip()]


@contextmanager
def opened_picture(file: Path, what: str) -> Iterator[Image.Image]:
    """Open a picture; what goes wrong in the block is told of the file.

    Raises:
        InputError: if it is missing, damaged, no picture, or one of more pixels than Pillow's bound on what is none.
    """
    with faults_told_of(file, what), Image.open(existing_file(file, what), formats=FORMATS) as image:
        yield image


@contextmanager
def faults_told_of(file: str | Path, what: str) -> Iterator[None]:
    """Tell of a file what goes wrong in the block that decodes it.

    Raises:
        InputError: naming the file, in the place of whatever its bytes lead Pillow to raise.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise _unreadable(what, file, error) from None


def _stored_as(image: Image.Image) -> str:
    """Return Pillow's name for how the pixels lie in the file, before they are loaded."""
    tiles = getattr(image, "tile", None) or [None]
    how = getattr(tiles[0], "args", "")
    return str(how[0] if isinstance(how, tuple) and how else how)


def _unreadable(what: str, file: str | Path, error: Exception) -> InputError:
    return InputError(f"{what} {file}: unreadable: {' '.join(str(error).split())[:120]}")
