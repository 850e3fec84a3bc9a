"""Arrays of a .npz file of a run, in its folder or in an archive."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mghp.arrays import arrays_of
from mghp.runs.places import read_file


def read_arrays(file: Path, what: str) -> dict[str, NDArray[Any]]:
    """Read all arrays of a file, which may lie in an archive, by name.

    Raises:
        InputError: if the file is missing, or as `arrays_of`.
    """
    return arrays_of(read_file(file, what), f"{what} {file}")
