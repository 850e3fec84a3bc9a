"""POT's unbalanced Sinkhorn with KL-penalised sums, whose rounds autograd records."""

import ot
from torch import Tensor
from typing_extensions import override

from mghp.studies.peers.ours import RHO
from mghp.studies.peers.peer import OneByOne


class POTUnbalanced(OneByOne):
    """What our Sinkhorn with penalised sums computes, in float64, for its factors are no logarithms."""

    @override
    def assign_one(self, affinity: Tensor) -> Tensor:
        cost = -affinity.double()
        ones = cost.new_ones(cost.shape[0]), cost.new_ones(cost.shape[1])
        assignment: Tensor = ot.unbalanced.sinkhorn_unbalanced(
            *ones, cost, self.config.weight, RHO, numItermax=self.config.iterations
        )
        return assignment
