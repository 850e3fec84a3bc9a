"""Drawing scores over seeds, for the figures of trainings with several seeds."""

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes

from mghp.report.seeds import Score, over_seeds
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


def seeds_in_words(groups: Iterable[BySeed]) -> str:
    """Return how many seeds the groups have, e.g. "3 to 5 seeds"."""
    numbers = sorted({len(group) for group in groups})
    text = " to ".join(map(str, dict.fromkeys([numbers[0], numbers[-1]])))
    return f"{text} seed{'s' if numbers[-1] > 1 else ''}"
