"""The Lightning module that wires network, targets, losses, matching, assembly and metrics."""

from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torchmetrics import MetricCollection

from mghp.anatomy.persons import TruePersons
from mghp.config.training import TrainingConfig
from mghp.datasets.anatomy_file import anatomy_text
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.label_balance import LabelBalance
from mghp.parsing.batch import Batch
from mghp.parsing.losses.objective import ParsingObjective
from mghp.parsing.matching_in_training import TrainingMatching, matching_details
from mghp.parsing.network.parser import ParsingNetwork
from mghp.parsing.parser import Parser
from mghp.parsing.targets import TargetMaker
from mghp.problems.matching_batch import MatchingBatch
from mghp.training.finite import FiniteLosses, check_fields
from mghp.training.optimization import make_optimizer, rate_factor


class ParsingModule(Parser, LightningModule):
    """Trains a parsing network and a matcher as one model. No line depends on which matcher it is.

    Args:
        network: maps pictures to fields.
        targets: maps labels to true fields.
        objective: losses on the fields.
        matching: matching loss in training; None where nothing trains through the matcher.
        weighting: sums losses to one number.
        label_balance: balance of the part logits that are assembled.
        assembler: assembles fields into persons.
        metrics: scores of persons.
        training: section `training` of the config.
        config_text: the whole resolved config, kept in every checkpoint.
        bf16: True to run the network in `fields` under autocast to bfloat16, inside a Trainer or not.
    """

    def __init__(
        self,
        network: ParsingNetwork,
        targets: TargetMaker,
        objective: ParsingObjective,
        matching: TrainingMatching | None,
        weighting: nn.Module,
        label_balance: LabelBalance,
        assembler: Assembler,
        metrics: MetricCollection,
        training: TrainingConfig,
        config_text: str,
        bf16: bool = False,
    ) -> None:
        super().__init__(network, label_balance, assembler, bf16)
        self.targets = targets
        self.objective = objective
        self.matching = matching
        self.weighting = weighting
        self.metrics = metrics
        self.training_config = training
        self.finite = FiniteLosses(training.on_non_finite)
        self.config_text = config_text

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Count the batch's labels for their balance."""
        self.label_balance.observe(batch.parts)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of a step."""
        losses, matching = self.losses(batch, self.global_step, self._share_of_step(batch_idx))
        total = self.total(losses)
        if not self.finite(total, losses, batch.names, self.global_step, self.network.buffers()):
            return self.total({})
        self._log_step(total, losses, matching, len(batch))
        return total

    def _log_step(
        self, total: Tensor, losses: dict[str, Tensor], matching: MatchingBatch | None, pictures: int
    ) -> None:
        # Logging every step would cost more than a loss.
        every: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined]
        if every and (self.global_step + 1) % every == 0:
            self.log_dict({f"train/{name}": loss.detach() for name, loss in losses.items()}, batch_size=pictures)
            if matching is not None:
                self.log_dict(matching_details(matching), batch_size=pictures)
        # Only the total is averaged over processes: their batches may differ in what they label.
        self.log("train/total", total.detach(), prog_bar=True, batch_size=pictures, sync_dist=True)

    def _share_of_step(self, batch_idx: int) -> int:
        """Return the position of the batch among those of all processes that make a step together."""
        trainer = self.trainer
        return batch_idx % trainer.accumulate_grad_batches * trainer.world_size + trainer.global_rank

    def losses(self, batch: Batch, step: int = 0, share: int = 0) -> tuple[dict[str, Tensor], MatchingBatch | None]:
        """Return the losses of a batch by name, and the matching if there was one.

        Args:
            batch: pictures and labels.
            step: step of the training.
            share: number of the batch among those that make the step together.
        """
        prediction = self(batch.image)
        # Under autocast the network runs in half precision; losses and the matching do not.
        with torch.autocast(self.device.type, enabled=False):
            targets = self.targets(batch)
            losses = self.objective(prediction, batch, targets)
            is_due = (step + 1) % self.training_config.matching_every == 0
            if self.matching is None or not is_due or not bool(batch.has_keypoints.any()):
                return losses, None
            losses["matching"], matching = self.matching(prediction, batch, targets, step, share)
        return losses, matching

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum; a batch without labels makes a step of gradient 0."""
        if losses:
            if "matching" in losses:
                losses = losses | {"matching": self.training_config.matching_every * losses["matching"]}
            total: Tensor = self.weighting(losses)
            return total
        return 0 * torch.stack([parameter.sum() for parameter in self.network.parameters()]).sum()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Assemble persons and compare them with the true ones."""
        fields = self.fields(batch.image)
        check_fields(fields, batch.names)
        with torch.autocast(self.device.type, enabled=False):
            predicted = self.assembler(fields)
        for found, true in zip(predicted, true_persons(batch), strict=True):
            self.metrics.update(found, true)

    def on_validation_epoch_end(self) -> None:
        """Log the scores of the whole validation set."""
        self.log_dict({f"val/{name}": value for name, value in self.metrics.compute().items()})
        self.metrics.reset()

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """Return the optimiser and the course of its rate, by step."""
        optimizer = make_optimizer(self.training_config.optimizer, self, fused=not self._scales_gradients)
        steps = int(self.trainer.estimated_stepping_batches)  # also where the length is given in epochs
        if self.matching is not None:
            self.matching.max_steps = steps
        factor = rate_factor(self.training_config.optimizer, steps)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip gradients; Lightning's own hook refuses fused optimisers even where no gradient is scaled."""
        if self._scales_gradients:
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)
        elif gradient_clip_val and gradient_clip_algorithm == "value":
            nn.utils.clip_grad_value_(self.parameters(), gradient_clip_val)
        elif gradient_clip_val:
            nn.utils.clip_grad_norm_(self.parameters(), gradient_clip_val)

    @property
    def _scales_gradients(self) -> bool:
        return self.trainer.precision == "16-mixed"

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the config, the anatomy and the number of skipped steps in the checkpoint."""
        checkpoint["mghp_config"] = self.config_text
        checkpoint["mghp_anatomy"] = anatomy_text(self.assembler.anatomy)
        checkpoint["mghp_skipped_steps"] = self.finite.skipped

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the number of skipped steps, so that a resumed run keeps counting."""
        self.finite.skipped = checkpoint.get("mghp_skipped_steps", 0)


def true_persons(batch: Batch) -> list[TruePersons]:
    """Return the labels of each picture in the form of the metrics."""
    return [
        TruePersons(
            parts=batch.parts[row].cpu().numpy(),
            person_ids=batch.person_ids[row].cpu().numpy(),
            keypoints=batch.keypoints[row][batch.is_person[row]].cpu().numpy(),
            regions=batch.regions[row],
            ignored=batch.ignored_persons[row].cpu().numpy(),
            cues=batch.cues[row],
        )
        for row in range(len(batch))
    ]
