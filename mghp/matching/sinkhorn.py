r"""Entropic unbalanced optimal transport, in the log domain: the second matcher of the 2023 extension.

    min_{Y >= 0}  -<A, Y> + eps KL(Y | 1 1^T) + F(Y 1) + F(Y^T 1),    KL(p | q) = sum p log(p / q) - p + q.

Alternating maximisation of the dual gives Y_ij = exp((A_ij + f_i + g_j) / eps) with, f before g and both from 0,

    at_most_one   F is the indicator of s <= 1 (the entropic form of Eq. 1-2):  f = min(0, -eps LSE_j((A + g) / eps))
    kl            F(s) = rho KL(s | 1):                     f = -(rho / (rho + eps)) eps LSE_j((A + g) / eps)
    dustbin       every row and column may go to a bin of learned score instead; bins hold any number

and g likewise over rows. The code works in units of eps: scores A / eps, potentials f / eps and g / eps.

References: Chizat, Peyre, Schmitzer, Vialard, Math. Comp. 2018 (at_most_one, kl); Sarlin, DeTone, Malisiewicz,
Rabinovich, SuperGlue, CVPR 2020 (dustbin); Zhou et al., TPAMI 2023 (as a matcher).
"""

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from mghp.matching.far import with_near_affinities
from mghp.matching.matcher import IterativeMatcher, has_values, is_traced
from mghp.matching.size_groups import size_groups
from mghp.matching.solvers import SinkhornConfig

# Finite, so that a row without any real entry has a gradient (0) instead of NaN.
_NEVER = -1e30

REACH = 500.0
"""Largest A / epsilon that is taken as it is; rounds beyond it would be far from enough."""

_MARGIN = 80.0
"""What prices keep of a problem out of reach, see `mghp.matching.far`: entropy makes exp(-20) of it, or less."""


class UnbalancedSinkhorn(IterativeMatcher):
    """Entropic transport with marginals that need not be met, differentiable (unrolled).

    Args:
        epsilon: weight of the entropy, in units of affinity.
        rho: weight of the marginal penalty of "kl", in units of affinity; sums may exceed 1 there.
        num_iterations: rounds of one row and one column update.
        marginal: "at_most_one", "kl" or "dustbin" (see the module).
        bin_score: initial score of the dustbin, a learned parameter with "dustbin".

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
    ) -> None:
        super().__init__(SinkhornConfig(epsilon, rho, num_iterations, marginal, bin_score))
        if marginal == "dustbin":
            self.bin_score = nn.Parameter(torch.tensor(float(bin_score)))

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        affinity = self._within_reach(affinity, source_mask, destination_mask)
        if source_mask is None or destination_mask is None or is_traced():
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
        scores, log_rows, log_columns = self._with_bins(affinity, rows, columns)
        *_, (f, g) = self._potentials(scores, log_rows, log_columns)
        return self._assignment(scores, f, g, rows, columns)

    @override
    def iterates(
        self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None
    ) -> Iterator[Tensor]:
        affinity = self._within_reach(affinity, source_mask, destination_mask)
        rows, columns = _masks(affinity, source_mask, destination_mask)
        scores, log_rows, log_columns = self._with_bins(affinity, rows, columns)
        for f, g in self._potentials(scores, log_rows, log_columns):
            yield self._assignment(scores, f, g, rows, columns)

    def _with_bins(self, affinity: Tensor, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return scores with masked entries out of reach, and the log marginals (0 = one, _NEVER = not there)."""
        scores = torch.where(rows & columns, (affinity / self.config.epsilon).clamp(min=_NEVER), _NEVER)
        log_rows = torch.where(rows, 0.0, _NEVER).to(affinity.dtype)
        log_columns = torch.where(columns, 0.0, _NEVER).to(affinity.dtype)
        if self.config.marginal != "dustbin":
            return scores, log_rows, log_columns
        bin_score = self.bin_score.to(affinity.dtype) / self.config.epsilon
        to_bin = torch.where(rows, bin_score, _NEVER)
        from_bin = torch.where(columns, bin_score, _NEVER)
        corner = bin_score.expand(len(affinity), 1, 1)
        scores = torch.cat([torch.cat([scores, to_bin], -1), torch.cat([from_bin, corner], -1)], -2)
        n = rows.sum(-2, keepdim=True).clamp(min=1).to(affinity.dtype).log()
        m = columns.sum(-1, keepdim=True).clamp(min=1).to(affinity.dtype).log()
        return scores, torch.cat([log_rows, m], -2), torch.cat([log_columns, n], -1)

    def _potentials(self, scores: Tensor, log_rows: Tensor, log_columns: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
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

    def _assignment(self, scores: Tensor, f: Tensor, g: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        n, m = rows.shape[-2], columns.shape[-1]
        plan = torch.exp(scores + f + g)[:, :n, :m]
        return torch.where(rows & columns, plan, 0)


def _masks(affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return masks of shape (batch, source, 1) and (batch, 1, destination)."""
    batch, source, destination = affinity.shape
    rows = affinity.new_ones(batch, source, dtype=torch.bool) if source_mask is None else source_mask
    columns = affinity.new_ones(batch, destination, dtype=torch.bool) if destination_mask is None else destination_mask
    return rows.unsqueeze(-1), columns.unsqueeze(-2)
