"""The exact optimum of Eq. (1)-(2), by SciPy's Hungarian algorithm (Jonker-Volgenant)."""

from torch import Tensor
from typing_extensions import override

from mghp.matching.matcher import Matcher
from mghp.matching.problem import best_matching
from mghp.matching.solvers import HungarianConfig


class Hungarian(Matcher):
    """The best matching on max(A, 0), pairs with A <= 0 dropped; not differentiable, its output is detached.

    Example:
        >>> import torch
        >>> from mghp.matching import Hungarian
        >>> Hungarian()(torch.tensor([[3.0, 2.0], [2.0, 0.0]]))
        tensor([[0., 1.],
                [1., 0.]])
    """

    differentiable = False

    def __init__(self) -> None:
        super().__init__(HungarianConfig())

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        return best_matching(affinity).to(affinity.dtype)
