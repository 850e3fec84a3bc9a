"""Convergence of a matcher, step by step."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from mghp.matching.problem import objective, optimality_gap, optimum, raw_signed_gap, violation


@dataclass(frozen=True)
class Trace:
    """The course of an iterative matcher: one entry per step and problem, each of shape (step, ...)."""

    objective: Tensor
    """<A, Y>."""
    gap: Tensor
    """Gap of the repaired assignment to the optimum, relative, at least 0."""
    raw_gap: Tensor
    """Gap of the assignment as it is, relative, negative where it leaves the constraints."""
    violation: Tensor
    """Largest excess over a constraint."""
    distance_to_last: Tensor
    """Largest entry of |Y_t - Y_T|."""

    def __len__(self) -> int:
        return len(self.objective)

    def reshape(self, batch_shape: tuple[int, ...]) -> "Trace":
        """Return the trace with problems arranged as `batch_shape`."""
        return Trace(
            **{
                field.name: getattr(self, field.name).reshape(len(self), *batch_shape)
                for field in dataclasses.fields(self)
            }
        )


def trace_iterates(iterates: Iterable[Tensor], affinity: Tensor) -> Trace:
    """Measure each of a sequence of assignments (batch, source, destination) against the problem's optimum."""
    assignments = torch.stack([assignment.detach() for assignment in iterates])
    if affinity.numel() == 0:
        zeros = affinity.new_zeros(assignments.shape[:2])
        return Trace(zeros, zeros, zeros, zeros, zeros)
    best = optimum(affinity)
    return Trace(
        objective=objective(affinity, assignments),
        gap=optimality_gap(affinity, assignments, best),
        raw_gap=raw_signed_gap(affinity, assignments, best),
        violation=violation(assignments),
        distance_to_last=(assignments - assignments[-1]).abs().amax((-2, -1)),
    )
