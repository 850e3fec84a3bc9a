"""The one exception that a user's input can cause; the commands print it as one line and exit 2."""

from pathlib import Path


class InputError(ValueError):
    """Something the user gave is wrong: a key, a value or a file. The message is one line."""


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
