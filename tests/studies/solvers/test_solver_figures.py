import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mghp.matching.in_words import colour_of
from mghp.pictures.style import STYLE, png, save_drawings, shades
from mghp.registry import GREY
from mghp.runs.read import find_runs
from mghp.studies.solvers.figures import (
    NO_VIOLATION,
    assignment_figure,
    convergence_figure,
    grid_map,
    solver_drawings,
    warm_start_figure,
)
from mghp.studies.solvers.tables import by_size, grid_point, solver_label
from mghp.studies.speed.figures import time_figure

DATA = "random uniform 12x15"


@pytest.fixture(scope="session")
def smoke_runs(smoke_results):
    return find_runs([smoke_results / "runs"])


@pytest.fixture(scope="session")
def grid(smoke_runs):
    return [run for run in smoke_runs if run.experiment == "steps" and not run.variant and run.data == DATA]


@pytest.fixture(scope="session")
def bench(smoke_runs):
    return next(run for run in smoke_runs if run.experiment == "bench_matcher")


@pytest.fixture(scope="session")
def figures(smoke_runs, grid, bench):
    """Every kind of figure, drawn in the suite's style."""
    readings = [run for run in smoke_runs if run.experiment == "readings" and run.data == DATA]
    solvers = [run for run in smoke_runs if run.experiment == "solvers" and run.data == "generated poses, hard"]
    with plt.rc_context(STYLE):
        drawn = {
            "convergence": convergence_figure(grid),
            "map of gaps": grid_map(grid, "matching/gap_mean", "gap"),
            "map of violations": grid_map(grid, "matching/violation_mean", "violation"),
            "warm start": warm_start_figure(readings),
            "assignments": assignment_figure(solvers),
            "time": time_figure(bench),
        }
        for figure in drawn.values():
            figure.canvas.draw()
    yield drawn
    for figure in drawn.values():
        plt.close(figure)


def shown(figure):
    return [axes for axes in figure.axes if axes.get_visible()]


def test_no_axes_is_empty(figures):
    for name, figure in figures.items():
        for axes in shown(figure):
            assert axes.lines or axes.images or axes.collections, name


def test_every_axis_is_labelled(figures):
    """Outermost axes say what they count; inner ones share them. Pictures of single problems share the figure's."""
    for name, figure in figures.items():
        plots = [axes for axes in shown(figure) if axes.get_label() != "<colorbar>"]
        bars = [axes for axes in shown(figure) if axes.get_label() == "<colorbar>"]
        if name == "assignments":
            assert (figure.get_supxlabel(), figure.get_supylabel()) == ("destination", "source")
            plots = []
        for axes in plots:
            place = axes.get_subplotspec()
            if place.is_last_row():
                assert axes.get_xlabel(), name
            assert axes.get_ylabel() or not place.is_first_col() or name == "warm start", name
        assert all(bar.get_ylabel() for bar in bars), name
        assert figure.get_suptitle(), name


def test_nothing_leaves_the_figure(figures):
    for name, figure in figures.items():
        page = figure.bbox
        renderer = FigureCanvasAgg(figure).get_renderer()  # its own: a figure that was closed has none
        texts = [figure._suptitle, *(axes.title for axes in shown(figure)), *figure.legends]
        texts += [axis.label for axes in shown(figure) for axis in (axes.xaxis, axes.yaxis)]
        for text in texts:
            box = text.get_window_extent(renderer)
            if box.width:
                where = f"{name}: {text.get_text() if hasattr(text, 'get_text') else 'legend'}"
                assert box.x0 >= page.x0 - 1, where
                assert box.x1 <= page.x1 + 1, where
                assert box.y0 >= page.y0 - 1, where
                assert box.y1 <= page.y1 + 1, where


def test_titles_of_neighbours_do_not_overlap(figures):
    for name, figure in figures.items():
        renderer = FigureCanvasAgg(figure).get_renderer()  # its own: a figure that was closed has none
        boxes = [axes.title.get_window_extent(renderer) for axes in shown(figure) if axes.get_title()]
        for k, box in enumerate(boxes):
            for other in boxes[k + 1 :]:
                assert not box.overlaps(other), name


