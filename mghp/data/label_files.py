"""Label maps and pictures as they lie on disk, read with the file's name in every error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.errors import InputError, existing_file

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF")
"""What is taken for a picture, whatever its name ends in: others of Pillow's readers start programs of the machine."""


def read_picture(file: Path) -> NDArray[np.uint8]:
    """A dataset's photograph: (height, width, 3), red, green, blue. Grey ones become grey in all three.

    Raises:
        InputError: if it is missing or unreadable.
    """
    with opened_picture(file, "picture") as image:
        return np.asarray(image.convert("RGB"))


def read_labels(file: Path) -> NDArray[np.uint8]:
    """A label map: (height, width), numbers as stored; of several channels the first, of a palette the index.

    Raises:
        InputError: if it is missing or unreadable, or has a number beyond 255.
    """
    numbers = read_numbers(file)
    if numbers.max(initial=0) > 255:
        raise InputError(f"label map {file}: label {numbers.max()}; expected 255 at most")
    return numbers.astype(np.uint8)


def read_numbers(file: Path) -> NDArray[Any]:
    """The same with numbers beyond 255, of persons for instance.

    Raises:
        InputError: if it is missing or unreadable, or its numbers are not whole, from 0 up.
    """
    with opened_picture(file, "label map") as image:
        numbers = np.asarray(image)
    if numbers.dtype.kind == "b":
        numbers = numbers.astype(np.uint8)
    if numbers.dtype.kind not in "iu" or numbers.min(initial=0) < 0:
        raise InputError(f"label map {file}: expected whole numbers from 0 up, got {numbers.dtype}")
    return numbers if numbers.ndim == 2 else numbers[..., 0]


def read_lines(file: Path) -> list[str]:
    """Lines of a text file that are not empty.

    Raises:
        InputError: if it is missing or no text.
    """
    try:
        text = existing_file(file, "list").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable("list", file, error) from None
    return [line.strip() for line in text.splitlines() if line.strip()]


@contextmanager
def opened_picture(file: Path, what: str) -> Iterator[Image.Image]:
    """The file, open; what goes wrong in the block is told of the file.

    Raises:
        InputError: if it is missing, damaged, no picture, or one of more pixels than Pillow's bound on what is none.
    """
    try:
        with Image.open(existing_file(file, what), formats=FORMATS) as image:
            yield image
    except InputError:
        raise
    except Exception as error:  # Pillow raises whatever the bytes lead to
        raise _unreadable(what, file, error) from None


def _unreadable(what: str, file: Path, error: Exception) -> InputError:
    return InputError(f"{what} {file}: unreadable: {' '.join(str(error).split())[:120]}")
