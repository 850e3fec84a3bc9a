"""Figures of a parser's training: losses and scores over steps, scores over minutes."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mghp.pictures.style import COLOURS, MARKERS, PAGE_INCHES, Drawings, say
from mghp.report.seed_figures import bar_figure
from mghp.runs.read import Run
from mghp.studies.parsing.answers import costliest_chain
from mghp.studies.parsing.tables import SCORES, STEPS, pictures_of, single

DRAWN = {name: label.replace("AP^p", "AP$^p$") for name, label in SCORES.items() if name != "keypoint_ap"}
"""Validation scores that are drawn, and their labels."""

_STYLES = [(colour, marker) for colour, marker in zip(COLOURS, MARKERS, strict=True) if colour != "#000000"]
_LENGTH = re.compile(r"synthetic_(\d+)min(?:_evaluation)?")
_WINDOWS = 50
"""The number of windows per training over which losses are averaged."""


def parsing_drawings(runs: Sequence[Run]) -> Drawings:
    """Return the curves of every training that no study keeps to itself, and the scores over minutes of training."""
    trained = [run for run in single(runs) if "train/steps" in run.result["metrics"]]
    drawings: dict[str, Callable[[], Figure]] = {
        "_".join(filter(None, ("training", run.experiment, run.variant))): partial(training_curves, run.steps)
        for run in trained
    }
    if chain := costliest_chain(runs):
        bars = {STEPS[row.name]: 100 * row.metric("ap_p_vol") for row in chain}
        what = f"{DRAWN['ap_p_vol']} on true fields [%], each step with all above it; {pictures_of(chain[0].run)}"
        drawings["assembly"] = partial(bar_figure, bars, [COLOURS[0]] * len(bars), what)
    points = _by_minutes(runs)
    return drawings | ({"parsing_minutes": partial(score_curve, points)} if len(points) > 1 else {})


def _by_minutes(runs: Sequence[Run]) -> dict[float, dict[str, float]]:
    """Return scores by minutes of training, of the experiments `synthetic_<minutes>min`."""
    points: dict[float, dict[str, float]] = {}
    for run in runs:
        length = _LENGTH.fullmatch(run.experiment)
        # An evaluation comes after its training, and is what counts: it is in full precision.
        if length is not None:
            points[float(length[1])] = {name: run.metric(f"val/{name}") for name in DRAWN}
    return points


def training_curves(rows: pd.DataFrame) -> Figure:
    """Draw losses and validation scores against steps.

    Args:
        rows: `step`, `train/<loss>` and `val/<score>`; training and validation may have rows of their own, with blanks
            for what the other one wrote.
    """
    figure, (losses, scores) = plt.subplots(1, 2, figsize=(PAGE_INCHES, 3.0))
    names = [str(name) for name in rows.columns if str(name).startswith("train/")]
    # The total last and black: above its terms, and told apart from them.
    names.sort(key=lambda name: name == "train/total")
    for k, name in enumerate(names):
        written = rows[["step", name]].dropna()
        _draw_loss(losses, written, name.removeprefix("train/"), k)
    positive = [value for line in losses.lines for value in np.asarray(line.get_ydata(), dtype=float)]
    if positive and min(positive) > 0:
        losses.set_yscale("log")
    losses.set(xlabel="step", ylabel="training loss, running mean", xlim=(0, None))
    for k, name in enumerate(name for name in DRAWN if f"val/{name}" in rows):
        written = rows[["step", f"val/{name}"]].dropna()
        colour, marker = _STYLES[k % len(_STYLES)]
        scores.plot(written["step"], written[f"val/{name}"], color=colour, marker=marker, label=DRAWN[name])
    scores.set(xlabel="step", ylabel="validation score", ylim=(0, 1), xlim=(0, None))
    for axes in (losses, scores):
        if axes.lines:
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3, handlelength=1.6, columnspacing=1.0)
        else:
            say(axes, "none was logged on the way")
    return figure


def _draw_loss(axes: Axes, written: pd.DataFrame, loss: str, position: int) -> None:
    smooth = written.iloc[:, 1].rolling(max(len(written) // _WINDOWS, 1), min_periods=1).mean()
    colour = "#000000" if loss == "total" else _STYLES[position % len(_STYLES)][0]
    # Colours are few: with many losses the second round is dashed.
    dashed = loss != "total" and position >= len(_STYLES)
    axes.plot(written["step"], smooth, color=colour, ls="--" if dashed else "-", label=loss.replace("_", " "))


def score_curve(points: Mapping[float, Mapping[str, float]]) -> Figure:
    """Draw validation scores against minutes of training, every point with its number.

    Args:
        points: scores by name, by minutes.
    """
    minutes = sorted(points)
    drawn = [name for name in DRAWN if any(name in scores for scores in points.values())]
    columns = min(3, max(len(drawn), 1))
    rows = max(-(-len(drawn) // columns), 1)
    figure, axes = plt.subplots(
        rows, columns, figsize=(PAGE_INCHES, 1.7 * rows), sharex=True, sharey=True, squeeze=False
    )
    for position, axis in enumerate(axes.flat):
        if position >= len(drawn):
            axis.set_visible(False)
            continue
        name = drawn[position]
        _draw_points(axis, minutes, [points[time].get(name, np.nan) for time in minutes], position)
        axis.set(title=DRAWN[name], ylim=(0, 1))
        axis.margins(x=0.14)
        axis.set_xscale("log")
        axis.set_xticks(minutes, labels=[f"{time:g}" for time in minutes])
        axis.minorticks_off()
    figure.supxlabel("minutes of training", fontsize=8)
    figure.supylabel("validation score", fontsize=8)
    return figure


def _draw_points(axes: Axes, minutes: Sequence[float], values: Sequence[float], position: int) -> None:
    colour, marker = _STYLES[position % len(_STYLES)]
    axes.plot(minutes, values, color=colour, marker=marker)
    for time, value in zip(minutes, values, strict=True):
        if np.isnan(value):
            continue
        # Above the point, but below it where it would leave the axes.
        above = value < 0.85
        axes.annotate(
            f"{value:.2f}", (time, value), (0, 5 if above else -5), textcoords="offset points",
            ha="center", va="bottom" if above else "top", fontsize=7,
        )  # fmt: skip
