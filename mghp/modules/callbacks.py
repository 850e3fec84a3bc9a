"""What watches a training: the time it waits, and a checkpoint at the step where the rate begins to decay."""

import time
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class StepClock(Callback):
    """Measures how a training's time is spent: in steps, or waiting for the next batch.

    Attributes:
        waiting_seconds: from the end of a step to the beginning of the next, validation apart.
        step_seconds: inside steps.
    """

    def __init__(self) -> None:
        self.waiting_seconds = 0.0
        self.step_seconds = 0.0
        self._step_ended: float | None = None
        self._step_began = 0.0

    @property
    def waiting_share(self) -> float:
        """Share of the training time spent waiting for data; the first batch, which starts the workers, apart."""
        return self.waiting_seconds / max(self.waiting_seconds + self.step_seconds, 1e-9)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int  # noqa: ANN401
    ) -> None:
        """A batch has come."""
        self._step_began = time.perf_counter()
        if self._step_ended is not None:
            self.waiting_seconds += self._step_began - self._step_ended

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: Any,  # noqa: ANN401
        batch_idx: int,
    ) -> None:
        """A step is done."""
        self._step_ended = time.perf_counter()
        self.step_seconds += self._step_ended - self._step_began

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Validation is no waiting."""
        self._step_ended = None


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
