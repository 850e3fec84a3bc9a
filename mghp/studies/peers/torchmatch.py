"""torchmatch's Jonker-Volgenant algorithm on a batch: the exact optimum, without a gradient."""

import torch
from torch import Tensor
from torchmatch.assignment import solve
from typing_extensions import override

from mghp.studies.peers.peer import Peer


class TorchMatch(Peer):
    """The best matching of max(A, 0), without its pairs of A <= 0."""

    differentiable = False

    @override
    def assign(self, affinity: Tensor) -> Tensor:
        column = solve(-affinity.clamp(min=0)).unsqueeze(-1)  # -1: not matched
        matching = torch.zeros_like(affinity).scatter(-1, column.clamp(min=0), (column >= 0).to(affinity))
        return matching * (affinity > 0)
