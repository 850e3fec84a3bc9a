"""`mghp reproduce`: gives a plan's trials to the supervisor, and tells what becomes of them."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mghp.errors import InputError
from mghp.progress import Progress
from mghp.reproduce.finished import COMMITTED
from mghp.reproduce.remaining import Remaining
from mghp.reproduce.trials import Section, Trial
from mghp.runs.folder import was_stopped
from mghp.runs.read import Run, find_runs
from mghp.studies.learned.variants import condition_of
from mghp.sweep.identity import Identity
from mghp.sweep.parameters import grid
from mghp.sweep.processes import ThisProcess
from mghp.sweep.study import Study
from mghp.sweep.supervisor import Event, Options, ReadySweep, Supervisor
from mghp.sweep.sweep_file import numbered_trials


def reproduce(sections: Sequence[Section], progress: Progress, tell: Callable[[str], None]) -> list[Path]:
    """Run all sections, one after the other; finished runs are adopted.

    Args:
        sections: of a plan.
        progress: told what runs now, and how long it may take.
        tell: told a line a section, before and after.

    Returns:
        The run folders, in the order of the plan.

    Raises:
        InputError: if a run was asked to stop, or leaves no result.
    """
    trials = [trial for section in sections for trial in section.trials]
    remaining = Remaining({id(trial): trial.seconds for trial in trials if not trial.is_finished})
    for section in sections:
        minutes = max(1, round(section.minutes))
        tell(f"{section.name}: {len(section.trials)} runs, about {minutes} min if none is finished")
    folders: list[Path] = []
    for section in sections:
        running = _RunningSection(section, remaining, progress)
        running.supervise()
        for line in running.lines():
            tell(f"{section.name}: {line}")
        folders += running.folders
    progress(1, 1, "report")
    return list(dict.fromkeys(folders))


class _RunningSection:
    """A section whose trials the supervisor of `mghp sweep` runs, in this process.

    Attributes:
        folders: of the runs so far.
    """

    def __init__(self, section: Section, remaining: Remaining, progress: Progress) -> None:
        self._section = section
        self._remaining = remaining
        self._progress = progress
        self.folders: list[Path] = []
        self._adopted = 0
        self._left_out: list[str] = []

    def supervise(self) -> None:
        """Run all trials."""
        sweep = numbered_trials(self._section.name, len(self._section.trials))
        points = dict(enumerate(grid(sweep.parameters)))
        ready = ReadySweep(sweep, Path(), points, self._identify, Options(accept_old=True, keep_going=True))
        Supervisor(ready, Study(None, sweep, points), ThisProcess(self._make), self._note).run()

    def lines(self) -> list[str]:
        """Return what to tell of the section at its end."""
        commits = ", ".join(sorted({str(Run(folder).said("commit")) for folder in self.folders}))
        left_out = [f"left out {what}, since its training was kept without weights" for what in self._left_out]
        return [f"{len(self.folders)} runs ({self._adopted} adopted), commits {commits[:60]}", *left_out]

    def _identify(self, command: list[str]) -> Identity:
        run = self._trial(command).run()
        if run is None:
            raise InputError("its training was kept without weights")
        return run

    def _make(self, command: list[str]) -> None:
        trial = self._trial(command)
        self._show(trial)
        self._remaining.begin()
        began = time.perf_counter()
        folder = trial.kind.make(trial.config, self._within(trial))
        self._remaining.finish(id(trial), time.perf_counter() - began)
        if was_stopped(folder):
            raise InputError(f"{folder}: was stopped before its end; the same command goes on with it")

    def _note(self, event: Event) -> None:
        trial = self._section.trials[event.index]
        if event.state == "done":
            self.folders.append(event.folder)
        elif event.state == "adopted":
            self._show(trial)
            self._remaining.drop(id(trial))
            self._adopted += 1
            self.folders.append(event.folder)
        elif event.state == "failed" and trial.run() is None:
            self._left_out.append(trial.label)
        elif event.state == "failed":
            raise InputError(f"{event.folder}: {event.note}")

    def _trial(self, command: list[str]) -> Trial:
        return self._section.trials[int(command[0].removeprefix("trial="))]

    def _show(self, trial: Trial) -> None:
        position, total = len(self.folders) + len(self._left_out), len(self._section.trials)
        self._progress(
            position, total, f"{self._section.name} {position + 1}/{total}: {trial.label}, {self._remaining}"
        )

    def _within(self, trial: Trial) -> Progress:
        """Return a trial's own progress, under its name."""

        def show(done: int, total: int, step: str) -> None:
            self._progress(done, total, f"{trial.label}: {step}, {self._remaining}")

        return show


def committed_beside(folders: Sequence[Path]) -> list[Run]:
    """Return the runs of a reproduction, and the committed ones that have no counterpart among them.

    These are of other data, or other seeds.
    """
    runs = list(map(Run, folders))
    made = {_what_it_is(run) for run in runs}
    others = find_runs([COMMITTED]) if COMMITTED.is_dir() else []
    return [*runs, *(run for run in others if _what_it_is(run) not in made)]


def _what_it_is(run: Run) -> tuple[str, str, int, str, float]:
    """Return what tables tell runs apart by: of two that agree in it, and have other settings, one is reported."""
    condition = condition_of(run) if run.experiment == "learned" else run.data
    scene = str(run.config["data"]["synthetic"]["scene"])
    angle = float(run.config["data"]["augmentation"]["rotation"])
    return run.experiment, run.variant, run.seed, f"{condition}, {scene}", angle
