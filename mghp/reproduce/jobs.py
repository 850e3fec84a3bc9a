"""The runs of a reproduction, one after the other: finished ones are adopted, the time that is left is told."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.progress import Progress
from mghp.runs.folder import was_stopped

_TRUSTED = 120.0
"""Seconds for which the expectation counts before any job has run."""


@dataclass(frozen=True)
class Job:
    """One run folder to be.

    Attributes:
        config: the whole.
        seconds: it may take on two CPU cores.
        finished: its run folder, where one stands that has ended; else None.
        run: makes it; told a progress of its own to report to. None where it cannot be made, because a run that it
            needs was kept without its weights.
    """

    config: Config
    seconds: float
    finished: Callable[[], Path | None]
    run: Callable[[Progress], Path | None]

    @property
    def what(self) -> str:
        """Label shown in the progress display, e.g. `components full seed 1`."""
        config = self.config
        rotation = f"{config.data.augmentation.rotation:g} degrees" if config.experiment == "rotation" else ""
        seed = f"seed {config.seed}" if config.seed else ""
        return " ".join(word for word in (config.experiment, config.variant or rotation, seed) if word)


@dataclass(frozen=True)
class Part:
    """Jobs that are told of together.

    Attributes:
        name: of the part, one of those of `mghp reproduce --only`.
        jobs: in the order in which they run and are reported.
    """

    name: str
    jobs: list[Job]

    @property
    def minutes(self) -> float:
        """It may take on two CPU cores, if nothing is finished."""
        return sum(job.seconds for job in self.jobs) / 60


class Remaining:
    """How long a plan may yet take: what is expected of the jobs that are left, times how this machine compares so far.

    Args:
        parts: of the plan; jobs that are finished already do not count.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._left = {id(job): job.seconds for part in parts for job in part.jobs if job.finished() is None}
        # As if that much had taken what was expected: the first jobs pay for imports and compilation.
        self._expected = self._taken = _TRUSTED
        self._began: float | None = None

    def begin(self) -> None:
        """A job runs from now on."""
        self._began = time.perf_counter()

    def finish(self, job: Job, seconds: float) -> None:
        """A job that ran, and how long."""
        self._began = None
        self._left.pop(id(job), None)
        self._expected += job.seconds
        self._taken += seconds

    @property
    def seconds(self) -> float:
        """Left, on this machine."""
        running = 0.0 if self._began is None else time.perf_counter() - self._began
        return max(sum(self._left.values()) * self._taken / self._expected - running, 0.0)

    def __str__(self) -> str:
        return f"about {max(1, round(self.seconds / 60))} min left"


@dataclass(frozen=True)
class Done:
    """A part that has run.

    Attributes:
        folders: run folders.
        adopted: how many of them were there before.
        left_out: what could not be made.
    """

    folders: list[Path]
    adopted: int
    left_out: list[str]


def run_part(part: Part, remaining: Remaining, progress: Progress) -> Done:
    """Run every job that no finished run folder stands for.

    Args:
        part: the jobs.
        remaining: of the whole plan; told of each job.
        progress: told before each job, and by the jobs.

    Raises:
        InputError: if a job was asked to stop.
    """
    done = Done([], 0, [])
    total = len(part.jobs)
    for position, job in enumerate(part.jobs):
        progress(position, total, f"{part.name} {position + 1}/{total}: {job.what}, {remaining}")
        folder = job.finished()
        if folder is not None:
            done = replace(done, adopted=done.adopted + 1)
        else:
            remaining.begin()
            begin = time.perf_counter()
            folder = job.run(_within(job.what, remaining, progress))
            remaining.finish(job, time.perf_counter() - begin)
        if folder is None:
            done.left_out.append(job.what)
            continue
        if was_stopped(folder):
            raise InputError(f"{folder}: was stopped before its end; the same command goes on with it")
        done.folders.append(folder)
    return done


def _within(what: str, remaining: Remaining, progress: Progress) -> Progress:
    """A job's own progress, under its name."""

    def show(done: int, total: int, step: str) -> None:
        progress(done, total, f"{what}: {step}, {remaining}")

    return show
