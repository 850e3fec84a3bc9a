"""Folders that a user names for what a command writes: a file that it did not write there is never replaced.

Beside what was written lies a list of it, with a hash of every content. By it a command that runs again knows its own
files from others of the same name, and from those that somebody has changed since.
"""

import hashlib
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from mghp.errors import InputError, inside, stays_below
from mghp.reading import file_text
from mghp.writing import writing

LIST = ".mghp_outputs"
"""Name of the list in the folder: a line a file and content, of hash and name. The file may be there no more."""


class OutFolder:
    """A folder, and which of its files are a command's own.

    Args:
        path: of the folder, which may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = _read_list(path / LIST)

    @property
    def has_list(self) -> bool:
        """Whether a command has written here since there are lists."""
        return bool(self._known)

    def is_own(self, name: str) -> bool:
        """Whether a file is there, and is what a command wrote under this name, relative to the folder."""
        if name not in self._known:
            return False
        try:
            return _content_hash(inside(self.path, name)) in self._known[name]
        except (InputError, OSError):
            return False

    def refuse(self, names: Iterable[str]) -> None:
        """Say so before anything is written, where files of these names are there that are not a command's own.

        Raises:
            InputError: naming the first of them.
        """
        for name in names:
            if _is_taken(self.path, name) and not self.is_own(name):
                raise InputError(
                    f"{self.path / name}: would be replaced, but mghp did not write it, or it was changed since; "
                    "move it away, or choose another place"
                )

    def adopt(self, names: Iterable[str]) -> None:
        """Take the files of these names that are there for a command's own: those of before there were lists.

        Raises:
            InputError: if the list cannot be written.
        """
        self._put_on_list({name: _content_hash(self.path / name) for name in names if (self.path / name).is_file()})

    @contextmanager
    def adding(self) -> Iterator[Path]:
        """An empty folder to write to; what lies in it when the block has ended is brought here, each file at once.

        Our own older files go from the folders below this one that get new ones. Nothing is brought here if the block
        raises, or if a single file would replace one that is not our own.

        Raises:
            InputError: if that is so, or the disk does not take the files; errors of the block name this folder.
        """
        was_there = self.path.exists()
        fresh = self.path / f".mghp_unfinished.{os.getpid()}"
        try:
            with writing(self.path):
                shutil.rmtree(fresh, ignore_errors=True)
                fresh.mkdir(parents=True)
            yield fresh
            with writing(self.path):
                self._bring(fresh)
        except InputError as error:
            raise InputError(str(error).replace(str(fresh), str(self.path))) from None
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            if not was_there:
                with suppress(OSError):
                    self.path.rmdir()  # if nothing has come

    def _bring(self, fresh: Path) -> None:
        names = sorted(file.relative_to(fresh).as_posix() for file in fresh.rglob("*") if file.is_file())
        if not names:
            return
        self.refuse(names)
        # First the list: who is killed in between finds all that is there on it, old files as well as new ones.
        self._put_on_list({name: _content_hash(fresh / name) for name in names})
        for name in names:
            file = inside(self.path, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).replace(file)
        self._remove_older(names)

    def _remove_older(self, names: Sequence[str]) -> None:
        new, folders = set(names), {PurePosixPath(name).parent for name in names} - {PurePosixPath()}
        for name in set(self._known) - new:
            if not folders.isdisjoint(PurePosixPath(name).parents) and self.is_own(name):
                inside(self.path, name).unlink()

    def _put_on_list(self, hashes: dict[str, str]) -> None:
        lines = [
            f"{content} {json.dumps(name)}\n" for name, content in hashes.items() if content not in self._known[name]
        ]
        with writing(self.path / LIST), (self.path / LIST).open("a+b") as stream:
            if stream.tell() and not _ends_a_line(stream):  # its last line was cut off, by a full disk perhaps
                stream.write(b"\n")
            stream.write("".join(lines).encode())
        for name, content in hashes.items():
            self._known[name].add(content)


def _read_list(file: Path) -> defaultdict[str, set[str]]:
    """Hashes by name; a line that says something else, the last one of somebody who was killed, counts for nothing."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    try:
        lines = file_text(file).splitlines()
    except (OSError, UnicodeDecodeError):
        return known
    for line in lines:
        content, _, quoted = line.partition(" ")
        with suppress(ValueError, RecursionError):
            name = json.loads(quoted)
            if isinstance(name, str) and stays_below(name):
                known[name].add(content)
    return known


def _ends_a_line(stream: BinaryIO) -> bool:
    stream.seek(-1, os.SEEK_END)
    return stream.read() == b"\n"


def _is_taken(folder: Path, name: str) -> bool:
    """Whether something is there under a name, or a file where a folder of it would be."""
    parents = [folder / parent for parent in PurePosixPath(name).parents if parent != PurePosixPath()]
    return os.path.lexists(folder / name) or any(os.path.lexists(parent) and not parent.is_dir() for parent in parents)


def _content_hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
