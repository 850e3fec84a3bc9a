"""The losses of matchings and the roundings, by the names that configs use. Free of torch.

A new one is a function and an entry here; another package's is an entry point of `mghp.matching_losses`,
`mghp.affinity_losses` or `mghp.roundings`, whose module adds its entry.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mghp.registry import Entry, Registry


@dataclass(frozen=True, kw_only=True)
class MatchingLoss(Entry):
    """A loss on the soft assignment: a function of (assignment, truth, is_pair).

    Attributes:
        reads_affinity: True if the function takes the affinity before the assignment.
        reads_assignment: False if it takes no assignment: then no matcher is asked.
    """

    reads_affinity: bool = False
    reads_assignment: bool = True


MATCHING_LOSSES: Registry[MatchingLoss] = Registry("loss on the assignment", "mghp.matching_losses")
"""Losses that train through a matcher, and what they are held against: values of `losses.matching`."""

AFFINITY_LOSSES: Registry[Entry] = Registry("loss on the affinity", "mghp.affinity_losses")
"""Functions of (affinity, truth, is_pair), without a matcher: values of `learned.objective`."""

ROUNDINGS: Registry[Entry] = Registry("rounding", "mghp.roundings")
"""Functions from a soft assignment (batch, source, destination) to the pairs that are kept, bool, the same shape."""

_LOSSES = "mghp.matching.losses"

MATCHING_LOSSES.add(
    MatchingLoss("balanced_cross_entropy", f"{_LOSSES}:balanced_cross_entropy", "balanced cross-entropy")
)
MATCHING_LOSSES.add(MatchingLoss("cross_entropy", f"{_LOSSES}:cross_entropy", "cross-entropy"))
MATCHING_LOSSES.add(MatchingLoss("squared_error", f"{_LOSSES}:squared_error", "squared error"))
MATCHING_LOSSES.add(
    MatchingLoss("fenchel_young", f"{_LOSSES}:fenchel_young", "Fenchel-Young loss", reads_affinity=True)
)
for _name, _label in (
    ("affinity_cross_entropy", "cross-entropy, no matcher"),
    ("structured_hinge", "structured hinge"),
):
    MATCHING_LOSSES.add(MatchingLoss(_name, f"{_LOSSES}:{_name}", _label, reads_affinity=True, reads_assignment=False))

AFFINITY_LOSSES.add(Entry("binary_cross_entropy", f"{_LOSSES}:binary_cross_entropy", "binary cross-entropy"))
AFFINITY_LOSSES.add(Entry("structured_hinge", f"{_LOSSES}:structured_hinge", "structured hinge"))

ROUNDINGS.add(Entry("hungarian", "mghp.matching.problem:best_matching", "Hungarian"))
ROUNDINGS.add(Entry("mutual", "mghp.matching.rounding:mutual_matching", "mutual"))
ROUNDINGS.add(Entry("greedy", "mghp.matching.greedy:greedy_matching", "greedy"))

if TYPE_CHECKING:
    MatchingLossName = str
    ObjectiveName = str
    RoundingName = str
else:
    MatchingLossName = Literal[MATCHING_LOSSES.names]
    ObjectiveName = Literal["none", "matching", *AFFINITY_LOSSES.names]
    RoundingName = Literal[ROUNDINGS.names]
