"""OTT-JAX's unbalanced Sinkhorn with KL-penalised sums and its implicit gradient, called from torch."""

from functools import cached_property, partial
from typing import Any

import jax
import numpy as np
import torch
from ott.geometry.geometry import Geometry
from ott.problems.linear.linear_problem import LinearProblem
from ott.solvers.linear.sinkhorn import Sinkhorn
from torch import Tensor
from typing_extensions import override

from mghp.matching import Matcher
from mghp.studies.peers.ours import RHO
from mghp.studies.peers.peer import PeerConfig

_NEVER = -40.0
"""Affinity of a pair outside the masks: it gets 1e-7 and less. A far lower one, or a mass of 0, makes gradients NaN."""


class OTTUnbalanced(Matcher):
    """What our Sinkhorn with penalised sums computes."""

    differentiable = True
    config: PeerConfig

    def __init__(self, weight: float, iterations: int) -> None:
        super().__init__(PeerConfig(weight, iterations))

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        rows = affinity.new_ones(affinity.shape[:2]) if source_mask is None else source_mask.to(affinity)
        columns = affinity.new_ones(affinity.shape[::2]) if destination_mask is None else destination_mask.to(affinity)
        is_pair = rows[:, :, None] * columns[:, None, :]
        assignment: Tensor = _InJax.apply(torch.where(is_pair > 0, affinity, _NEVER), self.plans)
        return assignment * is_pair

    @cached_property
    def plans(self) -> Any:  # noqa: ANN401 (a compiled function)
        """The compiled function from affinities to plans, all of a batch."""
        return jax.jit(jax.vmap(partial(_plan, weight=self.config.weight, iterations=self.config.iterations)))


def _plan(affinity: jax.Array, weight: float, iterations: int) -> jax.Array:
    share = RHO / (RHO + weight)
    masses = (jax.numpy.ones(size) for size in affinity.shape)
    problem = LinearProblem(Geometry(-affinity, epsilon=weight), *masses, tau_a=share, tau_b=share)
    return Sinkhorn(max_iterations=iterations, min_iterations=0)(problem).matrix


class _InJax(torch.autograd.Function):
    """A function of JAX in torch's graph."""

    @staticmethod
    def forward(ctx: Any, affinity: Tensor, plans: Any) -> Tensor:  # noqa: ANN401
        given = affinity.detach().numpy()
        if not affinity.requires_grad:
            return torch.from_numpy(np.array(plans(given)))
        assignment, ctx.pull_back = jax.vjp(plans, given)
        return torch.from_numpy(np.array(assignment))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        (of_affinity,) = ctx.pull_back(gradient.contiguous().numpy())
        return torch.from_numpy(np.array(of_affinity)), None
