import matplotlib.pyplot as plt
import numpy as np
import pytest
from planted_trainings import plant_rotations

from mghp.pictures.style import STYLE
from mghp.studies.rotation.figures import rotation_drawings
from mghp.studies.rotation.tables import TEST_SETS


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    scores = {angle: dict.fromkeys(TEST_SETS, 0.4 - angle / 1000) for angle in (0.0, 90.0)}
    return plant_rotations(tmp_path_factory.mktemp("runs"), scores)


@pytest.fixture
def figure(runs):
    with plt.rc_context(STYLE):
        yield rotation_drawings(runs)["rotation"]()
    plt.close("all")


def test_a_line_per_test_set_falls_with_the_angle(figure):
    lines = [container[0] for container in figure.axes[0].containers]
    assert len(lines) == len(TEST_SETS)
    for line in lines:
        assert np.ptp(line.get_xdata()) == pytest.approx(90)
        assert line.get_ydata()[1] < line.get_ydata()[0] - 8
    assert "3 seeds" in figure.axes[1].get_legend().get_title().get_text()


def test_what_is_drawn_stays_inside_the_figure(figure):
    figure.canvas.draw()
    drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert -0.02 <= drawn.x0 <= drawn.x1 <= width + 0.02
    assert -0.02 <= drawn.y0 <= drawn.y1 <= height + 0.02


def test_one_angle_is_no_figure(runs):
    assert rotation_drawings([run for run in runs if not run.config["data"]["augmentation"]["rotation"]]) == {}
