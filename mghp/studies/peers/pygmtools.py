"""pygmtools' Sinkhorn, in which any candidate may stay unmatched at score 0."""

import pygmtools
from torch import Tensor
from typing_extensions import override

from mghp.studies.peers.peer import Peer


class PygmSinkhorn(Peer):
    """Sinkhorn with an unmatched row and column."""

    @override
    def assign(self, affinity: Tensor) -> Tensor:
        batch, source, destination = affinity.shape
        assignment: Tensor = pygmtools.sinkhorn(
            affinity, unmatch1=affinity.new_zeros(batch, source), unmatch2=affinity.new_zeros(batch, destination),
            max_iter=self.config.iterations, tau=self.config.weight, backend="pytorch",
        )  # fmt: skip
        return assignment
