"""Figures of learned matching: differences from the baseline, one learned problem, and losses."""

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, SymmetricalLogLocator
from numpy.typing import NDArray

from mghp.matching.solvers import SOLVERS
from mghp.pictures.style import COLOURS, PAGE_INCHES, Drawings
from mghp.registry import GREY
from mghp.report.comparison import Comparison
from mghp.report.seed_figures import difference_figure as one_panel
from mghp.report.seed_figures import draw_differences, head_labels
from mghp.report.seeds import Score
from mghp.runs.read import Run
from mghp.studies.learned.variants import (
    LIMBS,
    PROJECTED,
    TARGETS,
    UNTRAINED,
    YOUNG,
    Trained,
    by_condition,
    main_condition,
    trained,
)

_COLUMNS = 6
_HIGHEST = 2.0
"""Relative losses beyond it, and those that are no numbers, are drawn at it."""

_LEAST_INCHES = 6.4
"""What the titles need in width, however few panels there are."""


def learned_drawings(runs: Sequence[Run]) -> Drawings:
    """Return every figure that these runs can fill."""
    variants = trained(runs)
    drawings: dict[str, Callable[[], Figure]] = {
        f"learned_{name}": partial(difference_figure, chosen) for name, chosen in compared_variants(variants).items()
    }
    if examples := shown_examples(variants):
        drawings["learned_example"] = partial(example_figure, examples)
    if traced := traced_variants(variants):
        drawings["learned_losses"] = partial(loss_figure, traced)
    if found := rounding_and_training(variants):
        drawings["rounding_or_training"] = partial(rounding_figure, *found)
    return drawings


def rounding_and_training(variants: Iterable[Trained]) -> tuple[Comparison, Comparison, str] | None:
    """Return what rounding by a projection gains, what training through one gains over that, and the condition."""
    names = {PROJECTED, YOUNG}
    both = [variant for variant in variants if not variant.is_on_the_control and names <= variant.family.runs.keys()]
    for variant in main_condition(both)[:1]:
        rounded, over = variant.family.compared(LIMBS).get(PROJECTED), variant.family.between(YOUNG, PROJECTED, LIMBS)
        if rounded is not None and over is not None:
            return rounded, over, variant.condition
    return None


def rounding_figure(rounded: Comparison, over: Comparison, condition: str) -> Figure:
    """Draw the gains of the rounding and of the training, one under the other."""
    cells = {"rounding by one projection": rounded, "Fenchel-Young training over that": over}
    figure = one_panel(cells, [GREY, SOLVERS["projection"].colour], "F1 of joined pairs, difference")
    figure.suptitle(condition)
    return figure


def compared_variants(variants: Iterable[Trained]) -> dict[str, list[Trained]]:
    """Return the trained variants that are compared with the baseline, by the figure they stand in.

    The positive control has a figure of its own: beside its large differences nothing else could be read.
    """
    figures: dict[str, list[Trained]] = {}
    for variant in variants:
        if variant.is_compared and variant.name != UNTRAINED:
            plain = "control" if variant.is_on_the_control else "matching"
            figures.setdefault("conditions" if variant.is_of_a_variation else plain, []).append(variant)
    return figures


def shown_examples(variants: Iterable[Trained]) -> list[tuple[Trained, Run]]:
    """Return the main condition's variants, each with its run of the lowest seed that kept an example."""
    main = [variant for variant in main_condition(variants) if variant.name != UNTRAINED]
    kept = [(variant, run) for variant in main for run in variant.own_runs if run.example]
    seed = min((run.seed for _, run in kept), default=None)
    return [(variant, run) for variant, run in kept if run.seed == seed]


def traced_variants(variants: Iterable[Trained]) -> list[Trained]:
    """Return the main condition's variants whose losses were logged; values of Fenchel-Young are no losses."""
    main = [variant for variant in main_condition(variants) if variant.name != YOUNG]
    return [variant for variant in main if any(not run.steps.empty for run in variant.own_runs)]


def difference_figure(variants: Sequence[Trained]) -> Figure:
    """Draw the intervals of variants' differences in points, a row per condition and a column per score."""
    conditions = by_condition(variants)
    heights = list(map(len, conditions.values()))
    figure, grid = plt.subplots(
        len(conditions), len(TARGETS), figsize=(PAGE_INCHES, 0.5 * len(conditions) + 0.2 * sum(heights) + 1.2),
        squeeze=False, height_ratios=heights, sharex="col", sharey="row",
    )  # fmt: skip
    for axes, (condition, of_condition) in zip(grid, conditions.items(), strict=True):
        shown = of_condition[::-1]
        for axis, score in zip(axes, TARGETS, strict=True):
            _intervals(axis, shown, score)
        axes[0].set_yticks(range(len(shown)), [variant.label for variant in shown])
        head_labels(axes[0], textwrap.fill(condition, 40))
    for axis in grid[:-1].flat:
        axis.tick_params(labelbottom=True)  # a column has one scale, and the next one down may be two screens away
    for axis, target in zip(grid[0], TARGETS.values(), strict=True):
        axis.xaxis.set_label_position("top")
        axis.set_xlabel(textwrap.fill(target.what, 24))
    for axis in grid[-1]:
        axis.annotate(
            "difference [points]", (0.5, 0), (0, -18), "axes fraction", "offset points", ha="center", va="top"
        )
    figure.suptitle(
        "Difference from binary cross-entropy without a matcher, 95 % interval\n"
        "grey band: no effect; an interval has its solver's colour, grey: not trained through the matching\n"
        "linear to 1 point, then logarithmic",
        fontsize=8,
    )
    return figure


