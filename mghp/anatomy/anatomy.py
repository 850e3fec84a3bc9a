"""What a dataset annotates of a person: keypoints joined by limbs, and parts."""

from dataclasses import dataclass

from mghp.anatomy.parts import Parts
from mghp.anatomy.skeleton import Skeleton


@dataclass(frozen=True)
class Anatomy:
    """The label space of a dataset; networks, targets and assembly take all their sizes from it.

    Attributes:
        skeleton: keypoints and limbs.
        parts: body parts; none where a dataset labels no pixels.
        has_poses: False if the dataset annotates no keypoints: then those of the skeleton are not trained, and the
            assembly finds none.
    """

    skeleton: Skeleton
    parts: Parts
    has_poses: bool = True

    @property
    def num_keypoints(self) -> int:
        """The number of keypoint types."""
        return len(self.skeleton.keypoints)

    @property
    def num_limbs(self) -> int:
        """The number of limb types."""
        return len(self.skeleton.limbs)

    @property
    def num_labels(self) -> int:
        """The number of part labels, background included."""
        return len(self.parts.names) + 1
