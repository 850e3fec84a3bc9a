"""The trials of a sweep, kept in Optuna's study: an SQLite file that survives its supervisor."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from mghp.errors import InputError
from mghp.sweep.parameters import Point, grid
from mghp.sweep.sweep_file import SweepFile

_INDEX = "index"
_RETRIES = "retries"
"""Attribute of a trial: the number of the failed one that it takes the place of."""


def points_of(sweep: SweepFile, most: int | None, seed: int) -> list[Point] | None:
    """Return the trials of a grid, or of a random search; None where results decide what comes next.

    A random search's i-th point depends on nothing but the seed and i, so that several shards draw the same.

    Raises:
        InputError: if a random or Bayesian search has no end.
    """
    cap = min((number for number in (sweep.run_cap, most) if number is not None), default=None)
    if sweep.method == "grid":
        return grid(sweep.parameters)[: sweep.run_cap]
    if cap is None:
        raise InputError(f"{sweep.path}: {sweep.method} has no end by itself: set run_cap in the file, or --max-runs")
    if sweep.method == "bayes":
        return None
    return [_random_point(sweep, seed, index) for index in range(sweep.run_cap or cap)]


class Study:
    """Decides which trial comes next and keeps what became of each.

    Args:
        file: SQLite; made where it is not there. None for a study that ends with this process.
        sweep: what is searched.
        points: the trials where they are known beforehand, by their index in the sweep; None for `bayes`.
        seed: of what `bayes` draws.
    """

    def __init__(self, file: Path | None, sweep: SweepFile, points: dict[int, Point] | None, seed: int = 0) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._sweep = sweep
        self._distributions = {parameter.name: parameter.distribution for parameter in sweep.parameters}
        self._storage: optuna.storages.BaseStorage = optuna.storages.InMemoryStorage()
        if file is not None:
            self._storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
        pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
        if sweep.early_terminate is not None:
            early = sweep.early_terminate
            pruner = optuna.pruners.SuccessiveHalvingPruner(early.first, early.eta)
        self._study = optuna.create_study(
            study_name=sweep.name,
            storage=self._storage,
            # Multivariate: parameters are modelled together; constant liar: trials that still run count as bad ones, so
            # that several workers do not all try the same place.
            sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True),
            pruner=pruner,
            direction=sweep.goal,
            load_if_exists=True,
        )
        self._queue_running_again()
        self._is_known = points is not None
        if points is not None:
            there = {trial.user_attrs.get(_INDEX) for trial in self._study.get_trials(deepcopy=False)}
            for index in sorted(set(points) - there):
                self._study.enqueue_trial(points[index], user_attrs={_INDEX: index})
        self._num_waiting = len(self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def _queue_running_again(self) -> None:
        """Queue the trials again that a supervisor left running when it was killed."""
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def retry_failed(self) -> None:
        """Queue every failed trial once more."""
        for trial in self.trials():
            if trial.state == TrialState.FAIL:
                self._study.enqueue_trial(trial.params, {_INDEX: trial.user_attrs.get(_INDEX), _RETRIES: trial.number})
                self._num_waiting += 1

    @property
    def num_trials(self) -> int:
        """The number of trials so far, queued ones included."""
        return len(self.trials())

    def trials(self) -> list[FrozenTrial]:
        """Return all trials that count in the order of their numbers: of a retried one the last attempt."""
        trials = self._study.get_trials(deepcopy=False)
        retried = {trial.user_attrs.get(_RETRIES) for trial in trials}
        return [trial for trial in trials if trial.number not in retried]

    def ask(self) -> optuna.Trial | None:
        """Return the next trial; None where none is left for now."""
        if self._num_waiting:
            self._num_waiting -= 1
        elif self._is_known or (self._sweep.run_cap is not None and self.num_trials >= self._sweep.run_cap):
            return None
        return self._study.ask(self._distributions)

    def queue_again(self, trial: optuna.Trial) -> None:
        """Queue a trial again that did not end by itself."""
        self._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
        self._num_waiting += 1

    def should_stop(self, trial: optuna.Trial, iteration: int, value: float) -> bool:
        """Record an intermediate metric value. Returns True if the trial should be stopped early."""
        trial.report(value, iteration)
        return trial.should_prune()

    def complete(self, trial: optuna.Trial, value: float) -> None:
        """Record the final value of a trial that ended by itself."""
        self._study.tell(trial, value)

    def stopped(self, trial: optuna.Trial) -> None:
        """Record that a trial was stopped early; its last intermediate value stands for it."""
        self._study.tell(trial, state=TrialState.PRUNED)

    def failed(self, trial: optuna.Trial, why: str) -> None:
        """Record that a trial gave no result."""
        trial.set_user_attr("failure", why)
        self._study.tell(trial, state=TrialState.FAIL)


def index_of(trial: FrozenTrial | optuna.Trial) -> int:
    """Return the position in the grid or among the random draws; otherwise the trial's number."""
    index = trial.user_attrs.get(_INDEX)
    return trial.number if index is None else int(index)


def point_of(sweep: SweepFile, params: dict[str, Any]) -> Point:
    """Return a trial's values as drawn, constants included."""
    return {parameter.name: params[parameter.name] for parameter in sweep.parameters}


def owned(points: Sequence[Point], shard: tuple[int, int] | None) -> dict[int, Point]:
    """Return the points of shard (i, n), by their index: those whose index mod n is i."""
    position, number = shard or (0, 1)
    return {index: point for index, point in enumerate(points) if index % number == position}


def _random_point(sweep: SweepFile, seed: int, index: int) -> Point:
    sampler = optuna.samplers.RandomSampler(seed=(seed + 1_000_003 * (index + 1)) % 2**32)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=sampler)
    return study.ask({parameter.name: parameter.distribution for parameter in sweep.parameters}).params
