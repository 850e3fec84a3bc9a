"""Trainings that several processes make together, and those that are asked to stop."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

from mghp.config.load import load_config
from mghp.runs.folder import is_finished

SCRIPT = Path(__file__).with_name("train_with_own_norm.py")


@pytest.fixture
def train(checkout, small_config, small_settings, tmp_path):
    """Starts a training by command line."""
    root = small_config().data.root

    def start(name, *settings):
        experiment = checkout / "experiments" / "parsing" / "synthetic_10min.yaml"
        command = [
            sys.executable,
            str(SCRIPT),
            "train",
            str(experiment),
            *small_settings,
            f"data.root={root}",
            *settings,
        ]
        return subprocess.Popen(
            command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "MGHP_RUN_DIR": str(tmp_path / name), "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    return start


def test_two_processes_train_as_one_with_twice_the_batch(train, tmp_path):
    # Of the parts alone, of which every picture labels equally many pixels: other losses are means over what a process
    # happens to have, as everywhere in data-parallel training.
    weights = [f"losses.weights.{name}=0" for name in ("heatmaps", "keypoint_offsets", "limbs", "field", "matching")]
    settings = [*weights, "trainer.max_steps=2", "trainer.precision=32", "trainer.accelerator=cpu"]
    one = train("one", *settings, "data.loader.batch_size=4")
    two = train(
        "two", *settings, "data.loader.batch_size=2", "trainer.devices=2",
        "trainer.strategy=ddp_find_unused_parameters_true",
    )  # fmt: skip
    for process in (one, two):
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    losses = [pd.read_csv(tmp_path / name / "metrics.csv")["train/total"].dropna() for name in ("one", "two")]
    assert len(losses[0]) == 2
    assert list(losses[1]) == pytest.approx(list(losses[0]), rel=1e-6)
    assert losses[0].iloc[0] != losses[0].iloc[1]
    scores = [json.loads((tmp_path / name / "result.json").read_text())["metrics"] for name in ("one", "two")]
    assert scores[1]["val/mean_iou"] == pytest.approx(scores[0]["val/mean_iou"], rel=1e-3)
    assert scores[0]["val/mean_iou"] > 0


def test_a_training_that_is_asked_to_stop_ends_in_good_order(train, tmp_path):
    """A scheduler signals a whole group of processes, those that load pictures too."""
    process = train("run", "trainer.max_steps=100000", "trainer.val_check_interval=2", "data.loader.workers=1")
    rows = tmp_path / "run" / "metrics.csv"
    until = time.monotonic() + 100
    while not (rows.exists() and "val/" in rows.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGTERM)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["stopped"] is True
    assert result["metrics"]["val/mean_iou"] > 0
    assert 0 < result["metrics"]["train/steps"] < 100000
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()
    assert not is_finished(tmp_path / "run", result["key"])
    point = torch.load(tmp_path / "run" / "checkpoints" / "resume.ckpt", weights_only=False)
    assert point["global_step"] == result["metrics"]["train/steps"] - 1  # none but the last step is trained again
    load_config(tmp_path / "run" / "config.yaml")
