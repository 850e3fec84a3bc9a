"""No matcher at all: what every solver must beat after the same rounding."""

from torch import Tensor
from typing_extensions import override

from mghp.matching.matcher import Matcher
from mghp.matching.solvers import IdentityConfig


class Identity(Matcher):
    """No matcher: returns the affinity A itself, 0 outside the masks."""

    differentiable = True

    def __init__(self) -> None:
        super().__init__(IdentityConfig())

    @override
    def solve(self, affinity: Tensor, source_mask: Tensor | None, destination_mask: Tensor | None) -> Tensor:
        return affinity
