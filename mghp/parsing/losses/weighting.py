"""Losses of several tasks -> one number to descend on."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class FixedWeights(nn.Module):
    """Sum of losses times their weights."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        self.weights = dict(weights)

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return one scalar of scalar losses by name."""
        return torch.stack([self.weights[name] * loss for name, loss in losses.items()]).sum()


class LearnedWeights(nn.Module):
    """Weights by uncertainty (Kendall, Gal, Cipolla 2018): w L / (2 sigma^2) + w log sigma, sigma learned from 1."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        self.weights = dict(weights)
        self.log_sigma = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in weights})

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return one scalar of scalar losses by name."""
        terms = [
            self.weights[name] * (loss * torch.exp(-2 * self.log_sigma[name]) / 2 + self.log_sigma[name])
            for name, loss in losses.items()
        ]
        return torch.stack(terms).sum()
