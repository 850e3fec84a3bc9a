"""Figures of the matcher: assignments, convergence, and the T x N maps."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from mghp.matching.solvers import SOLVERS
from mghp.pictures.matrices import matrices_figure
from mghp.pictures.style import PAGE_INCHES, Drawings, say, shades
from mghp.report.seed_figures import draw_differences
from mghp.runs.read import Run
from mghp.studies.solvers.scale import by_scale, scale_figure
from mghp.studies.solvers.tables import BASELINE, associated, by_size, grid_point, grid_runs, solver_label, solver_runs
from mghp.studies.variants import solver_colour

WARM_START = {
    "paper": r"paper: $\alpha$ = 0.01, mean",
    "step1_cold": r"cold: $\alpha$ = 1, last",
    "step1_warm": r"warm: $\alpha$ = 1, last",
}
"""Variants of readings.yaml in the warm-start figure, and their labels."""

NO_VIOLATION = 1e-6
"""An excess that is float32's rounding."""

_COLOUR = SOLVERS["pgd_dykstra"].colour
_ROUNDINGS = {"hungarian": "Hungarian", "mutual": "mutual"}
_F1 = "association/f1_hungarian"
_ITERATES = {"matching": "mean of the iterates", "last_iterate": "last iterate"}


def solver_drawings(runs: Sequence[Run]) -> Drawings:
    """Return every figure that these runs can fill, a set per kind of data."""
    drawings: dict[str, Callable[[], Figure]] = {}
    for data, of_data in _by_data(grid_runs(runs)).items():
        traced = [run for run in of_data if not run.steps.empty]
        if traced:
            drawings[f"convergence_{data}"] = partial(convergence_figure, traced)
        for key, label in (("matching/gap_mean", "gap"), ("matching/violation_mean", "violation")):
            drawings[f"map_{label}_{data}"] = partial(grid_map, of_data, key, label)
    readings = [run for run in runs if run.experiment == "readings" and run.variant in WARM_START]
    for data, of_data in _by_data(run for run in readings if not run.steps.empty).items():
        drawings[f"warm_start_{data}"] = partial(warm_start_figure, of_data)
    for data, of_data in _by_data(run for run in solver_runs(runs) if _F1 in run.result["metrics"]).items():
        if {run.variant == BASELINE for run in of_data} == {True, False}:
            drawings[f"gains_{data}"] = partial(gain_figure, of_data)
    solvers = [run for run in solver_runs(runs) if run.variant != BASELINE]
    for data, of_data in _by_data(run for run in solvers if run.example).items():
        drawings[f"assignments_{data}"] = partial(assignment_figure, of_data)
    if sizes := by_size(runs):
        drawings["sizes"] = partial(size_figure, sizes)
    if scales := by_scale(runs):
        drawings["scale"] = partial(scale_figure, scales)
    return drawings


