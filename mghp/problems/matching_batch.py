"""The one container of matching problems side by side, padded and masked, as every matcher takes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.matching.problem import best_matching, objective
from mghp.problems.problem_set import NOT_GIVEN, MatchingProblem
from mghp.problems.size_buckets import size_buckets

UNIQUE_MARGIN = 1e-6
"""A problem's optimum counts as unique if any other matching is worse by more."""


@dataclass(frozen=True, eq=False)
class MatchingBatch:
    """Matching problems side by side, padded to the largest; what the masks leave out is 0 or False.

    Shapes are those of problems along one axis, "batch". A parser's problems have two axes in its place: picture, limb.
    What follows the masks is None where nobody gave it.

    Example:
        >>> from mghp.config.data import RandomProblemsConfig
        >>> from mghp.matching import Hungarian
        >>> from mghp.problems.matching_batch import MatchingBatch
        >>> from mghp.problems.random_problems import random_problems
        >>> problems = random_problems(RandomProblemsConfig(num_problems=3), seed=0)
        >>> batch = MatchingBatch.pad(problems.problems)
        >>> Hungarian()(batch.affinity, *batch.masks).shape
        torch.Size([3, 12, 15])

    Attributes:
        affinity: score of joining a source to a destination, dimensionless. Shape (batch, source, destination).
        source_mask: True for a real candidate. Shape (batch, source).
        destination_mask: True for a real candidate. Shape (batch, destination).
        truth: True where both candidates are of one person. Shape (batch, source, destination), bool.
        assignment: what a matcher made of the affinity. Shape (batch, source, destination).
        image: number of each problem's image. Shape (batch,).
        limb: position of each problem's limb in the skeleton's. Shape (batch,).
        index: position of each problem in what it was padded from. Shape (batch,).
        features: what a limb score is learned from. Shape (batch, source, destination, features).
        source_candidate: number of each source among its image's candidates. Shape (batch, source).
        destination_candidate: number of each destination among them. Shape (batch, destination).
    """

    affinity: Tensor
    source_mask: Tensor
    destination_mask: Tensor
    truth: Tensor = NOT_GIVEN
    assignment: Tensor = NOT_GIVEN
    image: Tensor = NOT_GIVEN
    limb: Tensor = NOT_GIVEN
    index: Tensor = NOT_GIVEN
    features: Tensor = NOT_GIVEN
    source_candidate: Tensor = NOT_GIVEN
    destination_candidate: Tensor = NOT_GIVEN

    @classmethod
    def pad(cls, problems: Sequence[MatchingProblem], chosen: Sequence[int] | NDArray[np.int64] | None = None) -> Self:
        """Return problems of any sizes as one batch, padded to the largest of them.

        Args:
            problems: to choose from.
            chosen: positions among them; None: all.

        Raises:
            ValueError: if no problem is chosen.
            IndexError: if a position leaves the problems.
        """
        index = np.arange(len(problems)) if chosen is None else np.asarray(chosen, dtype=np.int64)
        if len(index) == 0:
            raise ValueError("expected at least one problem to pad, got none")
        padded = [problems[position] for position in index.tolist()]
        sizes = np.array([problem.affinity.shape for problem in padded])
        source_mask, destination_mask = (np.arange(side.max()) < side[:, None] for side in sizes.T)
        is_pair = source_mask[:, :, None] & destination_mask[:, None]
        real = {
            "affinity": is_pair, "truth": is_pair, "features": is_pair,
            "source_candidate": source_mask, "destination_candidate": destination_mask,
        }  # fmt: skip
        return cls(
            source_mask=torch.from_numpy(source_mask),
            destination_mask=torch.from_numpy(destination_mask),
            image=torch.from_numpy(np.array([problem.image for problem in padded])),
            limb=torch.from_numpy(np.array([problem.limb for problem in padded])),
            index=torch.from_numpy(index),
            **{
                name: _placed([getattr(problem, name) for problem in padded], mask)
                for name, mask in real.items()
                if getattr(padded[0], name) is not None
            },
        )

    @classmethod
    def bucket(cls, problems: Sequence[MatchingProblem], max_waste: float = 0.3, max_batch: int = 65536) -> list[Self]:
        """Return all problems in batches of similar size, from small to large; `index` tells which is where.

        Args:
            problems: any number, none included.
            max_waste: largest share of all entries that may be padding; see `size_buckets`.
            max_batch: largest number of problems a batch.

        Raises:
            ValueError: if `max_waste` or `max_batch` is out of range.
        """
        sizes = np.array([problem.affinity.shape for problem in problems], np.int64).reshape(-1, 2)
        return [cls.pad(problems, members) for members in size_buckets(sizes, max_waste, max_batch)]

    @classmethod
    def cat(cls, batches: Sequence[Self]) -> Self:
        """Return one batch of several that have the same tensors, widened to the largest problem."""
        return cls(**{name: _joined([getattr(batch, name) for batch in batches]) for name in batches[0]._given})

    def __len__(self) -> int:
        return len(self.affinity)

    def __getitem__(self, chosen: int | slice | Sequence[int] | NDArray[np.int64] | Tensor) -> Self:
        """Return some of the problems, as wide as they are here; an integer takes the first axis away."""
        return self._each(lambda tensor: tensor[chosen])

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """Return the batch on a device, and with its floating-point tensors in a type; None leaves either."""
        return self._each(lambda tensor: tensor.to(device, dtype if tensor.is_floating_point() else None))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Self:
        return type(self)(**{name: change(tensor) for name, tensor in self._given.items()})

    @property
    def _given(self) -> dict[str, Tensor]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def masks(self) -> tuple[Tensor, Tensor]:
        """The two masks, as matchers take them."""
        return self.source_mask, self.destination_mask

    @property
    def is_pair(self) -> Tensor:
        """The mask that is True for a pair of real candidates. Shape (batch, source, destination)."""
        return self.source_mask[..., None] & self.destination_mask[..., None, :]

    @property
    def is_contested(self) -> Tensor:
        """The mask that is True for a problem with two and more candidates per side. Shape (batch,)."""
        return (self.source_mask.sum(-1) > 1) & (self.destination_mask.sum(-1) > 1)

    # The exact solutions are kept once they are asked for: to find them takes longer than most solvers do.

    @cached_property
    def best(self) -> Tensor:
        """The best matching. Shape (batch, source, destination), bool."""
        return best_matching(self.affinity)

    @cached_property
    def optimum(self) -> Tensor:
        """The objective of the best matching. Shape (batch,)."""
        return objective(self.affinity, self.best.to(self.affinity.dtype))

    @cached_property
    def is_unique(self) -> Tensor:
        """The mask that is True where no other matching comes within `UNIQUE_MARGIN` of the optimum. Shape (batch,)."""
        # Forbid each pair of the best matching in turn: does what is left of the problem reach the optimum again?
        problem, row, column = self.best.nonzero(as_tuple=True)
        forbidden = self.affinity[problem].clone()
        forbidden[torch.arange(len(problem)), row, column] = 0
        second = objective(forbidden, best_matching(forbidden).to(forbidden.dtype))
        unique = torch.ones_like(self.optimum, dtype=torch.bool)
        unique[problem[second >= self.optimum[problem] - UNIQUE_MARGIN]] = False
        return unique


