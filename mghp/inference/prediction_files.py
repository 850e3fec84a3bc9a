"""The names of the files of `mghp predict`, known before a picture is opened, without torch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

POSES = "poses.json"
"""The file of all poses."""


LABELS = "labels.json"
"""The file that says what the numbers of the maps mean."""


def shown_names(files: Sequence[Path]) -> dict[Path, str]:
    """Return the name by which each picture is listed: its file name, or its path where two have the same name."""
    names = Counter(file.name for file in files)
    return {file: file.name if names[file.name] == 1 else file.as_posix() for file in files}


def prediction_names(files: Sequence[Path]) -> dict[Path, str]:
    """Return the name of each picture's outputs: its file name, with folders and ending only where two are the same.

    Example:
        >>> from pathlib import Path, PurePosixPath
        >>> from mghp.inference.prediction_files import prediction_names
        >>> list(prediction_names([Path("crowd.jpg"), Path("street.jpg"), Path("street.png")]).values())
        ['crowd', 'street.jpg', 'street.png']
        >>> list(prediction_names([Path("may/crowd.jpg"), Path("june/crowd.jpg")]).values())
        ['may_crowd', 'june_crowd']
    """
    flat = {file: "_".join(PurePosixPath(name).parts).lstrip("/_") for file, name in shown_names(files).items()}
    if len(set(flat.values())) < len(files):
        flat = {file: f"{number}_{file.name}" for number, file in enumerate(files, start=1)}
    stems, names = Counter(PurePosixPath(name).stem for name in flat.values()), set(flat.values())

    def output_name(name: str) -> str:
        # a.jpg beside a.png keeps its ending, and so does a.jpg.png, whose stem would be the name that a.jpg then has.
        stem = PurePosixPath(name).stem
        return name if stems[stem] > 1 or stem in names else stem

    return {file: output_name(name) for file, name in flat.items()}


def map_names(name: str) -> tuple[str, str, str]:
    """Return the file names of a picture's parts, persons and overlay."""
    return f"{name}_parts.png", f"{name}_persons.png", f"{name}_overlay.png"


def names_of_maps(names: Iterable[str]) -> list[str]:
    """Return the names of all files written for pictures of these names."""
    return [*(file for name in names for file in map_names(name)), POSES, LABELS]


def all_names(files: Sequence[Path]) -> list[str]:
    """Return the names of all files written for these pictures."""
    return names_of_maps(prediction_names(files).values())
