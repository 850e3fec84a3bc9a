"""A soft-max along rows times one along columns: soft, but under no constraint together. A control."""

import torch
from torch import Tensor
from typing_extensions import override

from mghp.matching.matcher import Matcher, has_values
from mghp.matching.solvers import SoftMaxConfig

_FAR = 1e4
"""Scores in units of the temperature whose quotients float32 rounds to some thousandths."""


class SoftMax(Matcher):
    """The product of a softmax over the row and one over the column, each beside staying unmatched at score 0.

    The dual soft-max of Sun et al. 2021, with a place for who stays alone.

    Args:
        temperature: in units of affinity.

    Raises:
        ValueError: if the temperature is not positive and finite.
    """

    differentiable = True
    config: SoftMaxConfig

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(SoftMaxConfig(temperature))

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        is_far = has_values(affinity) and bool(affinity.amax() > _FAR * self.config.temperature)
        scores = affinity if is_far else affinity / self.config.temperature
        real = torch.ones_like(scores, dtype=torch.bool)
        if source_mask is not None:
            real = real & source_mask[..., None]
        if destination_mask is not None:
            real = real & destination_mask[..., None, :]
        hidden = scores.masked_fill(~real, -torch.inf)
        unmatched_row, unmatched_column = torch.zeros_like(scores[..., :1]), torch.zeros_like(scores[..., :1, :])
        with_rows, with_columns = torch.cat([hidden, unmatched_row], -1), torch.cat([hidden, unmatched_column], -2)
        if is_far:
            with_rows, with_columns = self._relative(with_rows, -1), self._relative(with_columns, -2)
        of_rows = with_rows.softmax(-1)[..., :-1]
        of_columns = with_columns.softmax(-2)[..., :-1, :]
        return of_rows * of_columns

    def _relative(self, scores: Tensor, axis: int) -> Tensor:
        """Return differences to the largest in units of the temperature: quotients would be rounded, or infinite."""
        return (scores - scores.detach().amax(axis, keepdim=True)) / self.config.temperature
