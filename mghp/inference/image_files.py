"""Reading a user's own pictures, whatever kind of file they are."""

from glob import has_magic
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


def picture_files(*sources: Path) -> list[Path]:
    """List the pictures that files, folders and patterns such as `photos/*.jpg` name, each once.

    Of a folder, whose subfolders are not entered, and of a pattern, in which `**` is any folders, the files named like
    pictures are taken, sorted. Files that mghp itself wrote there, such as maps and overlays, are left out.

    Raises:
        InputError: if a source has no picture.
    """
    files = [file for source in sources for file in _files_of(source)]
    return list({file.resolve(): file for file in reversed(files)}.values())[::-1]


def _files_of(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    if not source.is_dir() and not has_magic(str(source)):
        raise InputError(f"{source}: no such picture or folder")
    pattern = str(source.relative_to(source.anchor))
    there = source.iterdir() if source.is_dir() else Path(source.anchor).glob(pattern)
    named = sorted(file for file in there if file.suffix.lower() in SUFFIXES and not file.is_dir())
    folders = {folder: OutFolder(folder) for folder in {file.parent for file in named}}
    files = [file for file in named if not folders[file.parent].is_own(file.name)]
    if not files:
        raise InputError(f"{source}: no picture in it; expected files that end in {', '.join(sorted(SUFFIXES))}")
    return files
