"""Largest affinity first, the way OpenPose joins limbs (Cao et al., CVPR 2017)."""

import torch
from torch import Tensor
from typing_extensions import override

from mghp.matching.matcher import Matcher
from mghp.matching.solvers import GreedyConfig


def greedy_matching(scores: Tensor) -> Tensor:
    """Take the largest positive score, strike out its row and column, and repeat.

    Of equal scores the one first in row-major order wins. Shape (batch, source, destination), bool.
    """
    left = scores.detach().clone()
    batch, source, destination = left.shape
    matching = torch.zeros_like(left, dtype=torch.bool)
    problem = torch.arange(batch, device=left.device)
    for _ in range(min(source, destination)):
        best, position = left.flatten(1).max(dim=1)
        row, column = position // destination, position % destination
        matching[problem, row, column] |= best > 0
        left[problem, row, :] = 0
        left[problem, :, column] = 0
    return matching


class Greedy(Matcher):
    """Greedy matching of the positive affinities; not differentiable, its output is detached.

    At least half the optimum, as greedy matching always is.

    Example:
        >>> import torch
        >>> from mghp.matching import Greedy
        >>> Greedy()(torch.tensor([[3.0, 2.0], [2.0, 0.0]]))  # an affinity of 3; the best matching has 4
        tensor([[1., 0.],
                [0., 0.]])
    """

    differentiable = False

    def __init__(self) -> None:
        super().__init__(GreedyConfig())

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        return greedy_matching(affinity.clamp(min=0)).to(affinity.dtype)
