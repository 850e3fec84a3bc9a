import json
from itertools import count

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import yaml

from mghp.config.load import load_config
from mghp.report.study import MOST_WORDS
from mghp.runs.checkout import ROOT
from mghp.runs.read import Run
from mghp.studies.photographs import finetuning
from mghp.studies.photographs.study import STUDY

SCORES = {
    "photographs": (0.30, 0.42, 0.46, 0.50),
    "imagenet": (0.10, 0.20, 0.30, 0.40),
    "nothing": (0.0, 0.05, 0.1, 0.1),
}

LABELS = ["weights from photographs", "ImageNet's weights", "random weights"]


@pytest.fixture
def plant(tmp_path):
    """A finished training of 200 steps that was validated every 50; rows of losses lie between."""
    number = count()

    def plant_run(variant, seed=0, experiment=finetuning.EXPERIMENT, by=0.0):
        folder = tmp_path / f"run{next(number)}"
        folder.mkdir()
        content = {"experiment": experiment, "variant": variant, "seed": seed, "commit": "abc", "key": "k"}
        metrics = {"train/steps": 200, "val/coverage": 0.9, "val/coverage_singles": 0.9}
        (folder / "result.json").write_text(json.dumps({**content, "metrics": metrics}))
        config = {"data": {"name": "folder", "root": "ccp", "turned": 0}, "evaluation": {"way": "bottom_up"}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        rows = [
            row
            for step, score in zip((49, 99, 149, 199), SCORES[variant], strict=True)
            for row in ({"step": step - 1, "train/total": 1.0}, {"step": step, "val/mean_iou": score + by})
        ]
        pd.DataFrame([*rows, rows[-1] | {"step": 200}]).to_csv(
            folder / "metrics.csv", index=False
        )  # the last weights are validated twice
        return Run(folder)

    return plant_run


@pytest.fixture
def runs(plant):
    return [plant(variant, seed, by=0.02 * seed) for variant in SCORES for seed in (0, 1)]


def test_the_curve_counts_the_steps_before_a_validation(plant):
    assert finetuning.curve(plant("photographs")).to_dict() == dict(
        zip((50, 100, 150, 200), SCORES["photographs"], strict=True)
    )


def test_the_table_tells_scores_after_shares_of_the_steps(runs, plant):
    table = finetuning.TABLE.filled([*runs, plant("photographs", experiment="ccp")])
    names = list(table.formats)
    assert names == [
        "begins with",
        "seeds",
        *(f"after {share} % of the steps" for share in ("12.5", "25", "50", "100")),
    ]
    assert [row["begins with"] for row in table.rows] == [
        "weights from photographs",
        "ImageNet's weights",
        "random weights",
    ]
    photographs = table.cells()[0]
    assert photographs[1:] == ["2", "", "31.0 ± 1.4", "43.0 ± 1.4", "51.0 ± 1.4"]


def test_the_answer_tells_when_weights_from_photographs_have_what_others_reach(runs):
    assert finetuning.answer(runs) == (
        "200 steps from ImageNet's weights reach a mean IoU of 41.0 %; weights from photographs reach it after 100."
    )
    assert len(finetuning.answer(runs).split()) <= MOST_WORDS


def test_weights_that_do_not_reach_it_are_told_too(plant):
    runs = [plant("photographs", by=-0.2), plant("imagenet")]
    assert finetuning.answer(runs).endswith("weights from photographs do not reach it.")


def test_nothing_is_told_without_both(plant):
    assert finetuning.answer([plant("photographs")]) == finetuning.answer([]) == ""


def test_every_start_and_seed_is_drawn(runs):
    figure = STUDY.drawings(runs)["photographs_finetuning"]()
    axis = figure.axes[0]
    assert len(axis.lines) == 3 * (2 + 1)
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels == LABELS
    assert max(axis.lines[2].get_ydata()) == pytest.approx(51)
    plt.close(figure)
    assert STUDY.drawings([]) == {}


def test_short_trainings_are_no_rows_of_other_tables(runs):
    assert [table.name for table in STUDY.tables if table.filled(runs).rows] == [finetuning.TABLE.name]


@pytest.mark.parametrize("variant", SCORES)
def test_the_experiment_s_variants_are_the_table_s(variant):
    config = load_config(ROOT / "experiments" / finetuning.FILE, [f"variant={variant}"])
    assert config.experiment == finetuning.EXPERIMENT
    weights = config.network.weights or ""
    assert weights.startswith("runs/coco_persons_weights/stage_1-") == (variant == "photographs")
    assert config.network.backbone.weights == (None if variant == "nothing" else "imagenet")
