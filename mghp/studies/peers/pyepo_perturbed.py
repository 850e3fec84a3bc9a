"""PyEPO's perturbed optimiser over matchings (Berthet et al. 2020)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyepo import EPO
from pyepo.func import perturbedOpt
from pyepo.model.opt import optModel
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from typing_extensions import override

from mghp.studies.peers.ours import SAMPLES
from mghp.studies.peers.peer import Peer


class BestMatching(optModel):  # type: ignore[misc]
    """The best matching as PyEPO asks for it: of flat affinities set one after the other.

    Args:
        source: number of sources.
        destination: number of destinations.
    """

    modelSense = EPO.MAXIMIZE  # noqa: N815 (PyEPO's name)

    def __init__(self, source: int, destination: int) -> None:
        self.size = (source, destination)
        super().__init__()

    def _getModel(self) -> tuple[None, list[int]]:  # noqa: N802 (PyEPO's name)
        return None, list(range(self.size[0] * self.size[1]))

    def setObj(self, c: Any) -> None:  # noqa: ANN401, N802 (PyEPO's name, and a tensor or an array)
        """Set the affinity, flat."""
        self.affinity = np.maximum(np.asarray(c, np.float64).reshape(self.size), 0)

    def solve(self) -> tuple[NDArray[np.float32], float]:
        """Return the best matching, flat, and its affinity."""
        matching = np.zeros(self.size, np.float32)
        matching[linear_sum_assignment(self.affinity, maximize=True)] = 1
        matching *= self.affinity > 0
        return matching.ravel(), float((matching * self.affinity).sum())


class PyEPOPerturbed(Peer):
    """The mean matching under normal noise."""

    @override
    def assign(self, affinity: Tensor) -> Tensor:
        optimiser = perturbedOpt(BestMatching(*affinity.shape[1:]), n_samples=SAMPLES, sigma=self.config.weight)
        assignment: Tensor = optimiser(affinity.flatten(1))
        return assignment.reshape(affinity.shape)
