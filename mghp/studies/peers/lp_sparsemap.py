"""SparseMAP over matchings by AD3: at most one of every row and of every column (Niculae and Martins, 2020)."""

from lpsmap import AtMostOne, TorchFactorGraph
from torch import Tensor
from typing_extensions import override

from mghp.studies.peers.peer import OneByOne


class LPSparseMAP(OneByOne):
    """The projection by LP-SparseMAP, in float64, with its own tolerance."""

    @override
    def assign_one(self, affinity: Tensor) -> Tensor:
        graph = TorchFactorGraph()
        pairs = graph.variable_from((affinity.double() / self.config.weight).contiguous())
        for row in range(affinity.shape[0]):
            graph.add(AtMostOne(pairs[row, :]))
        for column in range(affinity.shape[1]):
            graph.add(AtMostOne(pairs[:, column]))
        graph.solve(max_iter=self.config.iterations)
        assignment: Tensor = pairs.value
        return assignment
