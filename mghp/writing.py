"""Files written whole or not at all, and one line where a disk will not take them.

What is being written has a hidden name that says whose it is, `.NAME.PLACE.PID`. A process that is killed leaves it;
the next that writes there sweeps it away.
"""

import contextlib
import functools
import hashlib
import os
import platform
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mghp.errors import InputError

_TEMPORARY = re.compile(r"\.(?P<name>.+?)(\.(?P<place>[0-9a-f]{8}))?\.(?P<process>[0-9]+)")
"""Earlier versions named no place."""

_QUIET_SECONDS = 7 * 24 * 3600
"""After so long without a change what is of another machine is taken for left: whether its process lives cannot be
seen from here, but one that writes does so every few minutes."""


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
    temporary = temporary_beside(file)
    with writing(file):
        remove_abandoned(file.parent, file.name)
        try:
            with temporary.open("wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())  # else a crash of the machine may leave the new name with no content
            temporary.replace(file)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def temporary_beside(path: Path) -> Path:
    """Return this process's hidden name for a file or a folder that is not whole yet."""
    return path.with_name(f".{path.name}.{_place()}.{os.getpid()}")


def remove_abandoned(folder: Path, name: str | None = None) -> None:
    """Remove what was being written directly below a folder by processes that are no more.

    What a living process is writing stays, on this machine and on others; so does what cannot be removed.

    Args:
        folder: need not be there.
        name: of the file or folder that it was to be; None: any.
    """
    try:
        found = [entry for entry in folder.iterdir() if entry.name.startswith(".")]
    except OSError:
        return
    for path in _abandoned(found, name):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def unfinished_files(folder: Path) -> list[Path]:
    """What `write_atomically` was writing anywhere below a folder in processes that are no more."""
    return [path for path in _abandoned(folder.rglob(".*")) if path.is_file()]


def _abandoned(paths: Iterable[Path], name: str | None = None) -> Iterator[Path]:
    for path in paths:
        match = _TEMPORARY.fullmatch(path.name)
        if match is None or name not in (None, match["name"]):
            continue
        is_ours = match["place"] == _place()
        if not _is_running(int(match["process"])) if is_ours else _is_quiet(path):
            yield path


@functools.cache
def _place() -> str:
    """Of this machine, or of the container on it: where a process is known by its number."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return hashlib.sha256(f"{platform.node()} {namespace}".encode()).hexdigest()[:8]


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True


def _is_quiet(path: Path) -> bool:
    try:
        changed = max(one.lstat().st_mtime for one in (path, *path.rglob("*")))
    except OSError:  # it is being changed just now
        return False
    return time.time() - changed > _QUIET_SECONDS
