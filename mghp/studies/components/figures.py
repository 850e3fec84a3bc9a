"""Figures of the components' ablation: differences from the full model, true fields, levels of the projection field."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mghp.matching.solvers import SOLVERS
from mghp.pictures.style import COLOURS, COLUMN_INCHES, MARKERS, PAGE_INCHES, Drawings
from mghp.report.comparison import Comparison
from mghp.report.seed_figures import difference_figure, draw_differences, draw_over_seeds, head_labels, seeds_in_words
from mghp.report.seeds import Family, Score, Variant, over_seeds
from mghp.runs.read import Run
from mghp.studies.components.swaps import AS_TRAINED, BY_COIN, MATCHERS, TRUE_FIELDS, ceilings, swaps
from mghp.studies.components.tables import (
    BASELINE,
    DIFFERENCES,
    EXPERIMENT,
    FILE,
    GROUPING,
    LONGER,
    OVERLAP,
    PERSON_IOU,
    RIVALS,
    TRUE_PARTS,
    components,
    matchers_trained_through,
)
from mghp.studies.variants import label_of, solver_colour

LEVELS: dict[str, float] = {"field_1_level": 1, "field_2_levels": 2, BASELINE: 3, "field_4_levels": 4}
"""Number of levels of the projection field by variant."""

_FOREST = {
    "AP^p averaged": "AP$^p$ averaged",
    "person IoU": "person IoU",
    "grouping, true parts, hard": "grouping with true\nparts, scene hard",
}
_ORACLE_SCORES = {"mean_iou": "part mIoU [%]", "ap_p_vol": "AP$^p$ averaged [%]", "grouping": "grouping [%]"}
_LEVEL_SCORES: dict[str, Score] = {
    "validation": GROUPING, "hard, true parts": TRUE_PARTS, "validation, where persons overlap": OVERLAP,
}  # fmt: skip
_THROUGH = {EXPERIMENT: "", LONGER: ", trained longer"}
"""Experiments that train with and without a matching loss, and what their variants' labels say of it."""
_VERDICT_COLOURS = {"better": COLOURS[0], "worse": COLOURS[1]}
_GREY = COLOURS[7]


def component_drawings(runs: Sequence[Run]) -> Drawings:
    """Return every figure that these runs can fill."""
    family, fields = components(runs), swaps(runs, TRUE_FIELDS)
    drawings: dict[str, Callable[[], Figure]] = {}
    if BASELINE in family.runs and len(family.runs) > 1:
        drawings["components"] = partial(component_figure, family)
    if fields.runs:
        drawings["oracles"] = partial(oracle_figure, fields, ceilings(runs))
    if len(LEVELS.keys() & family.runs) > 1:
        drawings["field_levels"] = partial(level_figure, family)
    through = {what: matchers_trained_through(runs, name) for name, what in _THROUGH.items()}
    if any(family.compared(PERSON_IOU) for family in through.values()):
        drawings["through_the_matcher"] = partial(through_figure, through)
    if other := swaps(runs, MATCHERS).compared("grouping"):
        drawings["other_matchers"] = partial(other_matchers_figure, other)
    return drawings


def through_figure(families: Mapping[str, Family]) -> Figure:
    """Draw what training through each matcher changes, for each length of training."""
    shown = [
        (f"{label_of(FILE, variant.name)}{words}", cell, solver_colour(variant.own_runs[0]))
        for words, family in families.items()
        for variant in family.variants
        if (cell := variant.compared(PERSON_IOU)) is not None
    ]
    cells = {words: cell for words, cell, _ in shown}
    return difference_figure(cells, [colour for *_, colour in shown], "person IoU, difference from no matching loss")


def other_matchers_figure(compared: Mapping[str, Comparison]) -> Figure:
    """Draw what another matcher at test time changes."""
    cells = {MATCHERS[name]: cell for name, cell in compared.items()}
    colours = [SOLVERS[name.rpartition("/")[2]].colour for name in compared]
    return difference_figure(cells, colours, "grouping, difference from the matcher of the training")


