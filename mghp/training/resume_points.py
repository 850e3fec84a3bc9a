"""Checkpoints of the whole state of a training, the last one and the one before it, from which it is resumed."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn

from mghp.training.finite import check_weights
from mghp.writing import writing


class ResumePoints(Callback):
    """Keeps a checkpoint every few steps, each when its step is done and logged.

    Lightning's hooks of a step come before its row in metrics.csv, and those of the next one after its batch was
    counted; so the loader calls `save_if_due` whenever it is asked for a batch. Where the step ends with a validation,
    the checkpoint is written after that, a moment that Lightning can resume from.

    Args:
        last: file of the last checkpoint.
        before: file of the one before, kept until the new one is complete.
        every: number of steps between checkpoints; 0: none.
        state: returns further state, of plain types, for each checkpoint.
        restore: called with that state on resuming.
    """

    def __init__(
        self,
        last: Path,
        before: Path,
        every: int,
        state: Callable[[], dict[str, Any]],
        restore: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self.last = last
        self.before = before
        self.every = every
        self.state = state
        self.restore = restore
        self.saved_at = 0
        self._asked_at: int | None = None
        self._trainer: Trainer | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to save."""
        self.saved_at = trainer.global_step
        self._trainer = trainer

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop saving."""
        self._trainer = None

    def may_end(self, trainer: Trainer) -> bool:
        """Return True if a training that is asked to end loses nothing by ending after this step.

        If not, a checkpoint is due from the first call on, and the training may end after the step that follows it.
        """
        if self._asked_at is None:
            self._asked_at = trainer.global_step
        return not self.every or self.saved_at >= self._asked_at

    def save_if_due(self) -> None:
        """Save between two batches if a checkpoint is due.

        Raises:
            NotFiniteError: if the weights are not finite.
            InputError: if the disk takes no checkpoint.
        """
        if self._trainer is not None and self._is_due(self._trainer) and not _validates_here(self._trainer):
            self._save(self._trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save if a checkpoint is due after a step's validation; at an epoch's end, only in the next epoch."""
        is_training = trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking
        goes_on = not trainer.fit_loop.epoch_loop.batch_progress.is_last_batch and not is_asked_to_end(trainer)
        if is_training and goes_on and self._is_due(trainer):
            self._save(trainer)

    def _is_due(self, trainer: Trainer) -> bool:
        step, batches = trainer.global_step, trainer.fit_loop.epoch_loop.batch_progress.current.ready
        # In the middle of a step of several batches the gradients so far would be lost.
        is_whole = batches % trainer.accumulate_grad_batches == 0
        is_late = step - self.saved_at >= self.every or (self._asked_at is not None and self.saved_at < self._asked_at)
        return bool(self.every) and is_late and is_whole and step != trainer.max_steps

    def _save(self, trainer: Trainer) -> None:
        check_weights(trainer.lightning_module, trainer.global_step)
        self.saved_at = trainer.global_step
        complete = self.last.with_name("resume_new.ckpt")
        trainer.save_checkpoint(complete)
        if trainer.is_global_zero:
            with writing(self.last):
                if self.last.exists():
                    self.last.replace(self.before)
                complete.replace(self.last)

    def newest(self) -> Path | None:
        """Return the checkpoint to resume from, if there is one."""
        return next((file for file in (self.last, self.before) if file.exists()), None)

    def state_dict(self) -> dict[str, Any]:
        """Return the further state for a checkpoint."""
        return self.state()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the further state of a checkpoint."""
        self.restore(state_dict)


def is_asked_to_end(trainer: Trainer) -> bool:
    """Return True if a training ends early after this step, whose validation need not have been due."""
    is_training = trainer.state.fn == TrainerFn.FITTING
    return is_training and trainer.should_stop and trainer.fit_loop._can_stop_early


def _validates_here(trainer: Trainer) -> bool:
    """Return True if Lightning, resumed from here, would take the last step for one that ends with a validation."""
    loop = trainer.fit_loop.epoch_loop
    counted = loop.batch_progress.total if trainer.check_val_every_n_epoch is None else loop.batch_progress.current
    every = trainer.val_check_batch
    return every is not None and math.isfinite(every) and counted.ready % int(every) == 0
