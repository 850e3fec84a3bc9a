"""The arguments of `mghp gallery`: runs, and settings for those whose failures are still to be found."""

from collections.abc import Sequence
from pathlib import Path

from mghp.errors import InputError
from mghp.gallery.cases import folders_of_cases
from mghp.parsing.checkpoint_places import SHIPPED, checkpoint_of
from mghp.runs.places import is_there


def split_sources(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Split arguments into paths and `key=value`; an existing path may hold an equals sign, and `shipped` is one too.

    Raises:
        InputError: if there is no path, or the package came without weights.
    """
    settings = [text for text in arguments if "=" in text and not Path(text).exists()]
    runs = [checkpoint_of(text) if text == SHIPPED else Path(text) for text in arguments if text not in settings]
    if not runs:
        raise InputError("gallery: expected a run folder before the settings")
    return runs, settings


def check_sources(runs: Sequence[Path], overrides: Sequence[str]) -> None:
    """Refuse what cannot work before anything is computed.

    Raises:
        InputError: if a run does not exist, or holds cases already and settings are given.
    """
    for run in runs:
        if not is_there(run):
            raise InputError(f"{run}: no such run folder")
        if overrides and folders_of_cases(run):
            raise InputError(f"{run} holds its cases already: {overrides[0]} is for runs of mghp train")
