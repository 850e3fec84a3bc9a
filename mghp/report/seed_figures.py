"""Drawing scores and differences over seeds, for the figures of trainings with several seeds."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mghp.pictures.style import PAGE_INCHES
from mghp.report.comparison import Comparison
from mghp.report.seeds import Score, over_seeds
from mghp.report.study import span
from mghp.runs.read import BySeed

_NARROWEST = 0.1
"""The least that a panel of differences shows on both sides of 0, in points: less is rounding."""


def draw_over_seeds(
    axis: Axes, places: Mapping[float, BySeed], score: Score, colour: str, marker: str, label: str
) -> None:
    """Draw a line through the means, in percent, with bars of the standard deviation over seeds.

    Args:
        axis: to draw on.
        places: runs by their place on the horizontal axis.
        score: that is drawn.
        colour: of the line, "#rrggbb".
        marker: of the means.
        label: of the line in the legend.
    """
    found = {place: over_seeds(group, score) for place, group in sorted(places.items())}
    means, spreads = ([100 * getattr(cell, of) for cell in found.values()] for of in ("mean", "deviation"))
    axis.errorbar(
        list(found), means, yerr=np.nan_to_num(spreads), color=colour, marker=marker, capsize=1.5, elinewidth=0.8,
        label=label,
    )  # fmt: skip


def draw_differences(axis: Axes, cells: Sequence[Comparison | None], colours: Sequence[str]) -> None:
    """Draw differences in points with their intervals, from below, each over a grey band of its bound of no effect.

    Args:
        axis: to draw on.
        cells: comparisons; None leaves its place empty.
        colours: one per comparison, "#rrggbb".
    """
    axis.axvline(0, color="0.4", linewidth=0.8)
    axis.set_ylim(-0.6, len(cells) - 0.4)
    for place, (cell, colour) in enumerate(zip(cells, colours, strict=True)):
        if cell is not None:
            axis.barh(place, 200 * cell.bound, height=1, left=-100 * cell.bound, color="0.9", zorder=0)
            mean, low, high = (100 * number for number in cell.difference[:3])
            axis.plot([low, high], [place, place], color=colour)
            axis.plot([mean], [place], "o", color=colour)
    axis.update_datalim([(-_NARROWEST, 0), (_NARROWEST, 0)])


def head_labels(axis: Axes, text: str) -> None:
    """Write a head above the labels of the vertical axis, right-aligned as they are; the layout leaves it its width."""
    axis.annotate(text, (-0.06, 1), (0, 6), "axes fraction", "offset points", ha="right", va="baseline")


def difference_figure(cells: Mapping[str, Comparison], colours: Sequence[str], what: str) -> Figure:
    """Draw one panel of differences with their intervals, a line per name from above.

    Args:
        cells: comparisons by what they are of; at least one.
        colours: one per comparison, "#rrggbb".
        what: score and baseline in words.
    """
    figure, axis = plt.subplots(figsize=(PAGE_INCHES, 0.22 * len(cells) + 1.0))
    draw_differences(axis, list(cells.values())[::-1], colours[::-1])
    axis.set_yticks(range(len(cells)), list(cells)[::-1])
    alone = "; a dot alone: one seed" if any(cell.difference.seeds == 1 for cell in cells.values()) else ""
    figure.supxlabel(f"{what}\n95 % interval [points]; grey band: no effect{alone}", fontsize=8)
    return figure


def bar_figure(values: Mapping[str, float], colours: Sequence[str], what: str) -> Figure:
    """Draw one panel of bars with their numbers, a bar per name from above.

    Args:
        values: lengths by name; at least one.
        colours: one per bar, "#rrggbb".
        what: meaning of the lengths, with their unit.
    """
    figure, axis = plt.subplots(figsize=(PAGE_INCHES, 0.22 * len(values) + 0.8))
    bars = axis.barh(range(len(values)), list(values.values()), height=0.7, color=colours)
    axis.bar_label(bars, fmt="%.1f", padding=3, fontsize=7)
    axis.set_yticks(range(len(values)), list(values))
    axis.invert_yaxis()
    axis.margins(x=0.1)
    figure.supxlabel(what, fontsize=8)
    return figure


def seeds_in_words(groups: Iterable[BySeed]) -> str:
    """Return how many seeds the groups have, e.g. "3 to 5 seeds"."""
    numbers = [len(group) for group in groups]
    return f"{span(numbers)} seed{'s' if max(numbers) > 1 else ''}"