def test_convergence_draws_the_medians_of_the_longest_runs(figures, grid):
    figure = figures["convergence"]
    longest = max(grid_point(run)[0] for run in grid)
    runs = {grid_point(run)[1:]: run for run in grid if grid_point(run)[0] == longest}
    step_sizes = sorted({step_size for _, step_size in runs})
    cycles = sorted({num_cycles for num_cycles, _ in runs})
    axes = np.array(shown(figure)).reshape(2, len(step_sizes))
    for column, step_size in enumerate(step_sizes):
        assert f"{step_size:g}" in axes[0, column].get_title()
        for row, (quantity, scale) in enumerate((("gap", 100), ("violation", 1))):
            lines = {line.get_label(): line for line in axes[row, column].lines}
            assert set(lines) == {f"N = {num_cycles}" for num_cycles in cycles}
            for num_cycles in cycles:
                line, steps = lines[f"N = {num_cycles}"], runs[num_cycles, step_size].steps
                assert line.get_color() == shades(colour_of("PGD-Dykstra"), len(cycles))[cycles.index(num_cycles)]
                assert line.get_xdata().tolist() == steps["step"].tolist() == list(range(1, longest + 1))
                assert line.get_ydata() == pytest.approx(scale * steps[f"trace/{quantity}_median"])


def test_warm_start_draws_the_medians_of_its_three_runs(figures, smoke_runs):
    left, right = shown(figures["warm start"])
    runs = {run.variant: run for run in smoke_runs if run.experiment == "readings" and run.data == DATA}
    for axes, quantity, scale in ((left, "gap", 100), (right, "violation", 1)):
        assert len(axes.lines) == 9
        for lines, variant in zip(np.reshape(axes.lines, (3, 3)), ("paper", "step1_cold", "step1_warm"), strict=True):
            steps, end = runs[variant].steps, scale * runs[variant].metric(f"matching/{quantity}_mean")
            medians, means, last = (line.get_ydata() for line in lines)
            assert medians == pytest.approx(scale * steps[f"trace/{quantity}_median"])
            assert means == pytest.approx(scale * steps[f"trace/{quantity}_mean"])
            assert last == pytest.approx([end])
            assert (f"{end:.2g}" if end > NO_VIOLATION else "0") in [text.get_text() for text in axes.texts]


def test_panels_without_a_violation_say_so(figures, grid):
    lower = [axes for axes in shown(figures["convergence"]) if axes.get_subplotspec().rowspan.start == 1]
    longest = max(grid_point(run)[0] for run in grid)
    for step_size, axes in zip(sorted({grid_point(run)[2] for run in grid}), lower, strict=True):
        of_panel = [run for run in grid if grid_point(run)[::2] == (longest, step_size)]
        is_none = all((run.steps["trace/violation_q75"] <= NO_VIOLATION).all() for run in of_panel)
        assert [text.get_text() for text in axes.texts] == ["no violation"] * is_none


@pytest.mark.parametrize(
    ("name", "key", "scale"),
    [("map of gaps", "matching/gap_mean", 100), ("map of violations", "matching/violation_mean", 1)],
)
def test_a_map_shows_each_point_of_the_grid_where_its_ticks_say(figures, grid, name, key, scale):
    maps = [axes for axes in shown(figures[name]) if axes.get_label() != "<colorbar>"]
    points = {grid_point(run): run for run in grid}
    seen = 0
    for axes in maps:
        step_size = float(axes.get_title().rpartition("=")[2])
        cycles = [int(tick.get_text()) for tick in axes.get_xticklabels()]
        steps = [int(tick.get_text()) for tick in maps[0].get_yticklabels()]
        values = axes.images[0].get_array()
        for row, column in np.ndindex(values.shape):
            metric = scale * points[steps[row], cycles[column], step_size].metric(key)
            assert values[row, column] == pytest.approx(max(metric, 1e-4))
            seen += 1
        written = {text.get_position(): text.get_text() for text in axes.texts}
        assert len(written) == values.size
        for (column, row), text in written.items():
            metric = scale * points[steps[int(row)], cycles[int(column)], step_size].metric(key)
            assert float(text) == pytest.approx(metric, rel=0.5)
    assert seen == len(grid)


