"""The Hungarian assignment with gradients that are not its own, which is 0 almost everywhere. Controls.

Each returns the exact assignment, or a mean of such, forwards; backwards it is a stand-in for the derivative.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from typing_extensions import override

from mghp.matching.far import with_near_affinities
from mghp.matching.matcher import Matcher, hide_masked
from mghp.matching.problem import best_matching
from mghp.matching.solvers import BlackboxConfig, PerturbedConfig, StraightThroughConfig

_REACH = 1e9
"""Affinities in units of the noise, beyond which it would be lost to rounding in double precision too."""

_MOST_NOISE = 6.0
"""Standard deviations that a draw is within."""


class StraightThrough(Matcher):
    """The Hungarian assignment; backwards the identity (Bengio, Leonard, Courville 2013)."""

    differentiable = True

    def __init__(self) -> None:
        super().__init__(StraightThroughConfig())

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        hard = best_matching(affinity.detach()).to(affinity.dtype)
        return affinity - affinity.detach() + hard


class Blackbox(Matcher):
    """The Hungarian assignment; backwards its change as the affinity moves along the gradient (Vlastelica et al. 2020).

    dL/dA = (Y(A) - Y(A - lambda dL/dY)) / lambda: of a piecewise constant function the slope of an interpolation.

    Args:
        strength: lambda.

    Raises:
        ValueError: if it is not positive and finite.
    """

    differentiable = True
    config: BlackboxConfig

    def __init__(self, strength: float = 1.0) -> None:
        super().__init__(BlackboxConfig(strength))

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        real = hide_masked(torch.ones_like(affinity), source_mask, destination_mask) > 0
        return _Blackbox.apply(affinity, real, self.config.strength)  # type: ignore[no-any-return]


class Perturbed(Matcher):
    """E[Y(A + sigma Z)] over Gaussian Z, whose derivative is E[Y(A + sigma Z) Z^T] / sigma (Berthet et al. 2020).

    The draws Z are a function of (seed, step) and of the affinity's shape. A call leaves nothing behind: until
    `at_step` names another step, every call draws the same, so that a forward pass that is computed again (under
    torch.utils.checkpoint) is the one that was differentiated. `mghp train` names a step a batch; whoever trains in a
    loop of their own calls `matcher.at_step(number)` in it. The step is a buffer and thereby in `state_dict()`. In
    evaluation mode the draws are those of step 0, however long the training was.

    Args:
        sigma: standard deviation of the noise, in units of affinity.
        num_samples: draws of the estimate of both.
        seed: of the draws.

    Raises:
        ValueError: if an option has no meaning.
    """

    differentiable = True
    config: PerturbedConfig
    step: Tensor

    def __init__(self, sigma: float = 0.5, num_samples: int = 10, seed: int = 0) -> None:
        super().__init__(PerturbedConfig(sigma, num_samples, seed))
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))
        self._process = 0
        self.register_load_state_dict_pre_hook(_without_step)  # type: ignore[no-untyped-call]

    @override
    def at_step(self, step: int, process: int = 0) -> None:
        self.step.fill_(step)
        self._process = process

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        margin = 2.0 * _MOST_NOISE * (affinity.shape[-2] + affinity.shape[-1])  # with which no draw's best one changes
        affinity = with_near_affinities(
            affinity, source_mask, destination_mask, scale=1 / self.config.sigma, reach=_REACH, margin=margin
        )
        shape = (self.config.num_samples, *affinity.shape)
        noise = hide_masked(
            self._draws(shape).to(affinity),
            None if source_mask is None else source_mask.expand(shape[:-1]),
            None if destination_mask is None else destination_mask.expand((*shape[:-2], shape[-1])),
        )
        return _Perturbed.apply(affinity, noise, self.config.sigma)[0]  # type: ignore[no-any-return]

    def _draws(self, shape: tuple[int, ...]) -> Tensor:
        # NumPy's, since torch's own generators are refused under torch.func.
        step = int(self.step) if self.training else 0
        generator = np.random.default_rng([self.config.seed, self._process, step])
        return torch.from_numpy(generator.standard_normal(shape))


def _without_step(
    matcher: Perturbed,
    state: dict[str, Any],
    prefix: str,
    *_: Any,  # noqa: ANN401
) -> None:
    """Keep the step as it is where a checkpoint was written before there was one."""
    state.setdefault(f"{prefix}step", matcher.step)


class _Blackbox(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(affinity: Tensor, real: Tensor, strength: float) -> Tensor:
        return best_matching(affinity).to(affinity.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, float], output: Tensor) -> None:  # noqa: ANN401
        affinity, real, ctx.strength = inputs
        ctx.save_for_backward(affinity, real, output)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        affinity, real, best = ctx.saved_tensors
        # Padding, whose affinity is 0, must not be matched by what is added.
        moved = torch.where(real, affinity - ctx.strength * gradient, 0).clamp(max=torch.finfo(affinity.dtype).max)
        return (best - best_matching(moved).to(best.dtype)) / ctx.strength, None, None


class _Perturbed(torch.autograd.Function):
    """The mean and, for the backward pass, the assignment of every draw."""

    generate_vmap_rule = True

    @staticmethod
    def forward(affinity: Tensor, noise: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        # In double: noise on a large affinity would be lost to rounding.
        drawn = best_matching(affinity.double() + sigma * noise).to(affinity.dtype)
        return drawn.mean(0), drawn

    @staticmethod
    def setup_context(
        ctx: Any,  # noqa: ANN401
        inputs: tuple[Tensor, Tensor, float],
        output: tuple[Tensor, Tensor],
    ) -> None:
        _, noise, ctx.sigma = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(output[1], noise)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        drawn, noise = ctx.saved_tensors
        # Against the mean of the draws: the same expectation, with far less noise.
        inner = ((drawn - drawn.mean(0)) * gradient).sum((-2, -1), keepdim=True)
        return (inner * noise).mean(0) / ctx.sigma, None, None
