"""Depthwise convolutions under autocast on the CPU."""

from typing import Any

import torch
from torch import Tensor, nn


class _InSinglePrecision(nn.Module):
    """Runs the convolution that it is mixed into in float32 wherever autocast on the CPU would not."""

    def forward(self, features: Tensor) -> Tensor:
        """Return what the convolution returns, in the type of `features`."""
        if features.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            whole: Tensor = super().forward(features)
            return whole
        with torch.autocast("cpu", enabled=False):
            single: Tensor = super().forward(features.float())
        return single.to(features.dtype)


def keep_depthwise_single(module: nn.Module) -> None:
    """Let the depthwise convolutions of a module compute in float32 under autocast on the CPU.

    There, PyTorch's gradients of depthwise convolutions take three to five times as long in bfloat16 as in float32, so
    that a step of tf_efficientnet_lite0 under `bf16-mixed` is no faster than in float32. Weights and their names stay.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv2d) and part.groups == part.in_channels > 1:
            kind: Any = type(part)
            part.__class__ = type(kind.__name__, (_InSinglePrecision, kind), {})
