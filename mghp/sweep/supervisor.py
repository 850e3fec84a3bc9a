"""The one process that decides: which trial runs, what is adopted, what is stopped, what is written down."""

import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import optuna

from mghp.errors import InputError, inside
from mghp.runs.folder import git_commit
from mghp.runs.lock import RunLock
from mghp.runs.places import REPLACED
from mghp.sweep.arguments import argument_list
from mghp.sweep.identity import Identifier, Identity, without_env
from mghp.sweep.metric_rows import MetricRows
from mghp.sweep.parameters import Point, trial_values
from mghp.sweep.processes import Executor, Job, Started
from mghp.sweep.study import Study, index_of, owned, point_of, points_of
from mghp.sweep.sweep_file import SweepFile
from mghp.writing import write_atomically

FAILURES_AT_THE_START = 3
"""So many failures before any result end a sweep: what they have in common is worth a look."""

MAX_INTERRUPTIONS = 3
"""A trial that was killed from outside so many times has failed."""

_POLL_SECONDS = 0.05
_STOP_SECONDS = 30.0
"""Time that a trial may take to end once it is asked to; W&B's agents wait as long."""
_LOCK_SECONDS = 3.0
"""Time to wait for a supervisor that has just been killed."""
_TAIL_LINES = 12

State = Literal["running", "done", "adopted", "stopped", "failed", "queued again"]

_ENDED: tuple[State, ...] = ("done", "adopted", "stopped")
"""States of trials that gave a result."""


@dataclass(frozen=True)
class Options:
    """The options of a sweep; see `mghp sweep --help`."""

    workers: int = 1
    resume: bool = False
    max_runs: int | None = None
    shard: tuple[int, int] | None = None
    accept_old: bool = False
    keep_going: bool = False
    retry_failed: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Event:
    """A change of a trial's state."""

    index: int
    values: dict[str, Any]
    state: State
    folder: Path
    metric: float | None = None
    note: str = ""


@dataclass
class Outcome:
    """The work of a supervisor.

    Attributes:
        counts: number of trials that came to be in a state.
        gave_up: True if the failures at the start ended the sweep.
    """

    counts: Counter[State] = field(default_factory=Counter)
    gave_up: bool = False


@dataclass
class _Running:
    trial: optuna.Trial
    identity: Identity
    started: Started
    rows: MetricRows
    log: Path
    began: float
    iterations: int = 0
    asked_to_stop: float | None = None


@dataclass
class ReadySweep:
    """A sweep that was checked and is ready to run.

    Attributes:
        sweep: the file.
        folder: of the study, the logs and the report; a shard's is below the sweep's.
        points: the trials where they are known beforehand, by their index.
        identify: tells trials' runs.
    """

    sweep: SweepFile
    folder: Path
    points: dict[int, Point] | None
    identify: Callable[[list[str]], Identity]
    options: Options

    def command(
        self, values: dict[str, Any], json_file: Path = Path("arguments.json"), is_shown: bool = False
    ) -> list[str]:
        """Return the argument list of a trial; see `argument_list`."""
        return argument_list(self.sweep, values, json_file, is_shown)


def ready_sweep(sweep: SweepFile, out: Path, options: Options) -> ReadySweep:
    """Check all that can be checked before anything is started or written.

    Args:
        sweep: the file.
        out: folder of all sweeps.
        options: how to run it.

    Raises:
        InputError: one line on what does not fit.
    """
    if os.environ.get("MGHP_RUN_DIR"):
        raise InputError("MGHP_RUN_DIR is the folder of one run, and a sweep makes many: unset it")
    points = points_of(sweep, options.max_runs, options.seed)
    if options.shard is not None and (points is None or sweep.early_terminate is not None):
        what = sweep.method if points is None else "early_terminate"
        raise InputError(f"{sweep.path}: --shard needs trials that do not depend on each other, not {what}")
    if points is not None and not points:
        raise InputError(f"{sweep.path}: no trial at all")
    of_seed = f"-seed{options.seed}" if options.seed and sweep.method != "grid" else ""
    folder = inside(out, f"{sweep.name}-{sweep.identity}{of_seed}")
    identify = Identifier(folder / "trials")
    if options.shard is not None:
        position, number = options.shard
        folder /= f"shard-{position}-of-{number}"
    own = None if points is None else owned(points, options.shard)
    ready = ReadySweep(sweep, folder, own, identify, options)
    some = points[0] if points else {p.name: p.all_drawn()[0] for p in sweep.parameters if p.is_constant}
    _check_command(ready, some)
    if not options.resume and (ready.folder / "study.db").exists():
        raise InputError(f"{ready.folder}: this sweep was begun already; --resume goes on with it")
    return ready


