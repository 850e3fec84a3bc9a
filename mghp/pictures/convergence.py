"""Plots of matchers' convergence: of several on one problem, and of one on the limbs of a picture."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import SymmetricalLogLocator
from numpy.typing import NDArray
from PIL import Image

from mghp.pictures.canvas import Rgb
from mghp.pictures.style import COLOURS, PAGE_INCHES, STYLE, png

if TYPE_CHECKING:
    from mghp.matching import Trace


def trace_picture(
    gap: NDArray[np.floating], violation: NDArray[np.floating], *, width: int = 640, height: int = 480
) -> Rgb:
    """Plot gap and violation against steps: the median and the range over problems.

    Args:
        gap: relative gap, at least 0, (step, problem).
        violation: largest excess over a constraint, (step, problem).
        width: width of the plot, pixels.
        height: height of the plot, pixels.
    """
    inches = width / STYLE["savefig.dpi"], height / STYLE["savefig.dpi"]

    def draw() -> Figure:
        figure, (upper, lower) = plt.subplots(2, 1, sharex=True, figsize=inches)
        _band(upper, 100 * gap, "gap [%]", COLOURS[0], 1e-2)
        _band(lower, violation, "violation", COLOURS[1], 1e-4)
        upper.set_title("median and range over problems")
        lower.set_xlabel("step of the matcher")
        return figure

    return np.asarray(Image.open(io.BytesIO(png(draw))).convert("RGB")).copy()


def traces_figure(traces: Mapping[str, "Trace"]) -> Figure:
    """Draw gap and violation of one problem against steps, a line for each matcher.

    Args:
        traces: the course of each matcher by its words, all of one problem: each of shape (step,).
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_INCHES, 2.9), sharex=True)
    for words, trace in traces.items():
        steps = np.arange(1, len(trace) + 1)
        left.plot(steps, 100 * trace.gap.numpy(), label=words)
        right.plot(steps, trace.violation.numpy())
    for axes, label, linear_below in ((left, "gap after repair [%]", 1e-2), (right, "violation", 1e-4)):
        axes.set(xlabel="step t", ylabel=label, xscale="log")
        _from_zero(axes, linear_below)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def _from_zero(axes: Axes, linear_below: float) -> None:
    """Give an axis a logarithmic scale that shows 0 too."""
    axes.set_yscale("symlog", linthresh=linear_below)  # solved problems have a gap of exactly 0
    axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=linear_below, subs=[1.0]))
    axes.set_ylim(bottom=0)


def _band(axes: Axes, values: NDArray[np.floating], label: str, colour: str, linear_below: float) -> None:
    steps = np.arange(1, len(values) + 1)
    axes.set_ylabel(label)
    if values.size:
        axes.fill_between(steps, values.min(1), values.max(1), color=colour, alpha=0.2, linewidth=0)
        axes.plot(steps, np.median(values, axis=1), color=colour)
    _from_zero(axes, linear_below)
