"""Files of runs, read where they lie: in a folder, or in an archive, which a path leads into like into a folder.

For example `analysis/results/runs/learned.zip/learned/pgd_paper-0f3a/result.json`.
"""

import functools
import os
import reprlib
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mghp.errors import InputError, existing_file, stays_below

ENDING = ".zip"
"""Ending of an archive's name."""

REPLACED = "replaced"
"""Name of a folder of results that newer ones have taken the place of: kept, but reported no more."""

MOST_BYTES = 2**30
"""Size of an archive's largest member, unpacked."""


class Archive:
    """A zip of run folders, opened for reading.

    Args:
        path: of the file.

    Attributes:
        names: of its files, `/` between folders.
        folders: that these files lie in, at any depth.

    Raises:
        InputError: if it is damaged, or has a file that could not be unpacked below a folder, or one twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            names = [member.filename for member in self._zip.infolist() if not member.is_dir()]
        except Exception as error:  # zipfile raises whatever the bytes lead to
            raise InputError(f"archive {path}: unreadable: {_in_a_line(error)}") from None
        self.names = frozenset(names)
        self.folders = {".", *(str(folder) for name in names for folder in PurePosixPath(name).parents)}
        self._refuse_odd(names)

    def read(self, name: str) -> bytes:
        """Return the content of a file in it.

        Raises:
            InputError: if it is damaged, or larger than `MOST_BYTES`.
        """
        try:
            size = self._zip.getinfo(name).file_size
            if size > MOST_BYTES:
                raise ValueError(f"{size} bytes; expected {MOST_BYTES} at most")
            return self._zip.read(name)
        except Exception as error:  # zipfile and zlib raise whatever the bytes lead to
            raise InputError(f"{self.path / name}: unreadable: {_in_a_line(error)}") from None

    def _refuse_odd(self, names: Sequence[str]) -> None:
        for name, number in Counter(names).items():
            if not stays_below(name):
                raise InputError(f"archive {self.path}: {reprlib.repr(name)} names no file below it")
            if number > 1 or name in self.folders:
                raise InputError(f"archive {self.path}: {reprlib.repr(name)} is there twice")


def read_file(file: Path, what: str) -> bytes:
    """Return the content of a file, which may lie in an archive.

    Args:
        file: to read.
        what: it is, for errors.

    Raises:
        InputError: if it is missing, or it or its archive is unreadable.
    """
    found = _in_archive(file)
    if found is not None:
        archive, name = found
        if name not in archive.names:
            raise InputError(f"{what} {file}: no such file")
        return archive.read(name)
    try:
        return existing_file(file, what).read_bytes()
    except OSError as error:
        raise InputError(f"{what} {file}: cannot be read: {error.strerror}") from None


def is_file(path: Path) -> bool:
    """Return whether a path is that of a file, on disk or in an archive."""
    found = _in_archive(path)
    return path.is_file() if found is None else found[1] in found[0].names


def is_there(path: Path) -> bool:
    """Return whether anything is at a path, on disk or in an archive, a link that leads nowhere included."""
    found = _in_archive(path)
    if found is None:
        return os.path.lexists(path)
    archive, name = found
    return name in archive.names or name in archive.folders


def files_below(path: Path, pattern: str) -> list[Path]:
    """Return the files at or below a folder or archive, those in archives below it included.

    What lies in folders called `replaced` is left out.

    Args:
        path: of a folder, of an archive, or of a folder in one; need not be there.
        pattern: of their names, and of the folders right above them where it has some, e.g. `media/*.csv`.

    Returns:
        Their paths, in the order that they have when all archives are unpacked.
    """
    found = _in_archive(path)
    files = _on_disk(path, pattern) if found is None else _members(found[0], pattern)
    kept = [file for file in files if path in file.parents and REPLACED not in file.relative_to(path).parts]
    return sorted(kept, key=lambda file: [part for part in file.parts if not part.endswith(ENDING)])


def experiment_folders(runs: Path, experiment: str) -> tuple[Path, Path]:
    """Return where the run folders of an experiment lie: a folder of its name, and that folder in its archive."""
    return runs / experiment, runs / f"{experiment}{ENDING}" / experiment


def _on_disk(folder: Path, pattern: str) -> list[Path]:
    archives = [file for file in folder.rglob(f"*{ENDING}") if file.is_file()]
    return [*folder.rglob(pattern), *(file for archive in archives for file in files_below(archive, pattern))]


def _members(archive: Archive, pattern: str) -> list[Path]:
    return [archive.path / name for name in archive.names if PurePosixPath(name).match(pattern)]


def _in_archive(path: Path) -> tuple[Archive, str] | None:
    """Return the archive that a path leads into, and the name in it, "." for the archive itself."""
    for place in (path, *path.parents):
        if place.suffix == ENDING and place.is_file():
            return _open(place, _version(place.stat())), path.relative_to(place).as_posix()
    return None


@functools.lru_cache(maxsize=64)
def _open(path: Path, version: tuple[int, ...]) -> Archive:
    """Open an archive once, and again when another file has taken its place."""
    return Archive(path)


def _version(file: os.stat_result) -> tuple[int, ...]:
    return file.st_dev, file.st_ino, file.st_mtime_ns, file.st_size


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
