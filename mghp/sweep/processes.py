"""Executors: trials run as processes of this machine, or in this process."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

_GUARD = Path(__file__).with_name("guard.py")


@dataclass(frozen=True)
class Job:
    """A trial, as it is started.

    Attributes:
        command: the argument list.
        folder: where it is started. All paths are absolute: another machine may start it.
        run_dir: its run folder.
        log: file that its output goes to.
        environment: variables added to those of the process that starts it.
    """

    command: list[str]
    folder: Path
    run_dir: Path
    log: Path
    environment: dict[str, str]


class Started(Protocol):
    """A trial that was started."""

    def poll(self) -> int | None:
        """Return the exit status, 128 + n where signal n killed the trial; None while it runs."""

    def stop(self) -> None:
        """Ask the trial to end in good order (SIGTERM)."""

    def kill(self) -> None:
        """End the trial now, with all that it has started."""


class Executor(Protocol):
    """A place where trials run."""

    def start(self, job: Job) -> Started:
        """Start a trial."""

    def close(self) -> None:
        """Give back what the executor holds; no trial is started any more."""


class ProcessPool:
    """Trials on this machine. They die with this process.

    Args:
        workers: trials at a time, which share the cores.
    """

    def __init__(self, workers: int) -> None:
        self._environment = _share_of_cores(workers)

    def start(self, job: Job) -> "GuardedProcess":
        """Start a trial."""
        return GuardedProcess(replace(job, environment={**self._environment, **job.environment}))

    def close(self) -> None:
        """Do nothing, since nothing is held."""


class ThisProcess:
    """Runs trials in this process, one after the other, which saves their imports: one that was started has ended well.

    Args:
        run: makes the run of a command. What it raises ends the supervisor.
    """

    def __init__(self, run: Callable[[list[str]], None]) -> None:
        self._run = run

    def start(self, job: Job) -> "ThisProcess":
        """Run a trial to its end."""
        self._run(job.command)
        return self

    def poll(self) -> int:
        """Return the exit status 0."""
        return 0

    def stop(self) -> None:
        """Do nothing, since nothing runs."""

    kill = close = stop


class GuardedProcess:
    """A trial under its guard (`guard.py`)."""

    def __init__(self, job: Job) -> None:
        reading, self._lifeline = os.pipe()
        command = [sys.executable, "-I", "-S", str(_GUARD), str(reading), str(job.run_dir), *job.command]
        try:
            with job.log.open("ab") as log:
                self._process = subprocess.Popen(
                    command,
                    cwd=job.folder,
                    env={**os.environ, **job.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=[reading],
                    process_group=0,
                )
        finally:
            os.close(reading)

    def poll(self) -> int | None:
        """Return the exit status, None while the trial runs; kill what an ended one left behind."""
        status = self._process.poll()
        if status is None:
            return None
        self._end()
        return 128 - status if status < 0 else status

    def wait(self) -> int:
        """Wait for the trial's end and return its exit status."""
        self._process.wait()
        status = self.poll()
        assert status is not None
        return status

    def stop(self) -> None:
        """Ask the trial to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End the trial, and its whole group."""
        self._end()
        self._process.wait()

    def _end(self) -> None:
        # The group outlives its leader while any process of it runs, so that its number cannot be another's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


def _share_of_cores(workers: int) -> dict[str, str]:
    """Return the variables for a trial's number of threads, unless the environment says how many."""
    if workers == 1:
        return {}
    share = str(max(1, (os.cpu_count() or 1) // workers))
    return {name: share for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS") if name not in os.environ}
