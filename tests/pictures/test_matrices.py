import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from mghp.pictures.matrices import matrices_figure
from mghp.pictures.style import COLOURS

AFFINITY = np.array([[4.0, 0.5, -1.0], [0.25, 2.0, 0.0]])
BEST = np.array([[1, 0, 0], [0, 1, 0]])


def framed(axes):
    """The pairs (row, column) that have a frame."""
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert {frame.get_edgecolor() for frame in frames} == {to_rgba(COLOURS[1])}
    return {(frame.get_y() + 0.5, frame.get_x() + 0.5) for frame in frames}


def test_every_matrix_frames_the_same_pairs_under_its_name():
    figure = matrices_figure([("affinity", AFFINITY), ("best matching", BEST), ("again", BEST)], BEST, columns=2)
    drawn = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in drawn] == ["affinity", "best matching", "again"]
    assert [framed(axes) for axes in drawn] == [{(0, 0), (1, 1)}] * 3
    assert {axes.images[0].get_clim() for axes in drawn} == {(0, 1)}
    plt.close(figure)


def test_numbers_are_those_of_the_matrix_and_colours_reach_its_largest():
    figure = matrices_figure([("affinity", AFFINITY), ("best matching", BEST)], BEST, columns=2, numbers=True)
    affinity, best = figure.axes
    assert [text.get_text() for text in affinity.texts] == ["4.00", "0.50", "-1.00", "0.25", "2.00", "0.00"]
    assert [label.get_text() for label in affinity.get_xticklabels()] == ["1", "2", "3"]
    assert (affinity.images[0].get_clim(), best.images[0].get_clim()) == ((0, 4), (0, 1))
    plt.close(figure)


def test_a_limb_that_nobody_shows_is_told():
    figure = matrices_figure([("affinity", AFFINITY[:0])], BEST[:0], columns=1, numbers=True)
    assert [text.get_text() for text in figure.axes[0].texts] == ["no candidates"]
    plt.close(figure)