def _by_data(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Group the runs by their data, as it is written in file names, in order."""
    found: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.data):
        found.setdefault(run.data.replace(",", "").replace(" ", "_"), []).append(run)
    return found


def gain_figure(runs: Sequence[Run]) -> Figure:
    """Draw what each solver gains over the affinity itself, a panel per rounding."""
    rows = [row for row in associated(runs) if row.compared][::-1]
    figure, axes = plt.subplots(
        1, len(_ROUNDINGS), figsize=(PAGE_INCHES, 0.2 * len(rows) + 1.2), sharey=True, squeeze=False
    )
    for axis, (rounding, words) in zip(axes[0], _ROUNDINGS.items(), strict=True):
        cells, colours = [row.compared.get(rounding) for row in rows], [solver_colour(row.run) for row in rows]
        draw_differences(axis, cells, colours)
        axis.set_title(f"after {words} rounding")
    axes[0, 0].set_yticks(range(len(rows)), [solver_label(row.run) for row in rows])
    figure.supxlabel(
        "F1 of joined pairs, difference from the affinity itself\n95 % interval [points]; grey band: no effect",
        fontsize=8,
    )
    figure.suptitle(runs[0].data)
    return figure


def assignment_figure(runs: Sequence[Run]) -> Figure:
    """Draw one problem's affinity and every solver's assignment of it; true pairs are framed."""
    runs = [run for run in runs if run.variant != BASELINE]
    truth, affinity = (runs[0].example[key] for key in ("truth", "affinity"))
    is_within = affinity.min() >= 0 and affinity.max() <= 1
    name = "affinity" if is_within else "affinity, cut to [0, 1]"
    panels = [(name, affinity), *((solver_label(run), run.example["assignment"]) for run in runs)]
    figure = matrices_figure(panels, truth)
    figure.suptitle(f"One problem and its assignments; {runs[0].data}; true pairs are framed")
    return figure


def convergence_figure(runs: Sequence[Run]) -> Figure:
    """Draw gap and violation against outer steps, median and quartiles: a column per step size, a colour per N."""
    longest = max(grid_point(run)[0] for run in runs)
    runs = [run for run in runs if grid_point(run)[0] == longest]
    step_sizes = sorted({grid_point(run)[2] for run in runs})
    cycles = sorted({grid_point(run)[1] for run in runs})
    colours = dict(zip(cycles, shades(_COLOUR, len(cycles)), strict=True))
    figure, axes = plt.subplots(
        2, len(step_sizes), figsize=(PAGE_INCHES, 3.4), sharex=True, sharey="row", squeeze=False
    )
    for run in sorted(runs, key=grid_point):
        _, num_cycles, step_size = grid_point(run)
        column, label = step_sizes.index(step_size), f"N = {num_cycles}"
        _band(axes[0, column], run.steps, "gap", 100, colours[num_cycles], label)
        _band(axes[1, column], run.steps, "violation", 1, colours[num_cycles], label)
    for column, step_size in enumerate(step_sizes):
        axes[0, column].set(title=rf"$\alpha$ = {step_size:g}", yscale="log", xscale="log")
        axes[1, column].set(xlabel="outer step t")
        axes[1, column].set_yscale("symlog", linthresh=1e-4)
        axes[1, column].set_ylim(bottom=0)
        _say_no_violation(axes[1, column], [run for run in runs if grid_point(run)[2] == step_size])
    axes[0, 0].set_ylabel("gap after repair [%]")
    axes[1, 0].set_ylabel("violation")
    axes[1, 0].legend(loc="upper left", ncols=2, handlelength=1.2, columnspacing=0.8)
    figure.suptitle(f"PGD-Dykstra, mean of the iterates so far; {runs[0].data}\nmedian and quartiles over problems")
    return figure


def _band(axes: Axes, steps: pd.DataFrame, quantity: str, scale: float, colour: str, label: str) -> None:
    low, middle, high = (scale * steps[f"trace/{quantity}_{q}"] for q in ("q25", "median", "q75"))
    axes.plot(steps["step"], middle, color=colour, label=label)
    axes.fill_between(steps["step"], low, high, color=colour, alpha=0.2, linewidth=0)


def _say_no_violation(axes: Axes, runs: Iterable[Run]) -> None:
    if max(run.steps["trace/violation_q75"].max() for run in runs) <= NO_VIOLATION:
        say(axes, "no violation")


def _mean(axes: Axes, run: Run, quantity: str, scale: float, colour: str) -> None:
    """Draw the mean over all problems at the last step, with its number, and on the way where it was traced."""
    steps, end = run.steps, scale * run.metric(f"matching/{quantity}_mean")
    if f"trace/{quantity}_mean" in steps:
        axes.plot(steps["step"], scale * steps[f"trace/{quantity}_mean"], color=colour, linestyle=":")
    last = steps["step"].iloc[-1]
    axes.plot([last], [end], marker="D", linestyle="", color=colour, clip_on=False)
    told = f"{end:.2g}" if end > NO_VIOLATION else "0"
    axes.annotate(told, (last, end), (6, 0), textcoords="offset points", va="center", color=colour, fontsize=7)


def warm_start_figure(runs: Sequence[Run]) -> Figure:
    """Draw gap and violation against outer steps: the paper's settings, and alpha = 1 with cold and warm starts."""
    by_variant = {run.variant: run for run in runs}
    figure, axes = plt.subplots(1, 2, figsize=(PAGE_INCHES, 2.6), sharex=True)
    for (variant, label), colour in zip(WARM_START.items(), shades(_COLOUR, len(WARM_START)), strict=True):
        if run := by_variant.get(variant):
            for axis, quantity, scale in zip(axes, ("gap", "violation"), (100, 1), strict=True):
                _band(axis, run.steps, quantity, scale, colour, label)
                _mean(axis, run, quantity, scale, colour)
    axes[0].set(ylabel="gap after repair [%]", xlabel="outer step t", xscale="log")
    axes[0].set_yscale("symlog", linthresh=1e-2)  # many small problems are solved exactly
    axes[0].set_ylim(bottom=0)
    axes[1].set(ylabel="violation", xlabel="outer step t")
    axes[1].set_yscale("symlog", linthresh=1e-4)
    axes[1].set_ylim(bottom=0)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    _say_no_violation(axes[1], by_variant.values())
    figure.suptitle(
        f"Warm start, T = 50, N = 5; {runs[0].data}; median and quartiles over problems\n"
        "diamond: mean at the last step; dotted: mean on the way"
    )
    return figure


def size_figure(runs: Sequence[Run]) -> Figure:
    """Draw gap and coupling of the paper's settings against the size of random problems, smallest first."""
    names = [run.data.removeprefix("random uniform ") for run in runs]
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_INCHES, 2.4))
    for key, line in {"matching": "-", "last_iterate": "--"}.items():
        gaps = [100 * run.metric(f"{key}/gap_mean") for run in runs]
        left.plot(names, gaps, color=_COLOUR, marker="o", linestyle=line, label=_ITERATES[key])
    right.plot(names, [run.metric("matching/coupling") for run in runs], color=_COLOUR, marker="o")
    left.set(xlabel="candidates, sources x destinations", ylabel="gap after repair [%]", ylim=(0, 100))
    right.set(xlabel="candidates, sources x destinations", ylabel="coupling", ylim=(0, 1))
    left.legend(loc="upper right")
    figure.suptitle("PGD-Dykstra, the paper's settings, on uniform random problems; mean over problems")
    return figure


