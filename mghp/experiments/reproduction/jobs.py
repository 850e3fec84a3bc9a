"""The runs of a reproduction, one after the other: finished ones are adopted, the time that is left is told."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mghp.config import Config

Progress = Callable[[int, int, str], None]
"""Told how many jobs are done, of how many, and what runs now."""


@dataclass(frozen=True)
class Job:
    """One run folder to be.

    Attributes:
        config: the whole.
        seconds: it may take on two CPU cores.
        finished: its run folder, where one stands that has ended; else None.
        run: makes it; told a progress of its own to report to.
    """

    config: Config
    seconds: float
    finished: Callable[[], Path | None]
    run: Callable[[Progress], Path]

    @property
    def what(self) -> str:
        """It is, for the progress display."""
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
    """How long a plan may yet take: what was expected of the jobs left, times how this machine compares so far."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._left = sum(job.seconds for part in parts for job in part.jobs)
        self._expected = self._taken = 0.0

    def adopt(self, job: Job) -> None:
        """A job that did not have to run."""
        self._left -= job.seconds

    def finish(self, job: Job, seconds: float) -> None:
        """A job that ran, and how long."""
        self._left -= job.seconds
        self._expected += job.seconds
        self._taken += seconds

    @property
    def seconds(self) -> float:
        """Left, on this machine."""
        return max(self._left, 0.0) * (self._taken / self._expected if self._expected else 1.0)

    def __str__(self) -> str:
        return f"about {max(1, round(self.seconds / 60))} min left"


@dataclass(frozen=True)
class Done:
    """A part that has run.

    Attributes:
        folders: run folders, a job each.
        adopted: how many of them were there before.
    """

    folders: list[Path]
    adopted: int


def run_part(part: Part, remaining: Remaining, progress: Progress) -> Done:
    """Run every job that no finished run folder stands for.

    Args:
        part: the jobs.
        remaining: of the whole plan; told of each job.
        progress: told before each job, and by the jobs.
    """
    folders: list[Path] = []
    adopted = 0
    total = len(part.jobs)
    for done, job in enumerate(part.jobs):
        progress(done, total, f"{part.name} {done + 1}/{total}: {job.what}, {remaining}")
        folder = job.finished()
        if folder is not None:
            adopted += 1
            remaining.adopt(job)
        else:
            begin = time.perf_counter()
            folder = job.run(_within(job.what, remaining, progress))
            remaining.finish(job, time.perf_counter() - begin)
        folders.append(folder)
    return Done(folders, adopted)


def _within(what: str, remaining: Remaining, progress: Progress) -> Progress:
    """A job's own progress, under its name."""

    def show(done: int, total: int, step: str) -> None:
        progress(done, total, f"{what}: {step}, {remaining}")

    return show
