"""`mghp reproduce`: runs a plan, adopts what is finished, and reports."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mghp.progress import Progress
from mghp.reproduce.finished import COMMITTED
from mghp.reproduce.jobs import Done, Part, Remaining, run_part
from mghp.runs.read import Run, find_runs
from mghp.studies.learned.variants import condition_of


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
        tell(f"{part.name}: {len(part.jobs)} runs, about {max(1, round(part.minutes))} min if none is finished")
    folders: list[Path] = []
    for part in parts:
        done = run_part(part, remaining, progress)
        tell(f"{part.name}: {_in_words(done)}")
        for what in done.left_out:
            tell(f"{part.name}: left out {what}, since its training was kept without weights")
        folders += done.folders
    progress(1, 1, "report")
    return list(dict.fromkeys(folders))


def committed_beside(folders: Sequence[Path]) -> list[Run]:
    """The runs of a reproduction, and those committed ones that it has no counterpart of: of other data, or seeds."""
    runs = list(map(Run, folders))
    made = {_what_it_is(run) for run in runs}
    others = find_runs([COMMITTED]) if COMMITTED.is_dir() else []
    return [*runs, *(run for run in others if _what_it_is(run) not in made)]


def _what_it_is(run: Run) -> tuple[str, str, int, str, float]:
    """What tables tell runs apart by: of two that agree in it, and have other settings, one can be reported."""
    condition = condition_of(run) if run.experiment == "learned" else run.data
    scene = str(run.config["data"]["synthetic"]["scene"])
    angle = float(run.config["data"]["augmentation"]["rotation"])
    return run.experiment, run.variant, run.seed, f"{condition}, {scene}", angle


def _in_words(done: Done) -> str:
    commits = ", ".join(sorted({str(Run(folder).said("commit")) for folder in done.folders}))
    return f"{len(done.folders)} runs ({done.adopted} adopted), commits {commits[:60]}"
