import io
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mghp.pictures.style import STYLE, png, save_drawings
from mghp.runs.read import Run
from mghp.studies.parsing.figures import DRAWN, parsing_drawings, score_curve, training_curves

POINTS = {
    10: {"mean_iou": 0.46, "ap_p_vol": 0.30, "grouping": 0.8},
    60: {"mean_iou": 0.55, "ap_p_vol": float("nan"), "grouping": 0.97},
    30: {"mean_iou": 0.52, "ap_p_vol": 0.36, "grouping": 0.9},
}


@pytest.fixture
def rows(tmp_path):
    """metrics.csv as a logger writes it: training and validation in rows of their own."""
    training = pd.DataFrame({"step": range(0, 100, 10), "train/parts": np.linspace(2, 1, 10), "epoch": 0})
    training["train/total"] = training["train/parts"] + 1
    validation = pd.DataFrame({"step": [49, 99], "val/mean_iou": [0.2, 0.4], "val/grouping": [0.7, 0.8]})
    pd.concat([training, validation]).to_csv(tmp_path / "metrics.csv", index=False)
    return pd.read_csv(tmp_path / "metrics.csv")


@pytest.fixture(autouse=True)
def closed_figures():
    with plt.rc_context(STYLE):
        yield
    plt.close("all")


def test_losses_and_scores_are_drawn_without_the_blanks(rows):
    losses, scores = training_curves(rows).axes
    assert [line.get_label() for line in losses.lines] == ["parts", "total"]
    assert [line.get_label() for line in scores.lines] == [DRAWN["mean_iou"], DRAWN["grouping"]]
    for line in (*losses.lines, *scores.lines):
        assert np.isfinite(line.get_ydata()).all()
    np.testing.assert_allclose(scores.lines[0].get_xdata(), [49, 99])
    assert losses.get_yscale() == "log"


def test_negative_losses_are_drawn_on_a_linear_scale(rows):
    rows["train/total"] -= 5
    assert training_curves(rows).axes[0].get_yscale() == "linear"


def test_training_without_validation_and_the_reverse(rows):
    for prefix in ("train/", "val/"):
        part = rows[["step", *(name for name in rows.columns if name.startswith(prefix))]]
        assert png(lambda part=part: training_curves(part))
        said = [[text.get_text() for text in axes.texts] for axes in training_curves(part).axes]
        empty = ["none was logged on the way"]
        assert said == ([[], empty] if prefix == "train/" else [empty, []])


def test_points_are_in_order_of_time_and_labelled():
    axes = [axis for axis in score_curve(POINTS).axes if axis.get_visible()]
    assert [axis.get_title() for axis in axes] == [DRAWN[name] for name in ("mean_iou", "ap_p_vol", "grouping")]
    np.testing.assert_allclose(axes[0].lines[0].get_xdata(), [10, 30, 60])
    assert [text.get_text() for text in axes[0].texts] == ["0.46", "0.52", "0.55"]
    assert [text.get_text() for text in axes[1].texts] == ["0.30", "0.36"]


def test_labels_stay_inside_their_axes():
    figure = score_curve(POINTS)
    figure.canvas.draw()
    for axis in (axis for axis in figure.axes if axis.get_visible()):
        inside = axis.get_window_extent()
        for text in axis.texts:
            box = text.get_window_extent()
            assert inside.y0 <= box.y0 <= box.y1 <= inside.y1


def figures(runs, folder):
    return save_drawings(parsing_drawings(runs), folder)


@pytest.fixture
def plant(rows, tmp_path):
    """Writes a run folder of a training, and of its evaluation."""

    def plant_run(experiment, metrics):
        folder = tmp_path / experiment
        folder.mkdir()
        (folder / "config.yaml").write_text(f"experiment: {experiment}")
        (folder / "result.json").write_text(json.dumps({"experiment": experiment, "variant": "", "metrics": metrics}))
        if "train/steps" in metrics:
            rows.to_csv(folder / "metrics.csv", index=False)
        return Run(folder)

    return plant_run


def test_figures_are_written_as_png_and_svg(plant, tmp_path):
    runs = [
        plant("synthetic_10min", {"train/steps": 100, "val/mean_iou": 0.3}),
        plant("synthetic_10min_evaluation", {"val/mean_iou": 0.4}),
        plant("synthetic_30min", {"train/steps": 300, "val/mean_iou": 0.5}),
        plant("assembly", {"assembly/projection/mean_iou": 1.0}),
    ]
    files = figures(runs, tmp_path / "figures")
    names = ("training_synthetic_10min", "training_synthetic_30min", "parsing_minutes")
    assert [file.name for file in files] == [f"{name}.{kind}" for name in names for kind in ("png", "svg")]
    for file in files[::2]:
        Image.open(io.BytesIO(file.read_bytes())).verify()
    # The evaluation's score, not the training's own.
    assert "0.40" in files[-1].read_text()
    assert "0.30" not in files[-1].read_text()
    again = figures(runs, tmp_path / "again")
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]


def test_one_length_is_no_curve_and_nothing_to_draw_writes_nothing(plant, tmp_path):
    one = [plant("synthetic_10min", {"train/steps": 100, "val/mean_iou": 0.3})]
    assert {file.stem for file in figures(one, tmp_path / "one")} == {"training_synthetic_10min"}
    assert figures([], tmp_path / "none") == []
