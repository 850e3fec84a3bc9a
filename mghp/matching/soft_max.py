"""A soft-max along rows times one along columns: soft, but under no constraint together. A control."""

import torch
from torch import Tensor
from typing_extensions import override

from mghp.matching.configs import SoftMaxConfig
from mghp.matching.matcher import Matcher


class SoftMax(Matcher):
    """Y = softmax over the row times softmax over the column, each beside staying unmatched at score 0.

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
        scores = affinity / self.config.temperature
        real = torch.ones_like(scores, dtype=torch.bool)
        if source_mask is not None:
            real = real & source_mask[..., None]
        if destination_mask is not None:
            real = real & destination_mask[..., None, :]
        hidden = scores.masked_fill(~real, -torch.inf)
        unmatched_row, unmatched_column = torch.zeros_like(scores[..., :1]), torch.zeros_like(scores[..., :1, :])
        of_rows = torch.cat([hidden, unmatched_row], -1).softmax(-1)[..., :-1]
        of_columns = torch.cat([hidden, unmatched_column], -2).softmax(-2)[..., :-1, :]
        return of_rows * of_columns
