"""What one peer is measured by on one set of problems, beside the matcher of ours that does the same."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from mghp.config.bench import BenchConfig
from mghp.matching import Matcher, optimality_gap, violation
from mghp.matching.choices import MATCHING_LOSSES
from mghp.matching.losses import matching_loss
from mghp.peak_memory import measured_peak
from mghp.problems.matching_batch import MatchingBatch, evenly
from mghp.studies.learned.gradients import mean_cosine
from mghp.studies.peers.registry import PEERS, PeerEntry
from mghp.studies.speed.measure import median_seconds

EXACT = "projection_newton"
"""The peer whose gradient, the implicit one of the exact projection, the others' are compared with."""

BUDGETS = (1, 3, 10, 30, 100, 300, 1000, 3000)
"""Numbers of iterations among which is what a peer comes to in the time of ours."""

UNKNOWN = float("nan")


@dataclass(frozen=True)
class Solving:
    """A matcher and the problems that it is measured on.

    Attributes:
        matcher: a peer's.
        loss: whose gradient is taken, in `MATCHING_LOSSES`.
        batch: the problems.
        masks: of the batch; none where there is no padding.
    """

    matcher: Matcher
    loss: str
    batch: MatchingBatch
    masks: tuple[Tensor, ...]

    @classmethod
    def of(cls, entry: PeerEntry, weight: float, batch: MatchingBatch, iterations: int = 0) -> Self:
        """Build a peer's matcher for some problems.

        Args:
            entry: of the peer.
            weight: of the regulariser, in units of affinity.
            batch: the problems.
            iterations: 0 for the peer's own number.
        """
        matcher = entry.load()(weight, iterations or entry.iterations)
        loss = entry.loss if MATCHING_LOSSES[entry.loss].reads_affinity else "squared_error"
        return cls(matcher, loss, batch, () if batch.is_pair.all() else batch.masks)

    @property
    def trains(self) -> bool:
        """True if the loss has a gradient by the affinity: through the matcher, or past it."""
        return trains(self.matcher, self.loss)

    @torch.no_grad()
    def assignment(self) -> Tensor:
        """Return the assignments, (batch, source, destination)."""
        solved: Tensor = self.matcher(self.batch.affinity, *self.masks)
        return solved

    def gradient(self) -> Tensor:
        """Return the gradient of the loss by the affinity."""
        affinity = self.batch.affinity.clone().requires_grad_()
        soft = self.matcher(affinity, *self.masks) if MATCHING_LOSSES[self.loss].reads_assignment else None
        loss = matching_loss(self.loss, affinity, soft, self.batch.truth, self.batch.is_pair)
        return torch.autograd.grad(loss, affinity)[0]

    def seconds(self, repeats: int) -> tuple[float, float]:
        """Return the median seconds of forward, and of forward + backward (NaN where there is no backward)."""
        both = median_seconds(self.gradient, repeats) if self.trains else UNKNOWN
        return median_seconds(self.assignment, repeats), both

    def peak_megabytes(self) -> float:
        """Return how far memory rises in forward + backward, or in forward where there is no backward, MB."""
        with measured_peak() as peak:
            self.gradient() if self.trains else self.assignment()
        return peak.megabytes

    def distance(self) -> tuple[float, float]:
        """Return the mean gap to the linear program's optimum, and the largest violation of its constraints."""
        assignment = self.assignment()
        gaps = optimality_gap(self.batch.affinity, assignment.clamp(min=0), self.batch.optimum)
        return float(gaps.mean()), float(violation(assignment).max())


def trains(matcher: Matcher, loss: str) -> bool:
    """Return whether a loss in `MATCHING_LOSSES` has a gradient by the affinity, given what it is of."""
    about = MATCHING_LOSSES[loss]
    return matcher.differentiable or (about.reads_affinity and not about.reads_assignment)


def measured(name: str, bench: BenchConfig, batch: MatchingBatch) -> dict[str, float]:
    """Return the cells of a peer's row.

    A peer that takes problems one by one solves `bench.loop_problems` of them, evenly over their sizes, or fewer where
    these would take too long; its times are scaled to the batch.

    Args:
        name: of the peer.
        bench: repeats and amounts.
        batch: the problems, as small as they are or padded.
    """
    entry, weight = PEERS[name], bench.regulariser
    few = _few(entry, bench, batch) if entry.way == "one by one" else batch
    theirs, scale = Solving.of(entry, weight, few), len(batch) / len(few)
    forward, both = (scale * seconds for seconds in theirs.seconds(bench.repeats))
    our_forward, our_both = forward, both
    if entry.against != name:
        our_forward, our_both = Solving.of(PEERS[entry.against], weight, batch).seconds(bench.repeats)
    gap, excess = theirs.distance()
    equal_gap, equal_excess = _at_equal_time(theirs, entry, weight, forward / scale, our_forward / scale)
    return {
        "measured": len(few), "forward_ms": 1000 * forward, "both_ms": 1000 * both,
        "forward_ratio": forward / our_forward, "both_ratio": both / our_both, "peak_mb": theirs.peak_megabytes(),
        "gap": gap, "violation": excess, "equal_gap": equal_gap, "equal_violation": equal_excess,
        "cosine": _cosine(theirs, weight),
    }  # fmt: skip


def _few(entry: PeerEntry, bench: BenchConfig, batch: MatchingBatch) -> MatchingBatch:
    """Return as many problems as a peer can be measured on in half of what it may take, judged by the last one."""
    one = Solving.of(entry, bench.regulariser, batch[[-1]])
    calls = 3 * (bench.repeats + 1)
    number = int(bench.limit_seconds / 2 / calls / np.nansum(one.seconds(1)))
    return batch[evenly(np.arange(len(batch)), min(max(number, 1), bench.loop_problems))]


def _at_equal_time(
    theirs: Solving, entry: PeerEntry, weight: float, took: float, seconds: float
) -> tuple[float, float]:
    """Return gap and violation of as many iterations as fit into some seconds; NaN where none do."""
    if not entry.iterations:
        return theirs.distance() if took <= seconds else (UNKNOWN, UNKNOWN)
    found = UNKNOWN, UNKNOWN
    for iterations in BUDGETS:
        solving = Solving.of(entry, weight, theirs.batch, iterations)
        if median_seconds(solving.assignment, 1) > seconds:
            break
        found = solving.distance()
    return found


def _cosine(theirs: Solving, weight: float) -> float:
    """Return the mean cosine of the gradient to the exact projection's; NaN where there is no gradient."""
    if not theirs.trains:
        return UNKNOWN
    return mean_cosine(theirs.gradient(), Solving.of(PEERS[EXACT], weight, theirs.batch).gradient())
