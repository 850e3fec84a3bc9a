"""Arrays in the form of a .npz file, that may be anybody's."""

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.errors import InputError

MOST_BYTES = 2**30
"""Size of all arrays of a file together, unpacked."""


def arrays_of(content: bytes, where: str) -> dict[str, NDArray[Any]]:
    """Return all arrays of a file's content by name.

    Args:
        content: bytes of the file.
        where: name of the file in errors.

    Raises:
        InputError: if it is damaged, holds objects, or unpacks to more than `MOST_BYTES`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # What a header promises is allocated before it is read; no member is read beyond its size here.
            size = sum(_promised(archive, member) for member in archive.infolist())
        if size > MOST_BYTES:
            raise InputError(f"{where}: {size} bytes of arrays; expected {MOST_BYTES} at most")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except InputError:
        raise
    except Exception as error:  # NumPy and zipfile raise whatever the bytes lead to
        raise InputError(f"{where}: unreadable: {' '.join(str(error).split())[:120]}") from None


def check_shapes(file: Path, arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[str | int, ...]]) -> None:
    """Refuse arrays that are not numbers, or of another shape; those that are not there are nobody's fault.

    Args:
        file: that they were read from.
        arrays: by name.
        shapes: by name; a letter or word stands for a size, which is the same wherever it stands.

    Raises:
        InputError: naming the first that does not fit.
    """
    sizes: dict[str | int, int] = {}
    for name in [name for name in shapes if name in arrays]:
        array, shape = arrays[name], shapes[name]
        fits = array.dtype.kind in "biuf" and array.ndim == len(shape)
        for size, word in zip(array.shape, shape, strict=False):
            fits = fits and size == (word if isinstance(word, int) else sizes.setdefault(word, size))
        if not fits:
            expected = ", ".join(str(sizes.get(word, word)) for word in shape)
            raise InputError(f"{file}: {name}: expected numbers ({expected}), got {array.dtype} {array.shape}")


def _promised(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Return the bytes of an array, by the archive's directory or by its own header."""
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(stream)
    if min(shape, default=0) < 0:
        raise ValueError(f"an array of shape {shape}")
    return max(member.file_size, math.prod(shape) * dtype.itemsize)
