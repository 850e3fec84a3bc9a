"""A sparsemax along each row, which may also choose nothing: rows keep their bound, columns do not."""

from entmax import sparsemax
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from mghp.studies.peers.peer import Peer


class RowSparsemax(Peer):
    """The projection onto the row constraints alone: a column of zeros takes what a row leaves."""

    @override
    def assign(self, affinity: Tensor) -> Tensor:
        assignment: Tensor = sparsemax(functional.pad(affinity / self.config.weight, (0, 1)), dim=-1)
        return assignment[..., :-1]