def component_figure(family: Family) -> Figure:
    """Draw the differences of the variants from the full model with their intervals, a panel per score."""
    variants = [variant for variant in family.variants if variant.name != BASELINE][::-1]
    figure, axes = plt.subplots(1, len(_FOREST), figsize=(PAGE_INCHES, 0.2 * len(variants) + 1.15), sharey=True)
    for axis, (column, title) in zip(axes, _FOREST.items(), strict=True):
        score = DIFFERENCES[column]
        cells = [variant.compared(score) for variant in variants]
        colours = [_VERDICT_COLOURS.get(cell.verdict, _GREY) if cell else _GREY for cell in cells]
        draw_differences(axis, cells, colours)
        axis.set_title(title, loc="left")
    labels = [f"{label_of(FILE, variant.name)} ({len(variant.runs)})" for variant in variants]
    axes[0].set_yticks(range(len(variants)), labels)
    head_labels(axes[0], "variant (seeds)")
    bars = "95 % interval" if any(len(variant.runs) > 1 for variant in variants) else "one seed, so no interval"
    figure.supxlabel(
        f"difference from the full model, {bars} [points]; grey band: within {family.bound}\n"
        "blue better, orange worse, by Holm's correction over the panel; grey: neither",
        fontsize=8,
    )
    return figure


def oracle_figure(family: Family, ceilings: Sequence[Variant] = ()) -> Figure:
    """Draw the full model's scores with one field at a time replaced by the true one, and lines at the ceilings."""
    figure, axes = plt.subplots(1, len(_ORACLE_SCORES), figsize=(PAGE_INCHES, 1.7), sharey=True)
    fields = family.variants[::-1]
    colours = [_GREY if field.name == AS_TRAINED else COLOURS[0] for field in fields]
    for axis, (score, label) in zip(axes, _ORACLE_SCORES.items(), strict=True):
        found = [over_seeds(field.runs, score) for field in fields]
        means, spreads = ([100 * getattr(cell, of) for cell in found] for of in ("mean", "deviation"))
        axis.barh(range(len(fields)), means, height=0.7, color=colours)
        axis.errorbar(means, range(len(fields)), xerr=spreads, fmt="none", ecolor="0.2")
        for place, end in enumerate(np.add(means, np.nan_to_num(spreads))):
            if np.isfinite(end):
                axis.annotate(
                    f"{means[place]:.1f}", (end, place), (3, 0), textcoords="offset points", va="center", fontsize=7
                )
        for ceiling in ceilings:
            axis.axvline(100 * over_seeds(ceiling.runs, score).mean, color="0.2", ls="--", lw=0.9)
        axis.set(xlabel=label, xlim=(0, 115), xticks=range(0, 101, 25))
    axes[0].set_yticks(range(len(fields)), [f"true: {TRUE_FIELDS[field.name]}" for field in fields])
    lines = "".join(f"; dashed, true: {BY_COIN[ceiling.name]}" for ceiling in ceilings)
    title = f"Full model, true fields in the place of predicted ones{lines}; {seeds_in_words(family.runs.values())}"
    figure.suptitle(title, fontsize=8)
    return figure


def level_figure(family: Family) -> Figure:
    """Draw grouping against the number of levels over which the projection field is refined."""
    figure, axis = plt.subplots(figsize=(COLUMN_INCHES, 3.4))
    present = {LEVELS[name]: family.runs[name] for name in LEVELS if name in family.runs}
    rivals = {name: line for name, line in zip(RIVALS, (":", "--"), strict=True) if name in family.runs}
    for position, (label, score) in enumerate(_LEVEL_SCORES.items()):
        colour = COLOURS[position]
        draw_over_seeds(axis, present, score, colour, MARKERS[position], label)
        for rival, line in rivals.items():
            mean = 100 * over_seeds(family.runs[rival], score).mean
            axis.axhline(mean, color=colour, ls=line, lw=0.9, zorder=0)
    for rival, line in rivals.items():
        axis.plot([], [], color="0.4", ls=line, lw=0.9, label=label_of(FILE, rival))
    axis.set(xlabel="levels of the projection field", ylabel="grouping [%]", xticks=sorted(present))
    handles, labels = axis.get_legend_handles_labels()
    # Matplotlib lists the rivals' lines before the bars.
    axis.legend(
        [*handles[len(rivals):], *handles[:len(rivals)]], [*labels[len(rivals):], *labels[:len(rivals)]],
        loc="upper center", bbox_to_anchor=(0.45, -0.16), title=seeds_in_words(present.values()), title_fontsize=7,
    )  # fmt: skip
    return figure
