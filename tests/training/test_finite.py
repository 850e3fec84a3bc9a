"""Losses and weights that leave the finite numbers."""

import json
import math
from dataclasses import replace

import pytest
import torch

from mghp.datasets.pictures import load_pictures
from mghp.errors import InputError
from mghp.evaluation.train import run_training
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.losses.objective import ParsingObjective
from mghp.training.callbacks import SeedEveryBatch
from mghp.training.finite import MOST_IN_A_ROW, FiniteLosses, NotFiniteError


def finite(total, then="stop", **losses):
    return FiniteLosses(then)(torch.tensor(total), {k: torch.tensor(v) for k, v in losses.items()}, ("a", "b"), 7)


def test_a_finite_loss_is_a_step():
    assert finite(1.0, parts=1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_branch_step_and_pictures_are_named(value):
    with pytest.raises(NotFiniteError) as caught:
        finite(value, parts=1.0, heatmaps=value)
    assert str(caught.value).startswith("training: the loss of heatmaps is not finite at step 7; pictures a, b;")


def test_where_only_the_sum_overflows_all_branches_are_named():
    with pytest.raises(NotFiniteError, match="the loss of all branches together"):
        finite(math.inf, parts=3e38, limbs=3e38)


def test_skipped_steps_are_counted_until_too_many_follow_each_other(caplog):
    losses = FiniteLosses("skip")
    bad = torch.tensor(math.nan)
    for _ in range(MOST_IN_A_ROW):
        assert not losses(bad, {"parts": bad}, ("a",), 0)
    assert losses(torch.tensor(1.0), {}, ("a",), 0)
    assert losses.skipped == MOST_IN_A_ROW
    assert caplog.text.count("skipped a step: the loss of parts is not finite") == MOST_IN_A_ROW
    for _ in range(MOST_IN_A_ROW):
        losses(bad, {"parts": bad}, ("a",), 0)
    with pytest.raises(NotFiniteError, match=f"as at the {MOST_IN_A_ROW} steps before"):
        losses(bad, {"parts": bad}, ("a",), 0)


def test_a_network_that_keeps_the_fault_is_not_gone_on_with():
    losses = FiniteLosses("skip")
    with pytest.raises(NotFiniteError, match="nor are the network's running statistics"):
        losses(torch.tensor(math.nan), {}, ("a",), 0, [torch.ones(2), torch.tensor([math.nan])])


@pytest.fixture
def training(small_config, tmp_path, monkeypatch):
    """Trains while the heatmaps' loss of some steps is not a number."""

    def train(steps, *overrides):
        objective, calls = ParsingObjective.__call__, iter(range(1000))

        def spoilt(self, *arguments):
            losses = objective(self, *arguments)
            return losses | {"heatmaps": losses["heatmaps"] * math.nan} if next(calls) in steps else losses

        monkeypatch.setattr(ParsingObjective, "__call__", spoilt)
        config = small_config(f"runs={tmp_path}", "trainer.limit_val_batches=1", "trainer.max_steps=6", *overrides)
        return run_training(config, *load_pictures(config.data, lambda *_: None))

    return train


def test_the_training_stops_and_names_the_last_finite_checkpoint(training, tmp_path):
    with pytest.raises(InputError) as caught:
        training({5}, "training.resume_every=2")
    message = str(caught.value)
    assert "the loss of heatmaps is not finite at step 5; pictures " in message
    named = message.split("the last finite checkpoint is ")[1]
    assert named.endswith("checkpoints/resume.ckpt")
    checkpoint = torch.load(named, weights_only=True)
    assert checkpoint["global_step"] == 4
    assert all(torch.isfinite(value).all() for value in checkpoint["state_dict"].values())


def test_without_a_checkpoint_there_is_none_to_name(training):
    with pytest.raises(InputError, match=r"the last finite checkpoint is none$"):
        training({0})


def test_the_training_steps_over_it_and_says_how_often(training):

    folder = training({1, 3}, "training.on_non_finite=skip")
    metrics = json.loads((folder / "result.json").read_text())["metrics"]
    assert metrics["train/skipped_steps"] == 2
    state = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert all(torch.isfinite(value).all() for value in state.values())


@pytest.fixture
def spoilt_scores(monkeypatch):
    """Makes the limbs' scores of some trained batches no numbers, which no matcher takes."""

    def spoil(steps):
        scores, calls = Affinity.forward, iter(range(1000))

        def spoilt(self, *arguments):
            scored = scores(self, *arguments)
            if torch.is_grad_enabled() and next(calls) in steps:
                scored = replace(scored, affinity=scored.affinity * math.nan)
            return scored

        monkeypatch.setattr(Affinity, "forward", spoilt)

    return spoil


def test_scores_that_no_matcher_takes_are_a_matching_loss_that_is_not_finite(training, spoilt_scores):
    spoilt_scores({5})
    with pytest.raises(InputError) as caught:
        training(set(), "training.resume_every=2")
    assert "the loss of matching is not finite at step 5; pictures " in str(caught.value)
    assert str(caught.value).endswith("checkpoints/resume.ckpt")


def test_scores_that_no_matcher_takes_are_stepped_over(training, spoilt_scores):
    spoilt_scores({1, 3})
    folder = training(set(), "training.on_non_finite=skip")
    metrics = json.loads((folder / "result.json").read_text())["metrics"]
    assert metrics["train/skipped_steps"] == 2


@pytest.mark.parametrize("overrides", [(), ("training.on_non_finite=skip",), ("trainer.val_check_interval=1",)])
def test_a_training_that_diverges_ends_in_a_line(training, overrides):
    """Whatever leaves the finite numbers first: a loss, the weights, or what is validated of them."""
    with pytest.raises(InputError, match=r"not finite.*the last finite checkpoint is none$"):
        training(set(), "training.optimizer.learning_rate=1e30", "training.optimizer.warmup_steps=0", *overrides)


def test_no_last_checkpoint_is_kept_of_weights_that_are_not_finite(training, monkeypatch, tmp_path):
    def spoil(self, trainer, module, *_):
        if trainer.global_step == 6:
            with torch.no_grad():
                next(module.network.parameters()).fill_(math.nan)

    monkeypatch.setattr(SeedEveryBatch, "on_train_batch_end", spoil, raising=False)
    with pytest.raises(InputError, match="are not finite after step 6; the last finite checkpoint is "):
        training(set())
    assert not list(tmp_path.rglob("last.ckpt"))


def test_weights_that_are_not_finite_are_never_kept(training, monkeypatch):
    """A gradient may overflow where the loss does not."""

    def spoil(self, trainer, module, *_):
        if trainer.global_step == 4:
            with torch.no_grad():
                next(module.network.parameters()).fill_(math.nan)

    monkeypatch.setattr(SeedEveryBatch, "on_train_batch_end", spoil, raising=False)
    with pytest.raises(InputError) as caught:
        training(set(), "training.resume_every=2")
    assert "are not finite after step 4" in str(caught.value)
    named = str(caught.value).split("the last finite checkpoint is ")[1]
    assert torch.load(named, weights_only=True)["global_step"] == 2