def test_time_draws_every_measurement(figures, bench):
    for axes, column in zip(shown(figures["time"]), ("size", "batch"), strict=True):
        part = bench.steps[bench.steps["varied"] == column]
        solid = {line.get_label(): line for line in axes.lines if line.get_linestyle() == "-"}
        assert set(solid) == set(part["solver"])
        for solver, rows in part.groupby("solver"):
            assert solid[solver].get_color() == colour_of(solver) != GREY
            assert solid[solver].get_xdata().tolist() == rows[column].tolist()
            assert solid[solver].get_ydata() == pytest.approx(rows["forward_ms"] / rows["batch"])
        dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
        assert len(dashed) == part.loc[part["both_ms"].notna(), "solver"].nunique()
        assert len(solid) + len(dashed) == len(axes.lines)


def test_assignments_show_the_affinity_and_each_solver_s_own(figures, smoke_runs):
    panels = [axes for axes in shown(figures["assignments"]) if axes.get_label() != "<colorbar>"]
    runs = [
        run
        for run in smoke_runs
        if run.experiment == "solvers" and run.data == "generated poses, hard" and run.variant != "identity"
    ]
    by_title = {axes.get_title().replace("\n", " "): axes for axes in panels}
    affinity = "affinity, cut to [0, 1]"  # some lie beyond
    assert set(by_title) == {affinity, *map(solver_label, runs)}
    assert (by_title[affinity].images[0].get_array() == runs[0].example["affinity"]).all()
    for run in runs:
        axes = by_title[solver_label(run)]
        assert (axes.images[0].get_array() == run.example["assignment"]).all()
        assert len(axes.patches) == run.example["truth"].sum()


def test_equal_runs_make_equal_files(grid, tmp_path):
    opened = plt.get_fignums()
    for folder in ("first", "second"):
        files = save_drawings(solver_drawings(grid), tmp_path / folder)
    assert files
    for file in files:
        assert (tmp_path / "first" / file.name).read_bytes() == file.read_bytes()
    assert plt.get_fignums() == opened


def test_runs_of_no_figure_draw_none(bench):
    assert solver_drawings([bench]) == {}


def test_sizes_are_drawn_smallest_first(smoke_runs):
    runs = [run for run in smoke_runs if run.experiment == "sizes"]
    gaps, coupling = solver_drawings(runs)["sizes"]().axes
    assert [len(axes.lines) for axes in (gaps, coupling)] == [2, 1]
    assert gaps.lines[0].get_ydata() == pytest.approx([100 * run.metric("matching/gap_mean") for run in by_size(runs)])
    plt.close("all")


def test_a_part_of_the_grid_is_drawn_with_its_holes(grid, tmp_path):
    assert save_drawings(solver_drawings(grid[:1]), tmp_path)
    assert save_drawings(solver_drawings([grid[0], grid[-1]]), tmp_path)


def test_runs_without_a_trace_have_maps_and_no_convergence(tiny_config, tiny_problem_set, tmp_path):
    from mghp.runs.read import Run
    from mghp.studies.solvers.run import run_match

    config = tiny_config("", tmp_path / "runs", "match.trace_problems=0", experiment="steps")
    files = save_drawings(solver_drawings([Run(run_match(config, tiny_problem_set))]), tmp_path / "figures")
    assert {file.stem.partition("_")[0] for file in files} == {"map"}


def test_a_figure_for_a_notebook_is_a_png(grid):
    opened = plt.get_fignums()
    assert png(lambda: grid_map(grid, "matching/gap_mean", "gap")).startswith(b"\x89PNG")
    assert plt.get_fignums() == opened


def test_gains_have_the_colours_of_their_solvers(tiny_runs):
    (gains,) = (draw for name, draw in solver_drawings(list(tiny_runs.values())).items() if name.startswith("gains_"))
    figure = gains()
    for axes in figure.axes:
        labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        means = {round(line.get_ydata()[0]): line.get_color() for line in axes.lines if line.get_marker() == "o"}
        assert means == {place: colour_of(label) for place, label in enumerate(labels)}
    plt.close(figure)


def test_the_affinity_alone_fills_no_figure_of_assignments(tiny_runs):
    """A run of `identity` has an example to show, and no solver stands beside it."""
    assert tiny_runs["identity"].example
    assert solver_drawings([tiny_runs["identity"]]) == {}
    assert [name for name in solver_drawings(list(tiny_runs.values())) if name.startswith("assignments_")]
