"""The best weights of a training, by a score of its validations, and the end of a training that gets no better."""

import logging
import math
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn

from mghp.config.monitor import OF_VALIDATION, monitored
from mghp.errors import InputError
from mghp.parsing.checkpoints import read_checkpoint
from mghp.training.finite import check_weights
from mghp.training.resume_points import is_asked_to_end

_LOGGER = logging.getLogger("mghp")


class BestWeights(Callback):
    """Keeps a checkpoint of the best validation so far, and ends a training that has waited too long for a better one.

    The validation after the training counts too. That of a training which is asked to end does not: it is resumed from
    before, and then has no such validation. Lightning's ModelCheckpoint and EarlyStopping do the opposite in both.

    Args:
        file: the checkpoint, which holds the weights that were validated: averaged ones where weights are averaged.
        monitor: name of the score.
        patience: number of validations in a row without a better score after which the training ends; None: never.
        is_resumed: True to take over the best so far of the training that is continued; a branch has its own.

    Attributes:
        scores: scores of the best validation so far; empty before the first.
        waited: number of validations since then.
    """

    def __init__(self, file: Path, monitor: str, patience: int | None, is_resumed: bool) -> None:
        self.file = file
        self.monitor = monitor
        self.patience = patience
        self.is_resumed = is_resumed
        self.scores: dict[str, float] = {}
        self.waited = 0

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the weights if they are the best so far, and end the training if its patience is over.

        Raises:
            InputError: if the validation lacks the score, or the disk takes no checkpoint.
            NotFiniteError: if the weights are not finite.
        """
        if trainer.sanity_checking or is_asked_to_end(trainer):
            return
        scores = self._scores_of(trainer)
        self.waited += 1
        if self._is_better(scores[self.monitor]):
            self.scores, self.waited = scores, 0
            check_weights(pl_module, trainer.global_step)
            trainer.save_checkpoint(self.file)
        if self.patience is not None and self.waited >= self.patience and trainer.fit_loop._can_stop_early:
            trainer.should_stop = True

    def _scores_of(self, trainer: Trainer) -> dict[str, float]:
        metrics = trainer.callback_metrics
        scores = {name: float(value) for name, value in metrics.items() if name.startswith(OF_VALIDATION)}
        if self.monitor not in scores:
            raise InputError(f"training.monitor: no {self.monitor} in the validation, which has {', '.join(scores)}")
        return scores

    def _is_better(self, value: float) -> bool:
        """Compare a value, which may be NaN, with the best so far."""
        rises = monitored(self.monitor).larger_is_better
        best = self.scores.get(self.monitor, -math.inf if rises else math.inf)
        return value > best if rises else value < best

    def load_into(self, module: nn.Module) -> dict[str, float]:
        """Load the best weights into a module, if there are any, and return their scores and `train/best_step`.

        Raises:
            InputError: if the checkpoint is damaged.
        """
        if not self.file.exists():
            _LOGGER.warning("training.monitor: no validation had a number for %s: no best weights", self.monitor)
            return {}
        best = read_checkpoint(self.file)
        module.load_state_dict(best["state_dict"])
        return {**best["callbacks"][self.state_key]["scores"], "train/best_step": float(best["global_step"])}

    def state_dict(self) -> dict[str, Any]:
        """Return the best so far and how long ago it was, for a checkpoint."""
        return {"scores": self.scores, "waited": self.waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the best so far of a resumed training, if its weights are still there."""
        if self.is_resumed and (not state_dict["scores"] or self._is_whole()):
            self.scores, self.waited = state_dict["scores"], state_dict["waited"]

    def _is_whole(self) -> bool:
        try:
            read_checkpoint(self.file)
        except InputError as error:
            _LOGGER.warning("%s; the best weights from here on are kept", error)
            return False
        return True
