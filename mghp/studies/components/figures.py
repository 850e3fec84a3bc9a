"""Figures of the parsing ablations: components, oracles, levels of the projection field, rotation augmentation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mghp.pictures.style import COLOURS, COLUMN_INCHES, MARKERS, PAGE_INCHES, Drawings, save_drawings
from mghp.report.comparison import PictureScore, Score, compared, over_seeds
from mghp.report.seed_cells import NO_EFFECT
from mghp.runs.read import BySeed, Run
from mghp.studies.components.tables import (
    BASELINE,
    DIFFERENCES,
    OVERLAP,
    RIVALS,
    TRUE_PARTS,
    by_variant,
    label_of,
)
from mghp.studies.parsing.tables import ORACLES
from mghp.studies.rotation.tables import TEST_SETS, by_angle, set_score

LEVELS = {"field_1_level": 1, "field_2_levels": 2, BASELINE: 3, "field_4_levels": 4}
"""Levels of the projection field by variant."""

_FOREST = {
    "AP^p averaged": "AP$^p$ averaged",
    "person IoU": "person IoU",
    "grouping, true parts, hard": "grouping with true\nparts, scene hard",
}
_ORACLE_SCORES = {"mean_iou": "part mIoU [%]", "ap_p_vol": "AP$^p$ averaged [%]", "grouping": "grouping [%]"}


def ablation_figures(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Every figure that these runs can fill, as PNG and SVG.

    Args:
        runs: those of other experiments fill none.
        folder: to write to.
    """
    return save_drawings(ablation_drawings(runs), folder)


def ablation_drawings(runs: Sequence[Run]) -> Drawings:
    """Return every figure that these runs can fill."""
    variants, angles = by_variant(runs), by_angle(runs)
    drawings: dict[str, Callable[[], Figure]] = {}
    if BASELINE in variants and len(variants) > 1:
        drawings["components"] = partial(component_figure, variants)
    if BASELINE in variants:
        drawings["oracles"] = partial(oracle_figure, variants[BASELINE])
    if len(set(LEVELS) & set(variants)) > 1:
        drawings["field_levels"] = partial(level_figure, variants)
    if len(angles) > 1:
        drawings["rotation"] = partial(rotation_figure, angles)
    return drawings


def component_figure(variants: Mapping[str, BySeed]) -> Figure:
    """Differences of the variants from the full model with their intervals, a panel a score."""
    names = [name for name in variants if name != BASELINE][::-1]
    figure, axes = plt.subplots(1, len(_FOREST), figsize=(PAGE_INCHES, 0.2 * len(names) + 1.15), sharey=True)
    for axis, column in zip(axes, _FOREST, strict=True):
        found = compared(variants, BASELINE, DIFFERENCES[column])
        axis.axvspan(-100 * NO_EFFECT, 100 * NO_EFFECT, color="0.9", zorder=0)
        axis.axvline(0, color="0.4", linewidth=0.8)
        for place, name in enumerate(names):
            if name in found:
                mean, low, high = (100 * number for number in found[name].difference[:3])
                told = found[name].verdict in ("better", "worse")
                colour = COLOURS[1] if told and mean < 0 else COLOURS[0] if told else COLOURS[7]
                axis.plot([low, high], [place, place], color=colour)
                axis.plot([mean], [place], "o", color=colour)
        axis.set_title(_FOREST[column], loc="left")
    axes[0].set_yticks(range(len(names)), [f"{label_of(name)} ({len(variants[name])})" for name in names])
    axes[0].set_title("variant (seeds)", loc="right", x=-0.08)
    axes[0].set_ylim(-0.6, len(names) - 0.4)
    bars = "95 % interval" if any(len(variants[name]) > 1 for name in names) else "one seed, so no interval"
    figure.supxlabel(
        f"difference from the full model, {bars} [points]; grey band: no effect\n"
        "blue better, orange worse, grey not told from 0 (not corrected)",
        fontsize=8,
    )
    return figure


