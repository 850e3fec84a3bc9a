"""Section `assembly`: how fields become persons."""

from dataclasses import dataclass
from typing import Annotated, Literal

from mghp.matching.choices import RoundingName
from mghp.ranges import ABOVE_0, BELOW_1, FINITE, LARGEST, Range, Section


@dataclass
class AssemblyConfig(Section):
    """How predicted fields are assembled into persons."""

    peak_threshold: Annotated[float, Range(0, BELOW_1, "must lie in [0, 1)")] = 0.1
    """The least confidence of a candidate keypoint."""
    max_peaks: Annotated[int, Range(1, 1000)] = 30
    """The most candidates per keypoint type and picture; the strongest are kept."""
    num_samples: Annotated[int, Range(1, 10_000)] = 10
    """The number of points along a segment at which the limb field is sampled."""
    rounding: RoundingName = "hungarian"
    """The rounding that makes a soft assignment hard."""
    growth: Literal["limbs", "surest"] = "limbs"
    """How limbs become persons: limbs that the matcher decided on, joined from the strongest to the weakest (`limbs`,
    the paper's), or persons grown one by one from the surest keypoint along the largest affinities, without a matcher
    (`surest`, PersonLab's)."""
    min_affinity: Annotated[float, FINITE] | None = None
    """The least affinity of a limb, less `unmatched_price`; null: tuned by `mghp evaluate` on pictures of its own, and
    0 elsewhere."""
    unmatched_price: Annotated[float, FINITE] | None = 0.0
    """The price of staying unmatched, which is subtracted from every affinity before the matching. Affinities are
    learned for a price of 0, but some losses leave them at another offset. Null: tuned by `mghp evaluate` on pictures
    of its own, over a grid that widens, and 0 elsewhere."""
    min_keypoints: Annotated[int, Range(1, 1000)] = 5
    """The least number of keypoints of a person."""
    largest_similarity: Annotated[float, Range(ABOVE_0, 1, "must lie in (0, 1] or be null")] | None = 0.5
    """The similarity (0 to 1) to a surer person, sides exchanged or not, above which a person counts as found twice and
    is dropped; null: all are kept."""
    average_mirror: bool = False
    """True to average a picture's fields with those of its mirror image, at twice the cost."""
    read_missing_keypoints: bool = True
    """True to read a keypoint that no limb brought to a person from the heatmap among the person's own pixels."""
    completion: Literal["heatmaps", "offsets"] = "heatmaps"
    """Where a keypoint that no limb brought is read, if it is: at the hottest cell among the person's own pixels
    (`heatmaps`), or where most of these pixels point to by `network.pose_offsets`, be it on the person or not, moved to
    the hottest cell nearby if that one could be a candidate (`offsets`)."""
    label_balance: Annotated[float, Range(0, 1, "is a share from 0 to 1")] = 0.3
    """The share (0 to 1) of the logarithm of its training frequency that is subtracted from each label's logits;
    without it, thin and rare parts lose to frequent ones."""
    grouping: Literal["field", "nearest", "center", "hybrid"] = "field"
    """The rule that gives a human pixel to a person: the keypoint nearest to where the projection field points
    (`field`, the paper's), the keypoint nearest to the pixel itself (`nearest`), the person's centre nearest to where
    the field points (`center`, Panoptic-DeepLab's), or, of the keypoints that the vectors of `network.pose_offsets` at
    each person's centre lead to, the one nearest to where the field points (`hybrid`). Without `network.centers`,
    `center` changes the training: the field then points to the mean of a person's pixels, and a heatmap of these
    centres is learned like one more keypoint."""
    levels: Annotated[int, Range(1, 4)] | None = None
    """The number of levels of the projection field that is read: that of `network.levels`, which null stands for, or
    one of `network.further_fields`. Not read where `network.centers` has a field to centres and `grouping` is
    `center`."""
    center_threshold: Annotated[float, Range(0, BELOW_1, "must lie in [0, 1) or be null")] | None = None
    """The least confidence of a centre; null: tuned by `mghp evaluate` on pictures of its own, and 0.1 elsewhere."""
    normalise_by_size: bool = True
    """True to divide a pixel's distance to a keypoint by the size of the keypoint's person; a centre has no size."""
    unclaimed: Literal["nobody", "regions"] = "nobody"
    """The owner of human pixels that are given to no person, because there is none, or none within `max_distance`:
    nobody, or each of their connected regions of 32 x 32 pixels and more is a person, who ranks last. Not read where
    `grouping` is `center` or `hybrid`."""
    max_distance: Annotated[float, Range(ABOVE_0, LARGEST, "must be positive and finite, or null")] | None = None
    """The largest distance of a pixel's target from a keypoint, relative to the person's size (from centres and where
    not normalised: pixels); null: every human pixel is given to a person."""

    @property
    def points_towards(self) -> Literal["annotated", "center"]:
        """The points to which the projection field that is read points; see `mghp.parsing.targets.Towards`."""
        return "center" if self.grouping == "center" else "annotated"

    @property
    def finds_centers(self) -> bool:
        """True if persons are found by their centres."""
        return self.grouping in ("center", "hybrid")
