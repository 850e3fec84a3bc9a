"""Features of candidate pairs -> limb scores."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn


class PairScorer(nn.Module):
    """A small perceptron over each pair's features, with a bias a limb and a learned scale of all scores.

    Args:
        num_features: of a pair.
        num_limbs: limb types.
        hidden: channels between the layers.
        layers: 1 is linear.
        scale: factor of the scores at the start.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, num_features: int, num_limbs: int, hidden: int, layers: int, scale: float) -> None:
        super().__init__()
        widths = [num_features, *[hidden] * (layers - 1), 1]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.limb = nn.Embedding(num_limbs, widths[1])
        nn.init.zeros_(self.limb.weight)
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("deviation", torch.ones(num_features))

    @torch.no_grad()
    def standardise(self, features: Tensor) -> None:
        """Take the features' mean and standard deviation, (pairs, features), as what inputs are relative to."""
        self.mean.copy_(features.mean(0))
        self.deviation.copy_(features.std(0).clamp(min=1e-6))

    def forward(self, features: Tensor, limb: Tensor) -> Tensor:
        """Return the scores (pairs,) of features (pairs, features) and limb types (pairs,)."""
        values = (features - self.mean) / self.deviation
        for position, layer in enumerate(self.layers):
            values = layer(values)
            if position == 0:
                values = values + self.limb(limb)
            if position < len(self.layers) - 1:
                values = values.relu()
        return self.log_scale.exp() * values.squeeze(-1)
