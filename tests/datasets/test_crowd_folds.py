"""The folds of photographs: their lists are those that the scripts write, and no picture is trained and tested on."""

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import yaml

from mghp.config.load import load_config
from mghp.datasets.folder import FolderSamples
from mghp.datasets.pictures import training_fingerprint
from mghp.runs.folder import run_path

FOLDS = ("photographs_matching", "photographs_matching_fold_b")


@pytest.fixture
def config_of(photographs, checkout, monkeypatch):
    """The config of an experiment on photographs, where its files are."""
    monkeypatch.chdir(checkout)

    def load(experiment, *overrides):
        places = f"data.root={photographs.parent}", f"data.annotations={photographs.parent / 'person_keypoints.json'}"
        return load_config(checkout / "experiments" / "parsing" / f"{experiment}.yaml", [*places, *overrides])

    return load


def test_the_lists_are_those_that_the_scripts_write(photographs, checkout, tmp_path):
    analysis = checkout / "analysis"
    subprocess.run([sys.executable, analysis / "crowd_folds.py", photographs.parent, tmp_path], check=True)
    of_shown = [photographs.parent, "val", tmp_path / "val_shown.txt", tmp_path / "credits.md"]
    subprocess.run([sys.executable, analysis / "photograph_credits.py", *of_shown], check=True)
    lists = checkout / "experiments" / "parsing" / "folds"
    assert sorted(file.name for file in lists.iterdir()) == ["train_crowds.txt", "val_crowds.txt", "val_shown.txt"]
    for file in lists.iterdir():
        assert file.read_text() == (tmp_path / file.name).read_text()
    credit = (analysis / "results" / "photographs" / "gallery_credits.md").read_text()
    assert credit == (tmp_path / "credits.md").read_text()
    assert credit.count("\n* ") == len((lists / "val_shown.txt").read_text().split()) == 46


def test_no_picture_is_trained_and_tested_on_and_both_folds_test_as_many(config_of, photographs):
    def pictures(data):
        return [FolderSamples(data, split).names for split in (data.splits.train, data.splits.validation)]

    (train_a, test_a), (train_b, test_b) = (pictures(config_of(experiment).data) for experiment in FOLDS)
    lists = {name: Path(photographs.parent / f"{name}.txt") for name in ("train", "val", "keypoints_only")}
    listed = {name: set(file.read_text().split()) for name, file in lists.items()}
    assert len(test_a) == len(test_b) == 80
    assert not set(train_a) & set(test_a)
    assert not set(train_b) & set(test_b)
    assert set(test_a) < listed["val"] < set(train_b)
    assert set(test_b) < listed["train"]
    assert set(train_b) | set(test_b) == set().union(*listed.values())


@pytest.mark.parametrize(("fold", "experiment"), [("fold_a", FOLDS[0]), ("fold_b", FOLDS[1])])
def test_the_sweeps_begin_with_the_starts_of_their_own_fold(config_of, checkout, fold, experiment):
    starts = [config_of("photographs_starts", f"variant={fold}", f"seed={seed}") for seed in (0, 1)]
    fingerprint = training_fingerprint(starts[0].data)
    sweep = yaml.safe_load((checkout / "sweeps" / f"{experiment}.yaml").read_text())["parameters"]
    assert sweep["network.weights"]["values"] == [str(run_path(start, fingerprint)) for start in starts]
    assert starts[0].data.splits == config_of(experiment).data.splits


@pytest.mark.parametrize("experiment", ["photographs_turned", "photographs_top_down", "photographs_readings"])
@pytest.mark.parametrize(("fold", "ending"), [("fold_a", ""), ("fold_b", "_fold_b")])
def test_sweeps_of_evaluations_are_of_whole_starts_on_pictures_that_these_never_saw(
    config_of, checkout, photographs, fold, ending, experiment
):
    starts = [config_of("photographs_starts", f"variant={fold}", f"seed={seed}") for seed in (0, 1)]
    fingerprint = training_fingerprint(starts[0].data)
    sweep = yaml.safe_load((checkout / "sweeps" / f"{experiment}{ending}.yaml").read_text())["parameters"]
    checkpoints = [f"{run_path(start, fingerprint)}/checkpoints/last.ckpt" for start in starts]
    assert sweep["training.continue_from"]["values"] == checkpoints
    config = config_of(f"{experiment}{ending}")
    assert config.trainer["max_steps"] == starts[0].trainer["max_steps"]  # not one step further
    assert config.assembly == starts[0].assembly
    assert config.network == starts[0].network
    seen = set(FolderSamples(starts[0].data, starts[0].data.splits.train).names)
    assert not seen & set(FolderSamples(config.data, config.data.splits.validation).names)


@pytest.mark.parametrize(
    ("name", "key", "file_of_start"),
    [
        *((f"clear_matching{part}", "network.weights", "") for part in ("", "_again", "_losses", "_seeds")),
        ("clear_groupings", "network.weights", ""),
        ("clear_readings", "training.continue_from", "/checkpoints/last.ckpt"),
    ],
)
def test_sweeps_over_rendered_crowds_begin_with_their_starts(checkout, monkeypatch, name, key, file_of_start):
    monkeypatch.chdir(checkout)
    file = checkout / "experiments" / "parsing" / "clear_starts.yaml"
    begun = yaml.safe_load((checkout / "sweeps" / "clear_starts.yaml").read_text())["parameters"]["seed"]["values"]
    starts = [load_config(file, [f"seed={seed}"]) for seed in begun]
    paths = [f"{run_path(start, training_fingerprint(start.data))}{file_of_start}" for start in starts]
    sweep = yaml.safe_load((checkout / "sweeps" / f"{name}.yaml").read_text())["parameters"]
    assert sweep[key]["values"] == paths


def grid_of(sweep):
    """Return the settings of each training of a sweep."""
    parameters = yaml.safe_load(sweep.read_text())["parameters"]
    return [
        [f"{name}={value}" for name, value in zip(parameters, values, strict=True)]
        for values in product(*(parameter["values"] for parameter in parameters.values()))
    ]


@pytest.mark.parametrize(
    ("name", "variants", "trained_by"),
    [
        ("clear_matching_tuned", {"trained"}, ("clear_matching", "clear_matching_losses")),
        ("clear_matching_tuned_none", {"none"}, ("clear_matching", "clear_matching_again")),
        ("clear_matching_tuned_seeds", {"trained"}, ("clear_matching_seeds",)),
    ],
)
def test_sweeps_that_tune_prices_have_every_branch(checkout, monkeypatch, name, variants, trained_by):
    monkeypatch.chdir(checkout)
    sweep = yaml.safe_load((checkout / "sweeps" / f"{name}.yaml").read_text())["parameters"]
    assert set(sweep["variant"]["values"]) == variants
    branches = [
        load_config(checkout / "experiments" / "parsing" / "clear_matching.yaml", settings)
        for file in trained_by
        for settings in grid_of(checkout / "sweeps" / f"{file}.yaml")
    ]
    chosen = [branch for branch in branches if (branch.variant == "none") == (variants == {"none"})]
    expected = {f"{run_path(one, training_fingerprint(one.data))}/checkpoints/last.ckpt" for one in chosen}
    assert set(sweep["training.continue_from"]["values"]) == expected
    assert len(sweep["training.continue_from"]["values"]) == len(expected)
