"""The report of a sweep: ranked table, best parameters, parallel coordinates and the effect of each parameter."""

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import yaml
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from mghp.pictures.style import COLOURS, PAGE_INCHES, STYLE, plain, save
from mghp.report.table import Table
from mghp.sweep.rows import TrialRow
from mghp.sweep.sweep_file import SweepFile

_LOG_RATIO = 30.0
"""Positive numbers that span more than this are drawn on a logarithmic axis."""

_PANELS_A_ROW = 3


def report_sweep(sweep: SweepFile, rows: Sequence[TrialRow], folder: Path) -> list[Path]:
    """Write the report of a sweep.

    Args:
        sweep: what was searched.
        rows: the best first.
        folder: gets trials.{md,csv,tex,json}, best.yaml and the figures.

    Returns:
        The files written.
    """
    files = trials_table(sweep, rows).write(folder)
    ended = [row for row in rows if row.metric is not None]
    if ended:
        best: dict[str, Any] = {"trial": ended[0].index, sweep.metric: ended[0].metric, "parameters": ended[0].settings}
        best |= {"command": shlex.join(ended[0].command), "run": str(ended[0].folder)}
        (folder / "best.yaml").write_text(yaml.safe_dump(best, sort_keys=False))
        files.append(folder / "best.yaml")
    if len(ended) > 1 and sweep.varied:
        with plt.rc_context(STYLE):
            files += save(parallel_coordinates(sweep, ended), folder, "parallel_coordinates")
            files += save(effects(sweep, ended), folder, "effects")
    return files


def trials_table(sweep: SweepFile, rows: Sequence[TrialRow]) -> Table:
    """Return the table of all trials, the best first."""
    names = [parameter.name for parameter in sweep.varied]
    formats = {"rank": "d", "trial": "d", **dict.fromkeys(names, ""), sweep.metric: ".6g", "state": "", "s": ".1f"}
    table = Table(
        "trials", f"Sweep {sweep.name}: {sweep.goal} {sweep.metric}.", {**formats, "run folder": "", "note": ""}
    )
    for rank, row in enumerate(rows, start=1):
        table.add(
            {
                "rank": rank if row.metric is not None else None,
                "trial": row.index,
                **{name: str(row.settings.get(name, "")) for name in names},
                sweep.metric: row.metric,
                "state": row.state,
                "s": row.seconds,
                "run folder": str(row.folder),
                "note": row.note,
            }
        )
    return table


class _Axis:
    """An axis that places values between 0 and 1: numbers by size (or its logarithm), all else in order."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.are_numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        distinct: list[Any] = []
        for value in values:
            if not any(type(value) is type(other) and value == other for other in distinct):
                distinct.append(value)
        self.distinct = sorted(distinct) if self.are_numbers else distinct
        self.is_log = self.are_numbers and is_wide(self.distinct)
        if self.are_numbers:
            self._low, self._high = self._scaled(self.distinct[0]), self._scaled(self.distinct[-1])

    def place(self, value: Any) -> float:  # noqa: ANN401 (whatever a sweep file holds)
        if not self.are_numbers:
            return self.distinct.index(value) / max(len(self.distinct) - 1, 1)
        return (self._scaled(value) - self._low) / ((self._high - self._low) or 1.0)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        if len(self.distinct) <= (most if self.are_numbers else 20):
            return [
                (self.place(value), f"{value:.4g}" if self.are_numbers else _short(value)) for value in self.distinct
            ]
        places = np.linspace(0, 1, 5)
        numbers = self._low + places * (self._high - self._low)
        return [(p, f"{10**n if self.is_log else n:.3g}") for p, n in zip(places, numbers, strict=True)]

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.is_log else float(value)


def is_wide(values: Sequence[float]) -> bool:
    """Return whether a logarithmic axis shows the values better."""
    return min(values) > 0 and max(values) / min(values) > _LOG_RATIO


def parallel_coordinates(sweep: SweepFile, rows: Sequence[TrialRow]) -> Figure:
    """Draw a line per trial through its parameters' values to its metric, the best trial in black."""
    names = [parameter.name for parameter in sweep.varied]
    axes = [_Axis(_in_order(rows, name)) for name in names]
    metrics = [row.metric for row in rows if row.metric is not None]
    axes.append(_Axis(metrics))
    figure, axis = plt.subplots(figsize=(PAGE_INCHES, 3.2))
    wide = is_wide(metrics) and min(metrics) < max(metrics)
    norm = (LogNorm if wide else Normalize)(min(metrics), max(metrics))
    best_is_dark = "viridis" if sweep.goal == "minimize" else "viridis_r"
    colours = plt.get_cmap(best_is_dark)
    for row in reversed(rows):
        assert row.metric is not None
        places = [a.place(v) for a, v in zip(axes, [*(row.settings[name] for name in names), row.metric], strict=True)]
        is_best = row is rows[0]
        axis.plot(
            range(len(places)), places, color="black" if is_best else colours(norm(row.metric)),
            linewidth=2.0 if is_best else 0.9, alpha=1.0 if is_best else 0.75, zorder=3 if is_best else 2,
            label=f"best: trial {row.index}" if is_best else None,
        )  # fmt: skip
    for position, a in enumerate(axes):
        axis.axvline(position, color="0.6", linewidth=0.8, zorder=1)
        for place, text in a.ticks():
            axis.text(position + 0.02, place, text, fontsize=6.5, va="center", ha="left", zorder=4,
                      bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6})  # fmt: skip
    labels = [
        _broken(name) + ("\n(log)" if a.is_log else "") for name, a in zip([*names, sweep.metric], axes, strict=True)
    ]
    axis.set_xticks(range(len(axes)), labels)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.spines["bottom"].set_visible(False)
    axis.set_xlim(-0.1, len(axes) - 1 + 0.35)
    axis.set_ylim(-0.06, 1.06)
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.12))
    return figure


