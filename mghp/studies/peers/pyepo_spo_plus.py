"""PyEPO's SPO+ loss over matchings (Elmachtoub and Grigas 2022), which asks for no soft assignment."""

from pyepo.func import SPOPlus
from torch import Tensor

from mghp.matching import Hungarian
from mghp.matching.choices import MATCHING_LOSSES, MatchingLoss
from mghp.studies.peers.peer import same_sizes
from mghp.studies.peers.pyepo_perturbed import BestMatching


class PyEPOSPOPlus(Hungarian):
    """The best matching, which the loss makes good without a gradient of it."""

    def __init__(self, weight: float, iterations: int = 0) -> None:
        super().__init__()


def spo_plus(affinity: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return the SPO+ loss with the true assignment as true affinity, each problem with equal weight.

    Args:
        affinity: A, shape (batch, source, destination).
        truth: Y*, bool, the same shape.
        is_pair: bool, the same shape.
    """
    loss = affinity.new_zeros(())
    for place in same_sizes(affinity, is_pair.any(-1), is_pair.any(-2)):
        given, true = affinity[place], truth[place].to(affinity).flatten(1)
        of_size = SPOPlus(BestMatching(*given.shape[1:]), reduction="sum")
        loss = loss + of_size(given.flatten(1), true, true, true.sum(-1, keepdim=True))
    return loss / len(affinity)


MATCHING_LOSSES.add(
    MatchingLoss(
        "pyepo_spo_plus", f"{__name__}:spo_plus", "SPO+ loss (PyEPO)", reads_affinity=True, reads_assignment=False
    )
)
