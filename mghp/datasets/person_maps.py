"""Maps of persons that lie beside maps of parts."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.parts import IGNORE
from mghp.datasets.label_files import read_labels
from mghp.errors import InputError


def with_persons(parts: NDArray[np.uint8], parts_file: Path, file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Return parts and persons of a picture, of which a map of persons says whose each pixel is.

    A pixel that the map marks 255, as VOC marks borders, is nobody known: of no person, and of no known part, so that
    neither a loss nor a score counts it.

    Args:
        parts: (height, width), 255 not known.
        parts_file: where they were read, for errors.
        file: the map of persons: 0 nobody, 255 not known, every other number a person.

    Returns:
        Parts, and the persons' numbers made 1, 2, ... in their order, each (height, width).

    Raises:
        InputError: if the map is missing or unreadable, or of another size than the parts.
    """
    ids = read_labels(file)
    if ids.shape != parts.shape:
        raise InputError(f"{file}: {ids.shape[::-1]} pixels, {parts_file.name} {parts.shape[::-1]}")
    known = ids != IGNORE
    return np.where(known, parts, np.uint8(IGNORE)), _numbered(np.where(known, ids, np.uint8(0)))


def _numbered(ids: NDArray[np.uint8]) -> NDArray[np.int16]:
    persons = np.unique(ids[ids > 0])
    new = np.zeros(int(ids.max(initial=0)) + 1, np.int16)
    new[persons] = np.arange(1, len(persons) + 1)
    renumbered: NDArray[np.int16] = new[ids]
    return renumbered
