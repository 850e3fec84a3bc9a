"""Metric states that grow with the set."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


def concatenated(state: list[Tensor] | Tensor, empty: tuple[int, ...]) -> NDArray[Any]:
    """A "cat" state's rows: torchmetrics leaves a list in one process, and one tensor after a sync.

    Args:
        state: of a metric.
        empty: shape of no rows.
    """
    tensors = [state] if isinstance(state, Tensor) else state
    return np.concatenate([np.zeros(empty), *(tensor.cpu().numpy() for tensor in tensors)])
