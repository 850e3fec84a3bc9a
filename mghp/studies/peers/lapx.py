"""lapx's Jonker-Volgenant algorithm on a batch: the exact optimum, without a gradient."""

import lap
import torch
from torch import Tensor
from typing_extensions import override

from mghp.studies.peers.peer import Peer


class Lapx(Peer):
    """The best matching of max(A, 0), without its pairs of A <= 0."""

    differentiable = False

    @override
    def assign(self, affinity: Tensor) -> Tensor:
        rows, columns = lap.lapjvx_batch(
            -affinity.clamp(min=0).double().numpy(), extend_cost=True, return_cost=False, n_threads=0
        )
        matching = torch.zeros_like(affinity)
        for problem, row, column in zip(matching, rows, columns, strict=True):
            problem[torch.from_numpy(row), torch.from_numpy(column)] = 1
        return matching * (affinity > 0)
