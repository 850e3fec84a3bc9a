"""Output folders that a user names: a file that no command wrote there is never replaced.

A list beside the files keeps a hash of each content. By it a command that runs again tells its own files from others of
the same name, and from those that somebody has changed since.
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
"""The name of the list: a line per file and content, of hash and name. The file may be gone by now."""


class OutFolder:
    """An output folder that knows which of its files a command wrote.

    Args:
        path: the folder, which may not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = _read_list(path / LIST)

    @property
    def has_list(self) -> bool:
        """True if a command has left its list here."""
        return bool(self._known)

    def is_own(self, name: str) -> bool:
        """Return True if the file of this name, relative to the folder, is there as a command wrote it."""
        if name not in self._known:
            return False
        try:
            return _content_hash(inside(self.path, name)) in self._known[name]
        except (InputError, OSError):
            return False

    def refuse(self, names: Iterable[str]) -> None:
        """Refuse to replace files that no command wrote, before anything is written.

        Raises:
            InputError: naming the first of these names that is taken by such a file.
        """
        for name in names:
            if _is_taken(self.path, name) and not self.is_own(name):
                raise InputError(
                    f"{self.path / name}: would be replaced, but mghp did not write it, or it was changed since; "
                    "move it away, or choose another place"
                )

    def adopt(self, names: Iterable[str]) -> None:
        """Put existing files of these names on the list: those written before there were lists.

        Raises:
            InputError: if the list cannot be written.
        """
        self._put_on_list({name: _content_hash(self.path / name) for name in names if (self.path / name).is_file()})

    @contextmanager
    def adding(self) -> Iterator[Path]:
        """Yield an empty folder, and move its files here, each atomically, when the block has ended.

        A subfolder that gets new files loses its own older ones. Nothing is moved if the block raises, or if a single
        file would replace one that no command wrote.

        Raises:
            InputError: in that case, or if the disk does not take the files; errors of the block name this folder.
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
    """Read hashes by name; other lines, such as the last one of a killed process, are skipped."""
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
    """Return True if the name is taken, or a file stands where one of its folders would be."""
    parents = [folder / parent for parent in PurePosixPath(name).parents if parent != PurePosixPath()]
    return os.path.lexists(folder / name) or any(os.path.lexists(parent) and not parent.is_dir() for parent in parents)


def _content_hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
