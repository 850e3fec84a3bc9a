"""Optimisers and the course of their learning rate."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from mghp.config.training import OptimizerConfig
from mghp.parsing.network.pyramid import Backbone

NESTEROV_MOMENTUM = 0.9
"""The momentum of the paper's SGD."""


def make_optimizer(config: OptimizerConfig, module: nn.Module, fused: bool = False) -> torch.optim.Optimizer:
    """Make AdamW or SGD over the parameters that need a gradient; weight decay on matrices and kernels only.

    Args:
        config: optimiser and rates.
        module: module with the parameters.
        fused: True to run AdamW in one kernel per step; not for half precision with scaled gradients. Fused SGD fails
            on weights whose first gradient comes later than that of others, such as the matching's.
    """
    groups = list(_groups(config, module))
    if config.name == "sgd":
        return torch.optim.SGD(groups, lr=config.learning_rate, momentum=NESTEROV_MOMENTUM, nesterov=True)
    return torch.optim.AdamW(groups, lr=config.learning_rate, fused=fused)


def _groups(config: OptimizerConfig, module: nn.Module) -> Iterator[dict[str, Any]]:
    """Yield matrices and vectors; those of the backbone apart where their rate is another."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    backbones = [part for part in module.modules() if isinstance(part, Backbone) and config.backbone_rate != 1]
    slower = {parameter for backbone in backbones for parameter in backbone.pretrained.parameters()}
    others = [parameter for parameter in parameters if parameter not in slower]
    yield from _by_decay(others, config.learning_rate, config.weight_decay)
    if slower:
        own = [parameter for parameter in parameters if parameter in slower]
        yield from _by_decay(own, config.backbone_rate * config.learning_rate, config.weight_decay)


def _by_decay(parameters: list[nn.Parameter], rate: float, decay: float) -> Iterator[dict[str, Any]]:
    yield {"params": [p for p in parameters if p.ndim > 1], "lr": rate, "weight_decay": decay}
    yield {"params": [p for p in parameters if p.ndim <= 1], "lr": rate, "weight_decay": 0.0}


def rate_factor(config: OptimizerConfig, max_steps: int) -> Callable[[int], float]:
    """Return the course of the learning rate: a function from the step, counted from 0, to a factor of the highest.

    Example:
        >>> from mghp.config.training import OptimizerConfig
        >>> from mghp.training.optimization import rate_factor
        >>> factor = rate_factor(OptimizerConfig(warmup_steps=2), max_steps=10)
        >>> [round(factor(step), 2) for step in range(0, 11, 2)]
        [0.5, 1.0, 0.85, 0.5, 0.15, 0.0]
    """

    def factor(step: int) -> float:
        warmup = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
        progress = (step - config.warmup_steps) / max(max_steps - config.warmup_steps, 1)
        progress = min(max(progress, 0.0), 1.0)
        if config.schedule == "cosine":
            course = (1 + math.cos(math.pi * progress)) / 2
        elif config.schedule == "polynomial":
            course = (1 - progress) ** 0.9
        elif config.schedule == "linear_decay":
            course = min(1.0, max(0, max_steps - step) / max(round(config.decay_share * max_steps), 1))
        else:
            course = 1.0
        return warmup * course

    return factor
