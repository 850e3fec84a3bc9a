"""The trials of a sweep as rows, read from their run folders; of a shard's sweep those of all shards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import TrialState

from mghp.errors import InputError
from mghp.sweep.parameters import Parameter, Point, trial_values
from mghp.sweep.study import Study, index_of, point_of, points_of
from mghp.sweep.supervisor import ReadySweep


@dataclass(frozen=True)
class TrialRow:
    """One trial, as it is reported.

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


def trial_rows(ready: ReadySweep, study: Study) -> list[TrialRow]:
    """Return all trials of the sweep, the best first, then those without a result."""
    rows: dict[int, TrialRow] = {}
    for trial in study.trials():
        attributes = trial.user_attrs
        note = str(attributes.get("failure", "")).splitlines()[:1]
        old = attributes.get("old")
        rows[index_of(trial)] = TrialRow(
            index=index_of(trial),
            settings=_settings(ready, trial.params),
            command=_shown(ready, point_of(ready.sweep, trial.params)) if trial.params else [],
            state=_STATES.get(trial.state, "waiting"),
            metric=trial.value if trial.state == TrialState.COMPLETE else None,
            seconds=attributes.get("seconds"),
            folder=Path(attributes.get("folder", ready.folder)),
            note=f"of commit {old[:10]}" if old else "".join(note),
        )
    if ready.options.shard is not None:
        for index, point in enumerate(points_of(ready.sweep, ready.options.max_runs, ready.options.seed) or []):
            if index not in rows:
                rows[index] = _of_another_shard(ready, index, point)
    sign = 1 if ready.sweep.goal == "minimize" else -1
    return sorted(
        rows.values(), key=lambda row: (row.metric is None, sign * (row.metric or 0), row.state == "waiting", row.index)
    )


def _of_another_shard(ready: ReadySweep, index: int, point: Point) -> TrialRow:
    metric = seconds = None
    state, folder = "waiting", ready.folder
    try:
        identity = ready.identify(ready.command(trial_values(ready.sweep.parameters, point)))
        folder = identity.folder
        result = identity.result()
        if result is not None and not result.get("stopped"):
            metric, seconds, state = result["metrics"].get(ready.sweep.metric), result.get("wall_seconds"), "done"
    except InputError:
        pass  # its own shard says what is wrong with it
    return TrialRow(index, _settings(ready, point), _shown(ready, point), state, metric, seconds, folder, "")


def _shown(ready: ReadySweep, point: Point) -> list[str]:
    return ready.command(trial_values(ready.sweep.parameters, point), is_shown=True)


def _settings(ready: ReadySweep, drawn: dict[str, Any]) -> dict[str, Any]:
    varied: list[Parameter] = ready.sweep.varied
    return {parameter.name: parameter.value(drawn[parameter.name]) for parameter in varied if parameter.name in drawn}
