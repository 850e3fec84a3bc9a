"""Files written whole or not at all, and one line where a disk does not take them.

An unfinished file has a hidden name that says whose it is, `.NAME.PLACE.PID`. A killed process leaves it behind; the
next process that writes there removes it.
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
"""An unfinished file's name; earlier versions named no place."""

_QUIET_SECONDS = 7 * 24 * 3600
"""An unfinished file of another machine counts as abandoned when unchanged for so long: its process cannot be seen from
here, but a living one writes every few minutes."""


_REFUSED = re.compile(r'[<>:"|?*\x01-\x1f]|(?<=[^./ ])[. ]+$')
"""What some system refuses in a file's name; what leads out of a folder is refused everywhere, see `errors.inside`."""


def legal_name(name: str) -> str:
    """Return a file's name with `_` for what Windows refuses: some characters, and dots and spaces at the end.

    Example:
        >>> from mghp.writing import legal_name
        >>> legal_name("loss: a/b?")
        'loss_ a/b_'
    """
    return _REFUSED.sub("_", name)


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Turn an `OSError` of the block, which writes a file, into one line: a full disk, a read-only or missing folder.

    Raises:
        InputError: naming the file.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror or error}") from None


def write_atomically(file: Path, content: str | bytes | memoryview) -> None:
    """Write under a temporary name and rename: readers see the old file or the new one, whole.

    Raises:
        InputError: if it cannot be written; an old file is left as it was.
    """
    temporary = temporary_beside(file)
    with writing(file):
        remove_abandoned(file.parent, file.name)
        try:
            with temporary.open("wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())  # else a crash of the machine may leave the new name without content
            temporary.replace(file)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def temporary_beside(path: Path) -> Path:
    """Return this process's hidden name for an unfinished file or folder."""
    return path.with_name(f".{path.name}.{_place()}.{os.getpid()}")


def remove_abandoned(folder: Path, name: str | None = None) -> None:
    """Remove what dead processes left unfinished directly below a folder.

    What a living process is writing stays, on this machine and on others; so does what cannot be removed.

    Args:
        folder: need not exist.
        name: final name of the file or folder; None: any.
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
    """Return the files that `write_atomically` of dead processes left unfinished anywhere below a folder."""
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
    """Return a hash of the machine or container within which a process number means one process."""
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
