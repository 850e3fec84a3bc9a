"""Scores by name, as torchmetrics wants them."""

from collections.abc import Mapping

import torch
from torch import Tensor


def as_scores(values: Mapping[str, float]) -> dict[str, Tensor]:
    """Return numbers as scalars in double precision, by name."""
    return {name: torch.tensor(float(value), dtype=torch.float64) for name, value in values.items()}
