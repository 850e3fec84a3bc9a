"""Figures of speed: the matcher's time against problem size and batch size, and what its loss adds to a step."""

from collections.abc import Callable, Sequence
from functools import partial

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from mghp.matching.in_words import colour_of
from mghp.pictures.style import COLOURS, MARKERS, PAGE_INCHES, Drawings
from mghp.report.seed_figures import bar_figure
from mghp.runs.read import Run
from mghp.studies.speed.parsing import PARSING


def speed_drawings(runs: Sequence[Run]) -> Drawings:
    """Return the figures of the last bench of the matcher and of a training step, where there are some."""
    drawings: dict[str, Callable[[], Figure]] = {}
    if benches := [run for run in runs if run.experiment == "bench_matcher"]:
        drawings["time"] = partial(time_figure, benches[-1])
    if added := {row["training"]: row["adds on average [%]"] for row in PARSING.filled(runs).rows}:
        what = "longer training step by the matching loss, on average [%]"
        drawings["matching_loss_time"] = partial(bar_figure, added, [COLOURS[0]] * len(added), what)
    return drawings


def time_figure(run: Run) -> Figure:
    """Draw milliseconds per problem against problem size and against batch size, all solvers."""
    frame = run.steps
    figure, axes = plt.subplots(1, 2, figsize=(PAGE_INCHES, 2.8), sharey=True)
    sweeps = (("size", "candidates a side (batch of 64)"), ("batch", "problems in a batch (16x16)"))
    for axis, (column, label) in zip(axes, sweeps, strict=True):
        rows_of = frame[frame["varied"] == column]
        for k, (solver, rows) in enumerate(rows_of.groupby("solver", sort=False)):
            style = {"color": colour_of(str(solver)), "marker": MARKERS[k % len(MARKERS)]}
            axis.plot(rows[column], rows["forward_ms"] / rows["batch"], label=solver, **style)
            if rows["both_ms"].notna().any():
                axis.plot(rows[column], rows["both_ms"] / rows["batch"], ls="--", **style)
        axis.set(xscale="log", yscale="log", xlabel=label)
        axis.set_xticks(sorted(set(rows_of[column])), labels=[str(value) for value in sorted(set(rows_of[column]))])
        axis.minorticks_off()
    axes[0].set_ylabel("ms per problem")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    figure.suptitle("Time per problem on the CPU: forward (solid), forward and backward (dashed)")
    return figure
