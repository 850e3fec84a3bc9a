"""Figures of learned matching: differences from the baseline, one learned problem, and losses."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, SymmetricalLogLocator

from mghp.pictures.style import COLOURS, PAGE_INCHES, Drawings, save_drawings
from mghp.runs.read import Run
from mghp.studies.learned.arms import ARMS, CONTROL, NO_EFFECT, TARGETS, UNTRAINED, Arm, by_condition, learned_arms

_COLUMNS = 6


def learned_figures(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw what these runs can fill."""
    return save_drawings(learned_drawings(learned_arms(runs)), folder)


def learned_drawings(arms: Sequence[Arm]) -> Drawings:
    """Return every figure that these arms can fill."""
    drawings: dict[str, Callable[[], Figure]] = {
        f"learned_{name}": partial(difference_figure, chosen) for name, chosen in compared_arms(arms).items()
    }
    if shown_arms(arms):
        drawings["learned_example"] = partial(example_figure, arms)
    if traced_arms(arms):
        drawings["learned_losses"] = partial(loss_figure, arms)
    return drawings


def compared_arms(arms: Sequence[Arm]) -> dict[str, list[Arm]]:
    """Those that are trained and compared with the baseline, by the figure they stand in.

    The control has one of its own: its differences are so large that nothing else could be read beside them.
    """
    figures: dict[str, list[Arm]] = {}
    for arm in arms:
        if arm.compared and arm.name != UNTRAINED:
            plain = "control" if arm.condition.startswith(CONTROL) else "matching"
            figures.setdefault("conditions" if arm.is_of_a_variation else plain, []).append(arm)
    return figures


def shown_arms(arms: Sequence[Arm]) -> list[Arm]:
    """Those of the main condition that kept an example with the lowest seed that any of them kept one with."""
    main = [arm for arm in _main_condition(arms) if arm.name != UNTRAINED]
    seed = min((_seed(run) for arm in main for run in arm.runs if run.example), default=None)
    return [arm for arm in main if any(_seed(run) == seed and run.example for run in arm.runs)]


def traced_arms(arms: Sequence[Arm]) -> list[Arm]:
    """Those of the main condition whose losses were logged; Fenchel-Young's values are no losses."""
    main = [arm for arm in _main_condition(arms) if arm.name != "fenchel_young"]
    return [arm for arm in main if any(not run.steps.empty for run in arm.runs)]


def _main_condition(arms: Sequence[Arm]) -> list[Arm]:
    """The arms of the condition with most runs, of two with as many the one of real poses, the control last."""
    conditions = by_condition(arms)
    main = max(conditions, default=None, key=lambda name: _weight(name, conditions[name].values()))
    return list(conditions[main].values()) if main is not None else []


def _weight(condition: str, arms: Iterable[Arm]) -> tuple[bool, int, bool]:
    runs = [run for arm in arms for run in arm.runs]
    return not condition.startswith(CONTROL), len(runs), runs[0].config["data"]["name"] == "mhp_poses"


def difference_figure(arms: Sequence[Arm]) -> Figure:
    """Intervals of the differences of arms in points: a row a condition, a column a target that all of them have."""
    targets = [label for label in TARGETS if all(label in arm.compared for arm in arms)]
    conditions = by_condition(arms)
    heights = [len(of_condition) for of_condition in conditions.values()]
    figure, grid = plt.subplots(
        len(conditions), len(targets), figsize=(PAGE_INCHES, 0.5 * len(conditions) + 0.2 * sum(heights) + 1.2),
        squeeze=False, height_ratios=heights, sharex="col", sharey="row",
    )  # fmt: skip
    for axes, (condition, of_condition) in zip(grid, conditions.items(), strict=True):
        shown = list(of_condition.values())[::-1]
        for axis, target in zip(axes, targets, strict=True):
            _intervals(axis, shown, target)
        axes[0].set_yticks(range(len(shown)), [ARMS[arm.name] for arm in shown])
        axes[0].set_ylim(-0.6, len(shown) - 0.4)
        axes[0].set_title(textwrap.fill(condition, 40), loc="right", x=-0.06)
    for axis in grid[:-1].flat:
        axis.tick_params(labelbottom=True)  # a column has one scale, and the next one down may be two screens away
    for axis, target in zip(grid[0], targets, strict=True):
        axis.xaxis.set_label_position("top")
        axis.set_xlabel(textwrap.fill(TARGETS[target].what, 24))
    for axis in grid[-1]:
        axis.annotate(
            "difference [points]", (0.5, 0), (0, -18), "axes fraction", "offset points", ha="center", va="top"
        )
    figure.suptitle(
        "Difference from binary cross-entropy without a matcher, 95 % interval\n"
        "grey band: no effect; grey interval: not trained through the matching; linear to 1 point, then logarithmic",
        fontsize=8,
    )
    return figure


