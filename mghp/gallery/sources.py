"""What `mghp gallery` is given: runs, and settings for those whose failures are still to be found."""

from collections.abc import Sequence
from pathlib import Path

from mghp.errors import InputError
from mghp.gallery.cases import folders_of_cases


def split_sources(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Paths, and `key=value`; what has an equals sign and is there is a path.

    Raises:
        InputError: if there is no path.
    """
    is_setting = ["=" in text and not Path(text).exists() for text in arguments]
    runs = [Path(text) for text, setting in zip(arguments, is_setting, strict=True) if not setting]
    if not runs:
        raise InputError("gallery: expected a run folder before the settings")
    return runs, [text for text, setting in zip(arguments, is_setting, strict=True) if setting]


def check_sources(runs: Sequence[Path], overrides: Sequence[str]) -> None:
    """Find what cannot work before anything is computed.

    Raises:
        InputError: if a run is not there, or settings are given that a run with cases cannot follow any more.
    """
    for run in runs:
        if not run.exists():
            raise InputError(f"{run}: no such run folder")
        if overrides and folders_of_cases(run):
            raise InputError(f"{run} holds its cases already: {overrides[0]} is for runs of mghp train")
