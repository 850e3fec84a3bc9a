"""The one exception that a user can cause or mend; the commands print it as one line and exit 2."""

import os
from pathlib import Path


class InputError(ValueError):
    """Something the user gave, or a file or disk of theirs, is wrong. The message is one line that names it."""


def existing_file(path: str | Path, what: str) -> Path:
    """The path, if a file is there.

    Raises:
        InputError: if there is none; `what` says what was looked for.
    """
    path = Path(path)
    if not path.is_file():
        kind = "a folder, not a file" if path.is_dir() else "no such file"
        raise InputError(f"{what} {path}: {kind}")
    return path


def writable_folder(path: Path) -> Path:
    """The path, if it is a folder that can be written to, or could be made one; nothing is made yet.

    Raises:
        InputError: if it is neither.
    """
    nearest = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise InputError(f"{path}: cannot be written: {nearest} is no folder with permission to write")
    return path
