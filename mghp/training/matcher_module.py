"""The Lightning module that wires features, scorer, matcher and losses of matching problems."""

from collections.abc import Iterator

import numpy as np
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from mghp.matching import Matcher
from mghp.matching.choices import MATCHING_LOSSES
from mghp.matching.losses import affinity_loss, matching_loss
from mghp.parsing.network.pair_scorer import PairScorer
from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.problem_set import ProblemSet


class MatcherModule(LightningModule):
    """Scores limbs, sends the scores through a matcher, and trains on the true assignment.

    Args:
        scorer: maps features to scores.
        matcher: any matcher; trained through only by objective "matching".
        objective: see `LearnedMatchingConfig.objective`: "matching", a name in `AFFINITY_LOSSES`, or "none".
        loss: name of the loss on the soft assignment, in `MATCHING_LOSSES`.
        learning_rate: Adam's first rate, which falls to 0 along a cosine.
        steps: number of steps of the training.
    """

    def __init__(
        self, scorer: PairScorer, matcher: Matcher, objective: str, loss: str, learning_rate: float, steps: int
    ) -> None:
        super().__init__()
        self.scorer = scorer
        self.matcher = matcher
        self.objective = objective
        self.loss = loss
        self.learning_rate = learning_rate
        self.steps = steps
        self.losses: list[float] = []

    def forward(self, batch: MatchingBatch) -> Tensor:
        """Return the affinity of a batch, (batch, source, destination), 0 outside real pairs."""
        if self.objective == "none":
            return batch.affinity
        # Padding is not scored: the scorer sees the pairs of all problems one after the other.
        place = batch.is_pair.nonzero(as_tuple=True)
        scores: Tensor = self.scorer(batch.features[place], batch.limb[place[0]])
        return scores.new_zeros(batch.affinity.shape).index_put(place, scores)

    def assignment(self, batch: MatchingBatch, affinity: Tensor) -> Tensor:
        """Return what the matcher makes of affinities, the same shape."""
        soft: Tensor = self.matcher(affinity, *batch.masks)
        return soft

    def loss_of(self, batch: MatchingBatch, affinity: Tensor) -> Tensor:
        """Return the loss of a batch."""
        if self.objective != "matching":
            return affinity_loss(self.objective, affinity, batch.truth, batch.is_pair)
        soft = self.assignment(batch, affinity) if MATCHING_LOSSES[self.loss].reads_assignment else None
        return matching_loss(self.loss, affinity, soft, batch.truth, batch.is_pair)

    def training_step(self, batch: MatchingBatch, batch_idx: int) -> Tensor | None:
        """Return the loss; at scores that are not finite None, and the training stops."""
        affinity = self(batch)
        if not affinity.isfinite().all():
            self.trainer.should_stop = True
            return None
        loss = self.loss_of(batch, affinity)
        self.losses.append(float(loss.detach()))
        return loss

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """Return Adam with a rate that falls along a cosine, by step."""
        optimizer = torch.optim.Adam(self.scorer.parameters(), lr=self.learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class _Draws(Sampler[list[int]]):
    """Positions of the problems of each batch, each epoch in another order that the seed decides."""

    def __init__(self, number: int, size: int, seed: int) -> None:
        self.number, self.size, self.seed, self.epoch = number, min(size, number), seed, 0

    def __len__(self) -> int:
        return max(1, self.number // self.size)

    def __iter__(self) -> Iterator[list[int]]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.number)
        self.epoch += 1
        for first in range(0, len(self) * self.size, self.size):
            yield order[first : first + self.size].tolist()


def training_batches(problems: ProblemSet, size: int, seed: int) -> DataLoader[MatchingBatch]:
    """Return a loader of shuffled batches of about `size` problems."""
    draws = _Draws(len(problems), size, seed)
    return DataLoader(problems.problems, batch_sampler=draws, collate_fn=MatchingBatch.pad)  # type: ignore[arg-type]
