import matplotlib.pyplot as plt
import numpy as np
import pytest
from planted_trainings import plant_components, plant_rotations

from mghp.pictures.style import STYLE
from mghp.studies.components.figures import (
    ablation_figures,
    component_figure,
    level_figure,
    oracle_figure,
    rotation_figure,
)
from mghp.studies.components.tables import by_variant, difference_table
from mghp.studies.rotation.tables import TEST_SETS, by_angle

SCORES = {
    "full": 0.5,
    "field_1_level": 0.45,
    "field_4_levels": 0.5,
    "nearest_keypoint": 0.4,
    "without_matching_loss": 0.6,
}


@pytest.fixture(scope="module")
def variants(tmp_path_factory):
    return by_variant(plant_components(tmp_path_factory.mktemp("runs"), SCORES))


@pytest.fixture(scope="module")
def rotations(tmp_path_factory):
    scores = {angle: dict.fromkeys(TEST_SETS, 0.4 - angle / 1000) for angle in (0.0, 90.0)}
    return plant_rotations(tmp_path_factory.mktemp("runs"), scores)


@pytest.fixture(autouse=True)
def closed_figures():
    with plt.rc_context(STYLE):
        yield
    plt.close("all")


def test_intervals_are_those_of_the_table(variants):
    first = component_figure(variants).axes[0]
    drawn = sorted(
        line.get_xdata().tolist() for line in first.lines if len(line.get_xdata()) == 2 and line.get_color() != "0.4"
    )
    cells = [row["AP^p averaged"].difference for row in difference_table(variants).rows]
    np.testing.assert_allclose(drawn, sorted([100 * cell.low, 100 * cell.high] for cell in cells))
    assert [label.get_text() for label in first.get_yticklabels()][-1] == "without matching loss (3)"


def test_levels_are_in_order_and_rivals_are_lines(variants):
    (axis,) = level_figure(variants).axes
    np.testing.assert_array_equal(axis.containers[0][0].get_xdata(), [1, 3, 4])
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels[0] == "validation"
    assert labels[-1] == "no field: nearest keypoint"


def test_what_is_drawn_stays_inside_the_figure(variants, rotations):
    for figure in (
        component_figure(variants),
        oracle_figure(variants["full"]),
        level_figure(variants),
        rotation_figure(by_angle(rotations)),
    ):
        figure.canvas.draw()
        drawn = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert drawn.x0 >= -0.02
        assert drawn.x1 <= width + 0.02
        assert drawn.y0 >= -0.02
        assert drawn.y1 <= height + 0.02


def test_files_are_written_for_what_there_is(variants, rotations, tmp_path):
    runs = [run for group in variants.values() for run in group.values()]
    names = {file.name for file in ablation_figures([*runs, *rotations], tmp_path)}
    expected = ("components", "oracles", "field_levels", "rotation")
    assert names == {f"{name}.{ending}" for name in expected for ending in ("png", "svg")}
    assert ablation_figures([], tmp_path) == []
