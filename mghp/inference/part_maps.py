"""Part maps as any model leaves them: PNG files of numbers, and NumPy's arrays."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.label_files import faults_told_of, opened_picture, read_numbers
from mghp.errors import InputError, existing_file

ARRAYS = (".npy", ".npz")
"""The endings of NumPy's files."""

_ENDINGS = (".png", *ARRAYS)
_MARKS = ("_parts", "_seg")
"""What stands behind the picture's name: in the files of `mghp predict`, and in Sapiens' own."""


def part_map_files(sources: Iterable[Path]) -> dict[str, Path]:
    """Return the part maps by their pictures' names, sorted: file names without `_parts`, `_seg` and ending.

    Args:
        sources: files, patterns such as maps/*.png, and folders. Of a folder in which names end in `_parts` or `_seg`
            those files alone are taken, so that it may hold maps of persons and overlays too.

    Raises:
        InputError: if a source has no part map, or two are of one picture.
    """
    found: dict[str, Path] = {}
    for source in sources:
        for file in _files(source):
            name = _name(file)
            if found.setdefault(name, file) != file:
                raise InputError(f"{file}: a second part map of picture {name}, beside {found[name]}")
    return dict(sorted(found.items()))


def read_parts(file: Path) -> NDArray[np.int64]:
    """Return the labels of a part map, (height, width), 0 background, 255 not known.

    Raises:
        InputError: naming the file, if it is no map of whole numbers from 0 to 255.
    """
    if file.suffix.lower() in ARRAYS:
        numbers = read_array(file, "parts")
    else:
        _refuse_colours(file)
        numbers = read_numbers(file)
    if numbers.ndim != 2 or numbers.dtype.kind not in "biu":
        shape = "x".join(map(str, numbers.shape))
        raise InputError(f"part map {file}: expected (height, width) whole numbers, got {shape} of {numbers.dtype}")
    labels: NDArray[np.int64] = numbers.astype(np.int64)
    if labels.min(initial=0) < 0 or labels.max(initial=0) > 255:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        raise InputError(f"part map {file}: label {wrong}; expected 0 to 255")
    return labels


def read_array(file: Path, name: str) -> NDArray[Any]:
    """Return the array of a file of NumPy's.

    Args:
        file: .npy, or .npz with one array, or with one of this name.
        name: of the array, where there are several.

    Raises:
        InputError: naming the file, if it is damaged, or it cannot be told which array is meant.
    """
    with faults_told_of(existing_file(file, "array"), "array"):
        content = np.load(file, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return content
        with content as arrays:
            names = list(arrays.files)
            if len(names) != 1 and name not in names:
                told = ", ".join(names) or "none"
                raise InputError(f"{file}: expected one array, or one named {name}; got {told}")
            array: NDArray[Any] = arrays[name if name in names else names[0]]
            return array


def _refuse_colours(file: Path) -> None:
    """Refuse a picture in which colours stand for labels: channels that are neither equal nor 0 behind the first."""
    with opened_picture(file, "part map") as image:
        pixels = np.asarray(image.convert("RGB")) if image.mode in ("RGB", "RGBA") else np.zeros((1, 1, 3), np.uint8)
    if pixels[..., 1:].any() and (pixels != pixels[..., :1]).any():
        raise InputError(f"part map {file}: a picture of colours; expected a label a pixel, grey or with a palette")


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        files = [file for file in source.iterdir() if file.suffix.lower() in _ENDINGS and file.is_file()]
        return _some([file for file in files if file.stem.endswith(_MARKS)] or files, source)
    if source.is_file():
        return [source]
    return _some(list(source.parent.glob(source.name)), source)


def _some(files: list[Path], source: Path) -> list[Path]:
    if not files:
        raise InputError(f"{source}: no part map there; expected files that end in {', '.join(_ENDINGS)}")
    return files


def _name(file: Path) -> str:
    return next((file.stem.removesuffix(mark) for mark in _MARKS if file.stem.endswith(mark)), file.stem)
