r"""Entropic unbalanced optimal transport, in the log domain: the second matcher of the 2023 extension.

    min_{Y >= 0}  -<A, Y> + eps KL(Y | 1 1^T) + F(Y 1) + F(Y^T 1),    KL(p | q) = sum p log(p / q) - p + q.

Alternating maximisation of the dual gives Y_ij = exp((A_ij + f_i + g_j) / eps) with, f before g and both from 0,

    at_most_one   F is the indicator of s <= 1 (the entropic form of Eq. 1-2):  f = min(0, -eps LSE_j((A + g) / eps))
    kl            F(s) = rho KL(s | 1):                     f = -(rho / (rho + eps)) eps LSE_j((A + g) / eps)
    dustbin       every row and column may go to a bin of learned score instead; bins hold any number

and g likewise over rows. The code works in units of eps: scores A / eps, potentials f / eps and g / eps.

The rounds can be differentiated, or what they come to. At the fixed point the plan's derivative by scores and
potentials is Y itself; potentials that are 0 stay, and the others move so that

    at_most_one, dustbin    rowsum(dY) = 0          kl    rowsum(dY) = -(eps / rho) rowsum(Y) * df / eps

and likewise in columns. That is the linear system of `mghp.matching.newton.project_on_face` with weights Y.

References: Chizat, Peyre, Schmitzer, Vialard, Math. Comp. 2018 (at_most_one, kl); Sarlin, DeTone, Malisiewicz,
Rabinovich, SuperGlue, CVPR 2020 (dustbin); Zhou et al., TPAMI 2023 (as a matcher).
"""

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from typing_extensions import override

from mghp.matching.backends import suits_numba
from mghp.matching.far import with_near_affinities
from mghp.matching.matcher import IterativeMatcher, has_values, is_traced
from mghp.matching.newton import project_on_face
from mghp.matching.pgd_dykstra import thread_count_kept
from mghp.matching.size_groups import size_groups
from mghp.matching.solvers import SinkhornConfig

# Finite, so that a row without any real entry has a gradient (0) instead of NaN.
_NEVER = -1e30

REACH = 500.0
"""Largest A / epsilon that is taken as it is; rounds beyond it would be far from enough."""

_MARGIN = 80.0
"""What prices keep of a problem out of reach, see `mghp.matching.far`: entropy makes exp(-20) of it, or less."""


_SETTLED = {torch.float32: 1e-8, torch.float64: 1e-13}
"""Relative change of factors in a round after which the fixed point counts as reached."""


