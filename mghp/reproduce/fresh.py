"""`mghp reproduce --fresh`: everything is computed anew, beside what is finished."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from mghp.config.schema import Config
from mghp.reproduce.finished import COMMITTED
from mghp.reproduce.jobs import Job, Part

_FOLDER = "runs="


def into_fresh_folder(overrides: Sequence[str]) -> list[str]:
    """Return the overrides with a folder of runs that nothing is in yet; a folder that they name themselves stays.

    It lies beside the usual one, not in it: who reports that one would find two runs of each seed.
    """
    if any(text.startswith(_FOLDER) for text in overrides):
        return list(overrides)
    candidates = (Path(f"{Config().runs}-fresh-{number}") for number in count(1))
    return [*overrides, f"{_FOLDER}{next(folder for folder in candidates if not folder.exists())}"]


def without_committed(parts: Sequence[Part]) -> list[Part]:
    """Return the parts with jobs that no run committed with the project stands for."""
    return [replace(part, jobs=[_own(job) for job in part.jobs]) for part in parts]


def _own(job: Job) -> Job:
    def finished() -> Path | None:
        folder = job.finished()
        return None if folder is None or folder.is_relative_to(COMMITTED) else folder

    return replace(job, finished=finished)