def _check_command(ready: ReadySweep, some: Point) -> None:
    """Refuse a command that is not there, or whose first trial has a faulty config."""
    sweep = ready.sweep
    command = ready.command(trial_values([p for p in sweep.parameters if p.name in some], some))
    words = without_env(command)
    if not words:
        raise InputError(f"{sweep.path}: command: nothing to run")
    if shutil.which(words[0]) is None:
        raise InputError(f"{sweep.path}: command: {words[0]}: no such program")
    if sweep.program is not None and sweep.program in words and not Path(sweep.program).is_file():
        raise InputError(f"{sweep.path}: program {sweep.program}: no such file")
    try:
        ready.identify(command)
    except InputError as error:
        raise InputError(f"{sweep.path}: its first trial: {error}") from None


def hold_sweep(folder: Path) -> RunLock:
    """Keep other supervisors off a sweep, until the lock is released or this process ends.

    Raises:
        InputError: if another holds it, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = RunLock(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from None
    waited_until = time.monotonic() + _LOCK_SECONDS
    while not lock.take():
        if time.monotonic() > waited_until:
            raise InputError(f"{folder}: another supervisor runs this sweep")
        time.sleep(0.1)
    return lock


class Supervisor:
    """Runs the trials of a sweep.

    Args:
        ready: the sweep.
        study: of its trials.
        executor: where they run.
        tell: told of every event.
    """

    def __init__(self, ready: ReadySweep, study: Study, executor: Executor, tell: Callable[[Event], None]) -> None:
        self._ready = ready
        self._study = study
        self._sweep = ready.sweep
        self._options = ready.options
        self._executor = executor
        self._tell = tell
        self._commit = git_commit()[0]
        self._running: list[_Running] = []
        self._held: list[tuple[optuna.Trial, Identity]] = []
        self._outcome = Outcome()

    def run(self) -> Outcome:
        """Run until nothing is left, the limit is reached, or the start fails.

        On any exception, Ctrl-C included, running trials are killed; `--resume` runs them again.
        """
        try:
            while self._start_more() or self._running:
                self._watch()
                if self._running:
                    time.sleep(_POLL_SECONDS)
        finally:
            for running in self._running:
                running.started.kill()
        return self._outcome

    def _start_more(self) -> bool:
        """Fill the free places and return whether anything was started."""
        began = False
        while not self._outcome.gave_up and len(self._running) < self._options.workers:
            most = self._options.max_runs
            if most is not None and self._outcome.counts["running"] >= most:
                break
            trial = self._next()
            if trial is None:
                break
            began = self._begin(trial) or began
        return began

    def _next(self) -> optuna.Trial | None:
        running = {running.identity.key for running in self._running}
        for held in self._held:
            if held[1].key not in running:
                self._held.remove(held)
                return held[0]
        return self._study.ask()

    def _begin(self, trial: optuna.Trial) -> bool:
        """Adopt a trial or start it; return False where it waits for another of the same run."""
        values = self._values(trial)
        log = self._ready.folder / "logs" / f"{index_of(trial)}.log"
        arguments = self._ready.folder / "logs" / f"{index_of(trial)}.json"
        command = self._ready.command(values, arguments.absolute())
        try:
            identity = self._ready.identify(command)
        except InputError as error:
            self._fail(trial, self._ready.folder, str(error))
            return True
        if identity.key in {running.identity.key for running in self._running}:
            self._held.append((trial, identity))
            return False
        trial.set_user_attr("key", identity.key)
        trial.set_user_attr("folder", str(identity.folder))
        if self._adopt(trial, identity):
            return True
        if "${args_json_file}" in self._sweep.command:
            write_atomically(arguments, json.dumps(values))
        folder = identity.folder.absolute()
        environment = {"MGHP_RUN_DIR": str(folder)}
        started = self._executor.start(Job(command, Path.cwd(), folder, log.absolute(), environment))
        rows = MetricRows(identity.folder / "metrics.csv", self._sweep.metric)
        self._running.append(_Running(trial, identity, started, rows, log, time.monotonic()))
        self._became("running", trial, identity.folder)
        return True

    def _adopt(self, trial: optuna.Trial, identity: Identity) -> bool:
        """Take a finished run of this key for the trial's own; one of another commit is moved aside, or accepted."""
        result = identity.result()
        if result is None or result.get("stopped"):
            return False
        commit = str(result.get("commit", self._commit))
        note = "" if commit == self._commit else f"of commit {commit[:10]}"
        if note and not self._options.accept_old:
            aside = self._ready.folder / REPLACED / f"{identity.folder.name}-{commit[:10]}-{time.time_ns()}"
            aside.parent.mkdir(exist_ok=True)
            shutil.move(identity.folder, aside)
            note = f"its result {note} is in {aside}; --accept-old would have adopted it"
            self._became("queued again", trial, identity.folder, note)
            return False
        if note:
            trial.set_user_attr("old", commit)
        self._settle("adopted", trial, identity, result, note)
        return True

    def _watch(self) -> None:
        for running in list(self._running):
            status = running.started.poll()
            if self._sweep.early_terminate is not None:
                self._follow(running)
            if status is not None:
                self._running.remove(running)
                self._ended(running, status)

    def _follow(self, running: _Running) -> None:
        for value in running.rows.new():
            running.iterations += 1
            if self._study.should_stop(running.trial, running.iterations, value) and running.asked_to_stop is None:
                running.asked_to_stop = time.monotonic()
                running.started.stop()
        if running.asked_to_stop is not None and time.monotonic() > running.asked_to_stop + _STOP_SECONDS:
            running.started.kill()

    def _ended(self, running: _Running, status: int) -> None:
        trial, identity = running.trial, running.identity
        result = identity.result()
        if running.asked_to_stop is not None and (result is None or result.get("stopped")):
            self._stopped(running, result)
        elif result is not None and not result.get("stopped"):
            seconds = round(time.monotonic() - running.began, 2)
            self._settle("done", trial, identity, {"wall_seconds": seconds, **result})
        elif 128 < status <= 128 + max(signal.valid_signals()):
            self._interrupted(running, status - 128)
        else:
            what = f"exit status {status}" if status else f"ended without {identity.folder / 'result.json'}"
            self._fail(trial, identity.folder, what, running.log)

    def _settle(
        self, state: State, trial: optuna.Trial, identity: Identity, result: dict[str, Any], note: str = ""
    ) -> None:
        metrics: dict[str, Any] = result["metrics"]
        value = metrics.get(self._sweep.metric) if self._sweep.metric else 0.0
        # Beyond float's range Python still has whole numbers, which the study cannot store.
        if not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
            got = "is not a number" if value is not None else f"is not in its result ({', '.join(sorted(metrics))})"
            self._fail(trial, identity.folder, f"metric {self._sweep.metric} {got}")
            return
        seconds = result.get("wall_seconds")
        trial.set_user_attr("seconds", seconds if isinstance(seconds, int | float) else None)
        self._study.complete(trial, float(value))
        self._became(state, trial, identity.folder, note, float(value))

    def _stopped(self, running: _Running, result: dict[str, Any] | None) -> None:
        if result is None:  # a command that does not know how to stop has left nothing
            write_atomically(running.identity.folder / "result.json", '{"stopped": true, "metrics": {}}')
        self._study.stopped(running.trial)
        self._became("stopped", running.trial, running.identity.folder, f"at iteration {running.iterations}")

    def _interrupted(self, running: _Running, signal_number: int) -> None:
        """Queue a trial again that was killed from outside, by a person or for want of memory, a few times."""
        trial = running.trial
        times = int(trial.user_attrs.get("interruptions", 0)) + 1
        if times >= MAX_INTERRUPTIONS:
            why = f"killed by signal {signal_number}, {times} times"
            self._fail(trial, running.identity.folder, why, running.log)
            return
        trial.set_user_attr("interruptions", times)
        self._study.queue_again(trial)
        self._became("queued again", trial, running.identity.folder, f"killed by signal {signal_number}")

    def _fail(self, trial: optuna.Trial, folder: Path, why: str, log: Path | None = None) -> None:
        tail = _tail(log) if log is not None else ""
        why = f"{why}\n{tail}".strip()
        self._study.failed(trial, why)
        self._became("failed", trial, folder, why)
        counts = self._outcome.counts
        if counts["failed"] >= FAILURES_AT_THE_START and not any(counts[state] for state in _ENDED):
            self._outcome.gave_up = not self._options.keep_going

    def _became(
        self, state: State, trial: optuna.Trial, folder: Path, note: str = "", metric: float | None = None
    ) -> None:
        self._outcome.counts[state] += 1
        self._tell(Event(index_of(trial), self._values(trial), state, folder, metric, note))

    def _values(self, trial: optuna.Trial) -> dict[str, Any]:
        return trial_values(self._sweep.parameters, point_of(self._sweep, trial.params))


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 8192))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_TAIL_LINES:])
