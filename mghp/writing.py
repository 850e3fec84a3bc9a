"""Files written whole or not at all, and one line where a disk will not take them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mghp.errors import InputError

_TEMPORARY = re.compile(r"\..+\.[0-9]+")


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Around all that writes a file: a full disk, a folder that is read-only or gone.

    Raises:
        InputError: naming the file, in the place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror or error}") from None


def write_atomically(file: Path, content: str | bytes | memoryview) -> None:
    """Write under a temporary name and rename: readers see the old file or the new one, whole.

    Raises:
        InputError: if it cannot be written; the old file, where there is one, is left.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    with writing(file):
        try:
            with temporary.open("wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())  # else a crash of the machine may leave the new name with no content
            temporary.replace(file)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def unfinished_files(folder: Path) -> list[Path]:
    """What `write_atomically` was writing below a folder when it was killed."""
    return [file for file in folder.rglob(".*") if _TEMPORARY.fullmatch(file.name)]