def grid_map(runs: Sequence[Run], key: str, label: str) -> Figure:
    """Draw T x N maps, one per step size, with the numbers written in."""
    points = {grid_point(run): run.metric(key) for run in runs}
    steps, cycles = (sorted({int(point[axis]) for point in points}) for axis in range(2))
    step_sizes = sorted({point[2] for point in points})
    scale, unit = (100, " [%]") if label == "gap" else (1, "")
    floor = 1e-4
    shown = [max(scale * value, floor) for value in points.values()]
    norm = LogNorm(min(shown), max(*shown, 2 * floor))
    figure, axes = plt.subplots(1, len(step_sizes), figsize=(PAGE_INCHES, 2.1), sharey=True, squeeze=False)
    for axis, step_size in zip(axes[0], step_sizes, strict=True):
        values = scale * np.array([[points.get((t, n, step_size), np.nan) for n in cycles] for t in steps])
        image = axis.imshow(np.maximum(values, floor), norm=norm, cmap="cividis", aspect="auto", origin="lower")
        for (row, column), value in np.ndenumerate(values):
            is_dark = norm(max(value, floor)) < 0.6
            axis.text(
                column, row, _short(value), ha="center", va="center", fontsize=6,
                color="white" if is_dark else "black",
            )  # fmt: skip
        axis.set(title=rf"$\alpha$ = {step_size:g}", xlabel="N, cycles", xticks=range(len(cycles)), xticklabels=cycles)
        axis.spines[:].set_visible(False)
    axes[0, 0].set(ylabel="T, steps", yticks=range(len(steps)), yticklabels=steps)
    figure.colorbar(image, ax=axes, label=f"{label}{unit}", fraction=0.04, pad=0.01)
    figure.suptitle(f"PGD-Dykstra, mean of the iterates: {label}, mean over problems; {runs[0].data}")
    return figure


def _short(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}" if value < 0.01 else f"{value:.2g}"
