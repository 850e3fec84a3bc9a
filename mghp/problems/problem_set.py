"""Matching problems as padded torch batches, with all that every solver is held against."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.config.data import DataConfig
from mghp.matching.problem import best_matching, objective
from mghp.problems.load import validation_images
from mghp.problems.padded import MatchingProblems, PaddedProblems, size_buckets

UNIQUE_MARGIN = 1e-6
"""A problem's optimum counts as unique if any other matching is worse by more."""


@dataclass(frozen=True)
class ProblemBatch:
    """Problems of similar size in one padded batch."""

    affinity: Tensor
    """Shape (batch, source, destination), 0 outside the masks."""
    truth: Tensor
    """Both candidates are of one person, bool, same shape."""
    source_mask: Tensor
    """Shape (batch, source)."""
    destination_mask: Tensor
    """Shape (batch, destination)."""
    best: Tensor
    """The best matching, bool, shape (batch, source, destination)."""
    optimum: Tensor
    """Its objective, shape (batch,)."""
    is_unique: Tensor
    """Whether no other matching comes within `UNIQUE_MARGIN` of it, shape (batch,)."""
    is_contested: Tensor
    """Whether there are two and more candidates a side, shape (batch,)."""
    image: Tensor
    """Shape (batch,)."""

    @property
    def masks(self) -> tuple[Tensor, Tensor]:
        """Both masks, as matchers take them."""
        return self.source_mask, self.destination_mask

    def __len__(self) -> int:
        return len(self.affinity)


@dataclass(frozen=True)
class ProblemSet:
    """All problems of a run."""

    batches: tuple[ProblemBatch, ...]
    num_images: int
    fingerprint: str
    validation: NDArray[np.bool_]
    """Images on which thresholds are tuned, shape (num_images,)."""

    def __iter__(self) -> Iterator[ProblemBatch]:
        return iter(self.batches)

    def __len__(self) -> int:
        return sum(map(len, self.batches))

    def contested(self, number: int) -> ProblemBatch | None:
        """One batch of at most so many problems with two and more candidates a side, drawn evenly over the sizes."""
        chosen = np.flatnonzero(torch.cat([batch.is_contested for batch in self.batches]).numpy())
        if number == 0 or len(chosen) == 0:
            return None
        spread = np.linspace(0, len(chosen) - 1, min(number, len(chosen))).round().astype(int)
        return self._pick(chosen[np.unique(spread)])

    def _pick(self, positions: NDArray[np.int64]) -> ProblemBatch:
        starts = np.cumsum([0, *map(len, self.batches)])
        parts: list[dict[str, Tensor]] = []
        for batch, start, end in zip(self.batches, starts, starts[1:], strict=False):
            within = positions[(positions >= start) & (positions < end)] - start
            if len(within):
                parts.append({key: value[within] for key, value in vars(batch).items()})
        return ProblemBatch(**{key: _join([part[key] for part in parts]) for key in parts[0]})


def build_problem_set(problems: MatchingProblems, config: DataConfig, dtype: torch.dtype) -> ProblemSet:
    """Pad problems of similar size together and solve them exactly."""
    images = np.array([problem.image for problem in problems])
    return ProblemSet(
        batches=tuple(_build_batch(padded, images, dtype) for padded in size_buckets(problems)),
        num_images=problems.num_images,
        fingerprint=problems.fingerprint,
        validation=validation_images(problems.num_images, config.validation_share, config.seed),
    )


def _build_batch(padded: PaddedProblems, images: NDArray[np.int64], dtype: torch.dtype) -> ProblemBatch:
    affinity = torch.from_numpy(padded.affinity).to(dtype)
    source_mask, destination_mask = torch.from_numpy(padded.source_mask), torch.from_numpy(padded.destination_mask)
    best = best_matching(affinity)
    optimum = objective(affinity, best.to(dtype))
    return ProblemBatch(
        affinity=affinity,
        truth=torch.from_numpy(padded.truth),
        source_mask=source_mask,
        destination_mask=destination_mask,
        best=best,
        optimum=optimum,
        is_unique=_is_unique(affinity, best, optimum),
        is_contested=(source_mask.sum(1) > 1) & (destination_mask.sum(1) > 1),
        image=torch.from_numpy(images[padded.index]),
    )


def _is_unique(affinity: Tensor, best: Tensor, optimum: Tensor) -> Tensor:
    """Forbid each pair of the best matching in turn: does what is left of the problem reach the optimum again?"""
    problem, row, column = best.nonzero(as_tuple=True)
    forbidden = affinity[problem].clone()
    forbidden[torch.arange(len(problem)), row, column] = 0
    second = objective(forbidden, best_matching(forbidden).to(affinity.dtype))
    unique = torch.ones_like(optimum, dtype=torch.bool)
    unique[problem[second >= optimum[problem] - UNIQUE_MARGIN]] = False
    return unique


def _join(parts: list[Tensor]) -> Tensor:
    """One batch of several, widened with zeros to the largest."""
    shape = [max(sizes) for sizes in zip(*(part.shape[1:] for part in parts), strict=True)]
    joined = parts[0].new_zeros(sum(map(len, parts)), *shape)
    start = 0
    for part in parts:
        joined[(slice(start, start + len(part)), *(slice(size) for size in part.shape[1:]))] = part
        start += len(part)
    return joined
