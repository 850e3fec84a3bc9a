import matplotlib.pyplot as plt
import numpy as np
import pytest
from planted_trainings import plant, plant_components

from mghp.matching.solvers import SOLVERS
from mghp.pictures.style import COLOURS, STYLE, save_drawings
from mghp.studies.components.figures import component_drawings, component_figure, level_figure, oracle_figure
from mghp.studies.components.swaps import TRUE_FIELDS, swaps
from mghp.studies.components.tables import P2_DIFFERENCES, components
from mghp.studies.parsing.tables import SCORES as SCORES_OF_RUNS

SCORES = {
    "full": 0.15,
    "field_1_level": 0.1,
    "field_4_levels": 0.15,
    "nearest_keypoint": 0.05,
    "without_matching_loss": 0.25,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return plant_components(tmp_path_factory.mktemp("runs"), SCORES)


@pytest.fixture(autouse=True)
def closed_figures():
    with plt.rc_context(STYLE):
        yield
    plt.close("all")


def intervals(axis):
    return [line for line in axis.lines if len(line.get_xdata()) == 2 and line.get_color() != "0.4"]


def test_intervals_are_those_of_the_table(runs):
    first = component_figure(components(runs)).axes[0]
    cells = [row["AP^p averaged"].difference for row in P2_DIFFERENCES.filled(runs).rows]
    drawn = [line.get_xdata().tolist() for line in intervals(first)]
    np.testing.assert_allclose(sorted(drawn), sorted([100 * cell.low, 100 * cell.high] for cell in cells))
    assert [label.get_text() for label in first.get_yticklabels()][-1] == "without matching loss (3)"


def test_colours_are_the_verdicts_of_the_one_rule(runs):
    """Whatever the interval alone would say: it is corrected, as in the table."""
    drawn = [line.get_color() for line in intervals(component_figure(components(runs)).axes[1])]
    colours = {"better": COLOURS[0], "worse": COLOURS[1]}
    cells = [row["person IoU"] for row in P2_DIFFERENCES.filled(runs).rows]
    assert drawn == [colours.get(cell.verdict, COLOURS[7]) for cell in cells][::-1]
    assert {COLOURS[0], COLOURS[1], COLOURS[7]} == set(drawn)


def test_the_band_is_the_bound_beside_the_baselines_score(runs):
    family = components(runs)
    figure = component_figure(family)
    bands = figure.axes[0].patches
    score = np.mean([run.metric("val/ap_p_vol") for run in family.runs["full"].values()])
    assert [band.get_width() for band in bands] == pytest.approx([2 * 100 * 0.05 * score] * (len(family.runs) - 1))
    assert f"within {family.bound}" in figure.get_supxlabel()


def test_rounding_is_not_drawn_as_a_difference(tmp_path):
    scores = {"full": 0.0, "field_1_level": 1e-19}
    axis = component_figure(components(plant_components(tmp_path, scores, seeds=1, spread=0.0, noise=0.0))).axes[1]
    low, high = axis.get_xlim()
    assert low <= -0.1
    assert high >= 0.1


def test_levels_are_in_order_and_rivals_are_lines(runs):
    (axis,) = level_figure(components(runs)).axes
    np.testing.assert_array_equal(axis.containers[0][0].get_xdata(), [1, 3, 4])
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels[0] == "validation"
    assert labels[-1] == "no field: nearest keypoint"


def test_bars_are_the_scores_with_true_fields(runs):
    family = swaps(runs, TRUE_FIELDS)
    axis = oracle_figure(family).axes[1]
    expected = [100 * np.mean([run.metric("ap_p_vol") for run in group.values()]) for group in family.runs.values()]
    np.testing.assert_allclose([bar.get_width() for bar in axis.patches], expected[::-1])
    assert [text.get_text() for text in axis.texts] == [f"{mean:.1f}" for mean in expected[::-1]]


def test_a_ceiling_is_a_line_beside_the_bars(tmp_path):
    metrics = {f"oracle/sides_by_coin/{score}": 0.6 for score in SCORES_OF_RUNS}
    runs = [plant(tmp_path, "components", "full", seed, 0.4, metrics=metrics) for seed in range(2)]
    figure = component_drawings(runs)["oracles"]()
    dashed = [line for line in figure.axes[1].lines if line.get_linestyle() == "--"]
    assert [line.get_xdata()[0] for line in dashed] == pytest.approx([60])
    assert "dashed, true: all but sides, by a coin" in figure.get_suptitle()
    figure.canvas.draw()
    assert figure.get_tightbbox().x1 <= figure.get_size_inches()[0] + 0.02


def test_what_is_drawn_stays_inside_the_figure(runs):
    for name, draw in component_drawings(runs).items():
        figure = draw()
        figure.canvas.draw()
        drawn = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert drawn.x0 >= -0.02, name
        assert drawn.x1 <= width + 0.02, name
        assert drawn.y0 >= -0.02, name
        assert drawn.y1 <= height + 0.02, name


def test_files_are_written_for_what_there_is(runs, tmp_path):
    names = {file.name for file in save_drawings(component_drawings(runs), tmp_path)}
    expected = ("components", "oracles", "field_levels", "through_the_matcher", "other_matchers")
    assert names == {f"{name}.{ending}" for name in expected for ending in ("png", "svg")}
    assert component_drawings([]) == {}
    assert set(component_drawings([run for run in runs if run.variant == "full"])) == {"oracles", "other_matchers"}


def test_matchers_have_the_colours_of_their_solvers(runs):
    drawings = component_drawings(runs)
    (axis,) = drawings["other_matchers"]().axes
    colours = {round(line.get_ydata()[0]): line.get_color() for line in axis.lines if line.get_marker() == "o"}
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert {labels[place]: colour for place, colour in colours.items()} == {
        "Hungarian": SOLVERS["hungarian"].colour, "greedy": SOLVERS["greedy"].colour,
    }  # fmt: skip


def test_one_seed_has_no_interval(tmp_path):
    family = components(plant_components(tmp_path, {"full": 0.5, "field_1_level": 0.4}, seeds=1))
    assert "one seed, so no interval" in component_figure(family).get_supxlabel()
