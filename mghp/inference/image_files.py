"""Reading a user's own pictures, whatever kind of file they are."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.datasets.label_files import SUFFIXES, faults_told_of, read_picture
from mghp.datasets.picture_pixels import picture_pixels
from mghp.errors import InputError
from mghp.out_folder import OutFolder


def upright_picture(image: Path | Image.Image) -> NDArray[np.uint8]:
    """Return a picture's red, green and blue, (height, width, 3) uint8, turned by its EXIF orientation.

    Args:
        image: a file, or a Pillow image, which is read alike; see `picture_pixels`.

    Raises:
        InputError: naming the file, if it is missing, truncated or no picture.
    """
    if isinstance(image, Path):
        return read_picture(image)
    with faults_told_of(getattr(image, "filename", None) or repr(image), "picture"):
        return picture_pixels(image)


def picture_files(source: Path) -> list[Path]:
    """List a file, or a folder's files named like pictures, sorted; subfolders are not entered.

    Files that mghp itself wrote into the folder, such as maps and overlays, are left out.

    Raises:
        InputError: if there is none.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise InputError(f"{source}: no such picture or folder")
    written = OutFolder(source)
    named = (file for file in source.iterdir() if file.suffix.lower() in SUFFIXES)
    files = sorted(file for file in named if not written.is_own(file.name))
    if not files:
        raise InputError(f"{source}: no picture in it; expected files that end in {', '.join(sorted(SUFFIXES))}")
    return files
