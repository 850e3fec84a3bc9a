"""Drawing scores and differences over seeds, for the figures of trainings with several seeds."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from mghp.report.comparison import Comparison
from mghp.report.seeds import Score, over_seeds
from mghp.report.study import span
from mghp.runs.read import BySeed


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


def draw_differences(axis: Axes, cells: Sequence[Comparison | None], colours: Sequence[str], bound: float) -> None:
    """Draw differences in points with their intervals, from below, over a grey band of no effect.

    Args:
        axis: to draw on.
        cells: comparisons; None leaves its place empty.
        colours: one per comparison, "#rrggbb".
        bound: size below which an effect counts as none, a fraction.
    """
    axis.axvspan(-100 * bound, 100 * bound, color="0.9", zorder=0)
    axis.axvline(0, color="0.4", linewidth=0.8)
    axis.set_ylim(-0.6, len(cells) - 0.4)
    for place, (cell, colour) in enumerate(zip(cells, colours, strict=True)):
        if cell is not None:
            mean, low, high = (100 * number for number in cell.difference[:3])
            axis.plot([low, high], [place, place], color=colour)
            axis.plot([mean], [place], "o", color=colour)


def seeds_in_words(groups: Iterable[BySeed]) -> str:
    """Return how many seeds the groups have, e.g. "3 to 5 seeds"."""
    numbers = [len(group) for group in groups]
    return f"{span(numbers)} seed{'s' if max(numbers) > 1 else ''}"
