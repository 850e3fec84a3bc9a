"""Which losses, and how much each counts. Without torch."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from mghp.matching.choices import MatchingLossName
from mghp.ranges import NOT_NEGATIVE, Section


@dataclass
class LossWeightsConfig(Section):
    """Weight of each loss in the sum; 0 switches it off and its cost with it."""

    parts: Annotated[float, NOT_NEGATIVE] = 1.0
    """Cross-entropy of the parts."""
    parts_lovasz: Annotated[float, NOT_NEGATIVE] = 0.0
    """Lovasz-softmax of the parts."""
    heatmaps: Annotated[float, NOT_NEGATIVE] = 1.0
    """Keypoint heatmaps."""
    keypoint_offsets: Annotated[float, NOT_NEGATIVE] = 0.2
    """Sub-pixel offsets, L1 in cells."""
    limbs: Annotated[float, NOT_NEGATIVE] = 1.0
    """Limb fields."""
    limb_offsets: Annotated[float, NOT_NEGATIVE] = 0.0
    """Vectors from a limb's end to the other one, L1 relative to the person's size; of a network that has them."""
    pose_offsets: Annotated[float, NOT_NEGATIVE] = 0.0
    """Vectors from a person's cells to all its keypoints, L1 relative to its size; of a network that has them."""
    field: Annotated[float, NOT_NEGATIVE] = 0.1
    """Projection field, L1 in pixels, mean over levels."""
    matching: Annotated[float, NOT_NEGATIVE] = 0.0
    """The soft assignment, or what `losses.matching` takes in its place."""


@dataclass
class LossesConfig(Section):
    """The training objective of the parsing network."""

    weights: LossWeightsConfig = field(default_factory=LossWeightsConfig)
    learned_weights: bool = False
    """Learn a factor for each weight (Kendall, Gal, Cipolla 2018)."""
    parts: Literal["cells", "pixels"] = "cells"
    """Cross-entropy of the parts at the head's stride, or at the labels' resolution, four times as dear at stride 2."""
    heatmaps: Literal["cross_entropy", "focal", "squared"] = "cross_entropy"
    """Cross-entropy with the heat as soft label, its focal form, or weighted squared error."""
    field_relative: bool = False
    """Divide the field's error by the person's size, so that small persons count as much as large ones."""
    matching: MatchingLossName = "balanced_cross_entropy"
    """The loss on the soft assignment. Balanced, missed pairs cost as much as all false ones together, and the learned
    price of staying unmatched falls until false candidates are paired too; the plain one keeps it honest.
    `affinity_cross_entropy` and `structured_hinge` are of the affinity itself, and no matcher is trained through."""
    matching_multiple: Annotated[float, NOT_NEGATIVE] = 1.0
    """A factor of `weights.matching`, for trainings at multiples of a weight that was measured, as
    `mghp bench gradients` does."""
    shuffled_truth: bool = False
    """True to train the matching on wrong pairs: which candidates of a limb belong together is drawn anew at every
    step, with as many pairs as there are in truth. A control: what such a loss gains is not owed to the pairs."""