def effects(sweep: SweepFile, rows: Sequence[TrialRow]) -> Figure:
    """Draw a panel per parameter: every trial's metric over the parameter's value, and the median of equal values."""
    names = [parameter.name for parameter in sweep.varied]
    height = math.ceil(len(names) / _PANELS_A_ROW)
    longest = max(len(_short(row.settings[name])) for row in rows for name in names)
    width = min(len(names), _PANELS_A_ROW)
    figure, grid = plt.subplots(
        height,
        width,
        figsize=(PAGE_INCHES * max(width, 2) / _PANELS_A_ROW, (2.2 + 0.04 * longest) * height),
        squeeze=False,
        sharey=True,
    )
    metrics = [row.metric for row in rows if row.metric is not None]
    panels: list[Axes] = list(grid.flat)
    for name, axis in zip(names, panels, strict=False):
        _effect(axis, _Axis(_in_order(rows, name)), [row.settings[name] for row in rows], metrics)
        axis.set_xlabel(_broken(name))
        if is_wide(metrics):
            axis.set_yscale("log")
    for axis in panels[len(names) :]:
        axis.set_visible(False)
    for row_of_panels in grid:
        row_of_panels[0].set_ylabel(sweep.metric)
    return figure


def _in_order(rows: Sequence[TrialRow], name: str) -> list[Any]:
    """Return a parameter's values in the order of the trials, which is that of the sweep file's values."""
    return [row.settings[name] for row in sorted(rows, key=lambda row: row.index)]


def _effect(axis: Axes, scale: _Axis, values: Sequence[Any], metrics: Sequence[float]) -> None:
    numbers = np.asarray(metrics)
    by_value = len(scale.distinct) <= max(8, len(values) // 2)
    # Few values stand side by side, whatever their size; many are placed by it.
    places = np.array([scale.distinct.index(v) if by_value else scale.place(v) for v in values], float)
    shift = np.random.default_rng(0).uniform(-0.12, 0.12, len(places)) if by_value else 0.0
    axis.plot(places + shift, numbers, "o", color=COLOURS[7], markersize=2.5, alpha=0.8, zorder=2)
    if by_value:
        medians = [float(np.median(numbers[places == position])) for position in range(len(scale.distinct))]
        axis.plot(
            range(len(medians)),
            medians,
            "_",
            color=COLOURS[0],
            markersize=16,
            markeredgewidth=2,
            zorder=3,
            label="median",
        )
        texts = [f"{v:.4g}" if scale.are_numbers else _short(v) for v in scale.distinct]
        crowded = sum(map(len, texts)) > 24
        axis.set_xticks(range(len(texts)), texts, rotation=60 if crowded else 0, ha="right" if crowded else "center",
                        rotation_mode="anchor")  # fmt: skip
        axis.set_xlim(-0.5, len(texts) - 0.5)
        axis.legend(loc="best")
    else:
        ticks = scale.ticks()
        axis.set_xticks([place for place, _ in ticks], [text for _, text in ticks])


def _short(value: object, most: int = 24) -> str:
    text = str(value)
    return plain(text if len(text) <= most else f"{text[: most - 1]}…")


def _broken(name: str) -> str:
    """Return a long dotted key on two lines."""
    head, dot, tail = plain(name).rpartition(".")
    return f"{head}{dot}\n{tail}" if len(name) > 14 and head else name