def contested(batches: Sequence[MatchingBatch], number: int) -> MatchingBatch | None:
    """Return one batch of at most `number` contested problems, drawn evenly over the sizes; None of none."""
    chosen = evenly(torch.cat([batch.is_contested for batch in batches]).nonzero()[:, 0].numpy(), number)
    starts = np.cumsum([0, *map(len, batches)])
    parts = [
        batch[chosen[(chosen >= start) & (chosen < start + len(batch))] - start]
        for batch, start in zip(batches, starts, strict=False)
    ]
    return MatchingBatch.cat([part for part in parts if len(part)]) if len(chosen) else None


def evenly(positions: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    """Return at most `number` of the positions, evenly spread, the first and the last among them."""
    spread = np.linspace(0, len(positions) - 1, min(number, len(positions))).round().astype(int)
    chosen: NDArray[np.int64] = positions[np.unique(spread)]
    return chosen


def unpadded(batches: Sequence[MatchingBatch], values: Sequence[Tensor]) -> list[Tensor]:
    """Return what padded tensors hold of each problem, in the order that the batches were padded from.

    Args:
        batches: in which each problem is once.
        values: a tensor (batch, source, destination) of each batch.

    Returns:
        The values of real pairs of each problem, in row-major order: (pairs,).
    """
    of_index: dict[int, Tensor] = {}
    for batch, padded in zip(batches, values, strict=True):
        number = batch.is_pair.sum((1, 2)).tolist()
        of_index |= zip(batch.index.tolist(), torch.split(padded[batch.is_pair], number), strict=True)
    return [of_index[position] for position in sorted(of_index)]


def _placed(values: Sequence[NDArray[np.generic]], is_real: NDArray[np.bool_]) -> Tensor:
    """Put the problems' arrays into their places, and 0 elsewhere."""
    flat = np.concatenate(values, axis=None)
    rest = values[0].shape[is_real.ndim - 1 :]
    padded = np.zeros((is_real.size, *rest), flat.dtype)
    padded[np.flatnonzero(is_real)] = flat.reshape(-1, *rest)  # both in row-major order, problem by problem
    return torch.from_numpy(padded.reshape(*is_real.shape, *rest))


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """Return one tensor of several, widened with zeros to the largest."""
    shape = [max(sizes) for sizes in zip(*(part.shape[1:] for part in parts), strict=True)]
    joined = parts[0].new_zeros(sum(map(len, parts)), *shape)
    start = 0
    for part in parts:
        joined[(slice(start, start + len(part)), *map(slice, part.shape[1:]))] = part
        start += len(part)
    return joined