def oracle_figure(full: BySeed) -> Figure:
    """Scores with the truth in the place of one field at a time."""
    figure, axes = plt.subplots(1, len(_ORACLE_SCORES), figsize=(PAGE_INCHES, 1.7), sharey=True)
    names = list(ORACLES)[::-1]
    for axis, (score, label) in zip(axes, _ORACLE_SCORES.items(), strict=True):
        found = [over_seeds(full, f"oracle/{name}/{score}") for name in names]
        colours = [COLOURS[7] if name == "predicted" else COLOURS[0] for name in names]
        means = [100 * cell.mean for cell in found]
        axis.barh(range(len(names)), means, height=0.7, color=colours)
        axis.errorbar(means, range(len(names)), xerr=[100 * cell.deviation for cell in found], fmt="none", ecolor="0.2")
        for place, cell in enumerate(found):
            end = 100 * (cell.mean + np.nan_to_num(cell.deviation))
            if np.isfinite(end):
                axis.annotate(
                    f"{cell:.1f}".split()[0], (end, place), (3, 0), textcoords="offset points", va="center", fontsize=7
                )
        axis.set(xlabel=label, xlim=(0, 115), xticks=range(0, 101, 25))
    axes[0].set_yticks(range(len(names)), [f"true: {ORACLES[name]}" for name in names])
    figure.suptitle(f"Full model, true fields in the place of predicted ones; {_seeds([full])}", fontsize=8)
    return figure


def level_figure(variants: Mapping[str, BySeed]) -> Figure:
    """Grouping against the number of levels over which the projection field is refined."""
    scores: dict[str, Score] = {
        "validation": PictureScore("grouping"),
        "hard, true parts": TRUE_PARTS,
        "validation, where people overlap": OVERLAP,
    }
    figure, axis = plt.subplots(figsize=(COLUMN_INCHES, 3.4))
    present = {LEVELS[name]: variants[name] for name in LEVELS if name in variants}
    for position, (label, score) in enumerate(scores.items()):
        colour, marker = COLOURS[position], MARKERS[position]
        _draw_over_seeds(axis, present, score, colour, marker, label)
        for line, rival in zip((":", "--"), RIVALS, strict=True):
            if rival in variants:
                axis.axhline(100 * over_seeds(variants[rival], score).mean, color=colour, ls=line, lw=0.9, zorder=0)
    for line, rival in zip((":", "--"), RIVALS, strict=True):
        if rival in variants:
            axis.plot([], [], color="0.4", ls=line, lw=0.9, label=label_of(rival))
    axis.set(xlabel="levels of the projection field", ylabel="grouping [%]", xticks=sorted(present))
    handles, labels = axis.get_legend_handles_labels()
    lines = len(labels) - len(scores)  # matplotlib lists them before the bars
    axis.legend(
        [*handles[lines:], *handles[:lines]], [*labels[lines:], *labels[:lines]],
        loc="upper center", bbox_to_anchor=(0.45, -0.16), title=_seeds(present.values()), title_fontsize=7,
    )  # fmt: skip
    return figure


def rotation_figure(angles: Mapping[str, BySeed]) -> Figure:
    """Scores against the largest angle of rotation, a line a test set."""
    panels: dict[str, dict[str, Score]] = {
        "AP$^p$ averaged [%]": {scene: set_score(scene, "ap_p_vol") for scene in TEST_SETS},
        "person IoU [%]": {scene: PictureScore("person_iou", scene) for scene in TEST_SETS},
    }
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE_INCHES, 2.6))
    places = {float(angle): group for angle, group in angles.items()}
    for axis, (label, scores) in zip(axes, panels.items(), strict=True):
        for position, (scene, score) in enumerate(scores.items()):
            colour, marker = COLOURS[position], MARKERS[position]
            # Side by side, so that no bar hides another.
            shift = 2.0 * (position - (len(scores) - 1) / 2)
            moved = {place + shift: group for place, group in places.items()}
            _draw_over_seeds(axis, moved, score, colour, marker, TEST_SETS[scene])
        axis.set(xlabel="rotated in training by up to [degrees]", ylabel=label, xticks=sorted(places))
    axes[-1].legend(
        loc="center left", bbox_to_anchor=(1.02, 0.5), title=f"tested on\n({_seeds(angles.values())})", title_fontsize=7
    )
    return figure


def _draw_over_seeds(
    axis: Axes,
    places: Mapping[float, BySeed] | Mapping[int, BySeed],
    score: Score,
    colour: str,
    marker: str,
    label: str,
) -> None:
    """A line through the means with bars of the standard deviation over seeds."""
    found = {place: over_seeds(group, score) for place, group in sorted(places.items())}
    means, spreads = ([100 * getattr(cell, of) for cell in found.values()] for of in ("mean", "deviation"))
    axis.errorbar(
        list(found), means, yerr=np.nan_to_num(spreads), color=colour, marker=marker, capsize=1.5, elinewidth=0.8,
        label=label,
    )  # fmt: skip


def _seeds(groups: Iterable[BySeed]) -> str:
    numbers = sorted({len(group) for group in groups})
    text = " to ".join(map(str, dict.fromkeys([numbers[0], numbers[-1]])))
    return f"{text} seed{'s' if numbers[-1] > 1 else ''}"
