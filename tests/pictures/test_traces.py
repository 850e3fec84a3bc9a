import matplotlib.pyplot as plt
import numpy as np
import torch

from mghp.matching import Trace
from mghp.pictures.convergence import traces_figure


def falling(steps):
    """A course whose gap and violation halve from step to step."""
    halves = 0.5 ** torch.arange(steps)
    return Trace(1 - halves, halves, halves, 0.1 * halves, halves)


def test_a_line_shows_what_its_matcher_s_trace_says():
    traces = {"few steps": falling(3), "many steps": falling(8)}
    figure = traces_figure(traces)
    gap, violation = figure.axes
    assert [line.get_label() for line in gap.lines] == list(traces)
    for axes, quantity, scale in ((gap, "gap", 100), (violation, "violation", 1)):
        for line, trace in zip(axes.lines, traces.values(), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), np.arange(1, len(trace) + 1))
            np.testing.assert_array_equal(line.get_ydata(), scale * getattr(trace, quantity).numpy())
    plt.close(figure)
