"""The Lightning module that wires features, scorer, matcher and losses of matching problems."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from mghp.matching import Matcher
from mghp.matching.losses import affinity_loss, matching_loss
from mghp.parsing.network.pair_scorer import PairScorer
from mghp.problems.pair_features import PairProblems, padded


@dataclass
class PairBatch:
    """A batch of padded problems, and the features of their pairs.

    Attributes:
        features: (pair, feature).
        limb: limb of each pair, (pair,).
        place: problem, row and column of each pair, (3, pair).
        truth: true pairs, (batch, source, destination) bool.
        is_pair: pairs of two real candidates, (batch, source, destination) bool.
        affinity: line integral, (batch, source, destination) float.
        source_mask: real candidates, (batch, source) bool.
        destination_mask: real candidates, (batch, destination) bool.
    """

    features: Tensor
    limb: Tensor
    place: Tensor
    truth: Tensor
    is_pair: Tensor
    affinity: Tensor
    source_mask: Tensor
    destination_mask: Tensor

    def __len__(self) -> int:
        return len(self.truth)

    def spread(self, values: Tensor) -> Tensor:
        """Spread values of pairs (pair,) to their places, 0 elsewhere: (batch, source, destination)."""
        whole = values.new_zeros(self.truth.shape)
        return whole.index_put(tuple(self.place), values)


def make_batch(problems: PairProblems, chosen: Sequence[int] | np.ndarray) -> PairBatch:
    """Return the batch of the problems at these positions."""
    pairs = padded(problems, chosen)
    place = torch.from_numpy(np.stack([pairs.problem, pairs.row, pairs.column]))
    truth = torch.zeros(pairs.shape, dtype=torch.bool)
    truth[tuple(place)] = torch.from_numpy(problems.truth[pairs.pairs])
    affinity = torch.zeros(pairs.shape)
    affinity[tuple(place)] = torch.from_numpy(problems.affinity[pairs.pairs])
    source, destination = (
        torch.from_numpy(np.arange(pairs.shape[1 + side]) < pairs.sizes[:, side : side + 1]) for side in (0, 1)
    )
    return PairBatch(
        features=torch.from_numpy(problems.features[pairs.pairs]),
        limb=torch.from_numpy(problems.limb[np.asarray(chosen)][pairs.problem]),
        place=place,
        truth=truth,
        is_pair=source[:, :, None] & destination[:, None],
        affinity=affinity,
        source_mask=source,
        destination_mask=destination,
    )


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

    def forward(self, batch: PairBatch) -> Tensor:
        """Return affinities (batch, source, destination), 0 outside real pairs."""
        if self.objective == "none":
            return batch.affinity
        return batch.spread(self.scorer(batch.features, batch.limb))

    def assignment(self, batch: PairBatch, affinity: Tensor) -> Tensor:
        """Return the matcher's assignment of affinities, of the same shape."""
        soft: Tensor = self.matcher(affinity, batch.source_mask, batch.destination_mask)
        return soft

    def loss_of(self, batch: PairBatch, affinity: Tensor) -> Tensor:
        """Return the loss of a batch."""
        if self.objective != "matching":
            return affinity_loss(self.objective, affinity, batch.truth, batch.is_pair)
        soft = self.assignment(batch, affinity)
        return matching_loss(self.loss, affinity, soft, batch.truth, batch.is_pair)

    def training_step(self, batch: PairBatch, batch_idx: int) -> Tensor | None:
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
    """Draws batches of problems, each epoch in another order that the seed decides."""

    def __init__(self, number: int, size: int, seed: int) -> None:
        self.number, self.size, self.seed, self.epoch = number, min(size, number), seed, 0

    def __len__(self) -> int:
        return max(1, self.number // self.size)

    def __iter__(self) -> Iterator[list[int]]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.number)
        self.epoch += 1
        for first in range(0, len(self) * self.size, self.size):
            yield order[first : first + self.size].tolist()


class _Batches(Dataset[PairBatch]):
    def __init__(self, problems: PairProblems) -> None:
        self.problems = problems

    def __getitem__(self, chosen: list[int]) -> PairBatch:
        return make_batch(self.problems, chosen)


def training_batches(problems: PairProblems, size: int, seed: int) -> DataLoader[PairBatch]:
    """Load shuffled batches of about `size` problems."""
    return DataLoader(_Batches(problems), sampler=_Draws(len(problems), size, seed), batch_size=None)