class UnbalancedSinkhorn(IterativeMatcher):
    """Entropic transport with marginals that need not be met, differentiable.

    Args:
        epsilon: weight of the entropy, in units of affinity.
        rho: weight of the marginal penalty of "kl", in units of affinity; sums may exceed 1 there.
        num_iterations: rounds of one row and one column update.
        marginal: "at_most_one", "kl" or "dustbin" (see the module).
        bin_score: initial score of the dustbin, a learned parameter with "dustbin".
        gradient: "unrolled" differentiates the rounds, each of which is kept; "implicit" the fixed point, of which the
            assignment alone is kept. The rounds then end once they change nothing, and run in fused loops on the CPU.
            The two agree where `num_iterations` are enough to come to the fixed point.

    Convergence of "at_most_one" can be slow in small problems: a 2x1 problem at epsilon = 0.2 was 4e-4 from its
    solution after 2,000 rounds.

    Problems with A / epsilon above 500 are solved as equal ones whose affinities are near (`mghp.matching.far`). Not so
    with "kl", whose entries grow as exp(A / (2 rho + epsilon)) and become infinite.

    Raises:
        ValueError: if an option has no meaning; on solving, if A / epsilon is infinite with "kl".

    Example:
        >>> import torch
        >>> from mghp.matching import UnbalancedSinkhorn
        >>> UnbalancedSinkhorn(epsilon=0.5)(torch.tensor([[3.0, 2.0], [2.0, 0.0]])).round(decimals=2)
        tensor([[0.2700, 0.7300],
                [0.7300, 0.2700]])
    """

    differentiable = True
    config: SinkhornConfig

    def __init__(
        self,
        epsilon: float = 0.05,
        rho: float = 1.0,
        num_iterations: int = 100,
        marginal: Literal["at_most_one", "kl", "dustbin"] = "at_most_one",
        bin_score: float = 0.5,
        gradient: Literal["unrolled", "implicit"] = "unrolled",
    ) -> None:
        super().__init__(SinkhornConfig(epsilon, rho, num_iterations, marginal, bin_score, gradient))
        if marginal == "dustbin":
            self.bin_score = nn.Parameter(torch.tensor(float(bin_score)))

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        affinity = self._within_reach(affinity, source_mask, destination_mask)
        if source_mask is None or destination_mask is None or is_traced() or self.config.gradient == "implicit":
            return self._last(affinity, source_mask, destination_mask)
        assignment = torch.zeros_like(affinity)
        for chosen, source, destination in size_groups(source_mask, destination_mask):
            masks = source_mask[chosen, :source], destination_mask[chosen, :destination]
            solved = self._last(affinity[chosen, :source, :destination], *masks)
            around = (0, affinity.shape[-1] - destination, 0, affinity.shape[-2] - source)
            assignment = assignment.index_copy(0, chosen, functional.pad(solved, around))
        return assignment

    def _within_reach(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        scale = 1 / self.config.epsilon
        if self.config.marginal == "kl":  # whose sums have no bound, so that no near problem is equal to a far one
            return self._representable(affinity)
        # A matched pair takes a place of the bin's from both, and gives one back: it costs the bin's score once.
        least = float(self.bin_score.detach()) if self.config.marginal == "dustbin" else 0.0
        return with_near_affinities(
            affinity, source_mask, destination_mask, scale=scale, reach=REACH, margin=_MARGIN, least=least
        )

    def _representable(self, affinity: Tensor) -> Tensor:
        most = torch.finfo(affinity.dtype).max * min(self.config.epsilon, 1.0)
        if has_values(affinity) and bool(affinity.amax() >= most):
            raise ValueError(
                f"marginal='kl' takes affinities below {most:g} in {affinity.dtype} with epsilon="
                f"{self.config.epsilon:g}, got {float(affinity.amax()):g}"
            )
        return affinity

    def _last(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        """Return the assignment of the last round."""
        rows, columns = _masks(affinity, source_mask, destination_mask)
        if self.config.gradient == "implicit":
            assignment: Tensor = _FixedPoint.apply(affinity, self._bin_score(), rows, columns, self)[0]
            return assignment
        scores, log_rows, log_columns = self.with_bins(affinity, self._bin_score(), rows, columns)
        *_, (f, g) = self.potentials(scores, log_rows, log_columns)
        return _assignment(torch.exp(scores + f + g), rows, columns)

    @override
    def iterates(
        self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None
    ) -> Iterator[Tensor]:
        affinity = self._within_reach(affinity, source_mask, destination_mask)
        rows, columns = _masks(affinity, source_mask, destination_mask)
        scores, log_rows, log_columns = self.with_bins(affinity, self._bin_score(), rows, columns)
        for f, g in self.potentials(scores, log_rows, log_columns):
            yield _assignment(torch.exp(scores + f + g), rows, columns)

    def _bin_score(self) -> Tensor | None:
        return self.bin_score if self.config.marginal == "dustbin" else None

    def with_bins(
        self, affinity: Tensor, bin_score: Tensor | None, rows: Tensor, columns: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return scores with masked entries out of reach, and the log marginals (0 = one, -1e30 = not there).

        Args:
            affinity: A, shape (batch, source, destination).
            bin_score: score of the bins, which are appended; None for no bins.
            rows: True where a source is real, shape (batch, source, 1).
            columns: True where a destination is real, shape (batch, 1, destination).
        """
        scores = torch.where(rows & columns, (affinity / self.config.epsilon).clamp(min=_NEVER), _NEVER)
        log_rows = torch.where(rows, 0.0, _NEVER).to(affinity.dtype)
        log_columns = torch.where(columns, 0.0, _NEVER).to(affinity.dtype)
        if bin_score is None:
            return scores, log_rows, log_columns
        bin_score = bin_score.to(affinity.dtype) / self.config.epsilon
        to_bin = torch.where(rows, bin_score, _NEVER)
        from_bin = torch.where(columns, bin_score, _NEVER)
        corner = bin_score.expand(len(affinity), 1, 1)
        scores = torch.cat([torch.cat([scores, to_bin], -1), torch.cat([from_bin, corner], -1)], -2)
        n = rows.sum(-2, keepdim=True).clamp(min=1).to(affinity.dtype).log()
        m = columns.sum(-1, keepdim=True).clamp(min=1).to(affinity.dtype).log()
        return scores, torch.cat([log_rows, m], -2), torch.cat([log_columns, n], -1)

    def potentials(self, scores: Tensor, log_rows: Tensor, log_columns: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield f / epsilon (batch, source, 1) and g / epsilon (batch, 1, destination) after each round.

        Args:
            scores: A / epsilon, the bins among them, shape (batch, source, destination).
            log_rows: logarithms of the rows' marginals, shape (batch, source, 1).
            log_columns: logarithms of the columns' marginals, shape (batch, 1, destination).
        """
        f, g = torch.zeros_like(log_rows), torch.zeros_like(log_columns)
        for _ in range(self.config.num_iterations):
            f = self._update(scores + g, -1, log_rows)
            g = self._update(scores + f, -2, log_columns)
            yield f, g

    def _update(self, scores: Tensor, axis: int, log_marginal: Tensor) -> Tensor:
        soft_max = torch.logsumexp(scores, dim=axis, keepdim=True)
        if self.config.marginal == "at_most_one":
            potential = (-soft_max).clamp(max=0)
        elif self.config.marginal == "kl":
            potential = -(self.config.rho / (self.config.rho + self.config.epsilon)) * soft_max
        else:
            potential = log_marginal - soft_max
        return torch.where(log_marginal > _NEVER / 2, potential, 0)


class _FixedPoint(torch.autograd.Function):
    """What the rounds come to, with the implicit gradient.

    Returns the assignment, which rows and columns have a negative potential, and with bins the plan that holds them.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(
        affinity: Tensor, bin_score: Tensor | None, rows: Tensor, columns: Tensor, matcher: UnbalancedSinkhorn
    ) -> tuple[Tensor, ...]:
        scores, log_rows, log_columns = matcher.with_bins(affinity, bin_score, rows, columns)
        if _suits_factors(scores, matcher.config):
            plan, *is_below = _by_factors(scores, log_rows, log_columns, matcher.config)
        else:
            *_, (f, g) = matcher.potentials(scores, log_rows, log_columns)
            plan, *is_below = torch.exp(scores + f + g), f < 0, g < 0
        assignment = _assignment(plan, rows, columns)
        return (assignment, *is_below) if bin_score is None else (assignment, *is_below, plan)

    @staticmethod
    def setup_context(
        ctx: Any,  # noqa: ANN401
        inputs: tuple[Tensor, Tensor | None, Tensor, Tensor, UnbalancedSinkhorn],
        output: tuple[Tensor, ...],
    ) -> None:
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*(output if inputs[1] is None else output[1:]))
        ctx.has_bins, ctx.config = inputs[1] is not None, inputs[-1].config

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        if not ctx.has_bins:
            plan, *is_below = ctx.saved_tensors
        else:
            *is_below, plan = ctx.saved_tensors
            gradient = functional.pad(gradient, (0, 1, 0, 1))
        scales = (_scales(side, ctx.config) for side in is_below)
        of_scores = project_on_face(gradient, plan, *scales) / ctx.config.epsilon
        if not ctx.has_bins:
            return of_scores, None, None, None, None
        of_pairs = of_scores[..., :-1, :-1]
        return of_pairs, of_scores.sum() - of_pairs.sum(), None, None, None


def _assignment(plan: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return the plan without its bins, 0 outside the masks."""
    return torch.where(rows & columns, plan[..., : rows.shape[-2], : columns.shape[-1]], 0)


def _scales(is_below: Tensor, config: SinkhornConfig) -> Tensor:
    """Return the scales of sums in the implicit gradient's system, given which potentials are negative."""
    if config.marginal == "at_most_one":
        return is_below.double()
    return torch.ones_like(is_below).double() * (1 + config.epsilon / config.rho if config.marginal == "kl" else 1.0)


def _suits_factors(scores: Tensor, config: SinkhornConfig) -> bool:
    """Return whether factors exp(f / epsilon) neither overflow nor vanish in float64, and the kernels are there."""
    if not has_values(scores) or not suits_numba(scores):
        return False
    is_low = (scores < -REACH) & (scores > _NEVER / 2)
    return bool(scores.amax() <= REACH) and (config.marginal == "at_most_one" or not bool(is_low.any()))


def _by_factors(
    scores: Tensor, log_rows: Tensor, log_columns: Tensor, config: SinkhornConfig
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the plan, and which rows and columns have a negative potential, by the kernels."""
    from mghp.matching import kernels

    power = config.rho / (config.rho + config.epsilon) if config.marginal == "kl" else 1.0
    marginals = log_rows.squeeze(-1).double().exp().numpy(), log_columns.squeeze(-2).double().exp().numpy()
    with thread_count_kept() as num_threads:
        plan, u, v = kernels.balance(
            scores.numpy(), marginals, power, config.marginal == "at_most_one", num_rounds=config.num_iterations,
            tolerance=_SETTLED[scores.dtype], num_threads=num_threads,
        )  # fmt: skip
    return torch.from_numpy(plan), torch.from_numpy(u < 1).unsqueeze(-1), torch.from_numpy(v < 1).unsqueeze(-2)


def _masks(affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return masks of shape (batch, source, 1) and (batch, 1, destination)."""
    batch, source, destination = affinity.shape
    rows = affinity.new_ones(batch, source, dtype=torch.bool) if source_mask is None else source_mask
    columns = affinity.new_ones(batch, destination, dtype=torch.bool) if destination_mask is None else destination_mask
    return rows.unsqueeze(-1), columns.unsqueeze(-2)
