"""The Hungarian assignment with gradients that are not its own, which is 0 almost everywhere. Controls.

Each returns the exact assignment, or a mean of such, forwards; backwards it is a stand-in for the derivative.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from typing_extensions import override

from mghp.matching.configs import BlackboxConfig, PerturbedConfig, StraightThroughConfig
from mghp.matching.matcher import Matcher, hide_masked
from mghp.matching.problem import best_matching


class StraightThrough(Matcher):
    """Backwards the identity (Bengio, Leonard, Courville 2013)."""

    differentiable = True

    def __init__(self) -> None:
        super().__init__(StraightThroughConfig())

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        hard = best_matching(affinity.detach()).to(affinity.dtype)
        return affinity - affinity.detach() + hard


class Blackbox(Matcher):
    """Backwards the difference to the assignment of an affinity moved along the gradient (Vlastelica et al. 2020).

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
        return _Blackbox.apply(affinity, self.config.strength)  # type: ignore[no-any-return]


class Perturbed(Matcher):
    """E[Y(A + sigma Z)] over Gaussian Z, whose derivative is E[Y(A + sigma Z) Z^T] / sigma (Berthet et al. 2020).

    Args:
        sigma: standard deviation of the noise, in units of affinity.
        num_samples: draws of the estimate of both.
        seed: of the draws; every call draws the next ones.

    Raises:
        ValueError: if an option has no meaning.
    """

    differentiable = True
    config: PerturbedConfig

    def __init__(self, sigma: float = 0.5, num_samples: int = 10, seed: int = 0) -> None:
        super().__init__(PerturbedConfig(sigma, num_samples, seed))
        self._generator = torch.Generator().manual_seed(seed)

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        shape = (self.config.num_samples, *affinity.shape)
        noise = torch.randn(shape, generator=self._generator, dtype=affinity.dtype).to(affinity.device)
        noise = hide_masked(
            noise,
            None if source_mask is None else source_mask.expand(shape[:-1]),
            None if destination_mask is None else destination_mask.expand((*shape[:-2], shape[-1])),
        )
        return _Perturbed.apply(affinity, noise, self.config.sigma)  # type: ignore[no-any-return]


class _Blackbox(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, affinity: Tensor, strength: float) -> Tensor:  # noqa: ANN401
        best = best_matching(affinity).to(affinity.dtype)
        ctx.save_for_backward(affinity, best)
        ctx.strength = strength
        return best

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        affinity, best = ctx.saved_tensors
        # Padding, whose affinity is 0, must not be matched by what is added.
        moved = torch.where(affinity == 0, affinity, affinity - ctx.strength * gradient)
        return (best - best_matching(moved).to(best.dtype)) / ctx.strength, None


class _Perturbed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, affinity: Tensor, noise: Tensor, sigma: float) -> Tensor:  # noqa: ANN401
        noisy = (affinity + sigma * noise).flatten(0, 1)
        drawn = best_matching(noisy).to(affinity.dtype).view(noise.shape)
        ctx.save_for_backward(drawn, noise)
        ctx.sigma = sigma
        return drawn.mean(0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        drawn, noise = ctx.saved_tensors
        # Against the mean of the draws: the same expectation, with far less noise.
        inner = ((drawn - drawn.mean(0)) * gradient).sum((-2, -1), keepdim=True)
        return (inner * noise).mean(0) / ctx.sigma, None, None
