"""LinSATNet: Sinkhorn for positive linear constraints, here A x <= 1 for the very sums of rows and columns."""

import torch
from LinSATNet import linsat_layer
from torch import Tensor
from typing_extensions import override

from mghp.studies.peers.peer import Peer


class LinSAT(Peer):
    """The layer with rows and columns of one at most."""

    @override
    def assign(self, affinity: Tensor) -> Tensor:
        batch, *size = affinity.shape
        sums = row_and_column_sums(*size).to(affinity)
        assignment: Tensor = linsat_layer(
            affinity.reshape(batch, -1), A=sums, b=sums.new_ones(len(sums)), tau=self.config.weight,
            max_iter=self.config.iterations, no_warning=True,
        )  # fmt: skip
        return assignment.reshape(affinity.shape)


def row_and_column_sums(source: int, destination: int) -> Tensor:
    """Return the matrix whose product with a flat assignment are its sums, (source + destination, entries)."""
    rows = torch.eye(source).repeat_interleave(destination, dim=1)
    return torch.cat([rows, torch.eye(destination).repeat(1, source)])