def _intervals(axis: Axes, variants: Sequence[Trained], score: Score) -> None:
    colours = [variant.colour if variant.is_through_the_matching else GREY for variant in variants]
    draw_differences(axis, [variant.compared(score) for variant in variants], colours)
    # Half a point and a training that died are both to be seen.
    axis.set_xscale("symlog", linthresh=1, linscale=0.5)
    axis.xaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=1, subs=(1, 3)))
    axis.xaxis.set_minor_locator(SymmetricalLogLocator(base=10, linthresh=1, subs=(2, 4, 5, 6, 7, 8, 9)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.tick_params(axis="x", labelsize=5.5)


def example_figure(examples: Sequence[tuple[Trained, Run]]) -> Figure:
    """Draw one test problem as every variant scores and assigns it; true pairs are framed."""
    columns = min(len(examples), _COLUMNS)
    blocks = -(-len(examples) // columns)
    figure, grid = plt.subplots(
        2 * blocks, columns, figsize=(max(1.15 * columns + 0.9, _LEAST_INCHES), 2.5 * blocks + 0.6), squeeze=False
    )
    for axis in grid.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    for number, (variant, run) in enumerate(examples):
        block, column = divmod(number, columns)
        scores, soft = grid[2 * block : 2 * block + 2, column]
        image = _example(scores, soft, run.example)
        scores.set_title(textwrap.fill(variant.label, 22), fontsize=5.5)
    for axis, label in zip(grid[:, 0], ("scores", "assignment") * blocks, strict=True):
        axis.set_ylabel(label, fontsize=7)
    figure.colorbar(image, ax=grid, fraction=0.03, pad=0.01, label="assignment")
    variant, run = examples[0]
    figure.suptitle(
        f"One test problem of seed {run.seed}; {variant.condition}\nsource down, destination across; true pairs are "
        "framed\nscores: brown above 0, purple below",
        fontsize=8,
    )
    return figure


def _example(scores: Axes, soft: Axes, example: Mapping[str, NDArray[Any]]) -> AxesImage:
    """Draw scores and assignment, each on an axis of its own; return the assignment's image."""
    largest = float(np.abs(example["affinity"]).max()) or 1.0
    scores.imshow(example["affinity"], vmin=-largest, vmax=largest, cmap="PuOr_r")
    scores.set_xlabel(f"scores, ±{largest:.3g}", fontsize=6)
    image = soft.imshow(example["assignment"], vmin=0, vmax=1, cmap="cividis")
    for axis, colour in ((scores, COLOURS[6]), (soft, COLOURS[1])):
        for row, place in np.argwhere(example["truth"] > 0):
            axis.add_patch(Rectangle((place - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=1.2))
    return image


def loss_figure(traced: Sequence[Trained]) -> Figure:
    """Draw losses relative to the first step, for they share no unit: a line per seed, a panel per variant."""
    columns = min(len(traced), _COLUMNS - 1)
    rows = -(-len(traced) // columns)
    size = max(1.4 * columns, _LEAST_INCHES), 1.35 * rows + 0.8
    figure, grid = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for axis in grid.flat[len(traced) :]:
        axis.set_visible(False)
    for axis in grid.flat[max(0, len(traced) - columns) : len(traced)]:  # the lowest that is there
        axis.tick_params(labelbottom=True)
    for axis, variant in zip(grid.flat, traced, strict=False):
        for place, run in variant.runs.items():
            _loss(axis, run, variant.colour, place in variant.dead)
        dead = f" ({len(variant.dead)} of {len(variant.own_runs)} died)" if variant.dead else ""
        axis.set_title(textwrap.fill(f"{variant.label}{dead}", 26), fontsize=5.5)
        axis.set_ylim(bottom=0)
    figure.supxlabel("step", fontsize=8)
    figure.supylabel("loss / first loss", fontsize=8)
    figure.suptitle(
        f"Training loss, a line per seed; {traced[0].condition}\nblack, with a cross: a seed that died, which no "
        "gradient reaches or whose F1 is under half of the baseline's\nFenchel-Young is left out: its gradient is that "
        "of a loss, the value logged is not",
        fontsize=8,
    )
    return figure


def _loss(axis: Axes, run: Run, colour: str, is_dead: bool) -> None:
    if run.steps.empty:
        return
    loss = run.steps["train/loss"].to_numpy()
    relative = np.fmin(loss / (loss[0] or 1.0), _HIGHEST)  # fmin: what is no number is drawn at the top
    steps, ink = run.steps["step"].to_numpy(), "black" if is_dead else colour
    axis.plot(steps, relative, color=ink, linewidth=0.7, alpha=0.6, marker="o" if len(loss) == 1 else "")
    if is_dead:
        axis.plot(steps[-1:], relative[-1:], color=ink, marker="x", markersize=5, linestyle="", clip_on=False)
