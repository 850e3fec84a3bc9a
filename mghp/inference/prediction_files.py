"""The names of the files of `mghp predict`, known before a picture is opened, without torch."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

POSES = "poses.json"
"""The file of all poses."""


def prediction_names(files: Sequence[Path]) -> dict[Path, str]:
    """Return the name of each picture's outputs: its file name, with the ending only where two would be the same.

    Example:
        >>> from pathlib import Path
        >>> from mghp.inference.prediction_files import prediction_names
        >>> list(prediction_names([Path("crowd.jpg"), Path("street.jpg"), Path("street.png")]).values())
        ['crowd', 'street.jpg', 'street.png']
    """
    stems = Counter(file.stem for file in files)
    names = {file.name for file in files}
    # a.jpg beside a.png keeps its ending, and so does a.jpg.png, whose stem would be the name that a.jpg then has.
    return {file: file.name if stems[file.stem] > 1 or file.stem in names else file.stem for file in files}


def map_names(name: str) -> tuple[str, str, str]:
    """Return the file names of a picture's parts, persons and overlay."""
    return f"{name}_parts.png", f"{name}_persons.png", f"{name}_overlay.png"


def all_names(files: Sequence[Path]) -> list[str]:
    """Return the names of all files written for these pictures."""
    return [*(file for name in prediction_names(files).values() for file in map_names(name)), POSES]
