import json

import matplotlib.pyplot as plt
import pytest
import torch
import yaml

from mghp.matching import optimum
from mghp.pictures.style import STYLE
from mghp.runs.read import Run
from mghp.studies.solvers.figures import solver_drawings
from mghp.studies.solvers.run import MIN_OPTIMUM, run_match
from mghp.studies.solvers.scale import SCALE, scale_answer

SIZES = {3: 1.0, 6: 2.0}
"""Candidates a side of two planted data sets, and the mean of their largest affinities."""

POINTS = [(0.1, 0.98, 0.0), (1.0, 0.4, 0.3), (10.0, 0.02, 0.6)]
"""tau, gap and coupling of the planted runs."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Runs of two data sets with just what the table reads, largest tau first."""
    runs = []
    for size, largest in SIZES.items():
        for tau, gap, coupling in reversed(POINTS):
            folder = tmp_path_factory.mktemp("run")
            data = {"name": "random", "random": {"kind": "uniform", "source": size, "destination": size}}
            config = {"matcher": {"name": "projection", "projection": {"tau": tau}}, "data": data}
            (folder / "config.yaml").write_text(yaml.safe_dump(config))
            metrics = {"matching/gap_mean": gap, "matching/coupling": coupling, "problems/max_affinity": largest}
            result = {"experiment": "scale", "variant": "", "metrics": metrics, "commit": "abc"}
            (folder / "result.json").write_text(json.dumps(result))
            runs.append(Run(folder))
    return runs


def test_rows_are_by_data_and_tau_and_count_in_the_largest_entry(planted):
    rows = SCALE.filled(planted).rows
    assert [row["problems"] for row in rows] == 3 * ["random uniform 3x3"] + 3 * ["random uniform 6x6"]
    assert [row["tau max A"] for row in rows] == pytest.approx([0.1, 1, 10, 0.2, 2, 20])
    assert [row["gap [%]"] for row in rows] == pytest.approx(2 * [98, 40, 2])


def test_the_answer_names_where_coupling_begins_and_the_gap_ends(planted):
    assert scale_answer(planted) == (
        "Below tau max A = 1 coupling is under 0.1, and beyond 2 the gap is under 5 % (2 data sets)."
    )
    assert scale_answer(planted[-1:]) == scale_answer([]) == ""


def test_the_figure_has_a_line_per_data_set_and_says_what_it_shows(planted):
    with plt.rc_context(STYLE):
        figure = solver_drawings(planted)["scale"]()
        figure.canvas.draw()
    gaps, couplings = figure.axes
    assert [line.get_label() for line in gaps.lines[:2]] == ["random uniform 3x3", "random uniform 6x6"]
    assert list(gaps.lines[1].get_xdata()) == pytest.approx([0.2, 2, 20])
    assert list(couplings.lines[1].get_ydata()) == pytest.approx([0, 0.3, 0.6])
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
    plt.close(figure)


def test_a_run_tells_the_largest_affinity_of_its_problems(tiny_config, tiny_problem_set, tmp_path):
    config = tiny_config("default", tmp_path, "match.coupling_problems=2", experiment="scale")
    run = Run(run_match(config, tiny_problem_set))
    assert run.matcher["method"] == "newton"
    affinities = [torch.from_numpy(problem.affinity).float() for problem in tiny_problem_set]
    largest = [float(affinity.max()) for affinity in affinities if optimum(affinity) >= MIN_OPTIMUM]
    assert run.metric("problems/max_affinity") == pytest.approx(sum(largest) / len(largest), rel=1e-5)
