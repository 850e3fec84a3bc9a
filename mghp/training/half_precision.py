"""What a training in bfloat16 computes in on this machine."""

from collections.abc import Mapping
from typing import Any

import torch

HALF = "bf16-mixed"
"""The precision of a Trainer that runs the network in bfloat16 and keeps its weights in float32."""

SINGLE = "32-true"
"""The precision of a Trainer that computes in float32 throughout."""


def precision_here(precision: str, device_type: str) -> str:
    """Return the precision that a training computes in: the one asked for, or float32 in place of bfloat16.

    On a CPU without instructions for bfloat16 (x86 without AVX-512, for one) PyTorch multiplies it number by number: a
    training step there takes ten and more times as long as in float32, to the same end.
    """
    is_emulated = precision == HALF and device_type == "cpu" and not has_bfloat16()
    return SINGLE if is_emulated else precision


def is_in_half(trainer: Mapping[str, Any], device: torch.device) -> bool:
    """Return whether a training of these options runs its network in bfloat16 on a device."""
    return precision_here(trainer.get("precision", SINGLE), device.type) == HALF


def has_bfloat16() -> bool:
    """Return whether PyTorch's convolutions on this CPU have instructions for bfloat16."""
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)  # not in builds without oneDNN
    return supported is not None and bool(supported())
