"""Whatever a user has of a picture, a file, an image, an array or a tensor, as one kind of array."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mghp.inference.image_files import upright_picture

AnyPicture = str | Path | Image.Image | NDArray[np.uint8] | Tensor
"""A file, a Pillow image, an array (height, width, 3) uint8, or a tensor (3, height, width) uint8."""


def pixels_of(picture: AnyPicture) -> NDArray[np.uint8]:
    """Return a picture's red, green and blue, (height, width, 3) uint8.

    Args:
        picture: files and Pillow images are turned upright by `upright_picture`; arrays and tensors are taken as they
            are.

    Raises:
        InputError: if the file, or that of the Pillow image, is no readable picture.
        ValueError: if an array or a tensor has another shape or type.
        TypeError: if it is none of these.
    """
    if isinstance(picture, str | Path | Image.Image):
        return upright_picture(Path(picture) if isinstance(picture, str) else picture)
    if isinstance(picture, Tensor):
        _check(tuple(picture.shape), picture.dtype, "(3, height, width)", channels=0)
        return picture.permute(1, 2, 0).cpu().numpy()
    if isinstance(picture, np.ndarray):
        _check(picture.shape, picture.dtype, "(height, width, 3)", channels=2)
        return picture
    raise TypeError(f"expected a file, a Pillow image, an array or a tensor, got {type(picture).__name__}")


def name_of(picture: AnyPicture, number: int | None = None) -> str:
    """Return the file's name, or "picture", with its number among several, from 1."""
    file = picture if isinstance(picture, str | Path) else getattr(picture, "filename", "")
    return Path(file).name or ("picture" if number is None else f"picture_{number}")


def _check(shape: tuple[int, ...], dtype: object, expected: str, channels: int) -> None:
    if len(shape) != 3 or shape[channels] != 3 or 0 in shape:
        raise ValueError(f"expected {expected} uint8, got {shape} of {dtype}")
    if str(dtype).removeprefix("torch.") != "uint8":
        raise ValueError(f"expected red, green and blue from 0 to 255 as uint8, got {shape} of {dtype}")