def _intervals(axis: Axes, arms: Sequence[Arm], target: str) -> None:
    axis.axvspan(-100 * NO_EFFECT, 100 * NO_EFFECT, color="0.9", zorder=0)
    axis.axvline(0, color="0.4", linewidth=0.8)
    for place, arm in enumerate(arms):
        mean, low, high = arm.compared[target].points
        colour = COLOURS[0] if arm.is_through_the_matching else COLOURS[7]
        axis.plot([low, high], [place, place], color=colour)
        axis.plot([mean], [place], "o", color=colour)
    # Half a point and a training that died are both to be seen.
    axis.set_xscale("symlog", linthresh=1, linscale=0.5)
    axis.xaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=1, subs=(1, 3)))
    axis.xaxis.set_minor_locator(SymmetricalLogLocator(base=10, linthresh=1, subs=(2, 4, 5, 6, 7, 8, 9)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.tick_params(axis="x", labelsize=5.5)


def example_figure(arms: Sequence[Arm]) -> Figure:
    """One test problem as every arm scores and assigns it; true pairs are framed."""
    shown = shown_arms(arms)
    columns = min(len(shown), _COLUMNS)
    blocks = -(-len(shown) // columns)
    figure, grid = plt.subplots(
        2 * blocks, columns, figsize=(max(1.15 * columns + 0.9, 4.6), 2.5 * blocks + 0.6), squeeze=False
    )
    for axis in grid.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    seed = min(_seed(run) for arm in shown for run in arm.runs if run.example)
    for number, arm in enumerate(shown):
        block, column = divmod(number, columns)
        example = next(run for run in arm.runs if _seed(run) == seed).example
        largest = float(np.abs(example["affinity"]).max()) or 1.0
        scores, soft = grid[2 * block, column], grid[2 * block + 1, column]
        scores.imshow(example["affinity"], vmin=-largest, vmax=largest, cmap="PuOr_r")
        image = soft.imshow(example["assignment"], vmin=0, vmax=1, cmap="cividis")
        for axis, colour in ((scores, COLOURS[6]), (soft, COLOURS[1])):
            for row, place in np.argwhere(example["truth"] > 0):
                axis.add_patch(Rectangle((place - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=1.2))
        scores.set_title(textwrap.fill(ARMS[arm.name], 22), fontsize=5.5)
        scores.set_xlabel(f"scores, ±{largest:.3g}", fontsize=6)
    for block in range(blocks):
        grid[2 * block, 0].set_ylabel("scores", fontsize=7)
        grid[2 * block + 1, 0].set_ylabel("assignment", fontsize=7)
    figure.colorbar(image, ax=grid, fraction=0.03, pad=0.01, label="assignment")
    figure.suptitle(
        f"One test problem of seed {seed}; {shown[0].condition}\nsource down, destination across; true pairs are framed"
        "\nscores: brown above 0, purple below",
        fontsize=8,
    )
    return figure


def loss_figure(arms: Sequence[Arm]) -> Figure:
    """Loss of every seed relative to its first step, a panel an arm: losses of different kinds share no unit."""
    traced = traced_arms(arms)
    columns = min(len(traced), _COLUMNS - 1)
    rows = -(-len(traced) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(max(1.4 * columns, 4.6), 1.35 * rows + 0.8), sharex=True, sharey=True, squeeze=False
    )
    for axis in grid.flat[len(traced) :]:
        axis.set_visible(False)
    for axis in grid.flat[max(0, len(traced) - columns) : len(traced)]:  # the lowest that is there
        axis.tick_params(labelbottom=True)
    for axis, arm in zip(grid.flat, traced, strict=False):
        for run in arm.runs:
            if not run.steps.empty:
                loss = run.steps["train/loss"].to_numpy()
                marker = "o" if len(loss) == 1 else ""
                axis.plot(
                    run.steps["step"], loss / (loss[0] or 1.0), color=COLOURS[0], linewidth=0.7, alpha=0.6,
                    marker=marker,
                )  # fmt: skip
        axis.set_title(textwrap.fill(ARMS[arm.name], 26), fontsize=5.5)
        axis.set_ylim(bottom=0)
    figure.supxlabel("step", fontsize=8)
    figure.supylabel("loss / first loss", fontsize=8)
    figure.suptitle(
        f"Training loss, a line a seed; {traced[0].condition}\nFenchel-Young is left out: its gradient is that of a "
        "loss, the value logged is not",
        fontsize=8,
    )
    return figure


def _seed(run: Run) -> int:
    return run.seed
