"""Poses of persons in images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.skeleton import Skeleton


@dataclass(frozen=True, eq=False)
class ImagePoses:
    """The persons of one image.

    Attributes:
        keypoints: x and y in pixels of the image, and visibility as in COCO: 0 is not annotated.
            Shape (persons, keypoints, 3), float64.
    """

    keypoints: NDArray[np.float64]

    @property
    def position_image(self) -> NDArray[np.float64]:
        """The keypoints' (x, y) in pixels of the image, meaningless where not annotated. (persons, keypoints, 2)."""
        return self.keypoints[..., :2]

    @property
    def annotated(self) -> NDArray[np.bool_]:
        """The mask that is True for an annotated keypoint. Shape (persons, keypoints)."""
        return self.keypoints[..., 2] > 0


@dataclass(frozen=True, eq=False)
class PoseSet:
    """Images of persons of one skeleton, images without a person included.

    Attributes:
        skeleton: names of the keypoints, and the limbs.
        images: in the order of their file.
        fingerprint: hex digest of the file, or of the made-up arrays.
    """

    skeleton: Skeleton
    images: tuple[ImagePoses, ...]
    fingerprint: str
