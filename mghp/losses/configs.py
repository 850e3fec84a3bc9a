"""Which losses, and how much each counts. Without torch."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class LossWeightsConfig:
    """Weight of each loss in the sum; 0 switches it off and its cost with it."""

    parts: float = 1.0
    """Cross-entropy of the parts."""
    parts_lovasz: float = 0.0
    """Lovasz-softmax of the parts."""
    heatmaps: float = 1.0
    """Keypoint heatmaps."""
    keypoint_offsets: float = 0.2
    """Sub-pixel offsets, L1 in cells."""
    limbs: float = 1.0
    """Limb fields."""
    field: float = 0.1
    """Projection field, L1 in pixels, mean over levels."""
    matching: float = 0.0
    """The soft assignment."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value >= 0:
                raise ValueError(f"{name} must not be negative, got {value}")


@dataclass
class LossesConfig:
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
    matching: Literal["balanced_cross_entropy", "cross_entropy", "squared_error", "fenchel_young"] = (
        "balanced_cross_entropy"
    )
    """The loss on the soft assignment. Balanced, missed pairs cost as much as all false ones together, and the learned
    price of staying unmatched falls until false candidates are paired too; the plain one keeps it honest."""
