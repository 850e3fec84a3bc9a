"""The quadratically regularised linear program as a cvxpy layer, through the solver that it takes by default."""

from importlib import import_module
from typing import Any

from cvxpylayers.torch.cvxpylayer import CvxpyLayer
from torch import Tensor
from typing_extensions import override

from mghp.studies.peers.peer import Peer


class CvxpyDiffcp(Peer):
    """The projection by a layer a size, built when its size is first met."""

    solver: str | None = None

    def __init__(self, weight: float, iterations: int = 0) -> None:
        super().__init__(weight, iterations)
        self._layers: dict[tuple[int, ...], Any] = {}  # no modules of ours: they have no parameters

    @override
    def assign(self, affinity: Tensor) -> Tensor:
        size = tuple(affinity.shape[1:])
        if size not in self._layers:
            self._layers[size] = projection_layer(size, self.solver)
        (assignment,) = self._layers[size](affinity.double() / self.config.weight)
        return assignment.to(affinity.dtype)  # type: ignore[no-any-return]


def projection_layer(size: tuple[int, ...], solver: str | None) -> CvxpyLayer:
    """Return the layer of P_C(X) for X of a size.

    Args:
        size: sources and destinations.
        solver: as cvxpylayers names it; None for its default.
    """
    cp: Any = import_module("cvxpy")  # its types lack its functions
    point, assignment = cp.Parameter(size), cp.Variable(size)  # MPAX does not hear of nonneg=True
    distance = cp.sum_squares(assignment) / 2 - cp.sum(cp.multiply(point, assignment))
    constraints = [assignment >= 0, *(cp.sum(assignment, axis=axis) <= 1 for axis in (0, 1))]
    return CvxpyLayer(cp.Problem(cp.Minimize(distance), constraints), [point], [assignment], solver=solver)
