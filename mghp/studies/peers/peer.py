"""What the wrapper of another package's matcher is: a matcher of ours that is given problems without padding."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor
from typing_extensions import override

from mghp.matching import Matcher
from mghp.matching.solvers import SolverConfig
from mghp.ranges import POSITIVE, Range


@dataclass
class PeerConfig(SolverConfig):
    """The options of every peer."""

    weight: Annotated[float, POSITIVE] = 0.5
    """Weight of the regulariser, in units of affinity."""
    iterations: Annotated[int, Range(0, 1_000_000)] = 0
    """Number of iterations; 0 where the peer has no such number."""


class Peer(Matcher):
    """A peer that solves problems of one size together."""

    differentiable = True
    config: PeerConfig

    def __init__(self, weight: float, iterations: int = 0) -> None:
        super().__init__(PeerConfig(weight, iterations))

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        if source_mask is None and destination_mask is None:
            return self.assign(affinity)
        assignment = torch.zeros_like(affinity)
        for place in same_sizes(affinity, source_mask, destination_mask):
            assignment = assignment.index_put(place, self.assign(affinity[place]).to(affinity.dtype))
        return assignment

    @abstractmethod
    def assign(self, affinity: Tensor) -> Tensor:
        """Return the assignments of affinities (batch, source, destination) without padding, the same shape."""


class OneByOne(Peer):
    """A peer that solves one problem a call."""

    @override
    def assign(self, affinity: Tensor) -> Tensor:
        return torch.stack([self.assign_one(one) for one in affinity])

    @abstractmethod
    def assign_one(self, affinity: Tensor) -> Tensor:
        """Return the assignment of one affinity (source, destination), the same shape."""


def same_sizes(
    affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield the places of all real pairs of the problems of one size, by size, as an index of (batch, n, m) entries.

    Args:
        affinity: shape (batch, source, destination).
        source_mask: True where a source is real, shape (batch, source); None where all are.
        destination_mask: True where a destination is real, shape (batch, destination); None where all are.
    """
    rows = affinity.new_ones(affinity.shape[:2], dtype=torch.bool) if source_mask is None else source_mask
    columns = affinity.new_ones(affinity.shape[::2], dtype=torch.bool) if destination_mask is None else destination_mask
    sources, destinations = rows.sum(-1), columns.sum(-1)
    for source, destination in sorted(set(zip(sources.tolist(), destinations.tolist(), strict=True))):
        if source and destination:
            chosen = ((sources == source) & (destinations == destination)).nonzero()[:, 0]
            real_rows, real_columns = _first_real(rows[chosen], source), _first_real(columns[chosen], destination)
            yield chosen[:, None, None], real_rows[:, :, None], real_columns[:, None, :]


def _first_real(mask: Tensor, number: int) -> Tensor:
    """Return the positions of the `number` real candidates of each problem, shape (batch, number)."""
    return (~mask).byte().argsort(dim=-1, stable=True)[:, :number]
