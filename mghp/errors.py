"""The one exception that a user can cause or mend, and checks of paths that raise it.

The commands print it as one line and exit with code 2.
"""

import difflib
import os
import reprlib
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

_COMPARED = 200
"""The most names of a folder that a wrong one is compared with."""

NEAR, NEAR_FILE = 0.5, 0.8
"""Least likeness of a valid name to a wrong one that was meant for it: more for files, whose endings are alike."""


class InputError(ValueError):
    """Something the user gave, or a file or disk of theirs, is wrong; the message is one line that names it."""


def existing_file(path: str | Path, what: str) -> Path:
    """Return the path of an existing file, which `what` names in messages, e.g. "checkpoint".

    Raises:
        InputError: if there is no such file; it names the file beside it whose name is nearest.
    """
    path = Path(path)
    try:
        if path.is_file():
            return path
        kind = "a folder, not a file" if path.is_dir() else f"no such file{_nearest_file(path)}"
    except (OSError, ValueError) as error:  # a name that is too long, or has letters that no name can have
        kind = str(getattr(error, "strerror", error))
    raise InputError(f"{what} {path}: {kind}")


def _nearest_file(path: Path) -> str:
    # A dataset's folder has too many names to compare for each picture that is missing.
    beside = [file.name for file in islice(path.parent.iterdir(), _COMPARED)] if path.parent.is_dir() else []
    name = nearest_name(path.name, beside, NEAR_FILE)
    return f"; did you mean {path.with_name(name)}?" if name else ""


def nearest_name(wrong: object, valid: Iterable[object], likeness: float = NEAR) -> str:
    """Return the valid name that a wrong one was probably meant for; "" where none is near.

    Args:
        wrong: as it was given.
        valid: names.
        likeness: least share of letters that both have in order, 0 to 1.
    """
    return next(iter(difflib.get_close_matches(str(wrong), map(str, valid), n=1, cutoff=likeness)), "")


def inside(folder: Path, name: object) -> Path:
    """Return the path of a file below a folder by a name from outside: annotations, a list, another's run folder.

    Args:
        folder: may itself be reached through a link.
        name: relative to it, with `/` between folders.

    Raises:
        InputError: if the name leads out of the folder, by `..`, from the root or through a link, or can name no file.
    """
    if not isinstance(name, str) or not stays_below(name):
        raise InputError(f"{folder}: {reprlib.repr(name)} names no file below it")
    path = folder / name
    try:
        is_inside = path.resolve().is_relative_to(folder.resolve())
        path.is_file()  # raises where the name is too long
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, letters that no name can have
        raise InputError(f"{folder}: {reprlib.repr(name)}: {getattr(error, 'strerror', error)}") from None
    if not is_inside:
        raise InputError(f"{folder}: {reprlib.repr(name)} is a link that leads out of it")
    return path


def stays_below(name: str) -> bool:
    """Return True if a relative name, by its letters alone, stays below its folder; `inside` follows links too."""
    return not set("\\\0") & set(name) and {"", ".", ".."}.isdisjoint(name.split("/"))


def writable_folder(path: Path) -> Path:
    """Return the path of a folder that can be written to or made; nothing is made yet.

    Raises:
        InputError: if it can be neither.
    """
    nearest = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise InputError(f"{path}: cannot be written: {nearest} is no writable folder")
    return path


def first_few(words: Sequence[str], most: int) -> str:
    """Return words side by side, of more than `most` the first ones and how many more there are."""
    return ", ".join([*words[:most], *([f"{len(words) - most} more"] if len(words) > most else [])])
