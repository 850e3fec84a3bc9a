"""Digests of a dataset's files, which are read again only where their sizes or times have changed.

What is known is kept in a hidden file in the dataset's folder; where that cannot be written, in the user's cache.
"""

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from mghp.errors import InputError
from mghp.progress import Progress, progress_bar
from mghp.writing import write_atomically

KEPT = ".mghp_digests.json"
"""The file in a dataset's folder; it is no data."""

_COARSEST = 2 * 10**9
"""Nanoseconds between two times of the coarsest file system (FAT): a file that is no older than this when it is read
may be written again without its time showing it."""

_THREADS = 8


class Stamp(NamedTuple):
    """What changes when a file does: bytes, and nanoseconds of its content and of its entry."""

    size: int
    modified: int
    changed: int


_Known = dict[str, tuple[Stamp, str]]


def file_digests(folder: Path, files: Iterable[Path], progress: Progress | None = None) -> dict[Path, str | None]:
    """Return the digest of each file's bytes; None for one that is missing or cannot be read.

    A digest is kept with the file's size and times, unless the file is so new that it might change without these.

    Args:
        folder: that the files lie in; it may be read-only, and several processes may do this at once.
        files: of it; each is looked at once.
        progress: told how many files are read, of how many; None: a progress bar of its own where there are any.
    """
    stamps = {file: _stamp(file) for file in dict.fromkeys(files)}
    known = {name: entry for place in reversed(_places(folder)) for name, entry in _read_kept(place).items()}
    names = {file: str(file).removeprefix(f"{folder}{os.sep}") for file in stamps}
    digests = {file: _trusted(known.get(names[file]), stamp) for file, stamp in stamps.items()}
    unknown = [file for file, stamp in stamps.items() if stamp is not None and digests[file] is None]
    new: _Known = {}
    try:
        for file, (stamp, digest) in zip(unknown, _read_all(unknown, progress), strict=True):
            digests[file] = digest
            if stamp is not None and digest is not None:
                new[names[file]] = stamp, digest
    finally:  # what an interrupted command has read need not be read again
        _keep(folder, new)
    return digests


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return _stamp_of(found) if stat.S_ISREG(found.st_mode) else None


def _stamp_of(found: os.stat_result) -> Stamp:
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _trusted(known: tuple[Stamp, str] | None, stamp: Stamp | None) -> str | None:
    return known[1] if known is not None and known[0] == stamp else None


def _read_all(files: list[Path], progress: Progress | None) -> Iterable[tuple[Stamp | None, str | None]]:
    if not files:
        return
    if progress is None:
        with progress_bar() as show:
            yield from _read_all(files, show)
        return
    with ThreadPoolExecutor(_THREADS) as pool:  # reading and hashing leave Python to the others
        for done, read in enumerate(pool.map(_read, files)):
            yield read
            progress(done + 1, len(files), "digest files")


def _read(file: Path) -> tuple[Stamp | None, str | None]:
    """Return the digest, and the stamp that it may be kept under; None where it may not."""
    try:
        with file.open("rb") as stream:
            now, before = time.time_ns(), _stamp_of(os.fstat(stream.fileno()))
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            after = _stamp_of(os.fstat(stream.fileno()))
    except (OSError, ValueError):
        return None, None
    is_settled = before == after and max(before.modified, before.changed) + _COARSEST < now
    return (before if is_settled else None), digest


def _places(folder: Path) -> list[Path]:
    """Return where digests are kept, the best place first: the folder, and the user's cache where there is one."""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a user without a home
        return [folder / KEPT]
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]
    return [folder / KEPT, cache / "mghp" / "digests" / f"{name}.json"]


def _read_kept(file: Path) -> _Known:
    """Return what is kept there; nothing where it is missing or damaged."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    entries = content.items() if isinstance(content, dict) else ()
    return {name: (Stamp(*entry[:3]), entry[3]) for name, entry in entries if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    return isinstance(entry, list) and [type(value) for value in entry] == [int, int, int, str]


def _keep(folder: Path, new: _Known) -> None:
    """Add to what is kept, which another process may have added to since; where nothing can be written, do without."""
    if not new:
        return
    for file in _places(folder):
        kept = _read_kept(file) | new
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, json.dumps({name: [*stamp, digest] for name, (stamp, digest) in kept.items()}))
            return
        except (OSError, InputError):
            continue
