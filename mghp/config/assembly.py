"""How fields become people. Without torch."""

from dataclasses import dataclass
from typing import Annotated, Literal

from mghp.ranges import ABOVE_0, BELOW_1, FINITE, LARGEST, Range, Section


@dataclass
class AssemblyConfig(Section):
    """Thresholds and choices of the assembly."""

    peak_threshold: Annotated[float, Range(0, BELOW_1, "must lie in [0, 1)")] = 0.1
    """Least confidence of a candidate keypoint."""
    max_peaks: Annotated[int, Range(1, 1000)] = 30
    """Candidates a keypoint type and picture at most; the strongest are kept."""
    num_samples: Annotated[int, Range(1, 10_000)] = 10
    """Points along a segment at which the limb field is read."""
    rounding: Literal["hungarian", "mutual", "greedy"] = "hungarian"
    """How a soft assignment is made hard."""
    min_affinity: Annotated[float, FINITE] | None = None
    """Least affinity of a limb: 0 is the learned price of staying unmatched. Null: `mghp evaluate` tunes it on pictures
    of its own, and 0 elsewhere."""
    min_keypoints: Annotated[int, Range(1, 1000)] = 5
    """Keypoints that a person must have."""
    largest_similarity: Annotated[float, Range(ABOVE_0, 1, "must lie in (0, 1] or be null")] | None = 0.5
    """A person more similar than this to a surer one, sides exchanged or not, is that person found twice; null: all are
    kept."""
    average_mirror: bool = False
    """Whether a picture's fields are the mean of its own and of those of its mirror image, at twice the cost."""
    read_missing_keypoints: bool = True
    """Whether a keypoint that no limb brought to a person is read from the heatmap among the person's own pixels."""
    label_balance: Annotated[float, Range(0, 1, "is a share from 0 to 1")] = 0.3
    """Share of the logarithm of their frequency in training that the labels' logits lose: 0 for none. Thin, rare parts
    are otherwise lost to frequent ones."""
    grouping: Literal["field", "nearest", "center"] = "field"
    """What a human pixel is given to a person by: the keypoint nearest to where the projection field points (the
    paper's); without a field, the keypoint nearest to the pixel itself; or the person's centre nearest to where the
    field points (Panoptic-DeepLab's). For the last the field is trained to point to the mean of a person's pixels, and
    the network has a heatmap of these centres, trained as one more keypoint: it is a key of the training."""
    center_threshold: Annotated[float, Range(0, BELOW_1, "must lie in [0, 1) or be null")] | None = None
    """Least confidence of a centre. Null: `mghp evaluate` tunes it on pictures of its own, and 0.1 elsewhere."""
    normalise_by_size: bool = True
    """Whether a pixel's distance to a keypoint is relative to the size of the keypoint's person; a centre has none."""
    max_distance: Annotated[float, Range(ABOVE_0, LARGEST, "must be positive and finite, or null")] | None = None
    """Farthest that a pixel may land from a keypoint, relative to size (or in pixels, where not normalised, and from
    centres); null: every human pixel is given to somebody."""

    @property
    def points_towards(self) -> Literal["annotated", "center"]:
        """What the projection field must point to for this grouping: see `mghp.parsing.targets.Towards`."""
        return "center" if self.grouping == "center" else "annotated"
