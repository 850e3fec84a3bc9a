"""What watches a training."""

from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class BranchPoint(Callback):
    """Keeps a checkpoint at one step, for runs of other lengths to branch off.

    Args:
        step: after which the checkpoint is written.
        file: the checkpoint.
    """

    def __init__(self, step: int, file: Path) -> None:
        self.step = step
        self.file = file

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: Any,  # noqa: ANN401
        batch_idx: int,
    ) -> None:
        """Write it when its step is done."""
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.file)
