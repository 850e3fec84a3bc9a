"""`mghp sweep`: from a sweep file to its report."""

import dataclasses
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from mghp.errors import InputError
from mghp.out_folder import OutFolder
from mghp.sweep.processes import Executor, ProcessPool
from mghp.sweep.progress import shown
from mghp.sweep.rows import TrialRow, trial_rows
from mghp.sweep.study import Study
from mghp.sweep.supervisor import Options, Outcome, ReadySweep, Supervisor, hold_sweep, ready_sweep
from mghp.sweep.sweep_file import read_sweep

_SHOWN = 10
"""Best trials that are printed; the table on disk has all."""


_REPORT_FILES = (
    "trials.md", "trials.csv", "trials.tex", "trials.json", "best.yaml",
    "parallel_coordinates.png", "parallel_coordinates.svg", "effects.png", "effects.svg",
)  # fmt: skip


def run_sweep(
    file: Path, out: Path, options: Options, ray: str | None, cpus: float, gpus: float, fill_ray: bool
) -> tuple[list[str], bool]:
    """Run a sweep, or go on with it, and write its report.

    Args:
        file: the sweep file.
        out: folder of all sweeps.
        options: how to run it.
        ray: address of a cluster; None for processes of this machine.
        cpus: that a trial declares to Ray.
        gpus: that a trial declares to Ray.
        fill_ray: whether so many trials run as the cluster's CPUs hold, rather than `options.workers`.

    Returns:
        What to print at the end, and whether no trial has failed.

    Raises:
        InputError: one line, before anything is started.
    """
    ready = ready_sweep(read_sweep(file), out, options)
    report = _report_folder(ready)
    lock = hold_sweep(ready.folder)
    try:
        executor: Executor = ProcessPool(options.workers)
        if ray is not None:
            from mghp.sweep.ray_tasks import RayTasks

            executor = tasks = RayTasks(ray, cpus, gpus)
            if fill_ray:
                options = dataclasses.replace(options, workers=max(1, int(tasks.num_cpus / max(cpus, 0.01))))
                ready.options = options
        with _ended_by_sigterm(), shown(ready.sweep, _number_of_trials(ready)) as tell:
            try:
                study = _study(ready)
                outcome = Supervisor(ready, study, executor, tell).run()
            finally:
                executor.close()
        rows = trial_rows(ready, study)
        return _report(ready, rows, outcome, report), not any(row.state == "failed" for row in rows)
    finally:
        lock.release()


def _study(ready: ReadySweep) -> Study:
    (ready.folder / "logs").mkdir(exist_ok=True)
    study = Study(ready.folder / "study.db", ready.sweep, ready.points, ready.options.seed)
    if ready.options.retry_failed:
        study.retry_failed()
    return study


def upload_hints(file: Path, out: Path, options: Options) -> list[str]:
    """Return the command lines that send the finished trials to W&B, where they were logged offline.

    Raises:
        InputError: if the sweep was not begun, or runs just now.
    """
    ready = ready_sweep(read_sweep(file), out, options)
    if not (ready.folder / "study.db").exists():
        raise InputError(f"{ready.folder}: this sweep was not begun")
    lock = hold_sweep(ready.folder)
    try:
        rows = trial_rows(ready, Study(ready.folder / "study.db", ready.sweep, None))
    finally:
        lock.release()
    logged = [
        run
        for row in rows
        if row.state in ("done", "stopped")
        for run in sorted(row.folder.glob("wandb/offline-run-*"))
    ]
    if not logged:
        return ["no finished trial has a W&B run: set wandb.mode=offline in its experiment"]
    return [
        f"# {len(logged)} finished trials, logged offline. Nothing was sent; after `wandb login`, send them by",
        f"wandb sync --include-offline {' '.join(shlex.quote(str(run)) for run in logged)}",
    ]


def _report_folder(ready: ReadySweep) -> OutFolder:
    """Return the folder that the report goes to; a shard's report is that of the whole sweep.

    Raises:
        InputError: if a file lies there that no report of a sweep is.
    """
    folder = ready.folder if ready.options.shard is None else ready.folder.parent
    report = OutFolder(folder)
    if not report.has_list and any(found for name in ("study.db", "shard-*/study.db") for found in folder.glob(name)):
        report.adopt(_REPORT_FILES)  # begun before there were lists
    report.refuse(_REPORT_FILES)
    return report


def _report(ready: ReadySweep, rows: list[TrialRow], outcome: Outcome, report: OutFolder) -> list[str]:
    from mghp.sweep.report import report_sweep, trials_table

    folder = report.path
    with report.adding() as fresh:
        files = [folder / file.name for file in report_sweep(ready.sweep, rows, fresh)]
    ended = [row for row in rows if row.metric is not None]
    lines = [trials_table(ready.sweep, [*ended[:_SHOWN]]).markdown()] if ended else []
    if len(ended) > _SHOWN:
        lines.append(f"... and {len(ended) - _SHOWN} more in {folder / 'trials.md'}\n")
    if ended:
        lines.append(f"best: {shlex.join(ended[0].command)}")
    lines += [f"failed: trial {row.index}: {row.note}" for row in rows if row.state == "failed"]
    counts = outcome.counts
    lines.append(
        f"{counts['running']} trials started, {counts['adopted']} adopted, {counts['stopped']} stopped early, "
        f"{counts['failed']} failed; of all {len(rows)}, {len(ended)} have a result"
    )
    if outcome.gave_up:
        lines.append(
            f"the first {counts['failed']} trials failed, so no more were started: see {ready.folder / 'logs'}; "
            "--resume --keep-going goes on, --resume --retry-failed runs them again"
        )
    waiting = sum(row.state == "waiting" for row in rows)
    if waiting and not outcome.gave_up:
        lines.append(f"{waiting} trials wait: --resume goes on with them")
    return [*lines, *(str(file) for file in files if file.suffix in (".md", ".yaml", ".png"))]


def _number_of_trials(ready: ReadySweep) -> int | None:
    if ready.points is not None:
        return len(ready.points)
    return ready.sweep.run_cap


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the sweep as Ctrl-C does: running trials end in order, and the study knows them as unfinished."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
