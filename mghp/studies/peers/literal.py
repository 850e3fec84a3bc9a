"""DMM-Net's loop of operations: Algorithm 1 as it is printed, every operation of which autograd records."""

from torch import Tensor
from typing_extensions import override

from mghp.matching.literal import literal_algorithm
from mghp.studies.peers.peer import Peer


class Literal(Peer):
    """The literal algorithm, with the settings of our PGD-Dykstra in the table."""

    @override
    def assign(self, affinity: Tensor) -> Tensor:
        steps = self.config.iterations
        step_size = 1 / (self.config.weight * steps)
        return literal_algorithm(affinity, steps, step_size=step_size, average=False, initial="uniform")
