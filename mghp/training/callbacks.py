"""Callbacks that watch a training."""

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from numpy.typing import NDArray
from torch import Tensor

from mghp.matching import Matcher
from mghp.parsing.batch import Batch
from mghp.pictures.png import write_png
from mghp.progress import Progress, progress_bar
from mghp.training.finite import check_weights
from mghp.training.parsing_module import ParsingModule
from mghp.training.resumable_loader import mixed_seed
from mghp.training.resume_points import ResumePoints
from mghp.training.validation_pictures import draw_batch, first_pictures


class AveragedWeights(WeightAveraging):
    """Averages the weights over the steps; the average is validated and kept in every checkpoint.

    The n-th update keeps the share (1 + n) / (10 + n) of the average, at most `decay`: an average that keeps more from
    the beginning holds the random weights for thousands of steps, and finds nobody. Integers, such as
    the keypoints that a limb joins, are copied: the mean of equal ones may be cut to one less.

    Args:
        decay: share of the average that an update keeps in the end.
        every: number of steps between updates, each of which costs a pass over all weights.
    """

    def __init__(self, decay: float, every: int = 1) -> None:
        def averaged(average: Tensor, current: Tensor, updates: Tensor | int) -> Tensor:
            if not average.is_floating_point():
                return current
            kept = min(decay, (1 + int(updates)) / (10 + int(updates)))
            return kept * average + (1 - kept) * current

        super().__init__(avg_fn=averaged)
        self.every = every

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Return True after the first step, and every `every` steps."""
        return step_idx is not None and step_idx % self.every == 0


class StepProgress(Callback):
    """Shows how many steps of the training are done, and the time left: a bar on a terminal, else a line a minute."""

    def __init__(self) -> None:
        self._display = ExitStack()
        self._show: Progress | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Open the display, of the first process alone."""
        if trainer.is_global_zero:
            self._show = self._display.enter_context(progress_bar())

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """Show the steps of the optimiser, however many batches each of them takes."""
        if self._show is not None:
            self._show(trainer.global_step, int(trainer.estimated_stepping_batches), "step")

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Close the display."""
        self._display.close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Close the display before the error is told."""
        self._display.close()


class BranchPoint(Callback):
    """Keeps a checkpoint of the step at which the rate begins to fall, for runs of other lengths to branch off.

    Args:
        decay_share: last share of the training's steps, in which the rate falls.
        file: the checkpoint.
    """

    def __init__(self, decay_share: float, file: Path) -> None:
        self.decay_share = decay_share
        self.file = file
        self._step = -1

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Set the step, now that the length is known, be it given in steps or in epochs."""
        self._step = round(trainer.estimated_stepping_batches * (1 - self.decay_share))

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """Write the checkpoint when its step is done.

        Raises:
            NotFiniteError: if the weights are not finite.
        """
        if trainer.global_step == self._step:
            check_weights(pl_module, trainer.global_step)
            trainer.save_checkpoint(self.file)


class SeedEveryBatch(Callback):
    """Makes all that network and matcher draw a function of (seed, batch), so that a resumed run draws the same."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """Seed before the batch is trained on; processes that train together draw apart."""
        number = trainer.fit_loop.total_batch_idx
        torch.manual_seed(mixed_seed(self.seed, trainer.global_rank, number))
        for module in pl_module.modules():
            if isinstance(module, Matcher):
                module.at_step(number, trainer.global_rank)


class StopWhenAsked(Callback):
    """Ends a training on SIGTERM in good order: a resume point is kept, and one step later the result is written.

    Attributes:
        asked: True once the signal has come.

    Args:
        points: keeps the resume point.
    """

    def __init__(self, points: ResumePoints) -> None:
        self.asked = False
        self._points = points
        self._before: Any = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the signal over from Lightning, which would end without a result."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """Stop all processes of the training together."""
        if trainer.strategy.reduce_boolean_decision(self.asked, all=False):
            self.asked = True
            trainer.should_stop = trainer.should_stop or self._points.may_end(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore the earlier handler of the signal."""
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)


class DrawPictures(Callback):
    """Draws the first pictures of every validation: persons, fields, soft assignments and the matcher's trace.

    Args:
        folder: folder that gets `step_<step>_<what>.png`.
        show: called with each picture's name and its array (height, width, 3) uint8, e.g. a tracker's.
        number: number of pictures.
    """

    def __init__(self, folder: Path, show: Callable[[str, NDArray[np.uint8]], None], number: int) -> None:
        self.folder = folder
        self.show = show
        self.number = number

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw the pictures, by the weights that are validated."""
        if batch_idx or not trainer.is_global_zero or not isinstance(pl_module, ParsingModule):
            return
        for name, picture in draw_batch(pl_module, first_pictures(batch, self.number)).items():
            write_png(self.folder / f"step_{trainer.global_step:06d}_{name}.png", picture)
            self.show(f"pictures/{name}", picture)
