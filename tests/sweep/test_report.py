from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from mghp.sweep.progress import Progress
from mghp.sweep.report import _Axis, effects, parallel_coordinates, trials_table
from mghp.sweep.rows import TrialRow
from mghp.sweep.supervisor import Event
from mghp.sweep.sweep_file import read_sweep


def test_axes_place_numbers_by_size_and_all_else_in_order():
    assert [_Axis([3, 1, 2]).place(v) for v in (1, 2, 3)] == [0, 0.5, 1]
    wide = _Axis([0.001, 0.1, 1.0, 1000.0])
    assert wide.is_log
    assert [wide.place(v) for v in (0.001, 1.0, 1000.0)] == pytest.approx([0, 0.5, 1])
    mixed = _Axis([True, "x", None, [1, 2]])
    assert [mixed.place(v) for v in (True, "x", None, [1, 2])] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert [text for _, text in mixed.ticks()] == ["True", "x", "None", "[1, 2]"]
    assert _Axis([1, True, 1.0]).distinct == [1, True, 1.0]
    assert _Axis([5]).place(5) == 0
    many = _Axis([10.0**k for k in range(8)])
    assert [text for _, text in many.ticks()] == ["1", "56.2", "3.16e+03", "1.78e+05", "1e+07"]


@pytest.fixture
def sweep_and_rows(sweep_yaml):
    sweep = read_sweep(sweep_yaml(parameters={
        "a": {"values": [0.001, 1, 1000]}, "b": {"values": ["x", None]},
        "group": {"parameters": {"c": {"values": [1, 2]}}},
        "fixed": {"value": 3},
    }))  # fmt: skip
    rows = [
        TrialRow(i, {"a": a, "b": b, "group.c": c}, ["true"], "done", loss, 1.5, Path("runs/x"), "")
        for i, (a, b, c, loss) in enumerate([(1, "x", 1, 0.1), (0.001, None, 2, 0.4), (1000, "x", 2, 0.9)])
    ]
    return sweep, rows


def test_the_best_trial_is_black_and_ends_at_its_metric(sweep_and_rows):
    sweep, rows = sweep_and_rows
    figure = parallel_coordinates(sweep, rows)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 4]
    assert len(lines) == 3
    (best,) = [line for line in lines if line.get_color() == "black"]
    assert list(best.get_ydata()) == pytest.approx([0.5, 0, 0, 0])
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["a\n(log)", "b", "group.c", "loss"]
    plt.close(figure)


def test_effects_have_a_panel_a_parameter_with_the_medians_of_equal_values(sweep_and_rows):
    sweep, rows = sweep_and_rows
    figure = effects(sweep, rows)
    visible = [axis for axis in figure.axes if axis.get_visible()]
    assert [axis.get_xlabel() for axis in visible] == ["a", "b", "group.c"]
    medians = visible[1].lines[1]
    assert list(medians.get_ydata()) == pytest.approx([(0.1 + 0.9) / 2, 0.4])
    plt.close(figure)


def test_failed_trials_stand_below_without_rank(sweep_and_rows):
    sweep, rows = sweep_and_rows
    failed = TrialRow(3, {"a": 1, "b": None, "group.c": 1}, [], "failed", None, None, Path("runs/y"), "exit status 1")
    table = trials_table(sweep, [*rows, failed])
    assert table.cells()[-1] == ["", "3", "1", "None", "1", "", "failed", "", "runs/y", "exit status 1"]


def test_a_terminal_shows_the_running_trials_and_a_log_a_line_each(sweep_and_rows):
    sweep, _ = sweep_and_rows
    progress = Progress(sweep, 12)
    values = {"a": 1, "b": "x", "group": {"c": 2}, "fixed": 3}
    first = Event(0, values, "running", Path("runs/x"))
    progress.note(first)
    assert progress.line(first) == "[0/12] trial 0 running  a=1 b=x group.c=2"
    done = Event(0, values, "done", Path("runs/x"), metric=0.25)
    progress.note(done)
    assert progress.line(done) == "[1/12] trial 0 done loss=0.25 (best 0.25)  a=1 b=x group.c=2"
    progress.note(Event(1, values, "running", Path("runs/z")))
    table = progress.table()
    assert table.title == "stub: 2 of 12 trials (1 done, 1 running)"
    assert [column.header for column in table.columns] == ["trial", "a", "b", "group.c", "loss", "state", "seconds"]
    assert list(table.columns[0].cells) == ["0", "1"]
