"""The trials of a sweep as rows, read from their run folders; of a shard's sweep those of all shards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import TrialState

from mghp.errors import InputError
from mghp.sweep.parameters import Parameter, Point, trial_values
from mghp.sweep.study import Study, index_of, point_of, points_of
from mghp.sweep.supervisor import Plan


@dataclass(frozen=True)
class TrialRow:
    """One trial.

    Attributes:
        index: in the sweep.
        settings: values of the parameters that vary, by full name.
        command: its argument list.
        state: done, stopped, failed, or waiting.
        metric: None where it did not end by itself.
        seconds: wall time; None where it is not known.
        folder: its run folder.
        note: why it failed, or the other commit it is of.
    """

    index: int
    settings: dict[str, Any]
    command: list[str]
    state: str
    metric: float | None
    seconds: float | None
    folder: Path
    note: str


_STATES = {TrialState.COMPLETE: "done", TrialState.PRUNED: "stopped", TrialState.FAIL: "failed"}


def trial_rows(plan: Plan, study: Study) -> list[TrialRow]:
    """All trials of the sweep, the best first, then those without a result."""
    rows: dict[int, TrialRow] = {}
    for trial in study.trials():
        attributes = trial.user_attrs
        note = str(attributes.get("failure", "")).splitlines()[:1]
        old = attributes.get("old")
        rows[index_of(trial)] = TrialRow(
            index=index_of(trial),
            settings=_settings(plan, trial.params),
            command=plan.command(trial_values(plan.sweep.parameters, point_of(plan.sweep, trial.params)), is_shown=True)
            if trial.params
            else [],
            state=_STATES.get(trial.state, "waiting"),
            metric=trial.value if trial.state == TrialState.COMPLETE else None,
            seconds=attributes.get("seconds"),
            folder=Path(attributes.get("folder", plan.folder)),
            note=f"of commit {old[:10]}" if old else "".join(note),
        )
    if plan.options.shard is not None:
        for index, point in enumerate(points_of(plan.sweep, plan.options.max_runs, plan.options.seed) or []):
            if index not in rows:
                rows[index] = _of_another_shard(plan, index, point)
    sign = 1 if plan.sweep.goal == "minimize" else -1
    return sorted(
        rows.values(), key=lambda row: (row.metric is None, sign * (row.metric or 0), row.state == "waiting", row.index)
    )


def _of_another_shard(plan: Plan, index: int, point: Point) -> TrialRow:
    values = trial_values(plan.sweep.parameters, point)
    metric = seconds = None
    state, folder = "waiting", plan.folder
    try:
        identity = plan.identify(plan.command(values))
        folder = identity.folder
        result = identity.result()
        if result is not None and not result.get("stopped"):
            metric, seconds, state = result["metrics"].get(plan.sweep.metric), result.get("wall_seconds"), "done"
    except InputError:
        pass  # its own shard says what is wrong with it
    command = plan.command(values, is_shown=True)
    return TrialRow(index, _settings(plan, point), command, state, metric, seconds, folder, "")


def _settings(plan: Plan, drawn: dict[str, Any]) -> dict[str, Any]:
    varied: list[Parameter] = plan.sweep.varied
    return {parameter.name: parameter.value(drawn[parameter.name]) for parameter in varied if parameter.name in drawn}
