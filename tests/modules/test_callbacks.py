import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader

from mghp.modules.callbacks import BranchPoint


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
