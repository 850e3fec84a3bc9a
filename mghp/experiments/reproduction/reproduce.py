"""`mghp reproduce`: runs a plan, adopts what is finished, and reports."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from mghp.experiments.reproduction.finished import COMMITTED
from mghp.experiments.reproduction.jobs import Done, Part, Progress, Remaining, run_part
from mghp.report.runs import Run, find_runs


def reproduce(parts: Sequence[Part], progress: Progress, tell: Callable[[str], None]) -> list[Path]:
    """Run all parts, one after the other.

    Args:
        parts: of a plan.
        progress: told what runs now, and how long it may take.
        tell: told a line a part, before and after.

    Returns:
        The run folders, in the order of the plan.
    """
    remaining = Remaining(parts)
    for part in parts:
        tell(f"{part.name}: {len(part.jobs)} runs, at most about {max(1, round(part.minutes))} min")
    folders: list[Path] = []
    for part in parts:
        done = run_part(part, remaining, progress)
        tell(f"{part.name}: {_in_words(done)}")
        folders += done.folders
    progress(1, 1, "report")
    return list(dict.fromkeys(folders))


def committed_beside(folders: Sequence[Path]) -> list[Run]:
    """The runs of a reproduction, and those that are committed: of other data, or with more seeds."""
    runs = {run.path.resolve(): run for run in map(Run, folders)}
    keys = {run.result["key"] for run in runs.values()}
    others = find_runs([COMMITTED]) if COMMITTED.is_dir() else []
    return [*runs.values(), *(run for run in others if run.result["key"] not in keys)]


def _in_words(done: Done) -> str:
    commits = ", ".join(sorted({_commit(folder) for folder in done.folders}))
    return f"{len(done.folders)} runs ({done.adopted} adopted), commits {commits[:60]}"


def _commit(folder: Path) -> str:
    return str(json.loads((folder / "result.json").read_text())["commit"])
