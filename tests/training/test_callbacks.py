from contextlib import contextmanager

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader

from mghp.matching import Matcher, make_matcher
from mghp.training.callbacks import AveragedWeights, BranchPoint, SeedEveryBatch, StepProgress


class OneWeight(LightningModule):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def training_step(self, batch, batch_idx):
        return (self.weight * batch).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


@pytest.mark.parametrize("accumulated", [1, 2])
def test_a_branch_point_holds_the_weights_of_its_step(tmp_path, accumulated):
    """Steps of the optimiser, however many batches each of them takes."""
    file = tmp_path / "branch.ckpt"
    trainer = Trainer(
        max_steps=4, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        accumulate_grad_batches=accumulated, callbacks=[BranchPoint(0.5, file)], accelerator="cpu",
    )  # fmt: skip
    module = OneWeight()
    trainer.fit(module, DataLoader(torch.ones(8, 1)))
    checkpoint = torch.load(file, weights_only=True)
    assert checkpoint["global_step"] == 2
    assert checkpoint["state_dict"]["weight"] == 1 - 2
    assert module.weight == 1 - 4


def test_averaged_weights_forget_the_start_long_before_their_decay_would(tmp_path):
    """At 0.9999 the plain average is the first step's weights still, after a hundred steps as after fifty."""
    branch, last = tmp_path / "branch.ckpt", tmp_path / "last.ckpt"
    trainer = Trainer(
        max_steps=100, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        callbacks=[AveragedWeights(0.9999), BranchPoint(0.5, branch)], accelerator="cpu",
    )  # fmt: skip
    trainer.fit(OneWeight(), DataLoader(torch.ones(100, 1)))
    trainer.save_checkpoint(last)
    for file, steps in ((branch, 50), (last, 100)):
        averaged = torch.load(file, weights_only=True)["state_dict"]["weight"]
        weights = 1 - torch.arange(1, steps + 1)
        assert weights[-1] < averaged < weights[: steps // 2].min()


def test_integers_are_copied_not_averaged():
    """Cut to integers, the averages of 3 and 6 are 2 and 5 after a few updates: another keypoint's number."""
    module = OneWeight()
    numbers = torch.arange(20)
    module.register_buffer("numbers", numbers.clone(), persistent=False)
    trainer = Trainer(
        max_steps=60, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        callbacks=[AveragedWeights(0.99)], accelerator="cpu",
    )  # fmt: skip
    trainer.fit(module, DataLoader(torch.ones(60, 1)))
    assert module.numbers.equal(numbers)
    assert module.weight != 1 - 60  # the average is what the module has in the end


class Draws(OneWeight):
    """Keeps what it draws in every batch."""

    def __init__(self):
        super().__init__()
        self.drawn = []

    def training_step(self, batch, batch_idx):
        self.drawn.append(float(torch.rand(())))
        return super().training_step(batch, batch_idx)


def drawn_in(batches, *, seed=0, accumulated=1):
    module = Draws()
    trainer = Trainer(
        max_steps=batches // accumulated, max_epochs=-1, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, accumulate_grad_batches=accumulated,
        callbacks=[SeedEveryBatch(seed)], accelerator="cpu",
    )  # fmt: skip
    trainer.fit(module, DataLoader(torch.ones(4, 1)))
    return module.drawn


@pytest.mark.parametrize("accumulated", [1, 2])
def test_every_batch_of_every_epoch_has_draws_of_its_own(accumulated):
    """Four batches an epoch; and several that make one step draw apart too."""
    torch.manual_seed(5)
    drawn = drawn_in(12, accumulated=accumulated)
    torch.manual_seed(6)
    assert drawn_in(12, accumulated=accumulated) == drawn
    assert len(set(drawn)) == len(drawn) == 12
    assert not set(drawn) & set(drawn_in(12, seed=1, accumulated=accumulated))


@pytest.mark.parametrize("accumulated", [1, 2])
def test_matchers_are_told_every_batch(monkeypatch, accumulated):
    told = []
    monkeypatch.setattr(
        Matcher, "at_step", lambda self, step, process: told.append((type(self).__name__, step, process))
    )
    module = OneWeight()
    module.matcher = make_matcher("greedy")
    trainer = Trainer(
        max_epochs=2, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        accumulate_grad_batches=accumulated, callbacks=[SeedEveryBatch(0)], accelerator="cpu",
    )  # fmt: skip
    trainer.fit(module, DataLoader(torch.ones(3, 1)))
    assert told == [("Greedy", step, 0) for step in range(6)]


@pytest.mark.parametrize(("length", "accumulated", "steps"), [
    ({"max_steps": 4}, 1, [1, 2, 3, 4]), ({"max_epochs": 2}, 1, [1, 2, 3, 4, 5, 6]),
    ({"max_steps": 2}, 2, [0, 1, 1, 2]),
])  # fmt: skip
def test_progress_is_told_in_steps_of_all_steps(monkeypatch, length, accumulated, steps):
    told, ended = [], []

    @contextmanager
    def display():
        yield lambda *progress: told.append(progress)
        ended.append(True)

    monkeypatch.setattr("mghp.training.callbacks.progress_bar", display)
    trainer = Trainer(
        **length, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        accumulate_grad_batches=accumulated, callbacks=[StepProgress()], accelerator="cpu",
    )  # fmt: skip
    trainer.fit(OneWeight(), DataLoader(torch.ones(4 if accumulated > 1 else 3, 1)))
    assert told == [(step, steps[-1], "step") for step in steps]
    assert ended == [True]
