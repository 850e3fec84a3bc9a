"""Affinity and assignments of one problem as heat maps side by side."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from mghp.pictures.style import COLOURS, PAGE_INCHES, say


def matrices_figure(
    panels: Sequence[tuple[str, ArrayLike]], framed: ArrayLike, *, columns: int = 7, numbers: bool = False
) -> Figure:
    """Draw matrices of one problem, sources down and destinations across.

    Args:
        panels: what stands above each matrix, and the matrix, (source, destination).
        framed: 1 for pairs with a frame, e.g. the true ones, (source, destination).
        columns: matrices in a row.
        numbers: whether values and numbers of candidates are written in. Then a matrix's colours go from 0 to its
            largest value, at least 1; else those of all from 0 to 1, as a bar tells.
    """
    rows, width = -(-len(panels) // columns), PAGE_INCHES / columns
    sources, destinations = np.shape(framed)
    height = 0.85 * width * np.clip(sources / max(destinations, 1), 0.3, 1.3) + (0.5 if numbers else 0.3)
    figure, axes = plt.subplots(rows, columns, figsize=(PAGE_INCHES, height * rows + 0.3), squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, (name, values) in zip(axes.flat, panels, strict=False):
        axis.set_title(textwrap.fill(name, 20), fontsize=min(8, 5.5 * width))
        _draw_matrix(axis, np.asarray(values), np.asarray(framed), numbers, width)
    figure.supxlabel("destination", fontsize=8)
    figure.supylabel("source", fontsize=8)
    if not numbers:
        scale = plt.cm.ScalarMappable(Normalize(0, 1), "cividis")
        figure.colorbar(scale, ax=axes, fraction=0.02, pad=0.01, label="affinity, assignment")
    return figure


def _draw_matrix(
    axes: Axes, values: NDArray[np.floating], framed: NDArray[np.number], numbers: bool, width: float
) -> None:
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[])
    if not values.size:
        say(axes, "no candidates")
        return
    largest = max(1.0, values.max()) if numbers else 1.0
    axes.imshow(values, vmin=0, vmax=largest, cmap="cividis")
    for row, column in np.argwhere(framed > 0):
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=COLOURS[1], linewidth=1.2))
    if numbers:
        _write_numbers(axes, values, 0.55 * largest, size=min(8, 18 * width / values.shape[1]))


def _write_numbers(axes: Axes, values: NDArray[np.floating], dark_below: float, size: float) -> None:
    """Write the values into a matrix, and the numbers of its candidates, from 1, beside it."""
    for axis, number in ((axes.yaxis, values.shape[0]), (axes.xaxis, values.shape[1])):
        axis.set_ticks(range(number), [str(place) for place in range(1, number + 1)])
    axes.tick_params(length=0)
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if value < dark_below else "black"
        axes.text(column, row, f"{value:z.2f}", ha="center", va="center", fontsize=size, color=ink)
