"""Label maps and pictures as they lie on disk, read with the file's name in every error."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mghp.errors import InputError, existing_file

UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
"""What Pillow raises over a damaged file."""


def read_picture(file: Path) -> NDArray[np.uint8]:
    """A dataset's photograph: (height, width, 3), red, green, blue. Grey ones become grey in all three.

    Raises:
        InputError: if it is missing or unreadable.
    """
    try:
        with Image.open(existing_file(file, "picture")) as image:
            return np.asarray(image.convert("RGB"))
    except UNREADABLE as error:
        raise _unreadable("picture", file, error) from None


def read_labels(file: Path) -> NDArray[np.uint8]:
    """A label map: (height, width), numbers as stored; of several channels the first, of a palette the index.

    Raises:
        InputError: if it is missing or unreadable.
    """
    return read_numbers(file).astype(np.uint8)


def read_numbers(file: Path) -> NDArray[Any]:
    """The same with numbers beyond 255, of persons for instance.

    Raises:
        InputError: if it is missing or unreadable.
    """
    try:
        with Image.open(existing_file(file, "label map")) as image:
            numbers = np.asarray(image)
    except UNREADABLE as error:
        raise _unreadable("label map", file, error) from None
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


def _unreadable(what: str, file: Path, error: Exception) -> InputError:
    if isinstance(error, InputError):
        return error
    return InputError(f"{what} {file}: unreadable: {' '.join(str(error).split())[:120]}")
