"""The mean over what counts."""

from torch import Tensor


def masked_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Return sum(values weight) / sum(weight); 0, with gradient 0, where nothing has weight.

    Args:
        values: any shape.
        weight: not negative, broadcastable to it; bool or float.
    """
    weight = weight.to(values.dtype).expand_as(values)
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)
