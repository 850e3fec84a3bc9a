"""Label maps and pictures as they lie on disk, read with the file's name in every error."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mghp.errors import InputError, existing_file

_UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises over a damaged file."""


def read_picture(file: Path) -> NDArray[np.uint8]:
    """A dataset's photograph: (height, width, 3), red, green, blue. Grey ones become grey in all three.

    Raises:
        InputError: if it is missing or unreadable.
    """
    try:
        with Image.open(existing_file(file, "picture")) as image:
            return np.asarray(image.convert("RGB"))
    except _UNREADABLE as error:
        raise _unreadable("picture", file, error) from None


def read_labels(file: Path) -> NDArray[np.uint8]:
    """A label map: (height, width), numbers as stored; of several channels the first, of a palette the index.

    Raises:
        InputError: if it is missing or unreadable.
    """
    try:
        with Image.open(existing_file(file, "label map")) as image:
            labels = np.asarray(image)
    except _UNREADABLE as error:
        raise _unreadable("label map", file, error) from None
    return (labels if labels.ndim == 2 else labels[..., 0]).astype(np.uint8)


def picture_size(file: Path) -> tuple[int, int]:
    """Height and width, without decoding the whole.

    Raises:
        InputError: if it is missing or no picture.
    """
    try:
        with Image.open(existing_file(file, "picture")) as image:
            return image.height, image.width
    except _UNREADABLE as error:
        raise _unreadable("picture", file, error) from None


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
