"""bfloat16 where the CPU has it: elsewhere a training computes in float32, says so, and leaves a record of it."""

import json
import logging

import pytest
import torch

from mghp.datasets.pictures import load_pictures
from mghp.evaluation.train import run_training
from mghp.parsing.checkpoints import read_checkpoint
from mghp.training import half_precision
from mghp.training.half_precision import has_bfloat16, is_in_half, precision_here
from mghp.training.trainers import parsing_options


@pytest.fixture
def cpu_with(monkeypatch):
    """Makes the CPU one with or without instructions for bfloat16."""
    return lambda has: monkeypatch.setattr(half_precision, "has_bfloat16", lambda: has)


@pytest.fixture
def train(small_config, tmp_path):
    """Takes two steps of a small training; returns its result and its checkpoint."""

    def run(precision, name):
        torch.set_num_threads(1)
        settings = (f"runs={tmp_path / name}", "trainer.max_steps=2", "trainer.limit_val_batches=0")
        config = small_config(*settings, f"trainer.precision={precision}")
        folder = run_training(config, *load_pictures(config.data, lambda *_: None))
        return json.loads((folder / "result.json").read_text()), read_checkpoint(folder / "checkpoints" / "last.ckpt")

    return run


@pytest.mark.parametrize(
    ("has", "asked", "computed"),
    [
        (True, "bf16-mixed", "bf16-mixed"),
        (False, "bf16-mixed", "32-true"),
        (False, "32-true", "32-true"),
        (True, "32-true", "32-true"),
        (False, "bf16", "32-true"),
    ],
)
def test_a_cpu_without_bfloat16_trains_in_float32(cpu_with, has, asked, computed):
    cpu_with(has)
    assert parsing_options({"accelerator": "cpu", "precision": asked})[0]["precision"] == computed


def test_other_devices_compute_in_what_is_asked_for(cpu_with):
    cpu_with(False)
    assert precision_here("bf16-mixed", "cuda") == "bf16-mixed"
    assert is_in_half({"precision": "bf16-mixed"}, torch.device("cuda"))
    assert not is_in_half({"precision": "bf16-mixed"}, torch.device("cpu"))
    assert not is_in_half({}, torch.device("cuda"))


def test_a_training_without_bfloat16_is_the_one_in_float32_and_says_so(cpu_with, train, caplog):
    cpu_with(False)
    with caplog.at_level(logging.WARNING, logger="mghp"):
        result, weights = train("bf16-mixed", "half")
    told = [record.getMessage() for record in caplog.records]
    assert told == ["trainer.precision=bf16-mixed: no instructions for bfloat16 on this CPU: trained in float32"]
    caplog.clear()
    single, expected = train("32-true", "single")
    assert not caplog.records
    assert result["precision"] == single["precision"] == "32-true"
    assert result["key"] != single["key"]  # the key is of what was asked for
    for name, values in expected["state_dict"].items():
        assert torch.equal(values, weights["state_dict"][name]), name


def test_a_training_with_bfloat16_computes_in_it(cpu_with, train, caplog):
    cpu_with(True)
    result, weights = train("bf16-mixed", "half")
    assert result["precision"] == "bf16-mixed"
    assert not caplog.records
    _, single = train("32-true", "single")
    assert any(not torch.equal(values, weights["state_dict"][name]) for name, values in single["state_dict"].items())


def test_what_this_cpu_has_is_what_pytorch_says():
    assert has_bfloat16() == torch.ops.mkldnn._is_mkldnn_bf16_supported()


def test_a_build_without_onednn_has_no_bfloat16(monkeypatch):
    monkeypatch.setattr(half_precision.torch.ops, "mkldnn", object())
    assert not has_bfloat16()
