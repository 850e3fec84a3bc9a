"""What scores are made of: shares of counts, and scalars by name, as torchmetrics wants them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def as_scores(values: Mapping[str, float]) -> dict[str, Tensor]:
    """Return numbers as scalars in double precision, by name."""
    return {name: torch.tensor(float(value), dtype=torch.float64) for name, value in values.items()}


def ratio(numerator: NDArray[np.float64], denominator: NDArray[Any]) -> NDArray[np.float64]:
    """Return quotients, NaN where the denominator is 0."""
    nothing = np.full(np.shape(numerator), np.nan)
    quotient: NDArray[np.float64] = np.divide(numerator, denominator, out=nothing, where=denominator > 0)
    return quotient
