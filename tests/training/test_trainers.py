"""Trainings with options of Lightning's Trainer: they leave a result, or are refused before anything is written."""

import json

import pandas as pd
import pytest
import torch

from mghp.datasets.pictures import load_pictures
from mghp.errors import InputError
from mghp.evaluation.train import run_training
from mghp.parsing.checkpoints import read_checkpoint
from mghp.parsing.matching_in_training import TrainingMatching
from mghp.studies.learned.run import run_learned
from mghp.training.trainers import learned_options, parsing_options


@pytest.fixture
def train(small_config, tmp_path):
    """Trains a small parser: six batches are an epoch."""

    def run(*overrides):
        torch.set_num_threads(1)
        config = small_config(f"runs={tmp_path}", "trainer.max_steps=2", "data.synthetic.num_validation=2", *overrides)
        return run_training(config, *load_pictures(config.data, lambda *_: None))

    return run


def metrics_of(folder):
    return json.loads((folder / "result.json").read_text())["metrics"]


@pytest.mark.parametrize(
    ("overrides", "steps"),
    [
        (("trainer.logger=false",), 2),
        (("trainer.logger=null", "trainer.enable_checkpointing=null", "trainer.plugins=null"), 2),
        (("trainer.overfit_batches=1", "trainer.max_steps=3"), 3),
        (("trainer.max_steps=0",), 0),
        (("trainer.limit_train_batches=0",), 0),
        (("trainer.fast_dev_run=true",), 1),
        (("trainer.log_every_n_steps=0", "trainer.num_sanity_val_steps=1"), 2),
        (("trainer.profiler=simple", "trainer.enable_checkpointing=true"), 2),
        (("trainer.val_check_interval={hours: 1}", "trainer.max_time=00:01:00:00"), 2),
        (("trainer.reload_dataloaders_every_n_epochs=1", "trainer.max_steps=-1", "trainer.max_epochs=2"), 12),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_options_of_lightning_leave_a_result(train, overrides, steps):
    metrics = metrics_of(train(*overrides))
    assert metrics["train/steps"] == steps
    assert "val/mean_iou" in metrics


def test_without_validation_there_are_no_scores(train):
    metrics = metrics_of(train("trainer.limit_val_batches=0"))
    assert metrics["train/steps"] == 2
    assert not any(name.startswith("val/") for name in metrics)


def test_a_training_by_epochs_is_one_of_as_many_steps(train, monkeypatch):
    """The share of made-up candidates falls over all of them, and the branch begins where the rate falls."""
    lengths, candidates = [], TrainingMatching.candidates

    def seen(self, *arguments):
        lengths.append(self.max_steps)
        return candidates(self, *arguments)

    monkeypatch.setattr(TrainingMatching, "candidates", seen)
    by_steps = train("trainer.max_steps=6")
    by_epochs = train("trainer.max_steps=-1", "trainer.max_epochs=1")
    assert set(lengths) == {6}
    assert (by_epochs / "metrics.csv").read_text() == (by_steps / "metrics.csv").read_text()
    steps = [read_checkpoint(run / "checkpoints" / "before_decay.ckpt")["global_step"] for run in (by_steps, by_epochs)]
    assert steps == [4, 4]


@pytest.mark.parametrize(
    ("overrides", "validations"),
    [
        (("trainer.accumulate_grad_batches=3", "trainer.max_steps=4"), 1),
        (("trainer.val_check_interval=0.5", "trainer.max_steps=6"), 3),
        (("trainer.check_val_every_n_epoch=1", "trainer.max_steps=6"), 2),
    ],
)
def test_it_is_validated_when_asked_for_and_at_the_end(train, overrides, validations):
    assert pd.read_csv(train(*overrides) / "metrics.csv")["val/mean_iou"].notna().sum() == validations


def test_overfitting_sees_the_first_pictures_again_and_again(train, monkeypatch):
    from mghp.training.datamodule import AugmentedSamples

    seen, samples = [], AugmentedSamples.__getitem__

    def noted(self, draw):
        seen.append(draw[1])
        return samples(self, draw)

    monkeypatch.setattr(AugmentedSamples, "__getitem__", noted)
    train("trainer.overfit_batches=1", "trainer.max_steps=3")
    assert set(seen[:12]) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("trainer.devices=1000", r"trainer\.devices: 1000 processes on the CPU"),
        ("trainer.strategy=ddp_spawn", r"trainer\.strategy: what spawned or forked processes train is lost"),
        ("trainer.strategy=nonsense", "trainer: .*nonsense"),
        ("trainer.precision=16-true", r"trainer\.precision: expected one of 32-true"),
        ("trainer.max_steps=1e400", r"trainer\.max_steps: expected a whole number"),
        ("trainer.num_nodes=2", r"trainer\.num_nodes: 2, but MASTER_ADDR"),
        ("trainer.limit_train_batches=0.1", r"trainer\.limit_train_batches: 0\.1 of 6 batches"),
        ("trainer.max_time={hours: 1e18}", "trainer: "),
    ],
)
def test_what_lightning_cannot_do_is_one_line_before_anything_is_written(train, tmp_path, monkeypatch, override, said):
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    with pytest.raises(InputError, match=said):
        train(override)
    assert not list(tmp_path.iterdir())


def test_the_command_refuses_before_it_renders(mghp, checkout, small_settings, tmp_path):
    file = checkout / "experiments" / "parsing" / "synthetic_10min.yaml"
    for override in ("trainer.max_stps=3", "trainer.devices=1000"):
        process = mghp("train", file, *small_settings, override, folder=tmp_path)
        assert process.returncode == 2
        assert process.stderr.startswith("mghp: trainer")
        assert len(process.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_steps": 5}, "learned.steps says how long"),
        ({"overfit_batches": 1}, "learned.train_images says how much"),
        ({"enable_checkpointing": True}, "keeps no checkpoints"),
        ({"devices": 2}, "a scorer is trained by one process"),
        ({"precision": "bf16-true"}, "expected one of 32-true"),
        ({"accumulate_grad_batches": 0}, "expected a whole number from 1 up"),
        ({"foo": 1}, "unknown key 'trainer.foo'"),
    ],
)
def test_a_learned_matching_refuses_what_is_not_for_scorers(options, said):
    with pytest.raises(InputError, match=said):
        learned_options(options, 3)


def test_a_learned_matching_writes_nothing_outside_its_run_folder(checkout, tmp_path, monkeypatch):
    """With Lightning's own defaults in force there would be its logs and checkpoints."""
    from mghp.config.load import load_config

    monkeypatch.chdir(tmp_path)
    settings = [
        "data.name=generated_poses", "data.generated_poses.num_images=40", "data.poses.preset=default",
        "learned.steps=2", "learned.learning_rates=[0.01]", "learned.scales=[1.0]", "learned.hidden=8",
        "wandb.mode=disabled", "trainer.logger=true", "trainer.enable_checkpointing=null",
        "trainer.val_check_interval=0.5",
    ]  # fmt: skip
    config = load_config(checkout / "experiments" / "matcher" / "learned.yaml", settings)
    assert (run_learned(config) / "result.json").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["runs"]


def test_processes_of_a_parsing_training_are_counted():
    assert parsing_options({"accelerator": "cpu"})[1] == 1
    options, processes = parsing_options({"accelerator": "cpu", "devices": 2})
    assert processes == 2
    assert options["strategy"] == "ddp_find_unused_parameters_true"
