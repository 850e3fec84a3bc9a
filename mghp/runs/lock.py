"""The lock of a run folder: one process at a time writes it. Of the standard library alone, since guards import it."""

import contextlib
import errno
import fcntl
import os
import time
import weakref
from pathlib import Path

from mghp.errors import InputError

HELD_FOR_US = "MGHP_RUN_HELD_BY"
"""Environment variable of a process whose starter holds the lock for it: the holder, as the lock's file names it."""

_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""A file system without locks, on which nobody can hold one."""


class RunLock:
    """Held until `release`, until nothing refers to it any more, or until the process ends, however it ends.

    It is a record lock, which belongs to a process: forked ones do not inherit it, so that it is free at once when a
    training is killed whose loading processes still live. The process that has it may take it again, and gets this one.

    Args:
        folder: of the run; it gets a file .lock that names the holder.

    Raises:
        OSError: if the file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / ".lock"
        self._descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        # To close any other descriptor of the file would free the lock: there is one only.
        self._close = weakref.finalize(self, os.close, self._descriptor)

    @property
    def holder(self) -> str:
        """The holder, by process, host and time."""
        return os.pread(self._descriptor, 1000, 0).decode(errors="replace").strip() or "another process"

    def take(self, wait: bool = False) -> bool:
        """Take the lock, waiting for it with `wait`. Returns False if another process has it."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                return False
            if error.errno not in _NO_LOCKS:
                raise
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{_this_process()}\n".encode(), 0)
        _HELD[_key(self.file)] = self
        return True

    def release(self) -> None:
        """Release the lock, so that others can take it."""
        for key in [key for key, lock in _HELD.items() if lock is self]:
            del _HELD[key]
        self._close()


_HELD: weakref.WeakValueDictionary[tuple[int, int, int], RunLock] = weakref.WeakValueDictionary()
"""The locks of this process."""


def hold_run(folder: Path) -> RunLock | None:
    """Take the lock of a run folder, which is there.

    Returns:
        The lock; None where whoever started this process, the guard of a sweep's trial, holds it for it.

    Raises:
        InputError: if another process holds it; it says which.
        OSError: if the folder cannot be written.
    """
    held = _held(folder / ".lock")
    if held is not None:
        return held
    lock = RunLock(folder)
    if lock.take():
        return lock
    if lock.holder == os.environ.get(HELD_FOR_US):
        return None
    raise InputError(f"run folder {folder}: another process writes it, {lock.holder}; expected one at a time")


def _held(file: Path) -> RunLock | None:
    with contextlib.suppress(OSError):
        return _HELD.get(_key(file))
    return None


def _key(file: Path) -> tuple[int, int, int]:
    """Return what tells a lock's file from others, in this process: a forked one has no lock of its parent's."""
    found = file.stat()
    return os.getpid(), found.st_dev, found.st_ino


def _this_process() -> str:
    return f"pid {os.getpid()} on {os.uname().nodename} since {time.strftime('%Y-%m-%d %H:%M:%S')}"
